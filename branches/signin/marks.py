"""What a session remembers of how it was opened: by which means, with which posts."""

from __future__ import annotations

import hashlib
import time

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from branches.models import StaffMember

POSTS, MEANS, DEVICE_FOR, FRESH = "posts", "means", "device_for", "fresh_at"
SECOND_FACTOR, REGISTERED_DEVICE, PASSWORD = "second_factor", "registered_device", "password"


def posts_digest(staff: StaffMember) -> str:
    """Return a digest of the rights a session was opened with; it changes with any post."""
    scope = staff.scope
    held = [sorted(scope.posts), sorted(scope.branch_ids), sorted(scope.unit_ids), staff.is_superuser]
    return hashlib.sha256(repr(held).encode()).hexdigest()[:32]


def note_device(request: HttpRequest, staff: StaffMember) -> None:
    """Remember during sign-in that the password came from a registered device of the person's branch."""
    request.session[DEVICE_FOR] = staff.pk


def note_sign_in(request: HttpRequest, staff: StaffMember) -> None:
    """Remember by which means the person came in, and the posts held now."""
    records = get_authentication_records(request, staff)
    if any(record["method"] == "mfa" for record in records):
        means = SECOND_FACTOR
    elif request.session.pop(DEVICE_FOR, None) == staff.pk:
        means = REGISTERED_DEVICE
    else:
        means = PASSWORD
    request.session[MEANS] = means
    request.session[POSTS] = posts_digest(staff)
    request.session[FRESH] = time.time()


def note_second_factor(request: HttpRequest) -> None:
    """Remember that the person has just shown the second factor."""
    request.session[MEANS] = SECOND_FACTOR
    note_fresh(request)


def note_fresh(request: HttpRequest) -> None:
    """Remember that the person has just proven again who they are."""
    request.session[FRESH] = time.time()


def is_fresh(request: HttpRequest, minutes: float) -> bool:
    """Whether the person proved who they are within so many minutes."""
    return time.time() - request.session.get(FRESH, 0) < minutes * 60
