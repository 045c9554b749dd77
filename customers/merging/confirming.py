"""Merges that a second person must agree to: asked in the queue of second signatures, done when confirmed."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.models import Proposal, StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import Refused
from customers.merging import policies
from customers.merging.choices import MergeKind, MergeState
from customers.models import Customer, Merge
from customers.selectors import name_for

KIND = "customers.merge"


def ask(row: Merge, staff: StaffMember, reasons: list[str]) -> Merge:
    """Write the merge down as waiting and propose it; the same two wait once."""
    survivor, other = policies.sides(row)
    same = Merge.objects.filter(
        state=MergeState.WAITING,
        survivor=row.survivor,
        other=row.other,
        household=row.household,
        other_household=row.other_household,
    )
    if any(waits(one) for one in same):
        raise Refused(_("The same is proposed already and waits."), code="proposed_already")
    row.save(force_insert=True)
    proposals.propose(
        KIND,
        by=staff,
        subject=row,
        change={"why": reasons},
        reason=row.reason,
        branch=survivor.branch,
        asked_from=other.branch if other.branch_id != survivor.branch_id else None,
    )
    return row


def waits(row: Merge) -> bool:
    """Whether somebody may still confirm it."""
    return Proposal.objects.about(row).filter(state="open").exists()


def _may_propose(staff: StaffMember, proposal: Proposal) -> bool:
    row = proposals.subject_of(proposal)
    return row is not None and policies.may_merge(staff, *policies.sides(row))


def _may_confirm(staff: StaffMember, proposal: Proposal) -> bool:
    row = proposals.subject_of(proposal)
    return row is not None and policies.may_confirm(staff, row)


def _describe(staff: StaffMember, proposal: Proposal) -> str:
    row = proposals.subject_of(proposal)
    return " · ".join(_name(staff, side) for side in policies.sides(row))


def _name(staff: StaffMember, side) -> str:
    return name_for(staff, side) if isinstance(side, Customer) else f"#{side.pk}"


def _lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    row = proposals.subject_of(proposal)
    survivor, other = policies.sides(row)
    word = _("Stands for both") if row.kind == MergeKind.CUSTOMER else _("Household that stays")
    lines = [proposals.Line(word, _name(staff, other), _name(staff, survivor))]
    return [
        *lines,
        *(proposals.Line(_("Needs a second person"), None, _(why)) for why in proposal.change["why"]),
    ]


@proposals.kind(
    KIND,
    title=gettext_lazy("Join two records"),
    may_propose=_may_propose,
    may_confirm=_may_confirm,
    describe=_describe,
    lines=_lines,
    page="customers:merge",
    confirmers=policies.JOINERS,
)
def join(proposal: Proposal, by: StaffMember) -> Merge:
    """Do the merge that another person has asked for."""
    from customers.merging.services import carry_out

    with acting.on_all_branches():
        row = Merge.objects.select_for_update(of=["self"]).get(pk=proposal.subject_id)
        if row.state != MergeState.WAITING:
            raise Refused(_("It was decided or withdrawn meanwhile."), code="decided_already")
        row.confirmed_by = by
        return carry_out(row, staff=by)
