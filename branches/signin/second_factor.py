"""The second factor: authenticator app, recovery codes, security key; secrets sealed and bound to their owner.

allauth keeps the authenticators; a secret is a sealed row of its own (``SecondFactorSecret``), so that keys are renewed
as for every sealed value, and the authenticator holds its id. allauth asks its adapter to encrypt and decrypt without
saying whose secret it is: the owner is named around each use, and nobody else's secret opens.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction
from django.utils import timezone

from branches.models import SecondFactorSecret, StaffMember

MAIN_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_owner: contextvars.ContextVar[int] = contextvars.ContextVar("owner_of_second_factor")


@contextmanager
def owner(staff: StaffMember) -> Iterator[None]:
    """Say whose secrets are sealed and opened inside."""
    token = _owner.set(staff.pk)
    try:
        yield
    finally:
        _owner.reset(token)


def encrypt(text: str) -> str:
    """Seal a secret of the owner named around this call into a row of its own; returns what stands for it."""
    row = SecondFactorSecret(staff_id=_owner.get())
    row.seal("secret", text)
    row.save(force_insert=True)
    return str(row.pk)


def decrypt(stored: str) -> str:
    """Open a secret of the owner named around this call. Raises ``DoesNotExist`` for anybody else's."""
    return SecondFactorSecret.objects.get(pk=int(stored), staff_id=_owner.get()).open("secret")


def _forget(staff: StaffMember, *types: str) -> int:
    """Remove authenticators of these types with their secrets; returns how many."""
    rows = list(Authenticator.objects.filter(user=staff, type__in=types))
    secrets = [row.data[name] for row in rows for name in ("secret", "seed") if name in row.data]
    Authenticator.objects.filter(pk__in=[row.pk for row in rows]).delete()
    SecondFactorSecret.objects.filter(staff=staff, pk__in=secrets).delete()
    return len(rows)


def is_enrolled(staff: StaffMember) -> bool:
    """Whether the person has an authenticator app or a security key."""
    return Authenticator.objects.filter(user=staff, type__in=MAIN_TYPES).exists()


def new_secret() -> str:
    """Return a random secret in the letters that authenticator apps read."""
    return totp.generate_totp_secret()


def code_at(secret: str, moment: float) -> str:
    """Return the six digits of a secret at a moment (seconds since 1970)."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(moment) // 30))


@transaction.atomic
def store_app(staff: StaffMember, secret: str, *, counter: int = 0) -> Authenticator:
    """Store an authenticator app's secret in place of the one before; ``counter`` is that of the code just used."""
    StaffMember.objects.select_for_update().get(pk=staff.pk)
    _forget(staff, Authenticator.Type.TOTP)
    with owner(staff):
        row = totp.TOTP.activate(staff, secret).instance
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return row


@transaction.atomic
def new_recovery_codes(staff: StaffMember) -> list[str]:
    """Replace the person's recovery codes and return the new ones, the only time they are shown."""
    StaffMember.objects.select_for_update().get(pk=staff.pk)
    _forget(staff, Authenticator.Type.RECOVERY_CODES)
    with owner(staff):
        return RecoveryCodes.activate(staff).generate_codes()


def recovery_codes_left(staff: StaffMember) -> int:
    """Return how many recovery codes have not been used."""
    row = Authenticator.objects.filter(user=staff, type=Authenticator.Type.RECOVERY_CODES).first()
    if row is None:
        return 0
    with owner(staff):
        return len(row.wrap().get_unused_codes())


def counter_of(secret: str, code: str) -> int | None:
    """Return the half minute for which ``code`` is right, one before and one after are allowed; or None."""
    code = "".join(code.split())
    for counter in totp.yield_hotp_counters_from_time():
        if totp.compare_user_code(
            actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))
        ):
            return counter
    return None


def next_code(staff: StaffMember) -> str:
    """Return the code of the person's app that would be accepted now; empty when both in reach were used."""
    row = Authenticator.objects.filter(user=staff, type=Authenticator.Type.TOTP).first()
    if row is None:
        return ""
    with owner(staff):
        secret = decrypt(row.data["secret"])
    in_reach = [c for c in totp.yield_hotp_counters_from_time() if c > row.data.get("last_counter", 0)]
    now = int(time.time()) // 30
    later = [counter for counter in in_reach if counter >= now]
    return totp.format_hotp_value(totp.hotp_value(secret, later[0])) if later else ""


@dataclass(frozen=True)
class Factor:
    """An authenticator app or a security key, as a person sees it."""

    pk: int
    name: str
    is_key: bool
    since: datetime
    used_at: datetime | None


def factors_of(staff: StaffMember) -> list[Factor]:
    """Return what a person can show beside the password, the oldest first."""
    rows = Authenticator.objects.filter(user=staff, type__in=MAIN_TYPES).order_by("pk")
    return [
        Factor(
            row.pk,
            row.data.get("name", ""),
            row.type == Authenticator.Type.WEBAUTHN,
            row.created_at,
            row.last_used_at,
        )
        for row in rows
    ]


class AlreadyUsed(Exception):
    """The code is right and was used before; the next one comes within half a minute."""


@transaction.atomic
def verify(staff: StaffMember, code: str) -> Authenticator | None:
    """Return the authenticator that a typed code belongs to, using it up; None when it is wrong.

    Raises ``AlreadyUsed`` for a code of the app that was used, however many processes ask at once.
    """
    with owner(staff):
        rows = Authenticator.objects.select_for_update().filter(user=staff).order_by("pk")
        for row in rows.exclude(type=Authenticator.Type.WEBAUTHN):
            if row.type == Authenticator.Type.TOTP:
                found = _use_app_code(row, code)
            else:
                found = row.wrap().validate_code("".join(code.split()))
            if found:
                Authenticator.objects.filter(pk=row.pk).update(last_used_at=timezone.now())
                row.user = staff
                return row
    return None


def _use_app_code(row: Authenticator, code: str) -> bool:
    counter = counter_of(decrypt(row.data["secret"]), code)
    if counter is None:
        return False
    if counter <= row.data.get("last_counter", 0):
        raise AlreadyUsed
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return True


@transaction.atomic
def remove_all(staff: StaffMember) -> int:
    """Take away every second factor of a person; returns how many there were."""
    _forget(staff, Authenticator.Type.RECOVERY_CODES)
    return _forget(staff, *MAIN_TYPES)
