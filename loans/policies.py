"""Who may do what with the banking book. Loans and balances belong to the branch that manages or booked them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branches.choices import PostCode

if TYPE_CHECKING:
    from branches.models import StaffMember


def may_see_book(staff: StaffMember) -> bool:
    """Everybody but administrators works with loans, each with those of the own branches."""
    return staff.scope.holds(*(code for code in PostCode.values if code != PostCode.ADMINISTRATOR))


def may_see_provisions(staff: StaffMember) -> bool:
    """Provisions are read by accountants, directors, the union and audit."""
    return staff.scope.sees_union or staff.scope.holds(
        PostCode.ACCOUNTANT, PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR
    )
