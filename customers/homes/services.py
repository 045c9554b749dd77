"""Deeds in the life of a household (handbook §6.4): open, join, leave, move, marry, divorce, split, die, succeed.

The rating and the line belong to the household, the signature to persons: whoever moves takes their debts along as
signer, and the line stays with the household.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from customers import identity, numbers
from customers.choices import CustomerState, DocumentKind, DocumentState, FactSource, Relation
from customers.homes import policies, selectors
from customers.homes.choices import EventKind, MarriageEnd, Paper
from customers.homes.deeds import Deed, require_living_person
from customers.homes.relations import one_spouse, relation_after, relation_of_spouse
from customers.models import Customer, Household, IdentityDocument, Marriage, Membership
from customers.portfolios.services import put_under_director


def today_or(as_of: date | None) -> date:
    """The day a deed is written down: as handed in, else today."""
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
    is_new_head: bool = False,
) -> Household:
    """Open a household with its head, at the head's address unless another is given.

    A head who belongs to another household leaves it first; the director's post manages until somebody is named.
    With ``is_new_head`` the head was written in this very transaction: nobody else can hold the row or know where the
    person lives, so that nothing is locked or looked up.
    """
    deed = Deed(EventKind.OPENED, staff, on, today_or(as_of), reason)
    if is_new_head:
        require_living_person(head, on)
    else:
        [head] = deed.lock(head)
        _require_homeless(deed, head)
    place = {
        "village": village or head.village,
        "group_no": head.group_no if group_no is None else group_no,
        "address": head.address if address is None else address,
    }
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
        head=head,
        branch=branch,
        register_no=register_no.strip(),
        valid_from=deed.on,
        source=FactSource.DOCUMENT if register_no.strip() else FactSource.SAID,
        **place,
    )
    put_under_director([household.pk])
    deed.branch_takes(head, household)
    deed.open(household, head)
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
    is_new: bool = False,
) -> Membership:
    """Let a person who belongs nowhere belong to a household from a day on.

    With ``is_new`` the person was written in this very transaction, as the head of ``open_household`` may be.
    """
    deed = Deed(EventKind.JOINED, staff, on, today_or(as_of), reason)
    if is_new:
        require_living_person(customer, on)
    else:
        [customer] = deed.lock(customer)
        _require_homeless(deed, customer)
    household = deed.lock_household(household)
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
    deed = Deed(EventKind.LEFT, staff, on, today_or(as_of), reason)
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
    deed = Deed(EventKind.MARRIAGE, staff, on, today_or(as_of), reason, Paper.MARRIAGE)
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
    deed.note(home, marriage=marriage.pk, look_at_paper=not is_good)
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


# -- Divorce -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def divorce(
    *,
    staff: StaffMember,
    first: Customer,
    second: Customer,
    on: date,
    certificate: str = "",
    leaver: Customer | None = None,
    children: Iterable[Customer] = (),
    successor: Customer | None = None,
    reason: str = "",
    as_of: date | None = None,
) -> Marriage:
    """End a marriage. ``leaver`` moves out into a new household, with ``children``; without one nobody moves.

    Who moves out splits the household: the new one starts unrated, the old line is frozen until it is reviewed, and
    debts stay with the signers.
    """
    deed = Deed(EventKind.DIVORCE, staff, on, today_or(as_of), reason, Paper.DIVORCE)
    if not certificate.strip():
        deed.paper = Paper.NONE
    children = list(children)
    first, second, *children = deed.lock(first, second, *children)
    marriage = _marriage_in_force(first, second, on)
    judged = identity.check_marriage_certificate(certificate, deed.as_of)
    is_good = judged.status == "OK" and judged.type in ("divorce", "divorce_reissue")
    require(
        is_good or not certificate.strip() or judged.status != "OK",
        _("This is the number of a marriage certificate. A divorce certificate begins with L."),
        code="wrong_certificate",
    )
    stays = [deed.current(person) for person in (first, second)]
    for stay in filter(None, stays):
        home = deed.lock_household(stay.household)
        deed.about(home, first, second)
    _end_marriage(marriage, on, MarriageEnd.DIVORCE, judged.normalized if certificate.strip() else "")
    touched = {stay.household_id for stay in stays if stay}
    require(touched, _("Neither of the two belongs to a household here."), code="no_household")
    deed.changes[min(touched)]["ended_marriage"] = marriage.pk
    if leaver is not None:
        leaver = first if leaver.pk == first.pk else second
        _move_out(deed, leaver, children, successor=successor)
    else:
        _no_spouse_any_more(deed, stays)
    deed.write()
    return marriage


def _marriage_in_force(first: Customer, second: Customer, on: date) -> Marriage:
    lower, higher = sorted((first, second), key=lambda person: person.pk)
    rows = Marriage.objects.select_for_update().filter(first=lower, second=higher, valid_to=None)
    marriage = rows.first()
    require(marriage, _("No marriage of these two is in force."), code="not_married")
    require(
        marriage.valid_from is None or marriage.valid_from <= on,
        _("They married on %(day)s. Choose a later day.") % {"day": marriage.valid_from},
        code="before_the_marriage",
    )
    return marriage


def _end_marriage(marriage: Marriage, on: date, why: str, certificate: str = "") -> None:
    marriage.valid_to, marriage.ended_by = on, why
    if certificate:
        marriage.end_number_key = numbers.document_keys(DocumentKind.MARRIAGE, certificate).number_key
        marriage.seal("end_number", certificate)
    marriage.save(update_fields=["valid_to", "ended_by", "end_number", "end_number_key"])


def _no_spouse_any_more(deed: Deed, stays: list[Membership | None]) -> None:
    """Who lives on in the household after a divorce is no longer the head's spouse."""
    for stay in filter(None, stays):
        if stay.relation == Relation.SPOUSE:
            home = deed.lock_household(stay.household)
            stay.household = home
            deed.restate(home, stay, Relation.OTHER)


