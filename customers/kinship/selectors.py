"""What the pages of household questions read: plain values, masked where foreign, a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from branches.models import StaffMember
from coopcrm.shared.paging import Keyset
from customers import policies
from customers.choices import HouseholdAnswer
from customers.kinship import words
from customers.models import Customer, HouseholdQuestion, Membership
from customers.selectors import name_for

KEYSET = Keyset("household-questions", ("-weight", "id"))
PAGE = 40


def questions(staff: StaffMember, state: str) -> QuerySet[HouseholdQuestion]:
    """Questions about people of the person's branches, in one state."""
    rows = HouseholdQuestion.objects.visible_to(staff).filter(state=state)
    return rows.select_related(
        "first__branch", "second__branch", "first__village", "second__village", "decided_by"
    )


@dataclass(frozen=True)
class Line:
    """A question in the list."""

    question: HouseholdQuestion
    first: str
    second: str
    telling: list[Any]


def line(staff: StaffMember, question: HouseholdQuestion) -> Line:
    """One question as the list shows it."""
    first, second = name_for(staff, question.first), name_for(staff, question.second)
    return Line(question, first, second, words.telling(question))


@dataclass(frozen=True)
class Side:
    """One of the two, with the household they live in and who else does."""

    customer: Customer
    name: str
    year: str
    home: Membership | None
    others: list[Membership]


def sides(staff: StaffMember, question: HouseholdQuestion) -> list[Side]:
    """Both, with their households; two queries."""
    people = [question.first, question.second]
    stays = Membership.objects.filter(customer__in=people, valid_to=None).select_related("household")
    home = {stay.customer_id: stay for stay in stays}
    members = Membership.objects.filter(household__in=[s.household_id for s in home.values()], valid_to=None)
    others = list(members.select_related("customer__branch").order_by("household", "pk"))
    return [_side(staff, person, home.get(person.pk), others) for person in people]


def _side(staff: StaffMember, person: Customer, home: Membership | None, members: list[Membership]) -> Side:
    is_full = policies.may_read_fully(staff, person)
    others = [
        m for m in members if home and m.household_id == home.household_id and m.customer_id != person.pk
    ]
    for member in others:
        member.name = name_for(staff, member.customer)
    born = person.birth_date
    return Side(
        person,
        name_for(staff, person),
        str(born.year) if born and is_full else "",
        home if is_full else None,
        others if is_full else [],
    )


def relation_suggested(question: HouseholdQuestion) -> str:
    """What the evidence says the second is to a head: the spouse, or nothing."""
    return "spouse" if "spouse" in question.evidence.get("levels", {}) else "other"


def counts(staff: StaffMember) -> dict[str, int]:
    """How many questions stand in each state; one query."""
    rows = HouseholdQuestion.objects.visible_to(staff).values_list("state").annotate(number=Count("pk"))
    found = dict(rows.order_by())
    return {state: found.get(state, 0) for state in HouseholdAnswer.values}
