"""Invented exports of a core banking system: clean rows of people who do not exist, the same for the same seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from stdnum.cn import ric

COUNTY = "629901"
FIRST_BIRTH = date(1938, 1, 1)
BIRTHS = 26_000
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红玲芬燕彬凤洁梅琳素云莲真环雪荣爱妹香月莺媛建"
    "国志文辉力永健世广义兴良海山仁波宁贵福生龙元全胜学祥才发武新利清飞"
)
PLACES = "东西南北上下大小前后柳杨李张王孙刘陈桥河湾坡岭沟庙店堂"
HEADER = ("姓名", "身份证号", "手机号", "性别", "出生日期", "村代码", "村", "组", "地址", "机构号")
TOWNSHIPS, VILLAGES_EACH, BRANCHES = 20, 15, 30


def areas() -> Iterator[tuple[str, str, str, str]]:
    """Codes and names of townships and their villages."""
    for town in range(TOWNSHIPS):
        code = f"{COUNTY}{101 + town}"
        name = f"{PLACES[town % len(PLACES)]}{PLACES[(town * 7 + 3) % len(PLACES)]}镇"
        for village in range(VILLAGES_EACH):
            shown = f"{PLACES[(town + village * 5) % len(PLACES)]}{PLACES[(village * 3 + town + 11) % len(PLACES)]}"
            yield code, name, f"{code}{201 + village}", f"{shown}{'东西'[village % 2]}村民委员会"


def branch_code(number: int) -> str:
    """The code of a branch of the invented union."""
    return f"{COUNTY}{number % BRANCHES + 1:02}"


def people(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Rows under ``HEADER``; every number is valid and stands once."""
    rng = random.Random(seed)
    villages = [(code, name) for _, _, code, name in areas()]
    for at in range(count):
        born = FIRST_BIRTH + timedelta(days=at * 7919 % BIRTHS)
        sequence = at // BIRTHS + 1 + (seed - 1) * 100
        digits = f"{COUNTY}{born:%Y%m%d}{sequence % 1000:03}"
        number = digits + ric.calc_check_digit(digits + "0")
        place = rng.randrange(len(villages))
        code, village = villages[place]
        group = rng.randrange(1, 9)
        name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=1 if rng.random() < 0.15 else 2))
        phone = f"1{rng.choice((38, 39, 50, 58, 86))}{rng.randrange(10**8):08}"
        sex = "男" if sequence % 2 else "女"
        address = f"{village[:3]}{group}组{rng.randrange(1, 90)}号"
        yield (
            name,
            number,
            phone,
            sex,
            f"{born:%Y-%m-%d}",
            code,
            village,
            str(group),
            address,
            branch_code(place),
        )


def write(path: Path, count: int, seed: int = 1) -> int:
    """Write such an export; returns its bytes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(people(count, seed))
    return path.stat().st_size


def lay_ground() -> None:
    """The union, its branches and its villages, in an empty database."""
    from branches.choices import UnitKind
    from branches.models import Unit
    from customers.ledgers.areas import load_areas

    lines = ["county_code,township_code,township,village_code,village"]
    lines += [f"{COUNTY},{code},{name},{village},{shown}" for code, name, village, shown in areas()]
    load_areas("\n".join(lines).encode())
    union = Unit.objects.create(code=COUNTY, name="试验县联社", kind=UnitKind.UNION)
    Unit.objects.bulk_create(
        Unit(code=branch_code(number), name=f"第{number + 1}信用社", kind=UnitKind.BRANCH, parent=union)
        for number in range(BRANCHES)
    )
