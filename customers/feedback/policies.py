"""Who may ask customers about the service, and who reads what they said, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from customers.models import Customer
from customers.policies import COUNTER, DIRECTORS, FIELD, UNION_DESKS, may_register_somewhere, works_at


def may_invite(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors of the managing branch ask their customers."""
    return may_register_somewhere(staff) and works_at(staff, customer.branch_id)


def may_read_words(staff: StaffMember) -> bool:
    """Who said what is read by directors of the branch, head office and audit."""
    return staff.scope.holds(*DIRECTORS, PostCode.HEAD_OFFICE, PostCode.AUDITOR)


def may_see_ratings(staff: StaffMember) -> bool:
    """Everybody who works with customers sees the sums; who served them sees the own ones without names."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_check_asking(staff: StaffMember) -> bool:
    """Head office and audit see who asks whom how often."""
    return staff.scope.holds(PostCode.HEAD_OFFICE, PostCode.AUDITOR)
