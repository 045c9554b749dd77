"""Who may do what with segments and campaigns, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from customers.models import Campaign, CampaignMember, Segment
from customers.policies import COUNTER, DIRECTORS, FIELD, UNION_DESKS, may_register_somewhere, works_at

PLANNERS = (PostCode.UNION_CREDIT, PostCode.HEAD_OFFICE)


def may_see(staff: StaffMember) -> bool:
    """Everybody who works with customers sees the campaigns they take part in."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_see_segments(staff: StaffMember) -> bool:
    """Those who plan, and audit, see segments and who came and went."""
    return staff.scope.holds(*DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_plan(staff: StaffMember) -> bool:
    """Directors plan for their branch, credit desk and head office for the union."""
    return staff.scope.holds(*DIRECTORS, *PLANNERS)


def may_plan_for(staff: StaffMember, branch_id: int | None) -> bool:
    """A branch's segments and campaigns belong to its directors, those without a branch to the union."""
    if branch_id is None:
        return staff.scope.holds(*PLANNERS)
    return staff.scope.holds(*DIRECTORS) and works_at(staff, branch_id)


def may_change(staff: StaffMember, thing: Segment | Campaign) -> bool:
    """Who plans for the same branch, or for the union."""
    return may_plan_for(staff, thing.branch_id)


def may_sign(staff: StaffMember, branch: Unit | None) -> bool:
    """A long list of a branch is signed by its directors or head office, one of the union by head office."""
    if staff.scope.holds(PostCode.HEAD_OFFICE):
        return True
    return branch is not None and may_plan_for(staff, branch.pk)


def may_note(staff: StaffMember, member: CampaignMember) -> bool:
    """Counter, field and directors of the managing branch write down what came of it."""
    return may_register_somewhere(staff) and works_at(staff, member.customer.branch_id)