# -- Move and split ----------------------------------------------------------------------------------------------------


@transaction.atomic
def move_member(
    *,
    staff: StaffMember,
    customer: Customer,
    household: Household,
    relation: str,
    on: date,
    reason: str = "",
    as_of: date | None = None,
) -> Membership:
    """Let a person leave one household and join another on the same day."""
    deed = Deed(EventKind.MOVED, staff, on, today_or(as_of), reason)
    [customer] = deed.lock(customer)
    left = deed.current(customer)
    require(
        left is None or left.household_id != household.pk,
        _("%(name)s belongs to this household already.") % {"name": customer},
        code="lives_here",
    )
    _leave(deed, customer)
    home = deed.lock_household(household)
    deed.branch_takes(customer, home)
    membership = deed.begin(home, customer, relation)
    deed.about(home, customer)
    deed.write()
    return membership


@transaction.atomic
def split_household(
    *,
    staff: StaffMember,
    household: Household,
    head: Customer,
    members: Iterable[Customer] = (),
    on: date,
    register_no: str = "",
    successor: Customer | None = None,
    reason: str = "",
    paper: str = Paper.NONE,
    as_of: date | None = None,
) -> Household:
    """Let ``head`` open a household of their own with ``members`` of the old one (分户, handbook §6.4).

    The new household starts unrated; the line of the old one is frozen until it is reviewed; debts stay with the
    signers. ``successor`` is the old household's next head when its head is who moves out.
    """
    deed = Deed(EventKind.SPLIT, staff, on, today_or(as_of), reason, paper)
    members = [person for person in members if person.pk != head.pk]
    head, *members = deed.lock(head, *members)
    old = deed.lock_household(household)
    for person in (head, *members):
        stay = deed.current(person)
        require(
            stay is not None and stay.household_id == old.pk,
            _("%(name)s does not belong to household #%(no)s.") % {"name": person, "no": old.pk},
            code="not_a_member",
        )
    left = set(selectors.members_on(old, on).values_list("customer", flat=True))
    require(
        left - {head.pk, *(person.pk for person in members)},
        _("Somebody stays in the old household. If all move, write down the new place instead."),
        code="nobody_stays",
    )
    new = _move_out(deed, head, members, register_no=register_no, successor=successor)
    deed.write()
    return new


