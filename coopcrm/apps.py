"""The frame as a Django app: it knows all others and is known by none."""

from django.apps import AppConfig


class FrameConfig(AppConfig):
    name = "coopcrm"
    label = "frame"

    def ready(self) -> None:
        from coopcrm import celery  # noqa: F401 - every process that orders work speaks to our broker
