"""Marriage and divorce (handbook §6.4): who lives with whom from the day on, and the certificate that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import identity, numbers
from customers.choices import DocumentKind, DocumentState, FactSource, Relation
from customers.homes import selectors
from customers.homes.choices import EventKind, MarriageEnd, Paper
from customers.homes.deeds import Deed
from customers.homes.relations import relation_of_spouse
from customers.homes.steps import end_marriage, move_out, open_home, take_leave, today_or
from customers.models import Customer, Household, IdentityDocument, Marriage, Membership


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
        take_leave(deed, person)
    place = {"village": first.village, "group_no": first.group_no, "address": first.address}
    home = open_home(deed, first, first.branch, "", place)
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
        take_leave(deed, person)
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
    end_marriage(marriage, on, MarriageEnd.DIVORCE, judged.normalized if certificate.strip() else "")
    touched = {stay.household_id for stay in stays if stay}
    require(touched, _("Neither of the two belongs to a household here."), code="no_household")
    deed.changes[min(touched)]["ended_marriage"] = marriage.pk
    if leaver is not None:
        leaver = first if leaver.pk == first.pk else second
        move_out(deed, leaver, children, successor=successor)
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


def _no_spouse_any_more(deed: Deed, stays: list[Membership | None]) -> None:
    """Who lives on in the household after a divorce is no longer the head's spouse."""
    for stay in filter(None, stays):
        if stay.relation == Relation.SPOUSE:
            home = deed.lock_household(stay.household)
            stay.household = home
            deed.restate(home, stay, Relation.OTHER)
