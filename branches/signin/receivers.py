"""What sign-in does when somebody comes in, and what of it stands in the ledger of deeds."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from branches.models import StaffMember
from branches.signals import post_ended, post_granted
from branches.signin import marks, services, signals
from branches.signin.origin import address_of
from coopcrm.shared import acting, audit
from coopcrm.shared.models import Deed, Outcome


@receiver(user_logged_in)
def note_how(sender, request, user, **kwargs) -> None:
    """Write into the session by which means it was opened and with which posts, and record the sign-in."""
    marks.note_sign_in(request, user)
    with acting.for_staff(user):
        _record(Deed.SIGN_IN, user, detail=_origin(request, means=request.session[marks.MEANS]))


@receiver(user_logged_out)
def record_sign_out(sender, request, user, **kwargs) -> None:
    """Signing out is a deed."""
    if user is not None:
        _record(Deed.SIGN_OUT, user, detail=_origin(request))


@receiver(user_login_failed)
def record_failure(sender, credentials, request=None, **kwargs) -> None:
    """A failed try is recorded about the person it was made for, when there is one; never what was typed."""
    name = (credentials.get("username") or "").strip()
    staff = StaffMember.objects.filter(username=name).first() if "\x00" not in name else None
    resting = bool(request is not None and getattr(request, "axes_locked_out", False))
    detail = _origin(request, resting=resting)
    _record(Deed.SIGN_IN_FAILED, staff, detail=detail, outcome=Outcome.REFUSED)


@receiver([post_granted, post_ended])
def end_sessions_of_changed_posts(sender, staff, **kwargs) -> None:
    """A post that begins or ends takes the sessions with it at once; the gate finds what no signal told."""
    services.end_sessions(staff=staff, by=None, reason="posts")


@receiver(signals.session_ended)
def record_ended(sender, staff, by, reason, count, **kwargs) -> None:
    """Sessions that somebody or a change of posts has ended."""
    detail = {"reason": reason, "count": count, "by": by.pk if by else None}
    _record(Deed.SESSION_ENDED, staff, detail=detail)


def _record(deed: Deed, staff: StaffMember | None, **more) -> None:
    audit.record(deed, table=StaffMember._meta.db_table, key=staff.pk if staff else None, **more)


def _origin(request, **more) -> dict:
    if request is None:
        return more
    return {"address": address_of(request), **more}
