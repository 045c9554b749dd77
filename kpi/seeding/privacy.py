"""What invented people have allowed, and a few requests about their data."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from branches.models import StaffMember
from customers import rights
from customers.choices import Channel, Purpose, RequestKind, RequestState
from customers.models import Customer
from customers.standards import IN_FORCE_FROM, ensure_figures, ensure_texts
from kpi.seeding.plan import Plan

ONE_IN, ONE_IN_LARGE = 4, 40
ASKED = (Purpose.MARKETING, Purpose.NOTICE_BOARD, Purpose.SHARE_BRANCHES)

ANSWERS = """
    INSERT INTO customers_consent
        (customer_id, purpose, text_id, decision, decided_at, channel, recorded_by_id, reference)
    SELECT c.id, t.purpose, t.id, CASE WHEN d.dice %% 9 = 0 THEN 'refused' ELSE 'given' END,
        least(greatest(c.registered_on, %(since)s) + (d.dice %% 300)::int, %(as_of)s)::timestamp
            + interval '9 hours' + (d.dice %% 400) * interval '1 minute',
        CASE WHEN d.dice %% 4 = 0 THEN 'visit' ELSE 'counter' END, c.registered_by_id, ''
    FROM customers_customer c
    JOIN customers_consenttext t ON t.purpose = ANY(%(asked)s) AND t.version = 1,
        LATERAL (SELECT abs(hashtext(concat(%(seed)s::text, ':', c.id, ':', t.purpose))::bigint) AS dice) d
    WHERE c.kind = 'person' AND c.state = 'active' AND c.birth_date <= %(as_of)s::date - interval '18 years'
        AND d.dice %% %(one_in)s = 0
"""
WITHDRAWN = """
    INSERT INTO customers_consent
        (customer_id, purpose, text_id, decision, decided_at, channel, recorded_by_id, reference, withdraws_id)
    SELECT c.customer_id, c.purpose, c.text_id, 'withdrawn', least(c.decided_at + interval '60 days', %(as_of)s),
        'phone', c.recorded_by_id, '', c.id
    FROM customers_consent c
    WHERE c.decision = 'given' AND c.decided_at < %(as_of)s
        AND abs(hashtext(concat(%(seed)s::text, ':withdrawn:', c.customer_id))::bigint) %% 25 = 0
"""

# kind, days ago, what was said, further arguments
REQUESTS = (
    (RequestKind.COPY, 3, "我想要一份你们掌握的全部资料。", {}),
    (RequestKind.CORRECTION, 8, "职业写错了，现在养蜂。", {"field": "occupation", "asked_value": "养蜂", "evidence": "本人口述"}),
    (RequestKind.EXPLANATION, 12, "为什么今年评级下来了？", {}),
    (RequestKind.OBJECTION, 45, "系统给的额度不合理，请人工再看。", {}),
)  # fmt: skip


def seed_privacy(plan: Plan) -> int:
    """Answers to the ordinary consents and requests at the first branch; returns how many rows."""
    ensure_texts()
    ensure_figures()
    values = {
        "since": IN_FORCE_FROM,
        "as_of": plan.as_of,
        "asked": [str(purpose) for purpose in ASKED],
        "seed": plan.seed,
        "one_in": ONE_IN_LARGE if plan.is_large else ONE_IN,
    }
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, values)
        written = cursor.rowcount
        cursor.execute(WITHDRAWN, values)
        written += cursor.rowcount
    return written + _seed_requests(plan)


def _seed_requests(plan: Plan) -> int:
    staff = StaffMember.objects.in_bulk(["cashier", "director"], field_name="username")
    if len(staff) < 2:
        return 0
    cashier, director = staff["cashier"], staff["director"]
    day = max(
        plan.as_of, timezone.localdate()
    )  # one is overdue on the day it is looked at, the others are not
    rows = Customer.objects.managed_for(cashier).filter(kind="person", state="active").order_by("pk")
    taken = [
        rights.take_request(
            staff=cashier,
            customer=customer,
            kind=kind,
            channel=Channel.COUNTER,
            as_of=day - timedelta(days=days),
            details=words,
            **more,
        )
        for customer, (kind, days, words, more) in zip(rows[: len(REQUESTS)], REQUESTS, strict=False)
    ]
    for request in taken:
        if request.kind == RequestKind.EXPLANATION:
            rights.answer_request(
                staff=director,
                request=request,
                decision=RequestState.GRANTED,
                answer="已当面说明评级表中的得分、封顶和代码。",
                as_of=day - timedelta(days=2),
            )
    return len(taken)
