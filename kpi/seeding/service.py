"""What people of the demonstration have to do and have done, and what customers complained of and asked for.

A day is looked at on the day it is looked at: open work is dated around today, or around the last day of the history
where that is later.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from branches.choices import PostCode, UnitKind
from branches.models import StaffMember, Unit
from branches.selectors import posts_on
from customers.cases import services as cases
from customers.choices import CaseOutcome
from customers.models import Case, Customer, Task
from customers.reminders.services import open_reminders
from kpi.seeding.plan import Plan

WEEKS_OF_WORK = 8
LATE_ONE_IN, SOON_ONE_IN = 7, 3

# Open work gets days around today: some late by up to three days, some due now, the rest as the rule says.
AROUND_TODAY = """
    UPDATE customers_task t SET due_on = CASE
        WHEN d.dice %% %(late)s = 0 THEN %(day)s::date - 1 - (d.dice %% 3)::int
        WHEN d.dice %% %(soon)s = 0 THEN %(day)s::date + (d.dice %% 3)::int
        ELSE t.due_on END
    FROM (SELECT id, abs(hashtext(concat(%(seed)s::text, ':due:', source, ':', key))::bigint) AS dice FROM customers_task) d
    WHERE d.id = t.id AND t.state = 'open' AND t.source <> 'data_request'
"""

# By person and week one to four tasks that were done, about customers of the branch: some twenty thousand in all.
SPREAD = 20_000
DONE = """
    WITH people AS MATERIALIZED (
        SELECT id, branch_id, row_number() OVER branch AS place, count(*) OVER (PARTITION BY branch_id) AS size
        FROM customers_customer WHERE state = 'active' AND kind = 'person' AND id %% %(one_in)s = 0
        WINDOW branch AS (PARTITION BY branch_id ORDER BY id)
    )
    INSERT INTO customers_task
        (branch_id, customer_id, kind, reason, reason_params, owner_id, post, due_on, source, key, opened_by_id,
         opened_on, state, outcome, closed_on, closed_by_id, closed_at)
    SELECT w.branch_id, c.id, w.words[1], w.words[2], '{}', w.staff_id, w.code, w.closed_on + (w.dice %% 3)::int, '', '',
        w.staff_id, w.closed_on - 4, 'done', w.words[3], w.closed_on, w.staff_id,
        w.closed_on + interval '10 hours' + (w.dice %% 300) * interval '1 minute'
    FROM (
        SELECT p.staff_id, p.code, coalesce(CASE WHEN u.kind = 'branch' THEN u.id END, u.parent_id) AS branch_id,
            %(day)s::date - 1 - 7 * week - (dice %% 5)::int AS closed_on, dice,
            words
        FROM branches_post p JOIN branches_unit u ON u.id = p.unit_id,
            generate_series(0, %(weeks)s - 1) week, generate_series(1, 4) number,
            LATERAL (
                SELECT abs(hashtext(concat(%(seed)s::text, ':', p.staff_id, ':', week, ':', number))::bigint) AS dice
            ) d,
            LATERAL (
                SELECT ARRAY[x.kind, x.reason, x.outcome] AS words FROM unnest(%(kind)s::text[], %(reason)s::text[], %(outcome)s::text[])
                    WITH ORDINALITY AS x(kind, reason, outcome, place)
                WHERE x.place = 1 + dice %% %(kinds)s
            ) x
        WHERE p.code = ANY(%(posts)s) AND p.valid_to IS NULL AND p.stands_in_for_id IS NULL
            AND number <= 1 + dice %% 4
    ) w
    JOIN people c ON c.branch_id = w.branch_id AND c.place = 1 + w.dice %% c.size
