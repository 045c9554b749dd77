"""Failed sign-ins: five in a row rest for fifteen minutes, twenty from anywhere ask for more than a password.

django-axes counts; names are stored as keyed digests, because people sometimes type their password there.
"""

from __future__ import annotations

from datetime import timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from branches.models import StaffMember
from branches.signin.origin import address_of
from coopcrm.shared import crypto

FAILURES_IN_A_ROW, REST = 5, timedelta(minutes=15)
FAILURES_FROM_ANYWHERE, REMEMBERED = 20, timedelta(hours=24)
CODES_FROM_ANYWHERE = 10
PURPOSE = "sign_in_name"


def name_key(name: str) -> str:
    """Return the keyed digest under which failures of a sign-in name are counted."""
    return crypto.keyed(PURPOSE, name.strip().casefold()).hex()


# -- what the settings of django-axes name -----------------------------------------------------------------------------


def counted_name(request: HttpRequest, credentials: dict | None = None) -> str:
    """The name that failures are counted for."""
    return name_key((credentials or {}).get("username") or "")


def counted_address(request: HttpRequest) -> str | None:
    """The address that failures are counted for."""
    return address_of(request)


def keep_answer(request: HttpRequest, response: HttpResponse, credentials: dict | None) -> HttpResponse:
    """While tries are refused, the sign-in page itself says so; only the status changes."""
    response.status_code = 429
    return response


# -- what the sign-in asks ---------------------------------------------------------------------------------------------


def may_try(request: HttpRequest, name: str) -> bool:
    """Whether this name may be tried from this address now."""
    return AxesProxyHandler.is_allowed(request, {"username": name})


def note_failure(request: HttpRequest, name: str) -> None:
    """Count a wrong second factor like a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def is_under_attack(staff: StaffMember) -> bool:
    """Whether twenty tries failed within a day, from wherever; then a password alone does not open."""
    return failures_of(staff) >= FAILURES_FROM_ANYWHERE


def are_codes_guessed(staff: StaffMember) -> bool:
    """Whether ten codes were wrong within fifteen minutes: somebody who knows the password is guessing."""
    since, pages = timezone.now() - REST, [reverse("mfa_authenticate"), reverse("sign-in-again")]
    wrong = AccessFailureLog.objects.filter(username=name_key(staff.username), path_info__in=pages)
    return wrong.filter(attempt_time__gte=since).count() >= CODES_FROM_ANYWHERE


def failures_of(staff: StaffMember) -> int:
    """Return how many tries failed within a day."""
    since = timezone.now() - REMEMBERED
    return AccessFailureLog.objects.filter(username=name_key(staff.username), attempt_time__gte=since).count()


def forget_failures(staff: StaffMember) -> None:
    """Let a person try again at once, everywhere."""
    for model in (AccessAttempt, AccessFailureLog):
        model.objects.filter(username=name_key(staff.username)).delete()


def forget_old_failures() -> int:
    """Remove what no longer counts; returns how many rows."""
    return AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - REMEMBERED).delete()[0]
