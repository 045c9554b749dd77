"""Who may do what with portfolios, one sentence each."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Post, StaffMember, Unit
from branches.selectors import posts_on
from customers.models import Handover
from customers.policies import DIRECTORS, FIELD, UNION_DESKS, works_at

MANAGING = (*FIELD, *DIRECTORS)
SUPERVISING = (*DIRECTORS, PostCode.ACCOUNTANT)


def posts_at(branch: Unit, day: date, codes: tuple[str, ...]) -> QuerySet[Post]:
    """Posts of these kinds at a branch or below it on a day."""
    return posts_on(day).filter(Q(unit=branch) | Q(unit__parent=branch), code__in=codes)


def may_see_portfolios(staff: StaffMember) -> bool:
    """Field, directors, the union's desks and audit see who manages what."""
    return staff.scope.holds(*FIELD, *DIRECTORS, *UNION_DESKS, PostCode.ACCOUNTANT, PostCode.AUDITOR)


def may_arrange_somewhere(staff: StaffMember) -> bool:
    """Directors and their deputies arrange who manages which households."""
    return staff.scope.holds(*DIRECTORS)


def may_arrange(staff: StaffMember, branch: Unit) -> bool:
    """A director or deputy arranges the portfolios of their own branch."""
    return may_arrange_somewhere(staff) and works_at(staff, branch.pk)


def may_manage(staff: StaffMember, branch: Unit, day: date) -> bool:
    """Loan officers, customer managers and directors of the branch manage households."""
    return staff.is_active and posts_at(branch, day, MANAGING).filter(staff=staff).exists()


def may_sign_giving(staff: StaffMember, handover: Handover) -> bool:
    """The giver; for one who holds no post at the branch any more, a director who is neither of the others."""
    if staff.pk == handover.giver_id:
        return True
    if staff.pk in (handover.taker_id, handover.supervisor_id):
        return False
    still_here = posts_at(handover.branch, timezone.localdate(), MANAGING).filter(staff=handover.giver)
    return may_arrange(staff, handover.branch) and not still_here.exists()
