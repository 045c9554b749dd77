"""A lost second factor: who leads the person asks, head office confirms, and neither is the person."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.choices import PostCode
from branches.models import Proposal, StaffMember
from branches.signin import policies, services
from coopcrm.shared.errors import require

KIND = "staff.lost_second_factor"


def _may_propose(by: StaffMember, proposal: Proposal) -> bool:
    return policies.may_propose_lost_factor(by, proposals.subject_of(proposal))


def _may_confirm(by: StaffMember, proposal: Proposal) -> bool:
    return proposal.subject_id != by.pk and by.scope.holds(PostCode.HEAD_OFFICE)


@proposals.kind(
    KIND,
    title=gettext_lazy("Remove a lost second factor"),
    may_propose=_may_propose,
    may_confirm=_may_confirm,
    confirmers={PostCode.HEAD_OFFICE},
    watchers={PostCode.ADMINISTRATOR},
    url=lambda proposal: reverse("branches:member", args=[proposal.subject_id]),
    lines=lambda staff, proposal: [proposals.Line(gettext_lazy("Second factor"), _("bound"), _("none"))],
    days=3,
)
def _remove(proposal: Proposal, by: StaffMember) -> None:
    services.remove_second_factor(staff=proposals.subject_of(proposal), by=by)


def propose_removal(*, by: StaffMember, staff: StaffMember, reason: str) -> Proposal:
    """Ask head office to remove the second factor of a person who has lost it."""
    require(reason.strip(), _("Say how it was lost."), code="reason_missing")
    branch = next(
        iter(post.unit for post in staff.posts.select_related("unit") if post.unit.branch_id_of), None
    )
    if branch is not None and branch.branch_id_of != branch.pk:
        branch = branch.parent
    return proposals.propose(KIND, subject=staff, branch=branch, reason=reason, by=by)
