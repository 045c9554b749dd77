"""Reads of what customers said: sums by branch and by person, the answers themselves, and who asks whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from branches.models import StaffMember, Unit
from coopcrm.shared.periods import add_months
from customers import registries
from customers.feedback import services
from customers.feedback.occasions import all_occasions
from customers.models import Feedback, Invitation

MONTHS = 12
SATISFACTION = range(1, 6)
RECOMMENDATION = range(11)
COUNTS: dict[str, Any] = {
    **{f"s{n}": Count("pk", filter=Q(satisfaction=n)) for n in SATISFACTION},
    **{f"r{n}": Count("pk", filter=Q(recommendation=n)) for n in RECOMMENDATION},
    "n": Count("pk"),
}


@dataclass(frozen=True)
class Score:
    """What a group of answers says: satisfaction as a share, recommendation in points; None while they are too few."""

    n: int = 0
    csat: Decimal | None = None
    nps: Decimal | None = None
    satisfied: Mapping[int, int] = field(default_factory=dict)
    recommending: Mapping[int, int] = field(default_factory=dict)


def score_of(row: Mapping[str, Any]) -> Score:
    """The score of counted answers. How it is measured, the app of figures registers: the same as on the dashboard."""
    satisfied = {n: row[f"s{n}"] for n in SATISFACTION}
    recommending = {n: row[f"r{n}"] for n in RECOMMENDATION}
    csat, nps = registries.opinion_measures.get("csat"), registries.opinion_measures.get("nps")
    return Score(
        row["n"],
        csat(satisfied) if csat else None,
        nps(recommending) if nps else None,
        satisfied,
        recommending,
    )


def answers_of_year(staff: StaffMember, as_of: date) -> QuerySet[Feedback]:
    """Answers of twelve months that the person's branches received."""
    rows = Feedback.objects.visible_to(staff)
    if not staff.scope.sees_union:
        rows = rows.filter(branch__in=staff.scope.branch_ids)
    return rows.filter(given_on__gt=add_months(as_of, -MONTHS), given_on__lte=as_of)


def total(rows: QuerySet[Feedback]) -> Score:
    """The score of all rows together; one query."""
    return score_of(rows.aggregate(**COUNTS))


def by_branch(rows: QuerySet[Feedback]) -> list[tuple[Unit, Score]]:
    """Scores of branches, by code; two queries."""
    found = {row["branch"]: score_of(row) for row in rows.values("branch").annotate(**COUNTS).order_by()}
    units = Unit.objects.filter(pk__in=found).order_by("code")
    return [(unit, found[unit.pk]) for unit in units]


def by_person(rows: QuerySet[Feedback]) -> list[tuple[StaffMember, Score]]:
    """Scores of those who served, most answers first; two queries."""
    served = rows.filter(invitation__staff__isnull=False).values("invitation__staff")
    found = {row["invitation__staff"]: score_of(row) for row in served.annotate(**COUNTS).order_by()}
    people = StaffMember.objects.in_bulk(found)
    return sorted(
        ((people[pk], score) for pk, score in found.items()), key=lambda pair: (-pair[1].n, pair[0].pk)
    )


def by_month(rows: QuerySet[Feedback], as_of: date) -> list[tuple[date, Score]]:
    """Scores of the last twelve calendar months, oldest first; one query."""
    first = add_months(as_of.replace(day=1), 1 - MONTHS)
    months = [add_months(first, step) for step in range(MONTHS)]
    counted = rows.filter(given_on__gte=first).values("given_on__year", "given_on__month").annotate(**COUNTS)
    found = {
        date(row["given_on__year"], row["given_on__month"], 1): score_of(row) for row in counted.order_by()
    }
    return [(month, found.get(month, Score())) for month in months]


def answers(rows: QuerySet[Feedback], filters: Mapping[str, Any]) -> QuerySet[Feedback]:
    """Answers for the list, narrowed as asked."""
    if filters.get("branch"):
        rows = rows.filter(branch=filters["branch"])
    shows = filters.get("shows")
    if shows == "low":
        low = Q(satisfaction__lte=services.LOW_SATISFACTION)
        rows = rows.filter(low | Q(recommendation__lte=services.LOW_RECOMMENDATION))
    elif shows == "words":
        rows = rows.exclude(words="")
    elif shows == "call":
        rows = rows.filter(wishes_call=True)
    return rows.select_related("customer", "branch", "invitation__staff")


# -- Who asks whom (handbook §4.5) -------------------------------------------------------------------------------------

LOW_RATE, LEAST_CONTACTS = Decimal("0.20"), 20
BURST, BURST_WITHIN, ONE_DEVICE = 5, timedelta(minutes=30), 5
FEW_ASKED, ONE_AFTER_THE_OTHER, ONE_ORIGIN, ALL_HAPPY = "few_asked", "burst", "one_device", "all_happy"
LEAST_HAPPY = 10

