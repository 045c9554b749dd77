"""Who may do what with documents, phones, particulars and organisations, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from customers.choices import RetiredBecause
from customers.models import Customer
from customers.policies import (
    DIRECTORS,
    UNION_DESKS,
    may_correct,
    may_register,
    may_register_somewhere,
    works_at,
)

SETTLERS = (PostCode.ACCOUNTANT, *DIRECTORS, PostCode.UNION_CREDIT, PostCode.UNION_RISK)


def may_keep(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors of the managing branch keep documents, phones and particulars."""
    return may_register(staff, customer.branch)


def may_withdraw(staff: StaffMember, customer: Customer, because: str) -> bool:
    """Whoever keeps documents notes one as lost or given back; that one is wrong, who corrects the registry."""
    keeps = may_keep(staff, customer)
    return keeps and (because != RetiredBecause.WRONG or may_correct(staff, customer))


def may_propose_settlement(staff: StaffMember, first: Customer, second: Customer) -> bool:
    """Who has seen the paper proposes: counter, field or directors of a branch that manages one of the two."""
    at_one = works_at(staff, first.branch_id) or works_at(staff, second.branch_id)
    return may_register_somewhere(staff) and at_one


def may_confirm_settlement(staff: StaffMember, first: Customer, second: Customer) -> bool:
    """Accountant or directors of a branch that manages one of the two confirm, or the union's credit and risk desks."""
    if staff.scope.holds(*UNION_DESKS):
        return True
    at_one = works_at(staff, first.branch_id) or works_at(staff, second.branch_id)
    return at_one and staff.scope.holds(PostCode.ACCOUNTANT, *DIRECTORS)
