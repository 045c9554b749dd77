"""Who makes tags and who hangs them, one sentence each."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember
from customers import policies
from customers.models import Customer, Tag

UNION_TAGS = (PostCode.HEAD_OFFICE, PostCode.UNION_CREDIT)


def may_see_tags(staff: StaffMember) -> bool:
    """Everybody who works with customers, and audit, sees which tags there are."""
    return staff.scope.holds(
        *policies.COUNTER, *policies.FIELD, *policies.DIRECTORS, *policies.UNION_DESKS, PostCode.AUDITOR
    )


def may_make_union_tags(staff: StaffMember) -> bool:
    """Head office and the credit department make tags that every branch hangs."""
    return staff.scope.holds(*UNION_TAGS)


def may_make_branch_tags(staff: StaffMember) -> bool:
    """Directors make tags for their own branch."""
    return staff.scope.holds(*policies.DIRECTORS)


def may_end_tag(staff: StaffMember, tag: Tag) -> bool:
    """Whoever may make a tag may take it out of use."""
    if tag.branch_id is None:
        return may_make_union_tags(staff)
    return may_make_branch_tags(staff) and policies.works_at(staff, tag.branch_id)


def may_sign_rules(staff: StaffMember) -> bool:
    """Two people of head office put a rule into force."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)


def may_tag(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors hang tags on the customers of their branch."""
    return policies.may_register_somewhere(staff) and policies.works_at(staff, customer.branch_id)
