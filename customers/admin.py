"""The registry in the back office: to be read by head office and audit, changed by nobody there."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from branches.choices import PostCode
from branches.office import OfficeAdmin, office
from customers.models import Customer, StaffHousehold
from customers.readings import note_record


@admin.register(Customer, site=office)
class CustomerAdmin(OfficeAdmin):
    keepers = ()
    readers = (PostCode.HEAD_OFFICE, PostCode.AUDITOR)
    list_display = ["id", "name", "branch", "village", "state", "registered_on"]
    list_filter = ["state", "branch"]
    list_select_related = ["branch", "village"]
    ordering = ["-id"]
    fields = [
        "name",
        "kind",
        "sex",
        "birth_date",
        "branch",
        "village",
        "group_no",
        "occupation",
        "state",
        "identity_conflict",
        "registered_on",
        "registered_at",
        "registered_by",
        "verified_on",
    ]
    readonly_fields = fields
    actions = None

    def get_queryset(self, request: HttpRequest):
        return Customer.objects.managed_for(request.user)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Customer | None:
        """A record that is opened here is on record like one that is opened on its page."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            note_record(request.user, found, found.branch_id)
        return found


@admin.register(StaffHousehold, site=office)
class StaffHouseholdAdmin(OfficeAdmin):
    """Households of staff and their relatives, declared to head office."""

    keepers = (PostCode.HEAD_OFFICE,)
    readers = (PostCode.AUDITOR,)
    list_display = ["staff", "household", "declared_on"]
    list_select_related = ["staff", "household"]
    raw_id_fields = ["staff", "household"]

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """What was declared stays: who could change it, could take an own household off the list."""
        return False
