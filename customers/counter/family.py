"""Spouse and household in the same flow: everybody on the paper is found or registered, in one transaction.

A marriage certificate names two persons and opens their household, or brings one of them into the other's; a household
register names a head and the others line by line (handbook §6.4). Nobody is written when one line is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coopcrm.shared.errors import DomainError, Refused, require
from customers import identity
from customers.choices import Relation
from customers.counter.services import Applicant, Registration, applicant, find_or_create
from customers.homes import couples
from customers.homes import selectors as homes
from customers.homes import services as households
from customers.models import Customer, Household, Marriage
from customers.persons.choices import RepresentativeRole
from customers.persons.organisations import add_representative, find_person, is_customer_number

MAIN, SPOUSE, REPRESENTATIVE = "", "spouse", "representative"


@dataclass(frozen=True)
class Line:
    """A person on the paper: ``about`` is the prefix of the fields, ``known`` who was chosen among the known ones."""

    about: str
    relation: str
    name: str = ""
    id_number: str = ""
    phone: str = ""
    known: Customer | None = None
    reason: str = ""


@dataclass(frozen=True)
class Family:
    """What the papers say beside the person at the counter; ``representative`` acts for an organisation by law."""

    spouse: Line | None = None
    certificate: str = ""
    married_on: date | None = None
    members: tuple[Line, ...] = ()
    representative: Line | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everybody beside the person at the counter."""
        return (self.spouse, *self.members) if self.spouse else self.members

    def __bool__(self) -> bool:
        return bool(self.lines)


@dataclass
class Settled:
    """What became of a family."""

    main: Registration
    beside: list[Registration] = field(default_factory=list)
    household: Household | None = None
    opens_household: bool = False
    marriage: Marriage | None = None
    married_since: int | None = None
    needs_look: bool = False

    @property
    def people(self) -> list[Registration]:
        """Everybody on the papers."""
        return [self.main, *self.beside]

    @property
    def in_words(self) -> str:
        """``2 persons, 1 household, marriage since 2003``: what is written, before and after it is."""
        new = sum(person.is_new for person in self.people)
        known = len(self.people) - new
        parts = [ngettext("%(n)s person", "%(n)s persons", new) % {"n": new}] if new else []
        if known:
            parts.append(ngettext("%(n)s known already", "%(n)s known already", known) % {"n": known})
        if self.opens_household:
            parts.append(_("1 household"))
        elif self.household is not None:
            parts.append(_("household #%(no)s takes them in") % {"no": self.household.pk})
        if self.marriage is not None:
            words = _("marriage since %(year)s") % {"year": self.married_since}
            parts.append(words if self.married_since else _("marriage"))
        return ", ".join(parts)


class OfLine(DomainError):
    """A refusal that concerns one line of the papers."""

    def __init__(self, about: str, refusal: DomainError) -> None:
        super().__init__(str(refusal))
        self.about, self.refusal, self.code = about, refusal, refusal.code


def settle(*, person: Applicant, main: Registration, family: Family) -> Settled:
    """Find or register everybody on the papers, and put them into one household; the caller holds the transaction."""
    done = Settled(main)
    people = {MAIN: main.customer}
    for line in family.lines:
        found = _of_line(person, line)
        if found.customer.pk in {known.pk for known in people.values()}:
            text = _("%(name)s stands on the papers twice. Take one of the lines off.")
            raise OfLine(line.about, Refused(text % {"name": found.customer}, code="line_twice"))
        people[line.about] = found.customer
        done.beside.append(found)
    _gather(person, family, people, done)
    return done


def _of_line(person: Applicant, line: Line, *, lives_there: bool = True) -> Registration:
    """Whoever stands in a line; somebody new lives where the person at the counter does, unless told otherwise."""
    if line.known is not None:
        return Registration(line.known, is_new=False)
    place = {name: person.details[name] for name in ("village", "group_no", "address") if lives_there}
    said: Mapping[str, Any] = {"name": line.name, "id_number": line.id_number, "phone": line.phone}
    try:
        written = applicant(
            staff=person.staff,
            branch=person.branch,
            as_of=person.as_of,
            reason=line.reason,
            **said,
            **place,
        )
        return find_or_create(written)
    except DomainError as refusal:
        raise OfLine(line.about, refusal) from refusal


