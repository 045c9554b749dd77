"""Deeds on campaigns: plan, draw the list, note what came of it, stop, extend, finish."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.choices import PostCode
from branches.models import Proposal, StaffMember
from coopcrm.shared.errors import require
from customers import consents
from customers.campaigns import policies, rules
from customers.campaigns.segments import present_version
from customers.choices import (
    CampaignOutcome,
    CampaignState,
    Channel,
    CustomerState,
    Decision,
    Purpose,
)
from customers.lists.filters import narrowed
from customers.models import Campaign, CampaignMember, Customer, SegmentVersion
from customers.policies import DIRECTORS

START = "customers.campaign"
SIGNED_FROM = 500
"""From so many people on a list on, a second person signs (handbook §4.6)."""

LEFT_OUT = ("not_active", "locked", "conflict", "no_consent", "other_campaign")
"""Why somebody of the segment is not on the list, in the order in which it is asked."""

DRAW = """
    INSERT INTO customers_campaignmember
        (campaign_id, customer_id, branch_id, is_holdout, assigned_to_id, outcome)
    SELECT %(campaign)s, c.id, c.branch_id, d.held_out, CASE WHEN NOT d.held_out THEN g.staff_id END, ''
    FROM customers_customer c
    JOIN unnest(%(people)s::bigint[]) AS q(id) ON q.id = c.id
    CROSS JOIN LATERAL (SELECT {lot} %% %(of)s < %(parts)s AS held_out) d
    LEFT JOIN LATERAL (
        SELECT m.household_id FROM customers_membership m
        WHERE m.customer_id = c.id AND m.valid_to IS NULL ORDER BY m.id LIMIT 1) h ON true
    LEFT JOIN customers_managerassignment g ON g.household_id = h.household_id AND g.valid_from <= %(on)s
        AND (g.valid_to IS NULL OR g.valid_to > %(on)s)
    ON CONFLICT (campaign_id, customer_id) DO NOTHING
