"""Figures through the API: those of the person's branches."""

from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset
from kpi.api.serializers import KpiOut, KpiParameters
from kpi.models import KpiSnapshot


class Kpis(ReadOnly):
    """Monthly figures of units with the inputs they were made of."""

    queryset = KpiSnapshot.objects.none()
    serializer_class = KpiOut
    parameters_class = KpiParameters
    keyset = Keyset("api-kpis", ("id",))
    narrow = {"unit": "unit", "as_of": "as_of", "code": "code"}

    def rows(self, staff):
        return KpiSnapshot.objects.visible_to(staff)
