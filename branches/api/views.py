"""Units and areas through the API: known to everybody who is signed in."""

from branches.api.serializers import AreaOut, AreaParameters, UnitOut, UnitParameters
from branches.models import Area, Unit
from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset


class Units(ReadOnly):
    """Units of the union."""

    queryset = Unit.objects.none()
    serializer_class = UnitOut
    parameters_class = UnitParameters
    keyset = Keyset("api-units", ("id",))
    narrow = {"kind": "kind", "parent": "parent"}

    def rows(self, staff):
        return Unit.objects.all()


class Areas(ReadOnly):
    """Administrative areas served by the union."""

    queryset = Area.objects.none()
    serializer_class = AreaOut
    parameters_class = AreaParameters
    keyset = Keyset("api-areas", ("id",))
    narrow = {"code": "code", "level": "level", "parent": "parent"}

    def rows(self, staff):
        return Area.objects.all()
