"""Deeds on tags: make one, take it out of use, hang it on one or many customers, take it down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import StaffMember, Unit, in_force
from coopcrm.shared.errors import Refused, require
from customers.models import ComputedTag, Customer, CustomerTag, Tag
from customers.policies import may_register_somewhere
from customers.tags import policies
from customers.tags.words import sensitive_word

MOST_TOGETHER = 500
NOT_IN_A_CODE = re.compile(r"[^a-z0-9-]+")


@transaction.atomic
def create_tag(
    *,
    staff: StaffMember,
    label: str,
    code: str,
    colour: str,
    branch: Unit | None = None,
    is_computed: bool = False,
) -> Tag:
    """Make a tag for the union (``branch`` empty) or for a branch. Raises ``Refused`` for a word that is not kept."""
    allowed = (
        policies.may_make_branch_tags(staff) and branch.pk in staff.scope.branch_ids
        if branch
        else policies.may_make_union_tags(staff)
    )
    require(allowed, _("Your post does not make this tag."))
    refuse_sensitive(label)
    try:
        with transaction.atomic():
            return Tag.objects.create(
                label=" ".join(label.split()),
                code=NOT_IN_A_CODE.sub("-", code.lower()).strip("-"),
                colour=colour,
                branch=branch,
                is_computed=is_computed,
                created_by=staff,
            )
    except IntegrityError as error:
        raise Refused(_("There is such a tag already."), code="tag_exists") from error


def refuse_sensitive(*texts: str) -> None:
    """Raise ``Refused`` when a text speaks of religion, illness, politics or the like (handbook §6.6)."""
    for text in texts:
        if word := sensitive_word(text):
            raise Refused(
                _("“%(word)s” is not collected: no religion, illness, politics or the like.")
                % {"word": word},
                code="sensitive_word",
            )


@transaction.atomic
def end_tag(*, staff: StaffMember, tag: Tag, today: date) -> None:
    """Take a tag out of use; it comes down from everybody today, its history stays."""
    require(policies.may_end_tag(staff, tag), _("Your post does not end this tag."))
    later = Q(valid_to=None) | Q(valid_to__gt=today)
    CustomerTag.objects.filter(later, tag=tag).update(valid_to=today, ended_by=staff)
    ComputedTag.objects.filter(tag=tag, valid_to=None).update(valid_to=today)
    tag.ended_on = today
    tag.save(update_fields=["ended_on"])


def tag_customer(*, staff: StaffMember, customer: Customer, tag: Tag, **said: Any) -> bool:
    """Hang a tag on a customer; False when it hangs there already."""
    require(policies.may_tag(staff, customer), _("Tags are hung by the branch that manages the customer."))
    return bool(tag_many(staff=staff, customers=[customer.pk], tag=tag, **said))


@transaction.atomic
def tag_many(
    *,
    staff: StaffMember,
    customers: Iterable[int],
    tag: Tag,
    today: date,
    reason: str = "",
    until: date | None = None,
) -> int:
    """Hang a tag on many customers of the person's branches; returns on how many it did not hang yet.

    Raises ``Refused`` for a tag of another branch, one that a rule hangs, one out of use, or an end that has come.
    """
    said = {"today": today, "reason": reason, "until": until}
    hung, _already = hang_on(staff=staff, customers=list(customers)[:MOST_TOGETHER], tag=tag, **said)
    return len(hung)


@transaction.atomic
def hang_on(
    *,
    staff: StaffMember,
    customers: Iterable[int],
    tag: Tag,
    today: date,
    reason: str = "",
    until: date | None = None,
) -> tuple[set[int], set[int]]:
    """Hang a tag on customers of the person's branches: on whom it hangs from now on, and on whom it hung already."""
    check(staff, tag, today, reason, until)
    chosen = _own(staff, customers)
    later = Q(valid_to=None) | Q(valid_to__gt=today)
    tagged = set(
        CustomerTag.objects.filter(later, tag=tag, customer__in=chosen).values_list("customer", flat=True)
    )
    rows = [
        CustomerTag(
            customer_id=pk, tag=tag, valid_from=today, valid_to=until, reason=reason.strip(), tagged_by=staff
        )
        for pk in chosen
        if pk not in tagged
    ]
    CustomerTag.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.customer_id for row in rows}, tagged


@transaction.atomic
def take_down_from(
    *, staff: StaffMember, customers: Iterable[int], tag: Tag, today: date
) -> list[CustomerTag]:
    """Take a tag down from customers of the person's branches; returns the rows as they were before."""
    check(staff, tag, today)
    rows = CustomerTag.objects.filter(in_force(today), tag=tag, customer__in=_own(staff, customers))
    found = list(rows.select_for_update(of=["self"]))
    CustomerTag.objects.filter(pk__in=[row.pk for row in found]).update(valid_to=today, ended_by=staff)
    return found


def _own(staff: StaffMember, customers: Iterable[int]) -> list[int]:
    own = Customer.objects.managed_for(staff).current().filter(branch__in=staff.scope.branch_ids)
    return list(own.filter(pk__in=list(customers)).values_list("pk", flat=True))


def check(staff: StaffMember, tag: Tag, today: date, reason: str = "", until: date | None = None) -> None:
    """Refuse a tag that the person does not hang or take down, an end that has come, and words that are not kept."""
    require(may_register_somewhere(staff), _("Counter, field and directors hang tags."))
    if tag.is_computed:
        raise Refused(_("A rule hangs this tag; people do not."), code="computed_tag")
    if tag.ended_on is not None:
        raise Refused(_("This tag is out of use."), code="ended_tag")
    if tag.branch_id is not None and tag.branch_id not in staff.scope.branch_ids:
        raise Refused(_("This tag belongs to another branch."), code="foreign_tag")
    if until is not None and until <= today:
        raise Refused(_("The last day must lie ahead."), code="day_has_come")
    refuse_sensitive(reason)


@transaction.atomic
def untag(*, staff: StaffMember, hung: CustomerTag, today: date) -> None:
    """Take a tag down from a customer today."""
    require(
        policies.may_tag(staff, hung.customer), _("Tags come down by the branch that manages the customer.")
    )
    hung.valid_to, hung.ended_by = today, staff
    hung.save(update_fields=["valid_to", "ended_by"])
