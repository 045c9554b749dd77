"""Old registers of the first branch: two taken in, with their errors, and one that waits for its columns to be looked at.

Everybody new in them is invented; some lines speak of customers whom the county knows already.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from branches.choices import AreaLevel, PostCode, UnitKind
from branches.models import Area, Post, StaffMember, Unit
from coopcrm.shared import work
from customers.choices import DocumentKind, DocumentState, LedgerKind
from customers.ledgers import uploads
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import Customer, LedgerImport, LedgerRow, LedgerUpload
from kpi.seeding.chance import Dice
from kpi.seeding.families import with_check
from kpi.seeding.plan import Plan
from kpi.seeding.words import COUNTY_CODE, GIVEN, SURNAMES

HEADER = ("办理日期", "客户姓名", "性别", "证件号码", "家庭住址", "联系电话", "业务种类", "金额(元)")
ODD_HEADER = ("日子", "客户姓明", "男女", "身份证号码", "住哪里", "手机", "办什么", "多少钱")
DEEDS = ("存款", "取款", "开户", "挂失", "还贷")
KNOWN, NEW, WAITING = 14, 22, 12
FIRST_DAY = date(2005, 3, 1)


def seed_ledgers(plan: Plan) -> int:
    """Take two registers in and bring a third; returns how many rows the registers have."""
    branch = Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk").first()
    director = _director_of(branch) if branch else None
    if director is None:
        return 0
    rng = Dice(f"{plan.seed}:ledgers")
    places = _villages_of(branch)
    known = [_line_of(person, places, rng) for person in _people_of(branch)]
    first = known + [_invented(number, places, rng) for number in range(NEW)]
    second = first[::2] + [_invented(NEW + number, places, rng) for number in range(NEW // 2)]
    _take_in(branch, director, plan, {"柜面登记簿2005.csv": first, "柜面登记簿2006.csv": second}, rng)
    waiting = [_dated(_invented(2 * NEW + number, places, rng), number, rng) for number in range(WAITING)]
    _bring_in(director, plan, _as_csv(ODD_HEADER, waiting))
    return LedgerRow.objects.count() + WAITING


def _director_of(branch: Unit) -> StaffMember | None:
    """Who directs the branch; of two the one people sign in as."""
    rows = Post.objects.filter(unit=branch, code=PostCode.DIRECTOR, valid_to=None).select_related("staff")
    found = rows.order_by("pk").first()
    return found.staff if found else None


def _villages_of(branch: Unit) -> list[str]:
    villages = Area.objects.in_force().filter(level=AreaLevel.VILLAGE)
    served = villages.filter(unit=branch) | villages.filter(parent__unit=branch)
    rows = served if served.exists() else villages
    return [
        f"{parent}{name}" for name, parent in rows.order_by("pk").values_list("name", "parent__name")[:10]
    ]


def _people_of(branch: Unit) -> list[Customer]:
    held = {"documents__kind": DocumentKind.ID18, "documents__state": DocumentState.HELD}
    rows = Customer.objects.current().filter(branch=branch, kind="person", state="active", **held)
    return list(rows.prefetch_related("documents", "phones").order_by("pk").distinct()[:KNOWN])


# -- Lines of a register -----------------------------------------------------------------------------------------------


def _line_of(person: Customer, places: Sequence[str], rng: Dice) -> list[str]:
    """A customer as the counter wrote them down, with the number as they wrote numbers."""
    documents = (row for row in person.documents.all() if row.kind == DocumentKind.ID18)
    number = next(row.open("number") for row in documents if row.state == DocumentState.HELD)
    phone = next((row.open("number") for row in person.phones.all() if row.valid_to is None), "")
    return [person.name, "男" if person.sex == "M" else "女", rng.choice(HARMLESS)(number), "", phone]


def _invented(number: int, places: Sequence[str], rng: Dice) -> list[str]:
    """Somebody who does not exist: name, sex, number, place and phone, each dirty in its turn."""
    is_man = rng.random() < 0.5
    given = GIVEN[1][1 if is_man else 2].split()
    name = SURNAMES[(7 * number) % len(SURNAMES)][0] + rng.choice(given)
    born = f"19{45 + rng.randrange(40)}{1 + rng.randrange(12):02}{1 + rng.randrange(28):02}"
    body = f"{COUNTY_CODE}{born}{rng.randrange(100):02}{2 * rng.randrange(5) + is_man}"
    text = with_check(body)
    sex = "男" if is_man else "女"
    place = rng.choice(places) + f"{1 + rng.randrange(8)}组" if places else ""
    phone = f"154{rng.randrange(100_000_000):08}"
    dirt = DIRT[number % len(DIRT)]
    return list(dirt(name, sex, text, place, phone))


HARMLESS = (
    lambda number: number,
    lambda number: f"{number[:6]} {number[6:14]} {number[14:]}",
    lambda number: f"'{number}",
    lambda number: number.lower(),
)
DIRT = (
    lambda name, sex, text, place, phone: (name, sex, text, place, phone),
    lambda name, sex, text, place, phone: (name, sex, f"{text[0]}.{text[1:6]}E+17", place, phone),
    lambda name, sex, text, place, phone: (name, sex, text[:15] + "000", place, phone),
    lambda name, sex, text, place, phone: (f"{name}（代）", sex, "待补", place, phone[:9]),
    lambda name, sex, text, place, phone: (name, sex, f"{text[:6]}********{text[14:]}", place, ""),
    lambda name, sex, text, place, phone: (name, sex, text[:17], "河对面老粮站旁", phone),
    lambda name, sex, text, place, phone: (name, "", "", "", ""),
    lambda name, sex, text, place, phone: ("", "", text, place, ""),
    lambda name, sex, text, place, phone: (name, sex, text.replace("1", "l"), place, phone),
    lambda name, sex, text, place, phone: (name, sex, text, place, "86-" + phone),
)


def _dated(line: Sequence[str], number: int, rng: Dice) -> list[str]:
    """A line of a register: the day, the person, what they did."""
    name, sex, text, place, phone = line
    day = FIRST_DAY + timedelta(days=9 * number)
    written = (f"{day:%Y-%m-%d}", f"{day:%Y.%m.%d}", f"{day.year}年{day.month}月{day.day}日")[number % 3]
    return [written, name, sex, text, place, phone, rng.choice(DEEDS), f"{10 * (1 + rng.randrange(300))}"]


def _as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode("gb18030")


# -- Into the county ---------------------------------------------------------------------------------------------------


def _take_in(branch: Unit, director: StaffMember, plan: Plan, files: dict[str, list], rng: Dice) -> None:
    sources = [
        LedgerSource(
            name,
            LedgerKind.COUNTER_REGISTER,
            branch.code,
            branch.name,
            _as_csv(HEADER, [_dated(line, place + 40 * year, rng) for place, line in enumerate(lines)]),
        )
        for year, (name, lines) in enumerate(files.items())
    ]
    run = import_ledgers(sources, as_of=plan.as_of, started_by=director).run
    at = timezone.make_aware(datetime.combine(plan.as_of - timedelta(days=10), time(9, 20)))
    LedgerImport.objects.filter(pk=run.pk).update(started_at=at, finished_at=at + timedelta(seconds=2))


def _bring_in(director: StaffMember, plan: Plan, content: bytes) -> None:
    """A register in odd words, read and left at its columns."""
    upload = uploads.bring_in(staff=director, files=[("老登记簿.csv", content)], as_of=plan.as_of)
    work.work_until_idle()
    at = timezone.make_aware(datetime.combine(plan.as_of, time(16, 5)))
    LedgerUpload.objects.filter(pk=upload.pk).update(created_at=at)