"""
WORK = (
    ("call", "回访：新办手机银行是否会用", "已教会"),
    ("visit", "看看大棚有没有受雨", "大棚完好"),
    ("paper", "补交土地承包合同复印件", "已收齐"),
    ("call", "提醒按期还款", "已说好到期日来还"),
    ("asked", "核实配偶姓名", "与结婚证一致"),
    ("other", "给老人送存折", "已送到"),
)
BY_HAND = (
    (PostCode.CASHIER, "paper", "等客户来取新存折"),
    (PostCode.ACCOUNTANT, "asked", "核对一笔重复入账"),
    (PostCode.DIRECTOR, "other", "安排下周进村服务日"),
)

# kind, category, channel, words, days ago, answer, told
CASES = (
    ("complaint", "waiting", "counter", "上午排队一个多小时，只开一个窗口。", 3, "", False),
    ("complaint", "fees", "phone", "短信费扣了两次。", 16, "", False),
    (
        "request",
        "credit",
        "visit",
        "想知道为什么额度没有提高。",
        9,
        "评级表已当面说明，秋收后可申请复评。",
        False,
    ),
    ("complaint", "machine", "counter", "自动柜员机吞卡。", 40, "已当天取出并退还，机具已检修。", True),
    ("complaint", "manners", "counter", "问利率时没人耐心说明。", 75, "已向客户道歉，柜台贴出利率表。", True),
    ("praise", "manners", "counter", "柜员帮老人填单，很耐心。", 12, "", False),
)


def day_of_the_demonstration(plan: Plan) -> date:
    """The day around which open work lies."""
    return max(plan.as_of, timezone.localdate())


def seed_service(plan: Plan) -> int:
    """Tasks by rule and by hand, open and done, and complaints in every branch; returns how many rows."""
    day = day_of_the_demonstration(plan)
    branches = list(Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk"))
    written = sum(sum(open_reminders(branch=branch, as_of=day).values()) for branch in branches)
    with connection.cursor() as cursor:
        cursor.execute(
            AROUND_TODAY, {"day": day, "seed": plan.seed, "late": LATE_ONE_IN, "soon": SOON_ONE_IN}
        )
    written += _done_work(plan, day) + _by_hand(branches, day)
    return written + sum(_cases_of(branch, number, day) for number, branch in enumerate(branches))


def _done_work(plan: Plan, day: date) -> int:
    kinds, reasons, outcomes = zip(*WORK, strict=True)
    posts = [PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER, PostCode.CASHIER, PostCode.DIRECTOR]
    values = {
        "day": day,
        "seed": plan.seed,
        "weeks": WEEKS_OF_WORK,
        "posts": [str(post) for post in posts],
        "kind": list(kinds),
        "reason": list(reasons),
        "outcome": list(outcomes),
        "kinds": len(WORK),
        "one_in": max(1, plan.customers // SPREAD),
    }
    with connection.cursor() as cursor:
        cursor.execute(DONE, values)
        return cursor.rowcount


def _by_hand(branches: list[Unit], day: date) -> int:
    rows = [
        Task(
            branch=branch,
            kind=kind,
            reason=words,
            post=post,
            due_on=day + timedelta(days=number % 3),
            opened_on=day - timedelta(days=1),
        )
        for number, branch in enumerate(branches)
        for post, kind, words in BY_HAND
    ]
    return len(Task.objects.bulk_create(rows))


def _cases_of(branch: Unit, number: int, day: date) -> int:
    """Some cases of one branch, fewer at the quieter ones."""
    held = posts_on(day).filter(unit__in=[branch, *branch.children.all()]).select_related("staff")
    people: dict[str, StaffMember] = {post.code: post.staff for post in held.order_by("-pk")}
    cashier, director = people.get(PostCode.CASHIER), people.get(PostCode.DIRECTOR)
    if cashier is None or director is None:
        return 0
    customers = list(
        Customer.objects.filter(branch=branch, state="active", kind="person").order_by("pk")[10:16]
    )
    chosen = [one for place, one in enumerate(CASES) if (place + number) % 3]
    for customer, (kind, category, channel, words, ago, answer, told) in zip(customers, chosen, strict=False):
        received = day - timedelta(days=ago)
        case = cases.take_case(
            staff=cashier,
            branch=branch,
            customer=customer,
            kind=kind,
            category=category,
            channel=channel,
            words=words,
            received_on=received,
        )
        if answer:
            on = received + timedelta(days=3)
            cases.answer_case(staff=director, case=case, answer=answer, outcome=CaseOutcome.JUSTIFIED, on=on)
        if told:
            cases.tell_customer(staff=director, case=case, how="phone", on=received + timedelta(days=4))
    cases.escalate_cases(branch=branch, as_of=day)
    return Case.objects.filter(branch=branch).count()
