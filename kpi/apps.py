"""Registration of the app with Django."""

from django.apps import AppConfig


class KpiConfig(AppConfig):
    name = "kpi"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from kpi import closing, exports  # noqa: F401 - the closing's steps and the lists register themselves
