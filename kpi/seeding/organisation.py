"""What makes the organisation's pages live: hours, planned posts, who served a village before, leave and stand-ins."""

from __future__ import annotations

from collections import Counter
from datetime import date, time, timedelta

from branches.choices import AreaLevel, PostCode, UnitKind, Weekday
from branches.models import (
    Area,
    AreaService,
    OpeningException,
    OpeningHours,
    PlannedPost,
    Post,
    StaffMember,
    Unit,
)
from kpi.seeding.chance import Dice
from kpi.seeding.plan import Plan

ALWAYS = date(1996, 11, 1)
OFFICE = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))
COUNTERS = ((time(8, 0), time(12, 0)), (time(14, 0), time(17, 30)))
SATURDAY = ((time(9, 0), time(15, 30)),)
SERVICE_POINT = ((time(8, 0), time(18, 0)),)
TAKE_LEAVE = (
    PostCode.LOAN_OFFICER,
    PostCode.CUSTOMER_MANAGER,
    PostCode.DIRECTOR,
    PostCode.ACCOUNTANT,
    PostCode.CASHIER,
)
People = dict[int, dict[str, list[StaffMember]]]


def seed_organisation(
    plan: Plan, union: Unit, branches: list[Unit], points: dict[int, list[Unit]], people: People, areas
) -> None:
    """Write hours, planned posts, services of villages and stand-ins; chance of its own, so that nothing else moves."""
    rng = Dice(f"{plan.seed}:organisation")
    _hours(plan, union, branches, points)
    _planned_posts(branches)
    _rotations(plan, rng)
    _services(branches, [village for village, *_ in areas], rng)
    _stand_ins(plan, branches, people, rng)


def _hours(plan: Plan, union: Unit, branches: list[Unit], points: dict[int, list[Unit]]) -> None:
    rows = _week(union, OFFICE)
    for number, branch in enumerate(branches):
        rows += _week(branch, COUNTERS, SATURDAY if number % 2 == 0 else ())
        for point in points[branch.pk]:
            if point.kind == UnitKind.COUNTER:
                rows += _week(point, SERVICE_POINT, SERVICE_POINT, SERVICE_POINT)
    OpeningHours.objects.bulk_create(rows)
    market = plan.as_of + timedelta(days=40)
    days = [
        (market, time(8, 0), time(16, 0), "年货大集"),
        (market + timedelta(days=9), None, None, "系统升级"),
    ]
    OpeningException.objects.bulk_create(
        OpeningException(unit=branches[0], day=day, opens=opens, closes=closes, reason=reason)
        for day, opens, closes, reason in days
    )


def _week(unit: Unit, weekdays, saturday=(), sunday=()) -> list[OpeningHours]:
    hours = {day: weekdays for day in Weekday.values if day < Weekday.SATURDAY}
    hours |= {Weekday.SATURDAY: saturday, Weekday.SUNDAY: sunday}
    return [
        OpeningHours(unit=unit, weekday=day, opens=opens, closes=closes, valid_from=date(2024, 1, 1))
        for day, stretches in hours.items()
        for opens, closes in stretches
    ]


def _planned_posts(branches: list[Unit]) -> None:
    """As many as there are; every fourth branch lacks a loan officer, every fifth a cashier."""
    held: dict[int, Counter] = {}
    for unit, code in Post.objects.filter(valid_to=None).values_list("unit", "code"):
        held.setdefault(unit, Counter())[code] += 1
    for number, branch in enumerate(branches):
        held[branch.pk][PostCode.LOAN_OFFICER] += number % 4 == 3
        held[branch.pk][PostCode.CASHIER] += number % 5 == 2
    PlannedPost.objects.bulk_create(
        PlannedPost(unit_id=unit, code=code, places=places)
        for unit, codes in held.items()
        for code, places in codes.items()
    )


def _rotations(plan: Plan, rng: Dice) -> None:
    """Most officers took other villages in the last years: their post ended and began anew on a day."""
    officers = Post.objects.filter(code__in=[PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER], valid_to=None)
    ended, begun = [], []
    for post in officers.order_by("pk"):
        day = date(plan.as_of.year - rng.randrange(3), rng.randrange(1, 10), 1)
        if day > post.valid_from and rng.random() < 0.8:
            post.valid_to, post.ended_because = day, "轮换所管村"
            ended.append(post)
            begun.append(Post(staff_id=post.staff_id, unit_id=post.unit_id, code=post.code, valid_from=day))
    Post.objects.bulk_update(ended, ["valid_to", "ended_because"])
    Post.objects.bulk_create(begun)


def _services(branches: list[Unit], villages: list[Area], rng: Dice) -> None:
    """Every village is served by its branch; some came from a neighbour two years ago, one swallowed a smaller one."""
    rows, moved = [], date(2024, 7, 1)
    for number, village in enumerate(villages):
        since = ALWAYS
        if number % 23 == 5 and len(branches) > 1:
            others = [branch for branch in branches if branch.pk != village.unit_id]
            rows.append(AreaService(area=village, unit=rng.choice(others), valid_from=ALWAYS, valid_to=moved))
            since = moved
        rows.append(AreaService(area=village, unit_id=village.unit_id, valid_from=since))
    AreaService.objects.bulk_create(rows)
    heir = villages[0]
    Area.objects.create(
        code=f"{heir.code[:9]}299",
        name="小李湾村",
        level=AreaLevel.VILLAGE,
        parent=heir.parent,
        pinyin="xiaoliwancun",
        initials="xlwc",
        valid_to=date(2022, 1, 1),
        successor=heir,
    )


def _stand_ins(plan: Plan, branches: list[Unit], people: People, rng: Dice) -> None:
    """Most people took their week of leave this year; one stand-in is at work now."""
    rows = []
    for branch in branches:
        for code in TAKE_LEAVE:
            for absent in people[branch.pk].get(code, []):
                if rng.random() < 0.8:
                    rows.append(_leave(branch, code, absent, people[branch.pk], plan, rng))
    second = people[branches[-1].pk]
    rows.append(
        Post(
            staff=second[PostCode.ACCOUNTANT][0],
            unit=branches[-1],
            code=PostCode.CASHIER,
            valid_from=plan.as_of - timedelta(days=12),
            valid_to=plan.as_of + timedelta(days=120),
            stands_in_for=second[PostCode.CASHIER][0],
        )
    )
    Post.objects.bulk_create(rows)


def _leave(
    branch: Unit, code: str, absent: StaffMember, people: dict[str, list[StaffMember]], plan: Plan, rng: Dice
) -> Post:
    """One week from a Monday between March and September, covered by a colleague."""
    first = date(plan.as_of.year, 3, 2) + timedelta(weeks=rng.randrange(26))
    monday = first - timedelta(days=first.weekday())
    colleagues = [
        one for other in (code, *TAKE_LEAVE) for one in people.get(other, []) if one.pk != absent.pk
    ]
    return Post(
        staff=colleagues[0] if colleagues[0] in people.get(code, []) else rng.choice(colleagues),
        unit=branch,
        code=code,
        valid_from=monday,
        valid_to=monday + timedelta(days=5),
        stands_in_for=absent,
    )
