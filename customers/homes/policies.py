"""Who may write down what happens to a household, one sentence each."""

from __future__ import annotations

from branches.models import StaffMember
from customers.models import Household
from customers.policies import DIRECTORS, may_register_somewhere, works_at


def may_keep_somewhere(staff: StaffMember) -> bool:
    """Counter, field and directors write down what happens in families."""
    return may_register_somewhere(staff)


def may_keep(staff: StaffMember, household: Household) -> bool:
    """What happens to a household is written down at the branch that manages it."""
    return may_keep_somewhere(staff) and works_at(staff, household.branch_id)


def may_keep_at(staff: StaffMember, branch_id: int) -> bool:
    """New households are opened at one's own branch."""
    return may_keep_somewhere(staff) and works_at(staff, branch_id)


def may_review(staff: StaffMember, household: Household) -> bool:
    """A director or deputy of the managing branch looks at the household again after a change."""
    return staff.scope.holds(*DIRECTORS) and works_at(staff, household.branch_id)