BURSTS = """
    SELECT i.staff_id, max(w.near) AS near FROM (
        SELECT f.invitation_id, count(*) OVER (
            PARTITION BY j.staff_id ORDER BY f.given_at
            RANGE BETWEEN %(near)s::interval PRECEDING AND CURRENT ROW) AS near
        FROM customers_feedback f JOIN customers_invitation j ON j.id = f.invitation_id
        WHERE f.given_on > %(since)s AND f.given_on <= %(until)s AND f.given_at IS NOT NULL
    ) w JOIN customers_invitation i ON i.id = w.invitation_id
    WHERE i.staff_id IS NOT NULL GROUP BY 1
"""
DEVICES = """
    SELECT staff_id, max(n) FROM (
        SELECT i.staff_id, f.origin, count(*) AS n
        FROM customers_feedback f JOIN customers_invitation i ON i.id = f.invitation_id
        WHERE f.given_on > %(since)s AND f.given_on <= %(until)s AND f.origin <> ''::bytea
            AND i.staff_id IS NOT NULL
        GROUP BY 1, 2
    ) d GROUP BY 1
"""


@dataclass
class Asking:
    """How one person asks: contacts, invitations, answers, and what is strange about them."""

    staff: StaffMember
    branch: Unit | None
    contacts: int
    invited: int
    answered: int
    score: Score
    signals: list[str]

    @property
    def rate(self) -> Decimal | None:
        """Invitations over contacts; None without contacts."""
        return Decimal(self.invited) / self.contacts if self.contacts else None


def asking(as_of: date) -> list[Asking]:
    """Every person who met customers in the last quarter, the strange first; a fixed number of queries.

    Reads all branches: for head office and audit alone.
    """
    span = {"since": add_months(as_of, -3), "until": as_of, "near": BURST_WITHIN}
    contacts = _contacts(span)
    rows = Invitation.objects.filter(invited_on__gt=span["since"], invited_on__lte=as_of, staff__isnull=False)
    counted = rows.values("staff").annotate(n=Count("pk"), answered=Count("answer")).order_by()
    invited = {row["staff"]: row for row in counted}
    answered = Feedback.objects.filter(
        invitation__staff__isnull=False, given_on__gt=span["since"], given_on__lte=as_of
    )
    scores = {person.pk: score for person, score in by_person(answered)}
    bursts, devices = _by_staff(BURSTS, span), _by_staff(DEVICES, span)
    people = StaffMember.objects.in_bulk({*invited, *(staff for _branch, staff in contacts)})
    branches = Unit.objects.in_bulk({branch for branch, _staff in contacts})
    found = []
    for pk, person in people.items():
        met = {branch: n for (branch, staff), n in contacts.items() if staff == pk}
        row = invited.get(pk, {"n": 0, "answered": 0})
        line = Asking(
            person,
            branches.get(max(met, key=met.__getitem__)) if met else None,
            sum(met.values()),
            row["n"],
            row["answered"],
            scores.get(pk, Score()),
            [],
        )
        line.signals = signals_of(line, bursts.get(pk, 0), devices.get(pk, 0))
        found.append(line)
    return sorted(
        found, key=lambda line: (-len(line.signals), line.rate is None, line.rate or 0, line.staff.pk)
    )


def signals_of(line: Asking, burst: int, device: int) -> list[str]:
    """What is strange about how a person asks; pure."""
    rate, found = line.rate, []
    if line.contacts >= LEAST_CONTACTS and rate is not None and rate < LOW_RATE:
        found.append(FEW_ASKED)
        happy = sum(line.score.satisfied.get(n, 0) for n in (4, 5))
        if happy >= LEAST_HAPPY and happy == sum(line.score.satisfied.values()):
            found.append(ALL_HAPPY)
    if burst >= BURST:
        found.append(ONE_AFTER_THE_OTHER)
    if device >= ONE_DEVICE:
        found.append(ONE_ORIGIN)
    return found


def _contacts(span: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    """Contacts by branch and person, of all occasions together."""
    parts = [occasion.contacts for occasion in all_occasions() if occasion.contacts]
    if not parts:
        return {}
    union = " UNION ALL ".join(f"({part})" for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT branch_id, staff_id, sum(n)::int FROM ({union}) c"  # noqa: S608 - words of our own
            " WHERE staff_id IS NOT NULL GROUP BY 1, 2",
            span,
        )
        return {(branch, staff): n for branch, staff, n in cursor.fetchall()}


def _by_staff(statement: str, span: Mapping[str, Any]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, span)
        return dict(cursor.fetchall())
