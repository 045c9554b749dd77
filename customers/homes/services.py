"""Deeds in the life of a household (handbook §6.4): open, join, leave, marry.

The rating and the line belong to the household, the signature to persons: whoever moves takes their debts along as
signer, and the line stays with the household.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from customers import identity, numbers
from customers.choices import DocumentKind, DocumentState, FactSource, Relation
from customers.homes import policies, selectors
from customers.homes.choices import EventKind, Paper
from customers.homes.deeds import Deed
from customers.homes.relations import relation_of_spouse
from customers.models import Customer, Household, IdentityDocument, Marriage, Membership
from customers.portfolios.services import put_under_director


def _today(as_of: date | None) -> date:
    return as_of or timezone.localdate()


# -- Open, join, leave -------------------------------------------------------------------------------------------------


@transaction.atomic
def open_household(
    *,
    staff: StaffMember,
    head: Customer,
    on: date,
    branch: Unit | None = None,
    register_no: str = "",
    village: Area | None = None,
    group_no: str | None = None,
    address: str | None = None,
    as_of: date | None = None,
    reason: str = "",
) -> Household:
    """Open a household with its head, at the head's address unless another is given.

    A head who belongs to another household leaves it first; the director's post manages until somebody is named.
    """
    deed = Deed(EventKind.OPENED, staff, on, _today(as_of), reason)
    [head] = deed.lock(head)
    place = {
        "village": village or head.village,
        "group_no": head.group_no if group_no is None else group_no,
        "address": head.address if address is None else address,
    }
    _require_homeless(deed, head)
    household = _open(deed, head, branch or head.branch, register_no, place)
    deed.write()
    return household


def _require_homeless(deed: Deed, person: Customer) -> None:
    current = deed.current(person)
    if current is None:
        return
    text = _("%(name)s belongs to household #%(no)s. Write down first that the person leaves it.")
    raise Refused(text % {"name": person, "no": current.household_id}, code="lives_elsewhere")


def _open(deed: Deed, head: Customer, branch: Unit, register_no: str, place: dict) -> Household:
    require(
        policies.may_keep_at(deed.staff, branch.pk),
        _("Households are opened at your own branch."),
    )
    household = Household.objects.create(
        head=None,
        branch=branch,
        register_no=register_no.strip(),
        valid_from=deed.on,
        source=FactSource.DOCUMENT if register_no.strip() else FactSource.SAID,
        **place,
    )
    put_under_director([household.pk])
    deed.branch_takes(head, household)
    deed.begin(household, head, Relation.HEAD)
    deed.note(household, opened=True)
    deed.about(household, head)
    return household


@transaction.atomic
def join_household(
    *,
    staff: StaffMember,
    customer: Customer,
    household: Household,
    relation: str,
    on: date,
    reason: str = "",
    as_of: date | None = None,
) -> Membership:
    """Let a person who belongs nowhere belong to a household from a day on."""
    deed = Deed(EventKind.JOINED, staff, on, _today(as_of), reason)
    [customer] = deed.lock(customer)
    household = deed.lock_household(household)
    _require_homeless(deed, customer)
    deed.branch_takes(customer, household)
    membership = deed.begin(household, customer, relation)
    deed.about(household, customer)
    deed.write()
    return membership


@transaction.atomic
def leave_household(
    *, staff: StaffMember, customer: Customer, on: date, reason: str = "", as_of: date | None = None
) -> Membership:
    """End a person's membership on a day; the person belongs nowhere from then on."""
    deed = Deed(EventKind.LEFT, staff, on, _today(as_of), reason)
    [customer] = deed.lock(customer)
    membership = _leave(deed, customer)
    require(membership, _("%(name)s belongs to no household.") % {"name": customer}, code="no_household")
    deed.write()
    return membership


def _leave(deed: Deed, person: Customer) -> Membership | None:
    """End where the person belongs, if anywhere."""
    membership = deed.current(person)
    if membership is None:
        return None
    membership.household = deed.lock_household(membership.household)
    deed.end(membership)
    deed.about_also(membership.household, person)
    return membership


# -- Marriage ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wedding:
    """What became of a marriage: the household of the couple, who moved, and whether the paper is to be looked at."""

    marriage: Marriage
    household: Household
    moved: list[Customer] = field(default_factory=list)
    is_new_household: bool = False
    needs_look: bool = False


