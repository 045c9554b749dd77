"""An invented register of a counter as a workbook: the people of ``bench.exports`` with the dirt that hands leave."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import openpyxl

from bench import exports

HEADER = ("日期", "客户姓名", "性别", "身份证号码", "家庭住址", "联系电话", "业务种类", "金额")
BUSINESS = ("存款", "取款", "开户", "还贷", "挂失", "汇款")
FIRST_DAY = date(2014, 1, 2)
TWICE = 0.2
"""The share of visits by people who came before."""


def rows(count: int, seed: int = 5) -> Iterator[tuple]:
    """Visits, a fifth of them by somebody who came before; numbers, phones, dates and places written as hands do."""
    rng = random.Random(seed)
    fresh = exports.people(count, seed)
    seen: list[tuple] = []
    for at in range(count):
        person = rng.choice(seen) if seen and rng.random() < TWICE else next(fresh)
        seen.append(person)
        name, number, phone, sex, _birth, _code, village, group, _address, _branch = person
        day = FIRST_DAY + timedelta(days=at * 400 // count)
        yield (
            rng.choice(
                (
                    f"{day:%Y-%m-%d}",
                    f"{day:%Y/%m/%d}",
                    f"{day.year}年{day.month}月{day.day}日",
                    f"{day:%Y%m%d}",
                )
            ),
            rng.choice((name, name, name, f"{name[0]} {name[1:]}", f"{name}（代）")),
            rng.choice((sex, sex, "")),
            _number(rng, number),
            rng.choice(
                (f"{village.removesuffix('民委员会')}{group}组", f"{village[:3]}{group}组", village[:3], "")
            ),
            rng.choice((phone, phone, f"{phone[:3]} {phone[3:7]} {phone[7:]}", "")),
            rng.choice(BUSINESS),
            rng.choice((rng.randrange(100, 90_000), f"{rng.randrange(1, 90)},{rng.randrange(100, 999)}.00")),
        )


def _number(rng: random.Random, number: str) -> str:
    shapes = (number,) * 12 + (
        "",
        f"{number[:6]} {number[6:14]} {number[14:]}",
        f"{float(number[:17] + '0'):.5E}",
    )
    return rng.choice((*shapes, number[:17], number.lower(), "待补"))


def write(path: Path, count: int) -> None:
    """Write the workbook."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("登记簿")
    sheet.append(["试验信用社业务登记簿"])
    sheet.append(HEADER)
    for row in rows(count):
        sheet.append(row)
    book.save(path)
