"""Who sees whose training."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from branches.policies import DIRECTORS

EVERYBODY = (PostCode.HEAD_OFFICE, PostCode.UNION_RISK, PostCode.AUDITOR, PostCode.ADMINISTRATOR)


def may_see_training(staff: StaffMember) -> bool:
    """Directors see their branch; head office, risk, audit and administrators see all."""
    return staff.scope.holds(*DIRECTORS, *EVERYBODY)


def sees_all_training(staff: StaffMember) -> bool:
    """Whether the training of all branches is shown."""
    return staff.scope.holds(*EVERYBODY)
