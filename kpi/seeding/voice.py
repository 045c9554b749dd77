"""Invitations behind the invented answers, segments with a history, and two campaigns: one over, one that runs."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from datetime import date, timedelta

from django.db import connection

from branches.models import StaffMember, Unit
from coopcrm.shared.copying import ledger_put_aside
from customers.campaigns import segments, services
from customers.choices import CampaignChannel, CampaignState
from customers.feedback import follow_up
from customers.models import Campaign, Feedback, Segment, SegmentVersion
from kpi.seeding.plan import Plan

HISTORY_DAYS, STEP_DAYS = 84, 7
OVER_BEFORE, RUNS_SINCE, LASTS = 150, 12, timedelta(days=60)
FOLLOWED_UP = 5

# An answer belongs to an invitation of some days before; whoever managed the household then had served the customer.
ANSWERED = """
    WITH asked AS (
        INSERT INTO customers_invitation (customer_id, branch_id, staff_id, occasion, key, channel, token_digest,
            invited_on, expires_on, issued, invited_by_id)
        SELECT f.customer_id, f.branch_id, g.staff_id, CASE WHEN d.dice %% 4 = 0 THEN 'registration' ELSE 'visit' END,
            'demo' || f.id, 'slip', sha256(convert_to(concat(%(seed)s::text, ':answered:', f.id), 'UTF8')),
            f.given_on - (d.dice %% 6)::int, f.given_on + 24, 1, g.staff_id
        FROM customers_feedback f
        CROSS JOIN LATERAL (
            SELECT abs(hashtext(concat(%(seed)s::text, ':asked:', f.id))::bigint) AS dice) d
        LEFT JOIN LATERAL (
            SELECT m.household_id FROM customers_membership m WHERE m.customer_id = f.customer_id LIMIT 1) h ON true
        LEFT JOIN customers_managerassignment g ON g.household_id = h.household_id AND g.valid_from <= f.given_on
            AND (g.valid_to IS NULL OR g.valid_to > f.given_on)
        WHERE f.satisfaction IS NOT NULL OR f.recommendation IS NOT NULL OR f.words <> ''
        RETURNING id, key
    )
    UPDATE customers_feedback f
    SET invitation_id = a.id,
        given_at = f.given_on::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '8 hours'
            + (abs(hashtext(concat('moment:', f.id))::bigint) %% 720) * interval '1 minute',
        wishes_call = coalesce(f.satisfaction <= 2 AND f.id %% 3 = 0, false)
    FROM asked a WHERE a.key = 'demo' || f.id
"""
# Slips that nobody answered: after about two visits in five; a few officers hand out hardly any.
UNANSWERED = """
    INSERT INTO customers_invitation (customer_id, branch_id, staff_id, occasion, key, channel, token_digest,
        invited_on, expires_on, issued, invited_by_id)
    SELECT h.head_id, h.branch_id, v.officer_id, 'visit', v.id::text, 'slip',
        sha256(convert_to(concat(%(seed)s::text, ':open:', v.id), 'UTF8')), v.visited_on, v.visited_on + 30, 1,
        v.officer_id
    FROM customers_visitnote v JOIN customers_household h ON h.id = v.household_id
    JOIN customers_customer c ON c.id = h.head_id AND c.state = 'active'
    WHERE v.visited_on > %(since)s AND v.visited_on <= %(as_of)s AND v.corrects_id IS NULL
        AND v.officer_id %% 7 <> 0
        AND abs(hashtext(concat(%(seed)s::text, ':slip:', v.id))::bigint) %% 100 < %(percent)s
"""
# Members of a segment came in at different times over the history; some have left again.
MEMBERS = """
    INSERT INTO customers_segmentmember (segment_id, customer_id, valid_from)
    SELECT %(segment)s, q.id, %(first)s::date + CASE WHEN d.dice %% 5 = 0
        THEN ((d.dice / 5) %% %(steps)s)::int * %(step)s ELSE 0 END
    FROM unnest(%(people)s::bigint[]) AS q(id)
    CROSS JOIN LATERAL (SELECT abs(hashtext(concat('member:', q.id))::bigint) AS dice) d
"""
FORMER = """
    INSERT INTO customers_segmentmember (segment_id, customer_id, valid_from, valid_to)
    SELECT %(segment)s, c.id, %(first)s, %(first)s::date + (1 + (c.id %% (%(steps)s - 1)))::int * %(step)s
    FROM customers_customer c
    WHERE c.state = 'active' AND (%(branch)s::bigint IS NULL OR c.branch_id = %(branch)s) AND c.id %% 97 = 3
        AND NOT EXISTS (SELECT FROM customers_segmentmember m WHERE m.segment_id = %(segment)s AND m.customer_id = c.id)
    ORDER BY c.id LIMIT %(former)s
"""
COUNTS = """
    INSERT INTO customers_segmentday (segment_id, version_id, as_of, size, entered, gone)
    SELECT %(segment)s, %(version)s, day::date,
        count(*) FILTER (WHERE m.valid_from <= day AND (m.valid_to IS NULL OR m.valid_to > day)),
        count(*) FILTER (WHERE m.valid_from = day), count(*) FILTER (WHERE m.valid_to = day)
    FROM generate_series(%(first)s::date, %(as_of)s::date, %(step)s * interval '1 day') AS day
    CROSS JOIN customers_segmentmember m WHERE m.segment_id = %(segment)s
    GROUP BY day
