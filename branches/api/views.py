"""Units, areas and staff through the API: known to everybody who is signed in."""

from branches.api.serializers import (
    AreaOut,
    AreaParameters,
    StaffOut,
    StaffParameters,
    UnitOut,
    UnitParameters,
)
from branches.models import Area, StaffMember, Unit
from branches.selectors import staff_list
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


class Staff(ReadOnly):
    """Members of staff with the posts they hold today."""

    queryset = StaffMember.objects.none()
    serializer_class = StaffOut
    parameters_class = StaffParameters
    keyset = Keyset("api-staff", ("id",))
    narrow = {"employee_no": "employee_no"}

    def rows(self, staff):
        return staff_list(which="all")
