"""The frame as a Django app: it knows all others and is known by none."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class FrameConfig(AppConfig):
    name = "coopcrm"
    label = "frame"

    def ready(self) -> None:
        from coopcrm import celery  # noqa: F401 - every process that orders work speaks to our broker


class OwnStaticFiles(StaticFilesConfig):
    """Static files that a page of ours uses; the libraries' own pages are not served."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "django_htmx",
        "django_tables2",
        "import_export",
        "rest_framework",
    ]
