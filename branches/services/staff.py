"""Deeds on staff: accounts, and the dated posts that decide what a person may do.

A post begins by two people (``branches.appointments``); it ends at once by one, since less is safer.
"""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches import policies
from branches.models import Post, StaffMember, Unit
from branches.signals import post_ended, post_granted
from coopcrm.shared.errors import Refused, require


@transaction.atomic
def open_account(
    *, username: str, full_name: str, employee_no: str = "", language: str = "zh-hans", by: StaffMember
) -> StaffMember:
    """Create a person without a password and without a post; both come separately."""
    require(policies.may_keep_organisation(by), _("Administrators keep the accounts of staff."))
    if StaffMember.objects.filter(username__iexact=username).exists():
        raise Refused(_("This sign-in name is taken."), code="username_taken")
    return StaffMember.objects.create_user(
        username, None, full_name=full_name, employee_no=employee_no, language=language
    )


@transaction.atomic
def change_account(
    *, member: StaffMember, full_name: str, employee_no: str, language: str, by: StaffMember
) -> StaffMember:
    """Correct what stands on a person's page; the sign-in name stays."""
    require(policies.may_keep_organisation(by), _("Administrators keep the accounts of staff."))
    member = StaffMember.objects.select_for_update().get(pk=member.pk)
    member.full_name, member.employee_no, member.language = full_name, employee_no, language
    member.save(update_fields=["full_name", "employee_no", "language"])
    return member


def check_post(
    *,
    staff: StaffMember,
    unit: Unit,
    code: str,
    valid_from: date,
    valid_to: date | None,
    stands_in_for: StaffMember | None,
    ends: Post | None = None,
) -> None:
    """Refuse a post that could not be granted, before anybody is asked to confirm it."""
    if not policies.fits(code, unit):
        raise Refused(_("This post does not belong to this kind of unit."), code="post_misplaced")
    if unit.is_closed_on(valid_from) or (unit.closed_on and (valid_to is None or valid_to > unit.closed_on)):
        raise Refused(_("The unit is closed in this time."), code="unit_closed")
    if not staff.is_active:
        raise Refused(_("This account is closed."), code="account_closed")
    if valid_to is not None and valid_to <= valid_from:
        raise Refused(_("A post ends after it begins."), code="post_period")
    if stands_in_for is not None:
        _check_stand_in(staff, unit, code, stands_in_for, start=valid_from, end=valid_to)
    others = staff.posts.filter(unit=unit, code=code, stands_in_for=stands_in_for).exclude(
        valid_to__lte=valid_from
    )
    if valid_to is not None:
        others = others.filter(valid_from__lt=valid_to)
    if ends is not None:
        others = others.exclude(pk=ends.pk)
    if others.exists():
        raise Refused(_("This person holds this post in that time already."), code="post_held")


def _check_stand_in(
    staff: StaffMember, unit: Unit, code: str, absent: StaffMember, *, start: date, end: date | None
) -> None:
    if end is None:
        raise Refused(_("A stand-in has a last day."), code="stand_in_without_end")
    if absent.pk == staff.pk:
        raise Refused(_("Nobody stands in for themselves."), code="stand_in_self")
    own = absent.posts.filter(unit=unit, code=code, stands_in_for=None, valid_from__lte=start)
    if not own.exclude(valid_to__lt=end).exists():
        raise Refused(
            _("The person stood in for does not hold this post in that time."), code="stand_in_post"
        )


