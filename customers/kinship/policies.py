"""Who answers who lives with whom, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from customers.homes.policies import may_keep_at
from customers.models import HouseholdQuestion
from customers.policies import COUNTER, DIRECTORS, FIELD, UNION_DESKS


def may_see_questions(staff: StaffMember) -> bool:
    """Counter, field and directors know families; the union's desks and auditors read along."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_answer(staff: StaffMember, question: HouseholdQuestion) -> bool:
    """Counter, field and directors of a branch that manages one of the two answer."""
    return may_keep_at(staff, question.first.branch_id) or may_keep_at(staff, question.second.branch_id)
