"""Who may do what with complaints and requests, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from customers.models import Case
from customers.policies import COUNTER, DIRECTORS, FIELD, UNION_DESKS, may_register_somewhere, works_at


def may_see_cases(staff: StaffMember) -> bool:
    """Everybody who works with customers sees the cases of their branches, but for those about themselves."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_take_somewhere(staff: StaffMember) -> bool:
    """Counter, field, directors and the union's desks take cases in."""
    return may_register_somewhere(staff) or staff.scope.holds(*UNION_DESKS)


def may_take(staff: StaffMember, branch: Unit) -> bool:
    """At the own branch; the union's desks for any."""
    return staff.scope.holds(*UNION_DESKS) or (may_register_somewhere(staff) and works_at(staff, branch.pk))


def is_about(staff: StaffMember, case: Case) -> bool:
    """Whether the person is the one it is about, who never handles it."""
    return case.about_staff_id == staff.pk


def may_answer(staff: StaffMember, case: Case) -> bool:
    """Its owner or a director of the branch; head office what has reached it; never whom it is about."""
    if is_about(staff, case):
        return False
    if case.owner_id == staff.pk and may_see_cases(staff):
        return True
    if staff.scope.holds(*DIRECTORS) and works_at(staff, case.branch_id):
        return True
    return case.level == 2 and staff.scope.holds(PostCode.HEAD_OFFICE)


def may_own(member: StaffMember, case: Case) -> bool:
    """Somebody who works at the branch and is not whom it is about."""
    works = member.scope.holds(*COUNTER, *FIELD, *DIRECTORS) and works_at(member, case.branch_id)
    return works and member.is_active and not is_about(member, case)


def may_reopen(staff: StaffMember, case: Case) -> bool:
    """Whoever might take it in opens it again when the customer is not content; never whom it is about."""
    return may_take(staff, case.branch) and not is_about(staff, case)


def may_see_figures(staff: StaffMember) -> bool:
    """Directors see the figures of their branch, the union's desks and audit those of all."""
    return staff.scope.holds(*DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)
