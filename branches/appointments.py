"""Posts begin by two people: what may be proposed about a post, who confirms it, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches import policies, proposals
from branches.choices import PostCode
from branches.models import Post, Proposal, StaffMember, Unit
from branches.services.staff import check_post, grant_post
from coopcrm.shared.errors import Refused

GRANT = "post.grant"


def propose_post(
    *,
    staff: StaffMember,
    unit: Unit,
    code: str,
    valid_from: date,
    by: StaffMember,
    valid_to: date | None = None,
    stands_in_for: StaffMember | None = None,
    ends: Post | None = None,
    reason: str = "",
) -> Proposal:
    """Ask for a post, a stand-in (with ``stands_in_for`` and an end) or a transfer (``ends`` is the post left)."""
    period = {"valid_from": valid_from, "valid_to": valid_to, "stands_in_for": stands_in_for}
    check_post(staff=staff, unit=unit, code=code, ends=ends, **period)
    change = {
        "post": code,
        "unit": unit.pk,
        "from": valid_from,
        "until": valid_to,
        "stands_in_for": stands_in_for.pk if stands_in_for else None,
        "ends": ends.pk if ends else None,
        "asked_by_head_office": by.scope.holds(PostCode.HEAD_OFFICE),
    }
    branch = Unit.objects.filter(pk=unit.branch_id_of).first()
    key = f"{code}:{unit.pk}"
    return proposals.propose(
        GRANT, by=by, subject=staff, change=change, reason=reason, key=key, branch=branch
    )


def _unit(proposal: Proposal) -> Unit | None:
    return Unit.objects.filter(pk=proposal.change["unit"]).first()


def may_propose(staff: StaffMember, proposal: Proposal) -> bool:
    """Who asks for this post; of a transfer, who could also end the old one."""
    change = proposal.change
    if not policies.may_propose_post(staff, _unit(proposal), change["post"], proposal.subject_id):
        return False
    left = Post.objects.filter(pk=change["ends"]).select_related("unit").first() if change["ends"] else None
    return left is None or policies.may_end_post(staff, left)


def may_confirm(staff: StaffMember, proposal: Proposal) -> bool:
    """Head office, or an administrator where head office asked; never the person concerned."""
    asked = bool(proposal.change.get("asked_by_head_office"))
    return policies.may_confirm_post(staff, proposal.subject_id, proposer_is_head_office=asked)


def apply(proposal: Proposal, by: StaffMember) -> Post:
    """Grant what was proposed; a post that should have begun before today begins today."""
    change, today = proposal.change, timezone.localdate()
    staff = StaffMember.objects.get(pk=proposal.subject_id)
    unit = _unit(proposal)
    left = Post.objects.filter(pk=change["ends"]).select_related("unit").first() if change["ends"] else None
    absent = (
        StaffMember.objects.filter(pk=change["stands_in_for"]).first() if change["stands_in_for"] else None
    )
    until = _day(change["until"])
    if until is not None and until <= today:
        raise Refused(_("Its last day has passed. Ask for it anew."), code="post_period")
    return grant_post(
        staff=staff,
        unit=unit,
        code=change["post"],
        valid_from=max(_day(change["from"]), today),
        valid_to=until,
        stands_in_for=absent,
        ends=left,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
        today=today,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    """The post in words."""
    change = proposal.change
    rows = [
        (_("Post"), None, dict(PostCode.choices).get(change["post"], change["post"])),
        (_("Unit"), _left_unit(change), str(_unit(proposal) or "–")),
        (_("From"), None, change["from"]),
        (_("First day without it"), None, change["until"]),
    ]
    if change["stands_in_for"]:
        absent = StaffMember.objects.filter(pk=change["stands_in_for"]).first()
        rows.append((_("Stands in for"), None, str(absent or "–")))
    return [proposals.Line(label, before, after) for label, before, after in rows]


def _left_unit(change: Mapping[str, Any]) -> str | None:
    left = Post.objects.filter(pk=change["ends"]).select_related("unit").first() if change["ends"] else None
    return str(left) if left else None


def url(proposal: Proposal) -> str:
    """The page of the person."""
    return reverse("branches:member", args=[proposal.subject_id])


proposals.kind(
    GRANT,
    title=_("A post for a member of staff"),
    may_propose=may_propose,
    may_confirm=may_confirm,
    apply=apply,
    lines=lines,
    url=url,
    watchers={PostCode.ADMINISTRATOR},
    confirmers=policies.CONFIRMERS,
    together=True,
)
