# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The quality of records: of one person with what to ask, of a branch's villages, of a village's people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from branches.models import Area, StaffMember, Unit
from customers.choices import ReviewState
from customers.models import Customer, IdentityDocument, Phone, ReviewPair
from customers.provenance import quality, quality_sql
from customers.provenance.attributes import ATTRIBUTES
from customers.selectors import Page, page_by_id

POOR = 60
MOST_VILLAGES = 200
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Quality:
    """Score of a record, its parts as good of cases, and what to ask or do."""

    score: Decimal | None
    fractions: dict[str, tuple[int, int]]
    gaps: list[quality.Gap]

    @property
    def asked(self) -> list[quality.Gap]:
        """What can be asked at the next contact."""
        return [gap for gap in self.gaps if gap.code in quality.ASKED]


def quality_of(customer: Customer, as_of: date) -> Quality:
    """Score and gaps of one person's record; three queries."""
    record = records_of([customer], as_of)[customer.pk]
    fractions = quality.parts(record, as_of).fractions()
    return Quality(quality.score(fractions), fractions, quality.gaps(record, as_of))


# -- A branch's records ------------------------------------------------------------------------------------------------

BY_VILLAGE = f"""
    SELECT c.village_id, count(*) AS people, round(avg(s.score), 1) AS score,
        count(*) FILTER (WHERE s.score < {POOR}) AS poor, count(*) FILTER (WHERE c.disputed <> '{{}}') AS disputed
    FROM ({quality_sql.scored("AND NOT c.is_locked")}) s JOIN customers_customer c ON c.id = s.customer_id
    GROUP BY 1 ORDER BY poor DESC, score, 1 LIMIT {MOST_VILLAGES}
"""
OF_VILLAGE = f"""
    SELECT s.customer_id, s.score
    FROM ({quality_sql.scored("AND NOT c.is_locked AND c.village_id IS NOT DISTINCT FROM %(village)s")}) s
    ORDER BY s.score, s.customer_id LIMIT {MOST_PEOPLE}
"""


@dataclass(frozen=True)
class VillageLine:
    """The records of one village (None: of people without one): how many, how good, how many poor or disputed."""

    village: Area | None
    people: int
    score: Decimal
    poor: int
    disputed: int


@dataclass(frozen=True)
class PersonLine:
    """A person with the score of the record and what to ask."""

    customer: Customer
    score: Decimal
    gaps: list[quality.Gap]


def _rows(sql: str, branch: Unit, as_of: date, **more: Any) -> list[tuple]:
    verified_after = as_of - timedelta(days=quality.FRESH_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"as_of": as_of, "verified_after": verified_after, "branch": branch.pk, **more})
        return cursor.fetchall()


def villages_to_complete(branch: Unit, as_of: date) -> list[VillageLine]:
    """Villages of a branch's people, those with the most poor records first."""
    rows = _rows(BY_VILLAGE, branch, as_of)
    places = Area.objects.select_related("parent").in_bulk([row[0] for row in rows if row[0]])
    return [VillageLine(places.get(row[0]), *row[1:]) for row in rows]


def people_to_complete(
    staff: StaffMember, branch: Unit, village: int | None, as_of: date
) -> list[PersonLine]:
    """People of a village, the worst records first, with what to ask; a fixed number of queries."""
    scores = dict(_rows(OF_VILLAGE, branch, as_of, village=village))
    people = Customer.objects.managed_for(staff).in_bulk(list(scores))
    records = records_of(people.values(), as_of)
    return [
        PersonLine(people[pk], score, quality.gaps(records[pk], as_of))
        for pk, score in scores.items()
        if pk in people
    ]


def records_of(customers: Iterable[Customer], as_of: date) -> dict[int, quality.Record]:
    """What the registry holds of many people, as the rule sees it; three queries."""
    people = {customer.pk: customer for customer in customers}
    papers, phones = defaultdict(list), defaultdict(list)
    rows = IdentityDocument.objects.filter(customer__in=people, recorded_on__lte=as_of).order_by("pk")
    for pk, kind, state, reason, expires_on in rows.values_list(
        "customer", "kind", "state", "invalid_reason", "expires_on"
    ):
        papers[pk].append(quality.Paper(kind, state, bool(reason), expires_on))
    in_use = Phone.objects.filter(customer__in=people, valid_from__lte=as_of).exclude(valid_to__lte=as_of)
    for pk, kind in in_use.order_by("pk").values_list("customer", "kind"):
        phones[pk].append(kind)
    pairs = ReviewPair.objects.filter(second__in=people, state=ReviewState.OPEN)
    doubles = set(pairs.values_list("second", flat=True))
    return {
        pk: quality.Record(
            has_birth_date=person.birth_date is not None,
            has_sex=bool(person.sex),
            has_village=person.village_id is not None,
            papers=tuple(papers[pk]),
            phones=tuple(phones[pk]),
            disputed=tuple(person.disputed),
            verified_on=person.verified_on,
            is_double=pk in doubles,
        )
        for pk, person in people.items()
    }


@dataclass(frozen=True)
class DisputedLine:
    """A person with the attributes about which statements contradict each other, in words."""

    customer: Customer
    labels: list[str]


def disputed_people(staff: StaffMember, branch: Unit, after: str = "") -> Page:
    """People of a branch with disputed values; a page by cursor."""
    rows = Customer.objects.managed_for(staff).current().filter(branch=branch).exclude(disputed=[])
    page = page_by_id(rows.select_related("village"), after, newest_first=False)
    lines = [
        DisputedLine(person, [ATTRIBUTES[code].label for code in person.disputed if code in ATTRIBUTES])
        for person in page.rows
    ]
    return Page(lines, page.after)
