"""Who may add to what is known of a person, and who decides between statements."""

from __future__ import annotations

from branches.models import StaffMember
from customers import policies
from customers.models import Customer


def may_state(staff: StaffMember, customer: Customer) -> bool:
    """Counter, officers and directors of the managing branch add what they were told, shown or saw."""
    return policies.may_register_somewhere(staff) and policies.works_at(staff, customer.branch_id)


def may_settle(staff: StaffMember, customer: Customer) -> bool:
    """Accountant and directors of the managing branch decide which of several statements holds."""
    return policies.may_correct(staff, customer)


def may_see_records(staff: StaffMember) -> bool:
    """Everybody who works with customers sees which records of their branches are to be completed."""
    return policies.may_see_rights(staff)
