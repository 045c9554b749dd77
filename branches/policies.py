"""Who may do what with the organisation, one sentence each (handbook §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branches.choices import PostCode, UnitKind
from branches.scopes import UNION_POSTS

if TYPE_CHECKING:
    from branches.models import Post, StaffMember, Unit

DIRECTORS = (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
OF_THE_UNION = UNION_POSTS | {PostCode.ADMINISTRATOR}
CONFIRMERS = frozenset({PostCode.HEAD_OFFICE, PostCode.ADMINISTRATOR})


def may_see_organisation(staff: StaffMember) -> bool:
    """Everybody who holds a post knows who works where and which branch serves which village."""
    return bool(staff.scope.posts)


def may_keep_organisation(staff: StaffMember) -> bool:
    """Administrators keep units, areas, the calendar and the accounts of staff."""
    return staff.scope.holds(PostCode.ADMINISTRATOR)


def may_keep_calendar(staff: StaffMember) -> bool:
    """The union's calendar is kept by administrators and head office."""
    return staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE)


def may_set_hours(staff: StaffMember, unit: Unit) -> bool:
    """Opening hours are set by administrators, and by the director of the branch the unit reports to."""
    return may_keep_organisation(staff) or directs(staff, unit)


def directs(staff: StaffMember, unit: Unit | None) -> bool:
    """Whether the person holds the director's post at the unit's branch today."""
    branch = unit.branch_id_of if unit else None
    return branch is not None and branch in staff.scope.branch_ids and staff.scope.holds(PostCode.DIRECTOR)


def fits(code: str, unit: Unit) -> bool:
    """Posts of the union sit at the union, all others in a branch or below it."""
    return (code in OF_THE_UNION) == (unit.kind == UnitKind.UNION)


def may_propose_post(staff: StaffMember, unit: Unit | None, code: str, holder_id: int | None) -> bool:
    """Administrators and head office ask for any post, directors for posts below their own; nobody for themselves."""
    if unit is None or holder_id == staff.pk:
        return False
    if staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE):
        return True
    return directs(staff, unit) and code not in OF_THE_UNION and code not in DIRECTORS


def may_propose_posts(staff: StaffMember) -> bool:
    """Whether the person may ask for any post at all."""
    return staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE, PostCode.DIRECTOR)


def may_confirm_post(staff: StaffMember, holder_id: int | None, *, proposer_is_head_office: bool) -> bool:
    """Head office confirms posts, an administrator those that head office asks for; nobody their own."""
    if holder_id == staff.pk:
        return False
    if staff.scope.holds(PostCode.HEAD_OFFICE):
        return True
    return proposer_is_head_office and staff.scope.holds(PostCode.ADMINISTRATOR)


def may_end_post(staff: StaffMember, post: Post) -> bool:
    """Ending is safe and needs one person: administrators and head office anywhere, directors in their branch.

    Nobody ends an own post, so that nobody leaves by the back door.
    """
    if post.staff_id == staff.pk:
        return False
    if staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE):
        return True
    return directs(staff, post.unit) and post.code not in DIRECTORS


def may_extend_rotation(staff: StaffMember) -> bool:
    """Head office lets a rotation wait, with a reason."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)


def may_see_rotation(staff: StaffMember) -> bool:
    """Rotation is watched by directors for their branch, by head office, risk, audit and administrators for all."""
    return sees_all_rotation(staff) or staff.scope.holds(*DIRECTORS)


def sees_all_rotation(staff: StaffMember) -> bool:
    """Whether the rotation of all branches is shown."""
    codes = (PostCode.HEAD_OFFICE, PostCode.UNION_RISK, PostCode.AUDITOR, PostCode.ADMINISTRATOR)
    return staff.scope.holds(*codes)


def may_import(staff: StaffMember) -> bool:
    """Lists of the organisation are taken in by administrators."""
    return may_keep_organisation(staff)


def may_see_imports(staff: StaffMember) -> bool:
    """Lists that came in are read by administrators, head office and audit."""
    return staff.scope.holds(PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE, PostCode.AUDITOR)
