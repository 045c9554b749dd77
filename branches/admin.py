"""Units, areas, staff, posts and the calendar in the back office."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from branches.models import Area, CalendarDay, Post, StaffMember, Unit
from branches.office import ListAdmin, OfficeAdmin, office


@admin.register(Unit, site=office)
class UnitAdmin(ListAdmin):
    list_display = ["code", "name", "kind", "parent", "opened_on", "closed_on"]
    list_filter = ["kind"]
    list_select_related = ["parent"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["parent"]


@admin.register(Area, site=office)
class AreaAdmin(ListAdmin):
    list_display = [
        "code",
        "name",
        "level",
        "parent",
        "unit",
        "registered_households",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["level"]
    list_select_related = ["parent", "unit"]
    search_fields = ["code", "name", "pinyin"]
    autocomplete_fields = ["parent", "unit", "successor"]


class PostInline(admin.TabularInline):
    """The posts of one person, to be read: they are granted by two people and ended on the person's page."""

    model = Post
    fk_name = "staff"
    extra = 0

    def has_view_permission(self, request, obj=None) -> bool:
        return True

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    has_change_permission = has_add_permission

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(StaffMember, site=office)
class StaffAdmin(OfficeAdmin):
    """People and their posts. Nobody sets a password here: first passwords go out by letter."""

    list_display = ["username", "full_name", "employee_no", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["username", "full_name", "employee_no"]
    ordering = ["username"]
    inlines = [PostInline]
    fieldsets = [
        (None, {"fields": ["username"]}),
        (_("Person"), {"fields": ["full_name", "employee_no", "language", "is_active"]}),
    ]

    def get_readonly_fields(self, request, obj=None) -> tuple[str, ...]:
        """The sign-in name stays for ever, as on the person's page."""
        return ("username",) if obj else ()

    def save_model(self, request, obj, form, change) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(CalendarDay, site=office)
class CalendarDayAdmin(OfficeAdmin):
    keepers = ListAdmin.keepers
    readers = ListAdmin.readers
    list_display = ["day", "kind", "name"]
    date_hierarchy = "day"
