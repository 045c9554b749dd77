"""Reads of portfolios: who manages how much, who stands in, who was responsible on a day, and who is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from branches.models import Post, StaffMember, Unit, in_force
from branches.selectors import branches_of, posts_on
from customers.choices import HandoverState
from customers.models import (
    Customer,
    Handover,
    HandoverItem,
    Household,
    ManagerAssignment,
    OrganisationManager,
)
from customers.portfolios import organisations
from customers.portfolios.policies import MANAGING, SUPERVISING, posts_at

UNMANAGED = """
    SELECT h.id FROM customers_household h
    LEFT JOIN (
        SELECT household_id, range_agg(daterange(valid_from, valid_to)) AS days
        FROM customers_managerassignment GROUP BY household_id
    ) a ON a.household_id = h.id
    WHERE NOT coalesce(a.days, '{}') @> daterange(h.valid_from, h.valid_to) LIMIT 1
"""


def responsible_on(household: Household, day: date) -> ManagerAssignment | None:
    """Who was responsible for a household on a day; None only outside the household's life.

    An assignment without a person means the director's post of the managing branch.
    """
    return household.assignments.filter(in_force(day)).select_related("staff").first()


def stand_in_for(staff: StaffMember, branch: Unit, day: date) -> Post | None:
    """The post of whoever stands in for a manager at a branch on a day."""
    return posts_at(branch, day, MANAGING).filter(stands_in_for=staff).select_related("staff").first()


def orphans(*, on: date, branches: QuerySet[Unit] | None = None) -> QuerySet[ManagerAssignment]:
    """Assignments in force (of some branches) whose manager holds no managing post at the branch; meant to be empty."""
    held = posts_on(on).filter(
        Q(unit=OuterRef("household__branch")) | Q(unit__parent=OuterRef("household__branch")),
        staff=OuterRef("staff"),
        code__in=MANAGING,
    )
    rows = ManagerAssignment.objects.filter(in_force(on), household__valid_to=None)
    if branches is not None:
        rows = rows.filter(household__branch__in=list(branches))
    return rows.exclude(staff=None).filter(~Exists(held))


def first_without_manager() -> int | None:
    """A household that nobody manages on some day of its life; None, as the database promises."""
    with connection.cursor() as cursor:
        cursor.execute(UNMANAGED)
        row = cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class Portfolio:
    """A manager (None: the director's post) at a branch, how many households and organisations, and who stands in."""

    branch: Unit
    manager: StaffMember | None
    households: int
    organisations: int
    stand_in: Post | None
    handover: Handover | None


def portfolios(staff: StaffMember, *, on: date) -> list[Portfolio]:
    """Portfolios of the branches a person works with, by branch, in a fixed number of queries."""
    branches = {branch.pk: branch for branch in branches_of(staff)}
    rows = (
        ManagerAssignment.objects.visible_to(staff)
        .filter(in_force(on), household__valid_to=None, household__branch__in=list(branches))
        .values("household__branch", "staff")
        .annotate(households=Count("pk"))
    )
    counts = {(row["household__branch"], row["staff"]): row["households"] for row in rows}
    beside = organisations.counts(staff, on=on)
    keys = list(dict.fromkeys((*counts, *beside)))
    people = StaffMember.objects.in_bulk({staff_id for _branch, staff_id in keys if staff_id})
    stand_ins = {
        (post.unit.branch_id_of, post.stands_in_for_id): post
        for post in posts_on(on).exclude(stands_in_for=None).select_related("staff", "unit")
    }
    handovers = {
        (row.branch_id, row.giver_id): row
        for row in Handover.objects.visible_to(staff).filter(state=HandoverState.OPEN)
    }
    found = [
        Portfolio(
            branch=branches[branch_id],
            manager=people.get(staff_id),
            households=counts.get((branch_id, staff_id), 0),
            organisations=beside.get((branch_id, staff_id), 0),
            stand_in=stand_ins.get((branch_id, staff_id)),
            handover=handovers.get((branch_id, staff_id)),
        )
        for branch_id, staff_id in keys
        if branch_id in branches
    ]
    return sorted(found, key=lambda row: (row.branch.code, row.manager is None, str(row.manager)))


def managers_at(branch: Unit, on: date) -> QuerySet[StaffMember]:
    """Who may manage households at a branch."""
    ids = posts_at(branch, on, MANAGING).values("staff")
    return StaffMember.objects.filter(pk__in=ids, is_active=True).order_by("full_name")


def supervisors_at(branch: Unit, on: date) -> QuerySet[StaffMember]:
    """Who may supervise a handover at a branch: directors, deputies and accountants."""
    ids = posts_at(branch, on, SUPERVISING).values("staff")
    return StaffMember.objects.filter(pk__in=ids, is_active=True).order_by("full_name")


def givers_at(branch: Unit, on: date) -> QuerySet[StaffMember]:
    """Who has households to hand over at a branch."""
    ids = ManagerAssignment.objects.filter(in_force(on), household__branch=branch).values("staff")
    return StaffMember.objects.filter(pk__in=ids).order_by("full_name")


def handovers(staff: StaffMember) -> QuerySet[Handover]:
    """Handovers of the person's branches, latest first."""
    rows = Handover.objects.visible_to(staff).select_related("branch", "giver", "taker", "supervisor")
    return rows.annotate(households=Count("items")).order_by("-pk")


def items_of(handover: Handover) -> QuerySet[HandoverItem]:
    """The list: what must be visited first, then by what is owed."""
    rows = handover.items.select_related("household__head", "household__village", "noted_by")
    return rows.order_by("-must_visit", "-exposure", "pk")


def passing_with(handover: Handover) -> QuerySet[Customer]:
    """Organisations that pass with a handover, or have passed when it was closed."""
    who, day = (handover.giver_id, handover.effective_on) if handover.is_open else (handover.taker_id, None)
    rows = OrganisationManager.objects.filter(organisation__branch=handover.branch, staff=who)
    if day is None:
        rows = rows.filter(valid_from=handover.effective_on)
    else:
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=day))
    return Customer.objects.filter(pk__in=rows.values("organisation")).order_by("pinyin", "pk")


def summary_of(handover: Handover) -> dict:
    """Counts and sums of the list for its head and for print: households, exposure (yuan), visits, differences."""
    return handover.items.aggregate(
        households=Count("pk"),
        exposure=Sum("exposure"),
        problems=Count("pk", filter=Q(has_problem_loan=True)),
        to_visit=Count("pk", filter=Q(must_visit=True)),
        visited=Count("pk", filter=Q(must_visit=True) & ~Q(visited_on=None)),
        different=Count("pk", filter=Q(differs=True)),
    )
