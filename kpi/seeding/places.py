"""Units, areas, staff with their posts, and the calendar of the demonstration county."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.hashers import make_password

from branches.choices import AreaLevel, DayKind, Language, PostCode, UnitKind
from branches.models import Area, CalendarDay, Post, StaffMember, Unit
from branches.signin import second_factor
from customers.names import place_keys
from kpi.seeding import DEMO_PASSWORD, DEMO_SECOND_FACTOR, SECOND_DIRECTOR, SECOND_HEAD_OFFICE, words
from kpi.seeding.chance import Dice
from kpi.seeding.plan import BranchPlan, Plan, Portfolio, VillagePlan

OPENED = date(1996, 11, 1)
CENTRE = (31.92, 114.88)
BRANCH_POSTS = (
    PostCode.CASHIER, PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER, PostCode.ACCOUNTANT,
    PostCode.DEPUTY_DIRECTOR, PostCode.DIRECTOR, PostCode.LOAN_GROUP,
)  # fmt: skip
UNION_POSTS = (
    PostCode.UNION_CREDIT, PostCode.UNION_RISK, PostCode.UNION_COMMITTEE, PostCode.HEAD_OFFICE,
    PostCode.AUDITOR, PostCode.ADMINISTRATOR,
)  # fmt: skip
SMALL_BRANCH = (PostCode.DIRECTOR, PostCode.ACCOUNTANT, PostCode.CASHIER, PostCode.LOAN_OFFICER)
EXTRA_POSTS = (PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER, PostCode.CASHIER)

# Public holidays as first and last day, and make-up working days, as the State Council announced them.
HOLIDAYS = (
    ("元旦", "2023-01-01", "2023-01-02"), ("春节", "2023-01-21", "2023-01-27"), ("清明节", "2023-04-05", "2023-04-05"),
    ("劳动节", "2023-04-29", "2023-05-03"), ("端午节", "2023-06-22", "2023-06-24"),
    ("中秋节、国庆节", "2023-09-29", "2023-10-06"), ("元旦", "2023-12-30", "2024-01-01"),
    ("春节", "2024-02-10", "2024-02-17"), ("清明节", "2024-04-04", "2024-04-06"), ("劳动节", "2024-05-01", "2024-05-05"),
    ("端午节", "2024-06-08", "2024-06-10"), ("中秋节", "2024-09-15", "2024-09-17"), ("国庆节", "2024-10-01", "2024-10-07"),
    ("元旦", "2025-01-01", "2025-01-01"), ("春节", "2025-01-28", "2025-02-04"), ("清明节", "2025-04-04", "2025-04-06"),
    ("劳动节", "2025-05-01", "2025-05-05"), ("端午节", "2025-05-31", "2025-06-02"),
    ("国庆节、中秋节", "2025-10-01", "2025-10-08"), ("元旦", "2026-01-01", "2026-01-03"),
    ("春节", "2026-02-15", "2026-02-23"), ("清明节", "2026-04-04", "2026-04-06"), ("劳动节", "2026-05-01", "2026-05-05"),
    ("端午节", "2026-06-19", "2026-06-21"), ("中秋节", "2026-09-25", "2026-09-27"), ("国庆节", "2026-10-01", "2026-10-07"),
)  # fmt: skip
MAKE_UP_DAYS = [
    "2023-01-28",
    "2023-01-29",
    "2023-04-23",
    "2023-05-06",
    "2023-06-25",
    "2023-10-07",
    "2023-10-08",
    "2024-02-04",
    "2024-02-18",
    "2024-04-07",
    "2024-04-28",
    "2024-05-11",
    "2024-09-14",
    "2024-09-29",
    "2024-10-12",
    "2025-01-26",
    "2025-02-08",
    "2025-04-27",
    "2025-09-28",
    "2025-10-11",
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
]


def seed_calendar() -> tuple[frozenset[date], frozenset[date]]:
    """Write the holidays and make-up days of 2023 to 2026; returns both sets."""
    closed = {}
    for name, first, last in HOLIDAYS:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            closed[day] = name
            day += timedelta(days=1)
    extra = [date.fromisoformat(day) for day in MAKE_UP_DAYS]
    rows = [CalendarDay(day=day, kind=DayKind.HOLIDAY, name=name) for day, name in closed.items()]
    rows += [CalendarDay(day=day, kind=DayKind.EXTRA_WORKDAY, name="调休上班") for day in extra]
    CalendarDay.objects.bulk_create(rows)
    return frozenset(closed), frozenset(extra)


def seed_units(plan: Plan, rng: Dice) -> tuple[Unit, list[Unit], dict[int, list[Unit]]]:
    """Write the county union, its branches, and their sub-branches and counters."""
    union = Unit.objects.create(
        code=words.COUNTY_CODE,
        name=words.UNION,
        kind=UnitKind.UNION,
        opened_on=OPENED,
        address=f"{words.COUNTY}城关人民路66号",
    )
    branches, points = [], {}
    for number, township in enumerate(words.TOWNSHIPS[: plan.branches], start=1):
        latitude, longitude = _township_point(number, plan)
        place = township.removesuffix("镇").removesuffix("乡")
        branch = Unit.objects.create(
            code=f"{words.COUNTY_CODE}{number:02}",
            name=f"{place}信用社",
            kind=UnitKind.BRANCH,
            parent=union,
            opened_on=OPENED + timedelta(days=rng.randrange(2000)),
            address=f"{words.COUNTY}{township}{rng.choice(('人民路', '建设路', '振兴大街', '东街', '府前路'))}{rng.randrange(1, 180)}号",
            latitude=round(latitude, 6),
            longitude=round(longitude, 6),
        )
        branches.append(branch)
        names = [(UnitKind.SUB_BRANCH, f"{place}{side}分社") for side in ("东街", "西关")[: 1 + number % 2]]
        names += [(UnitKind.COUNTER, f"{place}惠农服务点")]
        points[branch.pk] = [
            Unit.objects.create(
                code=f"{branch.code}{index:02}",
                name=name,
                kind=kind,
                parent=branch,
                opened_on=branch.opened_on + timedelta(days=rng.randrange(800, 4000)),
                address=f"{words.COUNTY}{township}",
                latitude=round(latitude + rng.uniform(-0.02, 0.02), 6),
                longitude=round(longitude + rng.uniform(-0.02, 0.02), 6),
            )
            for index, (kind, name) in enumerate(names, start=1)
        ]
    return union, branches, points


def _township_point(number: int, plan: Plan) -> tuple[float, float]:
    columns = 6 if plan.branches > 12 else 4
    row, column = divmod(number - 1, columns)
    return CENTRE[0] + 0.11 * (row - 1) + 0.013 * (number % 3), CENTRE[1] + 0.13 * (
        column - columns / 2
    ) + 0.017 * (number % 4)


def seed_areas(plan: Plan, branches: list[Unit], rng: Dice) -> list[tuple[Area, Unit, str, tuple[str, ...]]]:
    """Write county, townships and villages with register counts; returns villages with branch, township and clans."""
    pinyin, initials = place_keys(words.COUNTY)
    county = Area.objects.create(
        code=f"{words.COUNTY_CODE}000000",
        name=words.COUNTY,
        level=AreaLevel.COUNTY,
        pinyin=pinyin,
        initials=initials,
    )
    surnames, weights = zip(*words.SURNAMES, strict=True)
    per_village = plan.households / max(1, plan.branches * plan.villages_per_branch)
    used: set[str] = set()
    rows = []
    for number, branch in enumerate(branches, start=1):
        township = _area(
            f"{words.COUNTY_CODE}{99 + number:03}000",
            words.TOWNSHIPS[number - 1],
            AreaLevel.TOWNSHIP,
            county,
            branch,
        )
        township.latitude, township.longitude = branch.latitude, branch.longitude
        township.save()
        for index in range(plan.villages_per_branch):
            clans = tuple(rng.choices(surnames, weights, k=rng.choice((1, 2, 2, 3))))
            village = _area(
                f"{township.code[:9]}{200 + index:03}",
                _village_name(clans, used, rng),
                AreaLevel.VILLAGE,
                township,
                branch,
            )
            village.latitude = round(float(branch.latitude) + rng.uniform(-0.05, 0.05), 6)
            village.longitude = round(float(branch.longitude) + rng.uniform(-0.06, 0.06), 6)
            size = per_village or rng.randrange(280, 620)
            village.registered_households = int(size * rng.uniform(1.04, 1.22)) + 3
            rows.append((village, branch, township.name, clans))
    Area.objects.bulk_create([village for village, *_ in rows])
    return rows


def _area(code: str, name: str, level: str, parent: Area, unit: Unit) -> Area:
    pinyin, initials = place_keys(name)
    return Area(code=code, name=name, level=level, parent=parent, unit=unit, pinyin=pinyin, initials=initials)


def _village_name(clans: tuple[str, ...], used: set[str], rng: Dice) -> str:
    while True:
        if rng.random() < 0.5:
            name = clans[0] + ("家" if len(clans[0]) == 1 else "") + rng.choice(words.CLAN_TAILS) + "村"
        else:
            name = rng.choice(words.VILLAGE_HEADS) + rng.choice(words.VILLAGE_TAILS) + "村"
        if name not in used and len(set(name)) == len(name):
            used.add(name)
            return name


class StaffWriter:
    """Appoints people; the demonstration users of the posts come first and share one password."""

    def __init__(self, plan: Plan, rng: Dice):
        self.plan, self.rng = plan, rng
        self.password = make_password(DEMO_PASSWORD)
        self.count = 0
        self.used: set[str] = set()

    def appoint(self, unit: Unit, code: str, *, demonstration: bool = False) -> StaffMember:
        """Create a person with a post that began some years ago, for some after another post."""
        rng = self.rng
        self.count += 1
        name, pinyin = self._name()
        member = StaffMember.objects.create(
            username=code if demonstration else f"{pinyin}{self.count:03}",
            full_name=name,
            employee_no=f"SA{self.count:04}",
            language=Language.SIMPLIFIED,
            is_demonstration=True,
            is_staff=code == PostCode.ADMINISTRATOR,
            password=self.password if demonstration else make_password(None),
        )
        if demonstration:
            second_factor.store_app(member, DEMO_SECOND_FACTOR)
        began = date(self.plan.as_of.year - rng.randrange(4, 9), rng.randrange(1, 13), 1)
        if not demonstration and rng.random() < 0.2:
            changed = date(self.plan.as_of.year - 1, rng.choice((1, 4, 7)), 1)
            Post.objects.create(
                staff=member,
                unit=unit,
                code=PostCode.CASHIER if code != PostCode.CASHIER else PostCode.ACCOUNTANT,
                valid_from=began,
                valid_to=changed,
            )
            began = changed
        Post.objects.create(staff=member, unit=unit, code=code, valid_from=began)
        return member

    def _name(self) -> tuple[str, str]:
        surnames, weights = zip(*words.SURNAMES, strict=True)
        while True:
            surname = self.rng.choices(surnames, weights)[0]
            era = self.rng.choice(words.GIVEN[2:4])
            name = surname + self.rng.choice(era[self.rng.randrange(1, 3)].split())
            if name not in self.used:
                self.used.add(name)
                return name, place_keys(name)[0]


def seed_staff(
    plan: Plan, union: Unit, branches: list[Unit], rng: Dice
) -> dict[int, dict[str, list[StaffMember]]]:
    """Write all staff; returns the people of each branch by post."""
    writer = StaffWriter(plan, rng)
    people: dict[int, dict[str, list[StaffMember]]] = {branch.pk: {} for branch in branches}
    for code in BRANCH_POSTS:
        people[branches[0].pk].setdefault(code, []).append(
            writer.appoint(branches[0], code, demonstration=True)
        )
    for code in UNION_POSTS:
        writer.appoint(union, code, demonstration=True)
    for branch in branches[1:]:
        for code in SMALL_BRANCH:
            people[branch.pk].setdefault(code, []).append(writer.appoint(branch, code))
    index = 0
    while writer.count < plan.staff:
        branch, code = branches[index % len(branches)], EXTRA_POSTS[index // len(branches) % len(EXTRA_POSTS)]
        people[branch.pk].setdefault(code, []).append(writer.appoint(branch, code))
        index += 1
    _second_people(writer, union, people[branches[1].pk][PostCode.DIRECTOR][0])
    return people


def _second_people(writer: StaffWriter, union: Unit, director: StaffMember) -> None:
    """Let two more sign in: deeds for two people need a second director, of another branch, and a second head office."""
    director.username, director.password = SECOND_DIRECTOR, writer.password
    director.save(update_fields=["username", "password"])
    member = StaffMember.objects.create(
        username=SECOND_HEAD_OFFICE,
        full_name="程远山",
        employee_no=f"SA{writer.count + 1:04}",
        language=Language.SIMPLIFIED,
        is_demonstration=True,
        password=writer.password,
    )
    began = date(writer.plan.as_of.year - 3, 4, 1)
    Post.objects.create(staff=member, unit=union, code=PostCode.HEAD_OFFICE, valid_from=began)
    for person in (director, member):
        second_factor.store_app(person, DEMO_SECOND_FACTOR)


def branch_plans(
    plan: Plan,
    branches: list[Unit],
    points: dict[int, list[Unit]],
    people: dict[int, dict[str, list[StaffMember]]],
    rng: Dice,
) -> list[BranchPlan]:
    """Give each branch its character: most grow, a few shrink, some collect well and some do not."""
    out = []
    for number, branch in enumerate(branches, start=1):
        staff = people[branch.pk]
        director = staff[PostCode.DIRECTOR][0].pk
        managers = [
            m.pk for code in (PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER) for m in staff.get(code, [])
        ]
        changed = date(plan.as_of.year - 1, rng.choice((1, 4, 7)), 1) if number % 3 == 0 else None
        portfolios = tuple(
            Portfolio(manager, managers[(i + 1) % len(managers)] if len(managers) > 1 else director, changed)
            for i, manager in enumerate(managers)
        )
        out.append(
            BranchPlan(
                id=branch.pk,
                number=number,
                counters=(branch.pk, *(point.pk for point in points[branch.pk])),
                director_id=director,
                supervisor_id=staff[PostCode.ACCOUNTANT][0].pk,
                cashier_ids=tuple(m.pk for m in staff[PostCode.CASHIER]),
                portfolios=portfolios,
                growth=(-0.03 if number in (5, 11, 19, 26) else 0.03 + 0.11 * rng.random()),
                default_rate=(0.036 if number in (4, 9, 17, 28) else 0.006 + 0.014 * rng.random()),
                churn=0.03 + 0.06 * rng.random(),
                diligence=0.62 + 0.36 * rng.random(),
                friendliness=0.45 + 0.5 * rng.random(),
                prosperity=0.82 + 0.36 * rng.random(),
            )
        )
    return out


def village_plans(plan: Plan, rows, branches: list[BranchPlan], rng: Dice) -> tuple[VillagePlan, ...]:
    """Spread the households over the villages in proportion to their registers."""
    by_id = {branch.id: branch for branch in branches}
    total = sum(village.registered_households for village, *_ in rows)
    out, first, weight, index_in_branch = [], 0, 0, {}
    for village, unit, township, clans in rows:
        weight += village.registered_households
        end = round(plan.households * weight / total)
        branch = by_id[unit.pk]
        index = index_in_branch[unit.pk] = index_in_branch.get(unit.pk, -1) + 1
        out.append(
            VillagePlan(
                id=village.pk,
                name=village.name,
                township=township,
                latitude=float(village.latitude),
                longitude=float(village.longitude),
                branch=branch,
                portfolio=branch.portfolios[index % len(branch.portfolios)],
                clans=clans,
                is_credit_village=rng.random() < 0.2,
                first_household=first,
                households=end - first,
            )
        )
        first = end
    return tuple(out)
