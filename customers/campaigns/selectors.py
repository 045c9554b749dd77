"""Reads of segments and campaigns: sizes, comings and goings, progress, work lists, results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from branches.models import StaffMember, Unit
from customers import registries
from customers.campaigns import rules
from customers.campaigns.services import may_be_contacted
from customers.choices import CampaignOutcome, CampaignState
from customers.models import (
    Campaign,
    CampaignMember,
    Customer,
    Phone,
    Segment,
    SegmentDay,
    SegmentMember,
)

DAYS_SHOWN = 120
NEWEST = 20
REACHED = (
    CampaignOutcome.REACHED,
    CampaignOutcome.INTERESTED,
    CampaignOutcome.BOUGHT,
    CampaignOutcome.REFUSED,
    CampaignOutcome.NEVER,
)

WAITING = ("", CampaignOutcome.NOT_REACHED)
"""Nothing is written down yet, or nobody answered: somebody tries again."""


# -- Segments ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SegmentRow:
    """A segment with its latest count."""

    segment: Segment
    day: SegmentDay | None


def segments(staff: StaffMember) -> list[SegmentRow]:
    """Segments of the person's branches and of the union, by name; two queries."""
    rows = list(
        Segment.objects.visible_to(staff)
        .filter(ended_on=None)
        .select_related("branch")
        .order_by("name", "pk")
    )
    counted = SegmentDay.objects.filter(segment__in=rows).order_by("segment", "-as_of").distinct("segment")
    latest = {day.segment_id: day for day in counted}
    return [SegmentRow(row, latest.get(row.pk)) for row in rows]


def days_of(segment: Segment) -> list[SegmentDay]:
    """The latest counts, oldest first."""
    return list(segment.days.order_by("-as_of")[:DAYS_SHOWN])[::-1]


def movements(
    staff: StaffMember, segment: Segment, since: date
) -> tuple[list[SegmentMember], list[SegmentMember]]:
    """Who entered and who left after a day, the newest first, as far as the person may see them."""
    rows = (
        SegmentMember.objects.visible_to(staff)
        .filter(segment=segment)
        .select_related("customer", "customer__branch")
    )
    entered = rows.filter(valid_from__gt=since, valid_to=None).order_by("-valid_from", "-pk")
    left = rows.filter(valid_to__gt=since).order_by("-valid_to", "-pk")
    return list(entered[:NEWEST]), list(left[:NEWEST])


# -- Campaigns ---------------------------------------------------------------------------------------------------------


def campaigns(staff: StaffMember) -> QuerySet[Campaign]:
    """Campaigns of the person's branches and of the union."""
    return Campaign.objects.visible_to(staff).select_related("branch", "segment", "made_by")


def members(staff: StaffMember, campaign: Campaign) -> QuerySet[CampaignMember]:
    """People on a list whom the person works with."""
    return CampaignMember.objects.visible_to(staff).filter(campaign=campaign)


PROGRESS = {
    "n": Count("pk"),
    "held_out": Count("pk", filter=Q(is_holdout=True)),
    "open": Count("pk", filter=Q(is_holdout=False, outcome="")),
    "reached": Count("pk", filter=Q(outcome__in=REACHED)),
    "interested": Count("pk", filter=Q(outcome=CampaignOutcome.INTERESTED)),
    "bought": Count("pk", filter=Q(outcome=CampaignOutcome.BOUGHT)),
    "refused": Count("pk", filter=Q(outcome__in=(CampaignOutcome.REFUSED, CampaignOutcome.NEVER))),
}


def progress(rows: QuerySet[CampaignMember]) -> dict[str, int]:
    """Sums over a list; one query."""
    return rows.aggregate(**PROGRESS)


def progress_by(rows: QuerySet[CampaignMember], column: str) -> list[dict[str, Any]]:
    """Progress by ``branch`` or ``assigned_to``, most people first; two queries."""
    found = list(rows.values(column).annotate(**PROGRESS).order_by("-n", column))
    model = Unit if column == "branch" else StaffMember
    named = model.objects.in_bulk([row[column] for row in found if row[column] is not None])
    return [{**row, "who": named.get(row[column])} for row in found]