def _move_out(
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
    new = _open(deed, head, old.branch if old else head.branch, register_no, place)
    spouse = selectors.spouse_on(head, deed.on)
    relations = {}
    for person in others:
        left = deed.current(person)
        relations[person.pk] = relation_after(was, left.relation if left else Relation.OTHER, person.sex)
        _leave(deed, person)
    relations = one_spouse(relations, spouse.pk if spouse else None)
    for person in others:
        deed.begin(new, person, relations[person.pk])
    deed.about(new, head)
    if old is not None:
        if successor is not None:
            _succeed(deed, old, successor)
        deed.freeze(old)
    return new


# -- Death and succession ----------------------------------------------------------------------------------------------


@transaction.atomic
def record_death(
    *,
    staff: StaffMember,
    customer: Customer,
    on: date,
    successor: Customer | None = None,
    paper: str = Paper.NONE,
    reason: str = "",
    as_of: date | None = None,
) -> Household | None:
    """A person has died: the membership, the marriage and an absence end that day (handbook §6.4).

    When the head dies the line is frozen until it is reviewed, and the family chooses a successor: now, or later by
    ``change_head``. Returns the household, if the person belonged to one.
    """
    deed = Deed(EventKind.DEATH, staff, on, today_or(as_of), reason, paper)
    [customer] = deed.lock(customer)
    require(
        policies.may_keep_at(staff, customer.branch_id),
        _("The managing branch writes down a death."),
        code="other_branch",
    )
    stay = deed.current(customer)
    marriage = selectors.marriage_on(customer, on)
    household = deed.lock_household(stay.household) if stay else None
    if marriage is not None:
        _end_marriage(marriage, on, MarriageEnd.DEATH)
    if household is not None:
        was_head = stay.relation == Relation.HEAD
        stay.household = household
        deed.end(stay)
        away = _end_absence(customer, on)
        deed.about(household, customer)
        deed.note(
            household,
            deceased=customer.pk,
            ended_marriage=marriage.pk if marriage else None,
            ended_absence=away,
        )
        if was_head:
            deed.freeze(household)
    Customer.objects.filter(pk=customer.pk).update(state=CustomerState.DECEASED, deceased_on=on)
    if household is not None and successor is not None:
        _succeed(deed, household, successor)
    deed.write()
    return household


def _end_absence(customer: Customer, on: date) -> int | None:
    row = customer.absences.filter(valid_to=None).first()
    if row is None:
        return None
    row.valid_to = max(on, row.valid_from)
    row.save(update_fields=["valid_to"])
    return row.pk


@transaction.atomic
def change_head(
    *,
    staff: StaffMember,
    household: Household,
    head: Customer,
    on: date,
    reason: str = "",
    paper: str = Paper.NONE,
    as_of: date | None = None,
) -> Household:
    """Make another member the head; what the others are to the head is derived anew and dated."""
    deed = Deed(EventKind.NEW_HEAD, staff, on, today_or(as_of), reason, paper)
    [head] = deed.lock(head)
    household = deed.lock_household(household)
    old = selectors.head_on(household, on)
    require(
        old is None or old.customer_id != head.pk,
        _("%(name)s is the head already.") % {"name": head},
        code="is_head",
    )
    _succeed(deed, household, head)
    deed.about(household, head, old.customer if old else None)
    deed.write()
    return household


def _succeed(deed: Deed, household: Household, head: Customer) -> None:
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