@transaction.atomic
def marry(
    *,
    staff: StaffMember,
    first: Customer,
    second: Customer,
    certificate: str = "",
    on: date,
    household: Household | None = None,
    reason: str = "",
    as_of: date | None = None,
) -> Wedding:
    """Write down a marriage: who moves leaves one household and joins the other from that day (handbook §6.4).

    ``household`` is where the couple lives; without one, the household they share already, or a new one that opens
    with ``first`` as its head. A certificate number that passes its check is stored as held; any other text is kept
    and the paper is to be looked at (``needs_look``).
    """
    require(first.pk != second.pk, _("A marriage is of two persons."), code="same_person")
    deed = Deed(EventKind.MARRIAGE, staff, on, _today(as_of), reason, Paper.MARRIAGE)
    if not certificate.strip():
        deed.paper = Paper.NONE
    first, second = deed.lock(first, second)
    for person in (first, second):
        _require_unmarried(person, on)
    judged = identity.check_marriage_certificate(certificate, deed.as_of)
    is_good = judged.status == "OK" and judged.type in ("marriage", "marriage_reissue")
    text = judged.normalized if certificate.strip() else ""
    _require_free_certificate(text if is_good else "")

    homes = {person.pk: deed.current(person) for person in (first, second)}
    shared = _shared_home(homes[first.pk], homes[second.pk])
    opens = household is None and shared is None
    if opens:
        home = _new_home(deed, first, second)
        moved = [first, second]
    else:
        home, moved = _come_together(deed, household or shared, first, second, homes)

    marriage = _write_marriage(deed, first, second, text, is_good)
    deed.note(home, marriage=marriage.pk)
    deed.about(home, first, second)
    deed.write()
    return Wedding(marriage, home, moved, opens, needs_look=not is_good)


def _require_unmarried(person: Customer, on: date) -> None:
    later = [row for row in selectors.marriages_of(person) if row.valid_to is None or row.valid_to > on]
    if not later:
        return
    other = selectors.other_of(later[0], person)
    text = _(
        "%(name)s is married to %(other)s. If that marriage has ended, write down the divorce or the death first; "
        "if it was a mistake, take it back on the household's page."
    )
    raise Refused(text % {"name": person, "other": other}, code="married_already")


def _require_free_certificate(number: str) -> None:
    if not number:
        return
    key = numbers.document_keys(DocumentKind.MARRIAGE, number).number_key
    if Marriage.objects.filter(number_key=key).exclude(ended_by="undone").exists():
        raise Refused(
            _("This certificate is registered for another couple. Look at the number again."),
            code="certificate_taken",
        )


def _shared_home(one: Membership | None, other: Membership | None) -> Household | None:
    if one is not None and other is not None and one.household_id == other.household_id:
        return one.household
    return None


def _new_home(deed: Deed, first: Customer, second: Customer) -> Household:
    for person in (first, second):
        _leave(deed, person)
    place = {"village": first.village, "group_no": first.group_no, "address": first.address}
    home = _open(deed, first, first.branch, "", place)
    deed.branch_takes(second, home)
    deed.begin(home, second, Relation.SPOUSE)
    return home


def _come_together(
    deed: Deed,
    household: Household,
    first: Customer,
    second: Customer,
    homes: dict[int, Membership | None],
) -> tuple[Household, list[Customer]]:
    """Both belong to the household from the day on; returns who had to move."""
    home = deed.lock_household(household)
    moving = [p for p in (first, second) if homes[p.pk] is None or homes[p.pk].household_id != home.pk]
    staying = next((p for p in (first, second) if p not in moving), None)
    for person in moving:
        _leave(deed, person)
        deed.branch_takes(person, home)
        relation = Relation.OTHER
        if staying is not None:
            relation = relation_of_spouse(homes[staying.pk].relation)
        deed.begin(home, person, relation)
    if not moving:
        _become_spouse(deed, home, homes[first.pk], homes[second.pk])
    return home, moving


def _become_spouse(deed: Deed, home: Household, one: Membership, other: Membership) -> None:
    """Who marries the head of the household they live in becomes the spouse."""
    for head, partner in ((one, other), (other, one)):
        if head.relation == Relation.HEAD and partner.relation != Relation.SPOUSE:
            partner.household = home
            deed.end(partner)
            deed.begin(home, partner.customer, Relation.SPOUSE)


def _write_marriage(deed: Deed, first: Customer, second: Customer, text: str, is_good: bool) -> Marriage:
    """Store the certificate sealed, once for the couple and as a document of each of the two."""
    lower, higher = sorted((first, second), key=lambda person: person.pk)
    state = DocumentState.HELD if is_good else DocumentState.UNVERIFIED
    marriage = Marriage(
        first=lower,
        second=higher,
        valid_from=deed.on,
        source=FactSource.DOCUMENT if text else FactSource.SAID,
        state=state,
    )
    if text:
        keys = numbers.document_keys(DocumentKind.MARRIAGE, text)
        marriage.number_key = keys.number_key
        marriage.seal("number", text)
        for person in (lower, higher):
            document = IdentityDocument(
                customer=person,
                kind=DocumentKind.MARRIAGE,
                state=state,
                invalid_reason="" if is_good else "UNVERIFIED",
                issued_on=deed.on if is_good else None,
                source=FactSource.DOCUMENT,
                recorded_on=deed.as_of,
                recorded_by=deed.staff,
                **keys._asdict(),
            )
            document.seal("number", text)
            document.save(force_insert=True)
    marriage.draw_id()
    marriage.save(force_insert=True)
    return marriage
