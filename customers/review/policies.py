"""Who may do what with possible duplicates, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from customers.models import ReviewPair
from customers.policies import COUNTER, DIRECTORS, UNION_DESKS, works_at

CONFIRMERS = (
    PostCode.ACCOUNTANT,
    *DIRECTORS,
    PostCode.UNION_CREDIT,
    PostCode.UNION_RISK,
    PostCode.HEAD_OFFICE,
)


def may_review_somewhere(staff: StaffMember) -> bool:
    """Counter, directors and the union's desks look at possible duplicates; auditors read along."""
    return staff.scope.holds(*COUNTER, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_decide_pair(staff: StaffMember, pair: ReviewPair) -> bool:
    """Counter and directors of a branch that manages one of the two decide, or the union's desks."""
    if staff.scope.holds(*UNION_DESKS):
        return True
    return staff.scope.holds(*COUNTER, *DIRECTORS) and works_at_one(staff, pair)


def may_join(staff: StaffMember, pair: ReviewPair) -> bool:
    """Accountant and directors join two records by themselves, or the union's desks; a cashier proposes it."""
    return may_decide_pair(staff, pair) and staff.scope.holds(*CONFIRMERS)


def may_see_moves(staff: StaffMember, pair: ReviewPair) -> bool:
    """Whoever may join the two sees what would move, and audit; the counter does not: it tells of foreign credit."""
    return may_join(staff, pair) or staff.scope.holds(PostCode.AUDITOR)


def may_confirm_pair(staff: StaffMember, pair: ReviewPair) -> bool:
    """Whoever joins records by themselves is also the second person for somebody else's proposal."""
    return may_join(staff, pair)


def may_see_figures(staff: StaffMember) -> bool:
    """Directors see how the queue of their branch fares, the union's desks and audit that of every branch."""
    return staff.scope.holds(*DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def works_at_one(staff: StaffMember, pair: ReviewPair) -> bool:
    """A post at a branch that manages one of the two."""
    return works_at(staff, pair.first.branch_id) or works_at(staff, pair.second.branch_id)