""".replace("{lot}", rules.LOT)


# -- Planning ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def plan_campaign(*, staff: StaffMember, **fields: Any) -> Campaign:
    """Write a campaign down; nobody is on its list yet. It belongs to the branch of its segment."""
    segment = fields["segment"]
    require(policies.may_plan_for(staff, segment.branch_id), _("Another branch keeps this segment."))
    require(segment.ended_on is None, _("The segment has ended."), code="ended")
    require(
        fields["ends_on"] >= fields["starts_on"], _("It ends on the day it starts or later."), code="period"
    )
    return Campaign.objects.create(
        **fields, branch_id=segment.branch_id, made_by=staff, seed=secrets.token_bytes(16)
    )


def described(campaign: Campaign, version: SegmentVersion) -> QuerySet[Customer]:
    """Everybody whom the filters describe, whether they may be contacted or not."""
    rows = Customer.objects.current()
    if campaign.branch_id is not None:
        rows = rows.filter(branch=campaign.branch_id)
    return narrowed(rows, version.filters)


def sieve(
    campaign: Campaign, version: SegmentVersion, *, on: date
) -> tuple[QuerySet[Customer], dict[str, int]]:
    """Those who may be contacted, and how many are not, by the first reason that holds; set-based.

    Nobody without a marketing consent in force gets through, and nobody who has died, left, is locked, is in an
    identity conflict, or is on the list of another campaign that runs.
    """
    rows, left_out = described(campaign, version), {}
    busy = CampaignMember.objects.filter(
        customer=OuterRef("pk"), campaign__state=CampaignState.RUNNING, campaign__ends_on__gte=on
    ).exclude(campaign=campaign)
    steps = {
        "not_active": lambda found: found.filter(state=CustomerState.ACTIVE),
        "locked": lambda found: found.filter(is_locked=False),
        "conflict": lambda found: found.filter(identity_conflict=False),
        "no_consent": lambda found: consents.usable_for(found, Purpose.MARKETING, on=on),
        "other_campaign": lambda found: found.exclude(Exists(busy)),
    }
    number = rows.count()
    for reason in LEFT_OUT:
        rows = steps[reason](rows)
        left = rows.count()
        if number > left:
            left_out[reason] = number - left
        number = left
    return rows, left_out


# -- Starting ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_campaign(*, staff: StaffMember, campaign: Campaign, on: date) -> Proposal | None:
    """Draw the list; a long one waits for a second person, whose proposal is returned."""
    require(policies.may_change(staff, campaign), _("Another branch keeps this campaign."))
    campaign = Campaign.objects.select_for_update(of=["self"]).get(pk=campaign.pk)
    require(campaign.state == CampaignState.DRAFT, _("It has been started already."), code="started")
    rows, _left_out = sieve(campaign, present_version(campaign.segment), on=on)
    number = rows.count()
    require(number, _("Nobody of this segment may be contacted."), code="nobody")
    if number >= SIGNED_FROM:
        return proposals.propose(
            START,
            by=staff,
            subject=campaign,
            change={"people": number},
            reason=campaign.goal,
            branch=campaign.branch,
        )
    draw(campaign, on=on)
    return None


@transaction.atomic
def draw(campaign: Campaign, *, on: date) -> int:
    """Freeze the filters and write the list, set-based: chance holds some out, the others go to their managers."""
    campaign = Campaign.objects.select_for_update(of=["self"]).get(pk=campaign.pk)
    require(campaign.state == CampaignState.DRAFT, _("It has been started already."), code="started")
    version = present_version(campaign.segment)
    rows, left_out = sieve(campaign, version, on=on)
    people = list(rows.order_by().values_list("pk", flat=True))
    values = {
        "campaign": campaign.pk,
        "people": people,
        "seed": bytes(campaign.seed),
        "parts": campaign.holdout_percent * rules.PARTS // 100,
        "of": rules.PARTS,
        "on": on,
    }
    with connection.cursor() as cursor:
        cursor.execute(DRAW, values)
        written = cursor.rowcount
    campaign.version, campaign.drawn_on, campaign.left_out = version, on, left_out
    campaign.state = CampaignState.RUNNING
    campaign.save(update_fields=["version", "drawn_on", "left_out", "state"])
    return written


def _campaign(proposal: Proposal) -> Campaign:
    return proposals.subject_of(proposal)


@proposals.kind(
    START,
    title=gettext_lazy("Start a campaign with a long list"),
    may_propose=lambda staff, proposal: policies.may_change(staff, _campaign(proposal)),
    may_confirm=lambda staff, proposal: policies.may_sign(staff, proposal.branch),
    confirmers=(*DIRECTORS, PostCode.HEAD_OFFICE),
    lines=lambda staff, proposal: [
        proposals.Line(_("People on the list"), None, proposal.change["people"]),
        proposals.Line(_("Offer"), None, _campaign(proposal).offer),
        proposals.Line(_("Until"), None, _campaign(proposal).ends_on),
    ],
    url=lambda proposal: reverse("customers:campaign", args=[proposal.subject_id]),
)
def start_signed(proposal: Proposal, by: StaffMember) -> None:
    """A second person has looked: the list is drawn."""
    draw(_campaign(proposal), on=timezone.localdate())


# -- Working -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def note_outcome(*, staff: StaffMember, member: CampaignMember, outcome: str) -> CampaignMember:
    """Write down what came of contacting somebody; a later contact says something else.

    "Do not contact again" withdraws the consent at once, and ends the person's place on every other list.
    """
    member = (
        CampaignMember.objects.select_for_update(of=["self"])
        .select_related("campaign", "customer")
        .get(pk=member.pk)
    )
    require(policies.may_note(staff, member), _("The branch that manages the customer writes this down."))
    require(outcome in CampaignOutcome.values, _("Choose what came of it."), code="outcome_missing")
    require(not member.is_holdout, _("This customer is not to be contacted."), code="held_out")
    require(member.campaign.is_running, _("The campaign does not run."), code="not_running")
    require(
        member.outcome != CampaignOutcome.NEVER or outcome == CampaignOutcome.NEVER,
        _("The customer does not want to be contacted again."),
        code="consent_withdrawn",
    )
    now = timezone.now()
    member.outcome, member.outcome_at, member.outcome_by = outcome, now, staff
    member.save(update_fields=["outcome", "outcome_at", "outcome_by"])
    if outcome == CampaignOutcome.NEVER:
        _withdraw(staff, member, now)
    return member


def _withdraw(staff: StaffMember, member: CampaignMember, now) -> None:
    customer = member.customer
    if not consents.may_use(customer, Purpose.MARKETING, on=timezone.localdate(now)):
        return
    channel = {"visit": Channel.VISIT, "counter": Channel.COUNTER}.get(member.campaign.channel, Channel.PHONE)
    consents.record_consent(
        staff=staff,
        customer=customer,
        purpose=Purpose.MARKETING,
        decision=Decision.WITHDRAWN,
        channel=channel,
        at=now,
    )


# -- Ending ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def stop_campaign(*, staff: StaffMember, campaign: Campaign, reason: str, on: date) -> None:
    """Nobody is contacted any more; the results stay."""
    campaign = _running(staff, campaign)
    reason = " ".join(reason.split())[:200]
    require(reason, _("Say why it stops."), code="reason_missing")
    campaign.state, campaign.stopped_on, campaign.stop_reason = CampaignState.STOPPED, on, reason
    campaign.save(update_fields=["state", "stopped_on", "stop_reason"])


@transaction.atomic
def extend_campaign(*, staff: StaffMember, campaign: Campaign, ends_on: date) -> None:
    """Give it more time; the list and its holdout stay as they were drawn."""
    campaign = _running(staff, campaign)
    require(ends_on > campaign.ends_on, _("The new end is later than the present one."), code="period")
    campaign.ends_on = ends_on
    campaign.save(update_fields=["ends_on"])


def _running(staff: StaffMember, campaign: Campaign) -> Campaign:
    require(policies.may_change(staff, campaign), _("Another branch keeps this campaign."))
    campaign = Campaign.objects.select_for_update(of=["self"]).get(pk=campaign.pk)
    require(campaign.is_running, _("The campaign does not run."), code="not_running")
    return campaign


def finish_due(*, on: date) -> int:
    """Every night: campaigns whose last day is over are finished; returns how many."""
    due = Campaign.objects.filter(state=CampaignState.RUNNING, ends_on__lt=on)
    return due.update(state=CampaignState.FINISHED)


def may_be_contacted(members: QuerySet[CampaignMember], *, on: date) -> QuerySet[CampaignMember]:
    """Those of a list whose consent is still in force today: a withdrawal counts at once, wherever it was given."""
    people = Customer.objects.filter(pk=OuterRef("customer"))
    return members.filter(Exists(consents.contactable(people, on=on)))
