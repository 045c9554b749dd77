"""How the demonstration's people sign in."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from branches.models import StaffMember
from branches.signin import second_factor
from kpi.seeding import DEMO_SECOND_FACTOR

UNUSABLE = {"password__startswith": UNUSABLE_PASSWORD_PREFIX}


def give_second_factors() -> int:
    """Bind the shared secret to every demonstration user who has a password and no factor; returns how many."""
    bound = Authenticator.objects.filter(type=Authenticator.Type.TOTP).values("user")
    people = StaffMember.objects.filter(is_demonstration=True).exclude(**UNUSABLE)
    missing = list(people.exclude(pk__in=bound))
    for staff in missing:
        second_factor.store_app(staff, DEMO_SECOND_FACTOR)
    return len(missing)


def code_now() -> str:
    """The code that the shared secret gives at this moment."""
    return second_factor.code_at(DEMO_SECOND_FACTOR, time.time())
