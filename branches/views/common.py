"""What the pages of the organisation share."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from branches import policies
from branches.models import StaffMember
from coopcrm.shared.errors import DomainError
from coopcrm.shared.handbook import explained

PAGE = 100
MOST_OFFERED = 500


def allow_posted(request: HttpRequest) -> None:
    """The organisation is open to everybody who holds a post."""
    if not policies.may_see_organisation(request.user):
        raise PermissionDenied(_("You hold no post today. Ask the administrator."))


def allow(may: bool) -> None:
    """Answer 403 unless a policy said yes."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


def today() -> date:
    """The clock is read here, at the edge."""
    return timezone.localdate()


def typed(request: HttpRequest, name: str = "q", longest: int = 60) -> str:
    """What was typed into a search field."""
    return request.GET.get(name, "")[:longest].replace("\x00", "").strip()


def refused(form: Form, refusal: DomainError, field: str | None = None) -> None:
    """Show a refusal of the service beside the field it concerns, or above the form."""
    form.add_error(field if field in form.fields else None, explained(refusal))


def offered_people() -> list[StaffMember]:
    """Active staff for the list behind a field."""
    return list(StaffMember.objects.filter(is_active=True).order_by("username")[:MOST_OFFERED])
