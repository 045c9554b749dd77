"""Who may do what with figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branches.choices import PostCode
from customers.feedback.policies import may_read_words
from customers.policies import may_export_customers

if TYPE_CHECKING:
    from branches.models import StaffMember, Unit

OPINIONS = frozenset({"CSAT", "NPS"})


def may_see_figures(staff: StaffMember) -> bool:
    """Everybody who works for customers sees the figures of the own branch; administrators see none."""
    return staff.scope.holds(*(code for code in PostCode.values if code != PostCode.ADMINISTRATOR))


def may_see_unit(staff: StaffMember, unit: Unit) -> bool:
    """The own branch's figures; all units' for head office and audit."""
    return staff.scope.sees_union or unit.pk in staff.scope.branch_ids


def may_take_rows(staff: StaffMember, unit: Unit, code: str) -> bool:
    """They name customers, so they leave the house through those alone who may take out lists of customers."""
    return may_see_rows(staff, unit, code) and may_export_customers(staff)


def may_see_rows(staff: StaffMember, unit: Unit, code: str) -> bool:
    """The rows behind a figure show customers and loans: not for the counter.

    Who answered what is shown to those alone who read answers with the name (handbook §4.5).
    """
    if code in OPINIONS and not may_read_words(staff):
        return False
    leads_or_works = set(PostCode.values) - {PostCode.CASHIER, PostCode.ADMINISTRATOR}
    return may_see_unit(staff, unit) and staff.scope.holds(*leads_or_works)
