"""Who agrees to a list that somebody else takes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branches.choices import PostCode

if TYPE_CHECKING:
    from branches.models import Proposal, StaffMember

DIRECTORS = (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
CONFIRMERS = frozenset({*DIRECTORS, PostCode.HEAD_OFFICE, PostCode.UNION_RISK})


def may_ask_for_list(staff: StaffMember, proposal: Proposal) -> bool:
    """Whoever may order the list asks for the second signature; the order itself was checked before."""
    return bool(staff.scope.posts)


def may_agree_to_list(staff: StaffMember, proposal: Proposal) -> bool:
    """A director of the branch agrees to its lists; head office and the risk department to any."""
    if staff.scope.holds(PostCode.HEAD_OFFICE, PostCode.UNION_RISK):
        return True
    return staff.scope.holds(*DIRECTORS) and proposal.branch_id in staff.scope.branch_ids
