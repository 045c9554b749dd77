"""Who may read the ledger of deeds."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember


def may_read_ledger(staff: StaffMember) -> bool:
    """The auditor reads what everybody did; nobody else does, the administrator least of all."""
    return staff.scope.holds(PostCode.AUDITOR)


def may_read_seals(staff: StaffMember) -> bool:
    """Seals hold digests only: the auditor and head office print them for the closing report."""
    return staff.scope.holds(PostCode.AUDITOR, PostCode.HEAD_OFFICE)
