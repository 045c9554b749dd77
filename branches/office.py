"""The back office: Django's admin behind our own sign-in, opened and closed by posts."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode

KEEPERS = (PostCode.ADMINISTRATOR,)
READERS = (PostCode.HEAD_OFFICE, PostCode.AUDITOR)


class BackOffice(admin.AdminSite):
    """Open to administrators, and to head office and audit for reading."""

    site_title = site_header = _("coopcrm back office")
    index_title = _("Units, areas, staff and the registry")
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_authenticated and user.scope.holds(*KEEPERS, *READERS)

    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """There is one way in: the sign-in of every page, with its second factor."""
        if request.user.is_authenticated:
            raise PermissionDenied(_("Your post does not open the back office."))
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("sign-in"))


class OfficeAdmin(admin.ModelAdmin):
    """Administrators keep the rows, head office and audit read them, nobody deletes."""

    keepers: tuple[str, ...] = KEEPERS
    readers: tuple[str, ...] = READERS
    show_full_result_count = False
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A list is narrowed by its own filters alone; any other column could be guessed letter by letter."""
        offered = {*self.list_filter, self.date_hierarchy}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def _keeps(self, request: HttpRequest) -> bool:
        return request.user.scope.holds(*self.keepers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self._keeps(request) or request.user.scope.holds(*self.readers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._keeps(request)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return self._keeps(request)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class ListAdmin(OfficeAdmin):
    """Rows that are read here; they are kept, taken in and taken out on the pages of the organisation."""

    keepers = ()
    readers = (*KEEPERS, *READERS)


office = BackOffice(name="admin")