@transaction.atomic
def grant_post(
    *,
    staff: StaffMember,
    unit: Unit,
    code: str,
    valid_from: date,
    valid_to: date | None = None,
    stands_in_for: StaffMember | None = None,
    ends: Post | None = None,
    proposed_by: StaffMember,
    confirmed_by: StaffMember,
    today: date,
) -> Post:
    """Let a person hold a post, as one proposed and another confirmed; ``ends`` is the post left behind (a transfer).

    Called by the confirmation of a proposal, never by a page. Raises ``Refused`` when something has changed since.
    """
    if confirmed_by.pk in (proposed_by.pk, staff.pk):
        raise Refused(
            _("A post is granted by two people, neither of whom confirms the own one."), code="two_people"
        )
    staff = StaffMember.objects.select_for_update(of=["self"]).get(pk=staff.pk)
    period = {"valid_from": valid_from, "valid_to": valid_to, "stands_in_for": stands_in_for}
    check_post(staff=staff, unit=unit, code=code, ends=ends, **period)
    if ends is not None:
        end_post(post=ends, on=valid_from, by=confirmed_by, today=today, reason=_("transfer"))
    try:
        with transaction.atomic():
            post = Post.objects.create(
                staff=staff,
                unit=unit,
                code=code,
                proposed_by=proposed_by,
                confirmed_by=confirmed_by,
                **period,
            )
    except IntegrityError as error:
        raise Refused(_("This person holds this post in that time already."), code="post_held") from error
    if post.is_held_on(today):
        transaction.on_commit(lambda: post_granted.send(Post, staff=staff, post=post))
    return post


@transaction.atomic
def end_post(*, post: Post, on: date, by: StaffMember, today: date, reason: str = "") -> Post:
    """End a post: ``on`` is the first day without it, today by default of the pages.

    A post that has not begun is called off. Sessions of a person whose post ends now are ended by who listens to
    ``post_ended``.
    """
    require(
        policies.may_end_post(by, post), _("Posts are ended by head office, administrators or the director.")
    )
    return _end(post, on=on, today=today, reason=reason)


@transaction.atomic
def leave(staff: StaffMember, *, branch: Unit | None, on: date, today: date, reason: str) -> int:
    """End the posts of somebody who has handed over, at a branch or (None) everywhere; returns how many.

    For deeds that carry their own signatures, so no policy is asked. Who leaves the union has the account closed.
    """
    rows = staff.posts.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)
    if branch is not None:
        rows = rows.filter(Q(unit=branch) | Q(unit__parent=branch))
    posts = list(rows)
    for post in posts:
        _end(post, on=on, today=today, reason=reason)
    if branch is None and on <= today:
        staff.is_active = False
        staff.save(update_fields=["is_active"])
    return len(posts)


def _end(post: Post, *, on: date, today: date, reason: str) -> Post:
    post = Post.objects.select_for_update(of=["self"]).select_related("staff").get(pk=post.pk)
    if post.valid_to is not None and post.valid_to <= on:
        return post
    if on < post.valid_from:
        raise Refused(_("A post does not end before it begins."), code="post_period")
    if on < today and post.valid_from < today:
        raise Refused(_("A post ends today or later: what was done under it stands."), code="post_past")
    post.valid_to, post.ended_because = on, reason[:200]
    post.save(update_fields=["valid_to", "ended_because"])
    if on <= today:
        transaction.on_commit(lambda: post_ended.send(Post, staff=post.staff, post=post))
    return post


def tell_of_ended_posts(today: date) -> int:
    """Send ``post_ended`` for posts whose first day without is today; returns how many. Listeners may hear it twice."""
    ended = Post.objects.filter(valid_to=today, valid_from__lt=today).select_related("staff")
    for post in ended:
        post_ended.send(Post, staff=post.staff, post=post)
    return len(ended)


@transaction.atomic
def extend_rotation(*, post: Post, reason: str, by: StaffMember) -> Post:
    """Let the rotation of a post wait a year longer, with the reason on record (handbook §7)."""
    require(policies.may_extend_rotation(by), _("Head office lets a rotation wait."))
    if post.staff_id == by.pk:
        raise Refused(_("Nobody extends their own post."), code="own_post")
    require(reason.strip(), _("Say why it waits."), code="reason_missing")
    post = Post.objects.select_for_update(of=["self"]).get(pk=post.pk)
    post.extended_because = reason.strip()[:200]
    post.save(update_fields=["extended_because"])
    return post
