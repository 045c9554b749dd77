"""Units and areas as lists to take out; they come back as they went."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop
from import_export.resources import ModelResource

from branches.choices import PostCode
from branches.exports.kinds import Table, kind
from branches.models import StaffMember
from branches.resources import AreaResource, UnitResource
from coopcrm.shared.lists import Value

UNITS, AREAS = "branches.units", "branches.areas"
CHUNK = 2_000


def may_take_organisation(staff: StaffMember, params: dict) -> bool:
    """Units and areas are taken out by who keeps them, head office and audit."""
    return staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE, PostCode.AUDITOR)


def _register(code: str, title: str, resource_class: type[ModelResource], file_name: str) -> None:
    def rows() -> Iterator[list[Value]]:
        resource = resource_class()
        fields = resource.get_export_fields()
        for row in resource.get_queryset().order_by("code").iterator(chunk_size=CHUNK):
            yield [resource.export_field(field, row) for field in fields]

    kind(
        code,
        title=title,
        clean=lambda staff, given: {},
        may_order=may_take_organisation,
        count=lambda staff, params, most: resource_class().get_queryset()[: most + 1].count(),
        table=lambda staff, params, with_numbers: Table(
            [field.column_name for field in resource_class().get_export_fields()], rows()
        ),
        file_name=file_name,
    )


_register(UNITS, gettext_noop("List of units"), UnitResource, "units")
_register(AREAS, gettext_noop("List of areas"), AreaResource, "areas")
