"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpiConfig(AppConfig):
    name = "kpi"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from kpi import closing, exports  # noqa: F401 - the closing's steps and the lists register themselves
        from kpi.models import IndicatorSet
        from kpi.selectors import check_targets
        from ratings.versions import Family, register

        register(Family("indicators", _("Indicators"), IndicatorSet, {}, check_targets))
