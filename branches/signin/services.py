"""Deeds around sign-in: passwords by letter, sessions that end, devices, help after trouble."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Device, Session, StaffMember, Unit
from branches.signin import devices, limits, policies, second_factor, signals
from branches.signin.passwords import first_password
from branches.signin.sessions import digest_of
from coopcrm.shared.errors import Refused, require

FIRST_PASSWORD_LASTS = timedelta(hours=24)


@transaction.atomic
def issue_first_password(*, by: StaffMember | None, staff: StaffMember) -> str:
    """Give a person a random password for a letter; it lasts a day and must be changed. Nobody chooses it.

    ``by`` is None when an operator does it on the machine, for the first administrator.
    """
    if by is not None:
        require(
            policies.may_help(by, staff),
            _("The director of the branch or an administrator writes the letter."),
        )
    password = first_password()
    staff.set_password(password)
    staff.first_password_until = timezone.now() + FIRST_PASSWORD_LASTS
    staff.save(update_fields=["password", "first_password_until"])
    limits.forget_failures(staff)
    end_sessions(staff=staff, by=by, reason="password")
    signals.first_password_issued.send(sender=StaffMember, staff=staff, by=by)
    return password


@transaction.atomic
def change_password(*, staff: StaffMember, password: str, session_key: str | None) -> None:
    """Set the password a person has chosen; every other session of theirs ends."""
    staff.set_password(password)
    staff.first_password_until = None
    staff.save(update_fields=["password", "first_password_until"])
    end_sessions(staff=staff, by=staff, reason="password", but=session_key)
    signals.password_changed.send(sender=StaffMember, staff=staff)


@transaction.atomic
def enrol_app(*, staff: StaffMember, secret: str, counter: int) -> list[str]:
    """Bind an authenticator app to its owner; returns the recovery codes, the only time they are known."""
    second_factor.store_app(staff, secret, counter=counter)
    codes = second_factor.new_recovery_codes(staff)
    signals.second_factor_changed.send(sender=StaffMember, staff=staff, by=staff, what="enrolled")
    return codes


def renew_recovery_codes(*, staff: StaffMember) -> list[str]:
    """Replace the recovery codes by new ones, for their owner to print."""
    codes = second_factor.new_recovery_codes(staff)
    signals.second_factor_changed.send(sender=StaffMember, staff=staff, by=staff, what="codes_renewed")
    return codes


def end_sessions(
    *,
    staff: StaffMember,
    by: StaffMember | None,
    reason: str,
    but: str | None = None,
    only: int | None = None,
) -> int:
    """End a person's sessions: all, all but one (``but`` its key) or one (``only`` its id); returns how many."""
    rows = Session.objects.filter(staff=staff)
    if but:
        rows = rows.exclude(key_digest=digest_of(but))
    if only is not None:
        rows = rows.filter(pk=only)
    count = rows.delete()[0]
    if count:
        signals.session_ended.send(
            sender=Session, request=None, staff=staff, by=by, reason=reason, count=count
        )
    return count


def end_sessions_of(*, by: StaffMember, staff: StaffMember) -> int:
    """End all sessions of somebody else."""
    require(policies.may_help(by, staff), _("The director of the branch or an administrator ends sessions."))
    return end_sessions(staff=staff, by=by, reason="ended_by_other")


def release(*, by: StaffMember, staff: StaffMember) -> None:
    """Forget failed tries, after the director has spoken with the person."""
    require(
        policies.may_help(by, staff), _("The director of the branch or an administrator releases a name.")
    )
    limits.forget_failures(staff)
    signals.released.send(sender=StaffMember, staff=staff, by=by)


@transaction.atomic
def remove_second_factor(*, staff: StaffMember, by: StaffMember) -> None:
    """Take away a lost second factor, after two people have agreed; the next sign-in enrols anew."""
    if second_factor.remove_all(staff):
        end_sessions(staff=staff, by=by, reason="second_factor")
        signals.second_factor_changed.send(sender=StaffMember, staff=staff, by=by, what="removed")


@transaction.atomic
def register_device(*, by: StaffMember, unit: Unit, kind: str, name: str) -> tuple[Device, str]:
    """Register a browser as a device of a unit; returns it and the key that the browser keeps."""
    require(policies.may_register(by, unit), _("Directors register the devices of their own branch."))
    key = devices.new_key()
    device = Device.objects.create(
        unit=unit, kind=kind, name=name.strip(), key_digest=digest_of(key), registered_by=by
    )
    signals.device_changed.send(sender=Device, device=device, by=by, what="registered")
    return device, key


@transaction.atomic
def end_device(*, by: StaffMember, device: Device) -> None:
    """End a registration and every session on the device, for a lost or stolen one."""
    device = Device.objects.select_for_update().get(pk=device.pk)
    require(policies.may_end_device(by, device), _("Directors end the devices of their own branch."))
    require(device.ended_at is None, _("This device has been ended already."), error=Refused, code="ended")
    device.ended_at, device.ended_by = timezone.now(), by
    device.save(update_fields=["ended_at", "ended_by"])
    for row in Session.objects.filter(device=device, staff__isnull=False).select_related("staff"):
        end_sessions(staff=row.staff, by=by, reason="device", only=row.pk)
    Session.objects.filter(device=device).delete()
    signals.device_changed.send(sender=Device, device=device, by=by, what="ended")
