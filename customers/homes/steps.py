"""Steps that several deeds in the life of a household share; each takes part in the deed that is being written."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Unit
from coopcrm.shared.errors import require
from coopcrm.shared.fields import draw_keys
from coopcrm.shared.inserting import insert
from customers import numbers
from customers.choices import DocumentKind, FactSource, Relation
from customers.homes import policies, selectors
from customers.homes.deeds import Deed
from customers.homes.relations import one_spouse, relation_after
from customers.models import Customer, Household, ManagerAssignment, Marriage, Membership
from customers.portfolios.services import under_director


def today_or(as_of: date | None) -> date:
    """The day a deed is written down: as handed in, else today."""
    return as_of or timezone.localdate()


def open_home(deed: Deed, head: Customer, branch: Unit, register_no: str, place: dict) -> Household:
    """Open a household of the own branch with its head; ``place`` is village, group and address."""
    require(
        policies.may_keep_at(deed.staff, branch.pk),
        _("Households are opened at your own branch."),
    )
    deed.branch_takes_at(head, branch)
    household_pk, assignment_pk, stay_pk = draw_keys(Household, ManagerAssignment, Membership)
    household = Household(
        pk=household_pk,
        head=head,
        branch=branch,
        register_no=register_no.strip(),
        valid_from=deed.on,
        source=FactSource.DOCUMENT if register_no.strip() else FactSource.SAID,
        **place,
    )
    stay = Membership(
        pk=stay_pk, household=household, customer=head, relation=Relation.HEAD, valid_from=deed.on
    )
    insert(household, under_director(household, pk=assignment_pk), stay)
    deed.opened(stay)
    return household


def take_leave(deed: Deed, person: Customer) -> Membership | None:
    """End where the person belongs, if anywhere."""
    membership = deed.current(person)
    if membership is None:
        return None
    membership.household = deed.lock_household(membership.household)
    deed.end(membership)
    deed.about_also(membership.household, person)
    return membership


def move_out(
    deed: Deed,
    head: Customer,
    others: list[Customer],
    *,
    register_no: str = "",
    successor: Customer | None = None,
) -> Household:
    """``head`` opens a household and takes others along; the line of the one they leave is frozen."""
    stay = deed.current(head)
    was = stay.relation if stay else Relation.OTHER
    place: dict[str, Any] = {"village": head.village, "group_no": head.group_no, "address": head.address}
    old = None
    if stay is not None:
        old = deed.lock_household(stay.household)
        stay.household = old
        place = {name: getattr(old, name) for name in place}
        deed.end(stay)
        deed.about_also(old, head)
    new = open_home(deed, head, old.branch if old else head.branch, register_no, place)
    spouse = selectors.spouse_on(head, deed.on)
    relations = {}
    for person in others:
        left = deed.current(person)
        relations[person.pk] = relation_after(was, left.relation if left else Relation.OTHER, person.sex)
        take_leave(deed, person)
    relations = one_spouse(relations, spouse.pk if spouse else None)
    for person in others:
        deed.begin(new, person, relations[person.pk])
    deed.about(new, head)
    if old is not None:
        if successor is not None:
            succeed(deed, old, successor)
        deed.freeze(old)
    return new


def succeed(deed: Deed, household: Household, head: Customer) -> None:
    """``head`` becomes the head; every relation is restated from the day on."""
    stays = list(selectors.members_on(household, deed.on))
    mine = next((stay for stay in stays if stay.customer_id == head.pk), None)
    require(
        mine,
        _("%(name)s does not belong to household #%(no)s.") % {"name": head, "no": household.pk},
        code="not_a_member",
    )
    for stay in stays:
        deed.current(stay.customer)
    spouse = selectors.spouse_on(head, deed.on)
    derived = {
        stay.customer_id: relation_after(mine.relation, stay.relation, stay.customer.sex)
        for stay in stays
        if stay.pk != mine.pk
    }
    relations = {
        **one_spouse(derived, spouse.pk if spouse else None),
        head.pk: Relation.HEAD,
    }
    for stay in stays:
        stay.household = household
        if stay.relation != relations[stay.customer_id]:
            deed.end(stay)
    for stay in stays:
        if stay.relation != relations[stay.customer_id]:
            deed.begin(household, stay.customer, relations[stay.customer_id])


def end_marriage(marriage: Marriage, on: date, why: str, certificate: str = "") -> None:
    """A marriage is over from a day on; ``why`` is a ``MarriageEnd``, the certificate that of the divorce."""
    marriage.valid_to, marriage.ended_by = on, why
    if certificate:
        marriage.end_number_key = numbers.document_keys(DocumentKind.MARRIAGE, certificate).number_key
        marriage.seal("end_number", certificate)
    marriage.save(update_fields=["valid_to", "ended_by", "end_number", "end_number_key"])
