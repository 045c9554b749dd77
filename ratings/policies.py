"""Who may do what with ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branches.choices import PostCode

if TYPE_CHECKING:
    from branches.models import StaffMember
    from customers.models import Household

RATING_POSTS = (
    PostCode.LOAN_OFFICER,
    PostCode.CUSTOMER_MANAGER,
    PostCode.DEPUTY_DIRECTOR,
    PostCode.DIRECTOR,
)

RULE_POSTS = (PostCode.HEAD_OFFICE,)


def may_see_rules(staff: StaffMember) -> bool:
    """The union's desks and audit see every version of the rules."""
    return staff.scope.sees_union


def may_change_rules(staff: StaffMember) -> bool:
    """Head office proposes a version, another person of head office confirms it."""
    return staff.scope.holds(*RULE_POSTS)


def may_rate(staff: StaffMember, household: Household) -> bool:
    """Field staff and directors of the managing branch have a household rated from what is known today."""
    return staff.scope.holds(*RATING_POSTS) and household.branch_id in staff.scope.branch_ids


def may_see_contribution(staff: StaffMember) -> bool:
    """Contribution and tiers are for those who look after customers and those who lead, not for the counter."""
    return staff.scope.holds(
        *RATING_POSTS,
        PostCode.ACCOUNTANT,
        PostCode.LOAN_GROUP,
        PostCode.UNION_CREDIT,
        PostCode.UNION_RISK,
        PostCode.UNION_COMMITTEE,
        PostCode.HEAD_OFFICE,
        PostCode.AUDITOR,
    )
