"""Registration of the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpiConfig(AppConfig):
    name = "kpi"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from customers.registries import opinion_measures
        from kpi import closing, exports, measures  # noqa: F401 - the closing's steps and the lists register themselves
        from kpi.models import IndicatorSet
        from kpi.selectors import check_targets
        from ratings.versions import Family, register

        opinion_measures.register("csat", measures.csat_of_counts)
        opinion_measures.register("nps", measures.nps_of_counts)
        register(Family("indicators", _("Indicators"), IndicatorSet, {}, check_targets))
