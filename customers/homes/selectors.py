"""Reads of households: who belonged on which day, who is married to whom, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy

from branches.models import StaffMember, in_force
from customers.choices import Relation
from customers.homes.choices import EventKind
from customers.models import (
    Absence,
    Customer,
    EmptyRegistration,
    Household,
    HouseholdEvent,
    Marriage,
    Membership,
)
from customers.selectors import veil, veiled

COUPLE = (Relation.HEAD, Relation.SPOUSE, Relation.SIBLING)
ORDER = {code: place for place, code in enumerate(Relation.values)}


def members_on(household: Household, day: date) -> QuerySet[Membership]:
    """Who belonged to a household on a day: the head, the spouse, children by age, then the others."""
    place = Case(
        *(When(relation=code, then=Value(number)) for code, number in ORDER.items()),
        default=Value(len(ORDER)),
        output_field=IntegerField(),
    )
    rows = Membership.objects.filter(in_force(day), household=household).select_related("customer")
    return rows.annotate(place=place).order_by("place", "customer__birth_date", "pk")


def membership_on(customer: Customer, day: date) -> Membership | None:
    """Where a person belonged on a day."""
    rows = Membership.objects.filter(in_force(day), customer=customer)
    return rows.select_related("household__branch").first()


def marriages_of(customer: Customer) -> QuerySet[Marriage]:
    """Every marriage of a person, the latest first."""
    rows = Marriage.objects.filter(Q(first=customer) | Q(second=customer))
    return rows.select_related("first", "second").order_by("-valid_from", "-pk")


def marriage_on(customer: Customer, day: date) -> Marriage | None:
    """The marriage in force on a day; one without a first day has always been."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    lasts = Q(valid_to=None) | Q(valid_to__gt=day)
    return marriages_of(customer).filter(begun & lasts).first()


def spouse_on(customer: Customer, day: date) -> Customer | None:
    """Whom a person was married to on a day."""
    marriage = marriage_on(customer, day)
    return None if marriage is None else other_of(marriage, customer)


def other_of(marriage: Marriage, customer: Customer) -> Customer:
    """The other one of the two."""
    return marriage.second if marriage.first_id == customer.pk else marriage.first


def head_on(household: Household, day: date) -> Membership | None:
    """Who was the head on a day; None while a successor is to be chosen."""
    rows = Membership.objects.filter(in_force(day), household=household, relation=Relation.HEAD)
    return rows.select_related("customer").first()


def lacks_head(household: Household, day: date) -> bool:
    """Whether people live in a household of whom none is the head: the family chooses a successor."""
    relations = set(
        Membership.objects.filter(in_force(day), household=household).values_list("relation", flat=True)
    )
    return bool(relations) and Relation.HEAD not in relations


def empty_mark(household: Household) -> EmptyRegistration | None:
    """The mark of an empty registration that holds, if any."""
    return EmptyRegistration.objects.filter(household=household, valid_to=None).first()


def absences_on(household: Household, day: date) -> dict[int, Absence]:
    """Who of the household is away on a day, by person."""
    rows = Absence.objects.filter(in_force(day), household=household)
    return {row.customer_id: row for row in rows}


def awaits_review(household: Household) -> list[HouseholdEvent]:
    """Events since the last review that a director has to look at; those taken back do not count."""
    rows = HouseholdEvent.objects.filter(household=household).order_by("pk")
    found: list[HouseholdEvent] = []
    for row in rows.select_related("customer", "undone_by"):
        if row.kind == EventKind.REVIEWED:
            found = []
        elif row.changes.get("asks_review") and not hasattr(row, "undone_by"):
            found.append(row)
    return found


def events_of(household: Household) -> QuerySet[HouseholdEvent]:
    """What happened to a household, the latest first."""
    rows = HouseholdEvent.objects.filter(household=household)
    return rows.select_related("customer", "partner", "recorded_by", "undone_by").order_by(
        "-happened_on", "-pk"
    )


def veiled_events(household: Household, staff: StaffMember, most: int) -> list[HouseholdEvent]:
    """The last ``most`` events; who is locked is veiled in them."""
    events = list(events_of(household)[:most])
    veil((one for event in events for one in (event.customer, event.partner) if one), staff)
    return events


# -- The tree ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A person of the tree: relation to the head, since when, and whether away, gone or dead."""

    person: Customer
    relation: str
    label: str
    since: date
    until: date | None = None
    away: Absence | None = None

    @property
    def is_dead(self) -> bool:
        return self.person.deceased_on is not None

    @property
    def is_head(self) -> bool:
        return self.relation == Relation.HEAD


@dataclass(frozen=True)
class Generation:
    """People of one generation, the oldest first."""

    label: str
    people: list[Leaf]


GENERATIONS = (
    ("grandparents", gettext_lazy("Grandparents"), (Relation.GRANDPARENT,)),
    ("parents", gettext_lazy("Parents"), (Relation.PARENT,)),
    ("couple", gettext_lazy("Head, spouse, brothers and sisters"), COUPLE),
    ("children", gettext_lazy("Children"), (Relation.SON, Relation.DAUGHTER)),
    ("grandchildren", gettext_lazy("Grandchildren"), (Relation.GRANDCHILD,)),
    ("others", gettext_lazy("Other relatives"), (Relation.OTHER,)),
)


def tree(household: Household, day: date, staff: StaffMember) -> list[Generation]:
    """The household by generations on a day, with those who died out of it; two queries. Who is locked is veiled."""
    rows = (
        Membership.objects.filter(household=household, valid_from__lte=day)
        .exclude(valid_to=F("valid_from"))
        .select_related("customer")
        .order_by("customer__birth_date", "-valid_from", "pk")
    )
    away = absences_on(household, day)
    leaves: dict[int, Leaf] = {}
    for row in veiled(rows, staff):
        person = row.customer
        belongs = row.valid_to is None or row.valid_to > day
        died_here = person.deceased_on is not None and row.valid_to == person.deceased_on
        if belongs or died_here:
            leaves[person.pk] = Leaf(
                person,
                row.relation,
                str(row.get_relation_display()),
                row.valid_from,
                row.valid_to,
                away.get(person.pk) if belongs else None,
            )
    found = []
    for _code, label, relations in GENERATIONS:
        people = [leaf for leaf in leaves.values() if leaf.relation in relations]
        people.sort(key=lambda leaf: (ORDER[leaf.relation], leaf.is_dead))
        if people:
            found.append(Generation(str(label), people))
    return found