def name_representative(*, person: Applicant, organisation: Customer, line: Line) -> Registration:
    """Find or register who acts for a new organisation by law, and note it; the caller holds the transaction."""
    try:
        if line.known is None and is_customer_number(line.id_number):
            line = replace(line, known=find_person(person.staff, line.id_number))
            require(line.known, _("Nobody has this customer number."), code="nobody")
        elif line.known is None and not line.name and (found := find_person(person.staff, line.id_number)):
            line = replace(line, known=found)
        done = _of_line(person, line, lives_there=False)
        add_representative(
            staff=person.staff,
            organisation=organisation,
            person=done.customer,
            role=RepresentativeRole.LEGAL,
            valid_from=person.as_of,
            as_of=person.as_of,
        )
    except OfLine:
        raise
    except DomainError as refusal:
        raise OfLine(line.about, refusal) from refusal
    return done


def _gather(person: Applicant, family: Family, people: dict[str, Customer], done: Settled) -> None:
    """Everybody belongs to one household: one that stands, or a new one with the head that the paper names."""
    as_of = person.as_of
    deed = {"staff": person.staff, "on": as_of, "as_of": as_of}
    relations = _relations(person, family)
    head = next((about for about, relation in relations.items() if relation == Relation.HEAD), None)
    household = person.home.joins or _home_of(people, head, as_of)
    if household is None:
        require(head is not None, _("Say who is the head of the household."), code="head_missing")
        where = {name: person.details[name] for name in ("village", "group_no", "address")}
        number = person.home.register_no
        household = households.open_household(
            head=people[head], branch=person.branch, register_no=number, **where, **deed
        )
        done.opens_household = True
    done.household = household
    married_in = {SPOUSE}
    if family.spouse and _lives_in(people[SPOUSE], household, as_of):
        married_in = {MAIN}  # who marries into a household comes by the marriage
    for about in (about for about in people if about not in married_in):
        _bring(about, people[about], household, relations[about], deed)
    if family.spouse:
        _marry(family, people, done, deed)


def _relations(person: Applicant, family: Family) -> dict[str, str]:
    """By line the relation to the head; the person at the counter is the head unless the paper names another."""
    relations = {line.about: line.relation for line in family.lines}
    heads = [line for line in family.members if line.relation == Relation.HEAD]
    if len(heads) > 1:
        text = _("A household has one head. Choose another relation for one of them.")
        raise OfLine(heads[1].about, Refused(text, code="two_heads"))
    joins = heads or person.home.joins is not None
    relations[MAIN] = person.home.relation if joins else Relation.HEAD
    return relations


def _home_of(people: dict[str, Customer], head: str | None, day: date) -> Household | None:
    """Where the head on the papers lives already, or else the spouse; the others come to them."""
    for about in dict.fromkeys((head, SPOUSE)):
        if about in people and (stay := homes.membership_on(people[about], day)):
            return stay.household
    return None


def _lives_in(person: Customer, household: Household, day: date) -> bool:
    stay = homes.membership_on(person, day)
    return stay is not None and stay.household_id == household.pk


def _bring(about: str, person: Customer, household: Household, relation: str, deed: dict) -> None:
    try:
        stay = homes.membership_on(person, deed["on"])
        if stay is not None and stay.household_id == household.pk:
            return
        if stay is not None:
            households.leave_household(customer=person, **deed)
        households.join_household(customer=person, household=household, relation=relation, **deed)
    except DomainError as refusal:
        raise OfLine(about, refusal) from refusal


def _marry(family: Family, people: dict[str, Customer], done: Settled, deed: dict) -> None:
    first, second = people[MAIN], people[SPOUSE]
    if homes.spouse_on(first, deed["on"]) == second:
        return  # the other counter was faster, or the couple came with its certificate before
    try:
        wedding = couples.marry(
            first=first,
            second=second,
            certificate=family.certificate,
            household=done.household,
            **deed,
        )
    except DomainError as refusal:
        raise OfLine(SPOUSE, refusal) from refusal
    done.marriage, done.needs_look = wedding.marriage, wedding.needs_look
    _say_since_when(family, done, deed["on"])


def _say_since_when(family: Family, done: Settled, today: date) -> None:
    """A certificate tells the year, and people the day: a marriage that is older than the form began then.

    Where the year alone is known the first day stays open, which counts as "always" (``marriage_on``).
    """
    year = identity.check_marriage_certificate(family.certificate, today).year
    done.married_since = family.married_on.year if family.married_on else year
    if family.married_on or (year and year != today.year):
        done.marriage.valid_from = family.married_on
        done.marriage.save(update_fields=["valid_from"])
