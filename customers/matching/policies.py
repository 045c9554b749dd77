"""Who may compare the registry with itself, and see what came of it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from branches.models import StaffMember
from customers.policies import DIRECTORS, UNION_DESKS

SCANNING_IS_FOR_HEAD_OFFICE = _("Head office orders a comparison of the registry.")


def may_see_scans(staff: StaffMember) -> bool:
    """Directors, union desks and audit see what comparisons found."""
    return staff.scope.holds(*DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_order_scan(staff: StaffMember) -> bool:
    """Head office orders a comparison."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)


def may_see_weights(staff: StaffMember) -> bool:
    """Who sees what comparisons found sees by which weights."""
    return may_see_scans(staff)


def may_propose_weights(staff: StaffMember) -> bool:
    """Head office proposes weights; another person of head office confirms them."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)