"""
OUTCOMES = """
    UPDATE customers_campaignmember m
    SET outcome = CASE WHEN d.dice %% 100 < 22 THEN 'reached' WHEN d.dice %% 100 < 41 THEN 'interested'
            WHEN d.dice %% 100 < 50 THEN 'bought' WHEN d.dice %% 100 < 62 THEN 'refused'
            WHEN d.dice %% 100 < 66 THEN 'wrong_number' ELSE 'not_reached' END,
        outcome_at = least(%(from)s::timestamp + (d.dice %% %(days)s) * interval '1 day' + interval '10 hours',
            %(as_of)s::timestamp + interval '17 hours') AT TIME ZONE 'Asia/Shanghai',
        outcome_by_id = coalesce(m.assigned_to_id, %(by)s)
    FROM (SELECT id, abs(hashtext(concat('outcome:', id))::bigint) AS dice FROM customers_campaignmember
        WHERE campaign_id = %(campaign)s AND NOT is_holdout) d
    WHERE d.id = m.id AND (d.dice / 100) %% 100 < %(percent)s
"""


def seed_voice(plan: Plan) -> int:
    """Invitations, segments and campaigns; returns how many rows."""
    aside = (
        ledger_put_aside(["customers_invitation", "customers_feedback"]) if plan.is_large else nullcontext()
    )
    with aside, connection.cursor() as cursor:
        values = {
            "seed": plan.seed,
            "as_of": plan.as_of,
            "since": plan.as_of - timedelta(days=365),
            "percent": 8 if plan.is_large else 40,
        }
        cursor.execute(ANSWERED, values)
        written = cursor.rowcount
        cursor.execute(UNANSWERED, values)
        written += cursor.rowcount
    director = StaffMember.objects.filter(username="director").first()
    head = StaffMember.objects.filter(username="head_office").first()
    if director is None or head is None:
        return written
    branch = Unit.objects.filter(pk__in=director.scope.branch_ids).order_by("pk").first()
    _open_follow_ups(branch, plan.as_of)
    village = (
        branch.customers.exclude(village=None).order_by("village").values_list("village", flat=True).first()
    )
    agrees = {"agrees": "marketing"}
    everybody = _segment(plan, "愿意接收推介的客户", None, agrees, head)
    own = _segment(plan, "本社愿意接收推介的客户", branch, agrees, director)
    _segment(plan, "村里的客户", branch, {"village": village} if village else {}, director)
    return written + _campaigns(plan, everybody, own, head, director)


def _open_follow_ups(branch: Unit, as_of: date) -> None:
    """The director's tasks after the latest low answers of the first branch."""
    low = Feedback.objects.filter(branch=branch, given_on__gt=as_of - timedelta(days=60), satisfaction__lte=2)
    for answer in low.select_related("branch", "customer").order_by("-given_on", "pk")[:FOLLOWED_UP]:
        follow_up.open_tasks(answer)


def _segment(plan: Plan, name: str, branch: Unit | None, filters: dict, by: StaffMember) -> Segment:
    segment = Segment.objects.create(name=name, branch=branch, created_by=by)
    version = SegmentVersion.objects.create(segment=segment, number=1, filters=filters, made_by=by)
    people = list(segments.customers_of(segment, version).order_by("pk").values_list("pk", flat=True))
    values = {
        "segment": segment.pk,
        "version": version.pk,
        "people": people,
        "branch": branch.pk if branch else None,
        "first": plan.as_of - timedelta(days=HISTORY_DAYS),
        "as_of": plan.as_of,
        "step": STEP_DAYS,
        "steps": HISTORY_DAYS // STEP_DAYS + 1,
        "former": max(3, len(people) // 12),
    }
    with connection.cursor() as cursor:
        for statement in (MEMBERS, FORMER, COUNTS):
            cursor.execute(statement, values)
    return segment


def _campaigns(plan: Plan, everybody: Segment, own: Segment, head: StaffMember, director: StaffMember) -> int:
    over = _campaign(
        plan,
        everybody,
        head,
        name="春耕定期存款",
        goal="农闲资金留在本社",
        offer="一年期定期存款，到期自动转存",
        script="先问今年的收成和打算，再说定期的利息；不强求。",
        holdout_percent=20,
        starts_on=plan.as_of - timedelta(days=OVER_BEFORE),
    )
    written = _run(plan, over, percent=100, by=head)
    Campaign.objects.filter(pk=over.pk).update(state=CampaignState.FINISHED)
    runs = _campaign(
        plan,
        own,
        director,
        name="秋收卖粮款上门",
        goal="卖粮款存进本社账户",
        offer="卖粮当天上门开户、办卡",
        script="约好卖粮的日子；带上开户材料；问要不要手机银行。",
        holdout_percent=10,
        starts_on=plan.as_of - timedelta(days=RUNS_SINCE),
    )
    return written + _run(plan, runs, percent=45, by=director)


def _campaign(plan: Plan, segment: Segment, by: StaffMember, *, starts_on: date, **words) -> Campaign:
    return Campaign.objects.create(
        segment=segment,
        branch=segment.branch,
        channel=CampaignChannel.CALL,
        starts_on=starts_on,
        ends_on=starts_on + LASTS,
        seed=hashlib.sha256(f"{plan.seed}:{words['name']}".encode()).digest()[:16],
        made_by=by,
        **words,
    )


def _run(plan: Plan, campaign: Campaign, *, percent: int, by: StaffMember) -> int:
    """Draw the list as the product does, and let people write down what came of it."""
    drawn = services.draw(campaign, on=campaign.starts_on)
    until = min(plan.as_of, campaign.ends_on)
    values = {
        "campaign": campaign.pk,
        "from": campaign.starts_on,
        "days": max(1, (until - campaign.starts_on).days),
        "as_of": until,
        "percent": percent,
        "by": by.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, values)
    return drawn