def to_contact(staff: StaffMember, *, on: date, everybody: bool = False) -> QuerySet[CampaignMember]:
    """Whom this person still contacts in campaigns that run; a withdrawal since the list was drawn counts at once.

    Their own people and those without a manager; directors (``everybody``) see all of the branch.
    """
    rows = _contacted_by(CampaignMember.objects.visible_to(staff), staff, everybody=everybody)
    return may_be_contacted(rows.filter(outcome__in=WAITING), on=on)


def work_list(
    staff: StaffMember, campaign: Campaign, *, on: date, everybody: bool = False, contacted: bool = False
) -> QuerySet[CampaignMember]:
    """People of one campaign as its page lists them: those to contact, or those of whom something is written down.

    ``phone_pk`` is the phone to call.
    """
    if contacted:
        rows = _contacted_by(members(staff, campaign), staff, everybody=everybody)
        rows = rows.exclude(outcome__in=WAITING)
    else:
        rows = to_contact(staff, on=on, everybody=everybody).filter(campaign=campaign)
    phones = Phone.objects.filter(customer=OuterRef("customer"), valid_to=None).order_by("-is_main", "pk")
    rows = rows.annotate(phone_pk=Subquery(phones.values("pk")[:1]))
    return rows.select_related("customer__village", "customer__branch", "assigned_to")


def _contacted_by(
    rows: QuerySet[CampaignMember], staff: StaffMember, *, everybody: bool
) -> QuerySet[CampaignMember]:
    rows = rows.filter(is_holdout=False)
    return rows if everybody else rows.filter(Q(assigned_to=staff) | Q(assigned_to=None))


def waiting_by_campaign(
    staff: StaffMember, *, on: date, everybody: bool = False
) -> list[tuple[Campaign, int]]:
    """Campaigns that run and in which somebody waits for this person, soonest end first; two queries."""
    rows = to_contact(staff, on=on, everybody=everybody)
    if not everybody:
        rows = rows.filter(assigned_to=staff)
    rows = rows.filter(campaign__state=CampaignState.RUNNING, campaign__ends_on__gte=on)
    counts = dict(rows.order_by().values("campaign").annotate(n=Count("pk")).values_list("campaign", "n"))
    found = Campaign.objects.filter(pk__in=counts).order_by("ends_on", "pk")
    return [(campaign, counts[campaign.pk]) for campaign in found]


# -- Results -----------------------------------------------------------------------------------------------------------

COMPARED = """
    SELECT m.is_holdout, count(*), avg(coalesce(v.value, 0))::float8,
        coalesce(var_samp(coalesce(v.value, 0)), 0)::float8
    FROM customers_campaignmember m LEFT JOIN ({values}) v ON v.customer_id = m.customer_id
    WHERE m.campaign_id = %(campaign)s
    GROUP BY 1
"""


@dataclass(frozen=True)
class Result:
    """What a campaign changed in one thing that matters."""

    label: Any
    kind: str
    difference: rules.Difference


def results(campaign: Campaign, *, as_of: date) -> list[Result]:
    """Everybody to be contacted against everybody held out, whether reached or not; one query a measure.

    Sums of all branches without names: a branch's few say too little.
    """
    until = min(as_of, campaign.stopped_on or campaign.ends_on)
    given = {"campaign": campaign.pk, "since": campaign.drawn_on, "until": until}
    found = []
    with connection.cursor() as cursor:
        for measure in registries.campaign_measures:
            cursor.execute(COMPARED.format(values=measure.values), given)
            sides = {held_out: rules.Group(*rest) for held_out, *rest in cursor.fetchall()}
            compared = rules.difference(sides.get(False, rules.Group()), sides.get(True, rules.Group()))
            found.append(Result(measure.label, measure.kind, compared))
    return found


def campaigns_of(staff: StaffMember, customer: Customer) -> list[CampaignMember]:
    """Running campaigns in which a customer is to be contacted, for the card on the page."""
    rows = CampaignMember.objects.visible_to(staff).filter(customer=customer, is_holdout=False)
    return list(
        rows.filter(campaign__state="running").select_related("campaign", "assigned_to").order_by("-pk")[:5]
    )
