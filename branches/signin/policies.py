"""Who signs in with what, and who helps others to sign in; one sentence each."""

from __future__ import annotations

from branches.choices import PostCode, UnitKind
from branches.models import Device, StaffMember, Unit

DIRECTORS = (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
WITHOUT_RIGHTS = frozenset({PostCode.CASHIER, PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER})


def always_needs_second_factor(staff: StaffMember) -> bool:
    """Posts that approve, export, set rules or administer, head office and audit: wherever they sign in."""
    return staff.is_superuser or not staff.scope.posts <= WITHOUT_RIGHTS


def _leads(by: StaffMember, staff: StaffMember) -> bool:
    leads = by.scope.holds(*DIRECTORS) and not staff.scope.sees_union
    outranks = by.scope.holds(PostCode.DIRECTOR) or not staff.scope.holds(*DIRECTORS)
    return leads and outranks and bool(staff.scope.branch_ids & by.scope.branch_ids)


def may_help(by: StaffMember, staff: StaffMember) -> bool:
    """A director helps the people of the branch, an administrator everybody; nobody helps themselves."""
    if by.pk == staff.pk:
        return False
    return by.scope.holds(PostCode.ADMINISTRATOR) or _leads(by, staff)


def may_propose_lost_factor(by: StaffMember, staff: StaffMember) -> bool:
    """The director of the branch asks for a person who lost the second factor; for others head office does."""
    return by.pk != staff.pk and (_leads(by, staff) or by.scope.holds(PostCode.HEAD_OFFICE))


def may_confirm_lost_factor(by: StaffMember, staff: StaffMember) -> bool:
    """Head office confirms, and nobody for themselves."""
    return by.pk != staff.pk and by.scope.holds(PostCode.HEAD_OFFICE)


def may_register_somewhere(by: StaffMember) -> bool:
    """Directors register the devices of their branch, administrators any."""
    return by.scope.holds(*DIRECTORS, PostCode.ADMINISTRATOR)


def may_register(by: StaffMember, unit: Unit) -> bool:
    """A device stands at a branch or below it, and is registered by who leads there or administers."""
    if unit.kind == UnitKind.UNION:
        return by.scope.holds(PostCode.ADMINISTRATOR)
    leads = by.scope.holds(*DIRECTORS) and unit.branch_id_of in by.scope.branch_ids
    return leads or by.scope.holds(PostCode.ADMINISTRATOR)


def may_end_device(by: StaffMember, device: Device) -> bool:
    """Who may register a device at a unit may end one there."""
    return may_register(by, device.unit)
