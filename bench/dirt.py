"""Invented people in dirty books: what people, spreadsheets and dialects do to a row, each kind of dirt a function.

Names, villages and numbers are drawn; nobody here exists. A row is a dictionary of cells, read by the readers of the
ledgers, so that dirt meets the same road as in an import.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from stdnum.cn import ric

from customers.ledgers import values
from customers.ledgers.identity import normalize_name, sex_of
from customers.matching.mentions import Mention
from customers.matching.names import LOOK_ALIKES
from customers.names import name_keys

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
MEN, WOMEN = (
    "伟强军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊国建志文永春德成光",
    "芳娟敏静丽艳霞燕玲桂红梅秀英兰凤洁云莲香珍翠萍琴淑玉月华巧春",
)
TRADITIONAL = str.maketrans(
    "张刘陈杨赵黄吴孙马罗郑谢许冯蒋叶国军强东伟丽红兰凤莲",
    "張劉陳楊趙黃吳孫馬羅鄭謝許馮蔣葉國軍強東偉麗紅蘭鳳蓮",
)
SAME_SOUND = (
    "芳方 敏民 静净 艳燕 霞侠 玲灵 红虹 梅眉 英鹰 兰蓝 伟玮 强墙 军均 勇永 明鸣 平萍 辉晖 鹏朋 华桦 波播"
)
HOMOPHONES = dict(map(tuple, SAME_SOUND.split()))
LIKE = {a: b for row in LOOK_ALIKES for a, b in pairwise(row)}
TOWNSHIPS, VILLAGES, GROUPS = 6, 120, 12
AS_OF = date(2015, 3, 31)
Cells = dict[str, str]
Dirt = Callable[[random.Random, "Person", Cells], None]


@dataclass(frozen=True)
class Person:
    """An invented farmer; ``relative`` is the number of somebody in the family."""

    key: int
    name: str
    number: str
    phone: str
    village: str
    group: int
    spouse: str
    relative: str

    @property
    def born(self) -> date:
        return date(int(self.number[6:10]), int(self.number[10:12]), int(self.number[12:14]))


@dataclass
class Book:
    """Rows as mentions, with whose row each is and what was done to it."""

    mentions: list[Mention] = field(default_factory=list)
    persons: dict[int, int] = field(default_factory=dict)
    kinds: dict[int, list[str]] = field(default_factory=dict)


def _number(draw: random.Random, *, woman: bool) -> str:
    born = date(1935, 1, 1) + timedelta(days=draw.randrange(20_000))
    county = draw.choice(["990001"] * 9 + ["990002", "990003"]).replace("99", "41")
    serial = draw.randrange(500) * 2 + (0 if woman else 1)
    first = f"{county}{born:%Y%m%d}{serial:03d}"
    return first + ric.calc_check_digit(first + "0")


def person(draw: random.Random, key: int) -> Person:
    """Draw a person; surnames gather in villages as they do."""
    woman, place = draw.random() < 0.5, draw.randrange(VILLAGES)
    surname = SURNAMES[place % len(SURNAMES)] if draw.random() < 0.3 else draw.choice(SURNAMES)
    given = "".join(draw.choice(WOMEN if woman else MEN) for _ in range(1 if draw.random() < 0.15 else 2))
    village = f"410001{100 + place % TOWNSHIPS}{200 + place}"
    phone = f"1{draw.choice('3578')}{draw.randrange(10**9):09d}"
    spouse = (
        draw.choice(SURNAMES) + draw.choice(MEN if woman else WOMEN) + draw.choice(MEN if woman else WOMEN)
    )
    relative = _number(draw, woman=not woman)
    group = draw.randrange(1, GROUPS + 1)
    return Person(key, surname + given, _number(draw, woman=woman), phone, village, group, spouse, relative)


def clean(who: Person) -> Cells:
    """The row as it should be."""
    return {
        "name": who.name,
        "number": who.number,
        "phone": who.phone,
        "village": who.village,
        "group": str(who.group),
        "spouse": "",
        "birth": "",
    }


# --- kinds of dirt ---------------------------------------------------------------------------------------------------


def _sets(field_name: str, change: Callable[[random.Random, Person], str]) -> Dirt:
    def dirty(draw: random.Random, who: Person, cells: Cells) -> None:
        cells[field_name] = change(draw, who)

    return dirty


def _swapped(draw: random.Random, text: str, first: int = 0) -> str:
    places = [i for i in range(first, len(text) - 1) if text[i] != text[i + 1]]
    if not places:
        return text
    i = draw.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _wrong_digit(draw: random.Random, text: str) -> str:
    i = draw.randrange(6, len(text) - 1)
    return text[:i] + str((int(text[i]) + draw.randrange(1, 10)) % 10) + text[i + 1 :]


def _one_by(table: dict[str, str]) -> Callable[[random.Random, Person], str]:
    def change(draw: random.Random, who: Person) -> str:
        places = [i for i, c in enumerate(who.name) if c in table]
        if not places:
            return who.name
        i = draw.choice(places)
        return who.name[:i] + table[who.name[i]] + who.name[i + 1 :]

    return change


def _birth_instead(month_lag: int) -> Dirt:
    def dirty(draw: random.Random, who: Person, cells: Cells) -> None:
        cells["number"] = ""
        cells["birth"] = (who.born - timedelta(days=draw.randrange(20, 50) if month_lag else 0)).isoformat()

    return dirty


KINDS: dict[str, Dirt] = {
    "number missing": _sets("number", lambda draw, who: ""),
    "number: last digit lost": _sets("number", lambda draw, who: who.number[:-1]),
    "number: first digit lost": _sets("number", lambda draw, who: who.number[1:]),
    "number: fifteen digits kept": _sets("number", lambda draw, who: who.number[:15] + "000"),
    "number: scientific": _sets("number", lambda draw, who: f"{int(who.number[:17] + '0'):.5E}"),
    "number: old, fifteen digits": _sets("number", lambda draw, who: who.number[:6] + who.number[8:17]),
    "number: one digit wrong": _sets("number", lambda draw, who: _wrong_digit(draw, who.number)),
    "number: neighbours swapped": _sets("number", lambda draw, who: _swapped(draw, who.number, 6)),
    "number: letter for digit": _sets(
        "number", lambda draw, who: who.number.replace("0", "O").replace("1", "l")
    ),
    "number: masked": _sets("number", lambda draw, who: who.number[:6] + "********" + who.number[-4:]),
    "number: full width": _sets(
        "number", lambda draw, who: "".join(chr(ord(c) + 0xFEE0) for c in who.number)
    ),
    "number: a relative's": _sets("number", lambda draw, who: who.relative),
    "birth date instead": _birth_instead(0),
    "lunar birth date instead": _birth_instead(1),
    "name: traditional": _sets("name", lambda draw, who: who.name.translate(TRADITIONAL)),
    "name: homophone": _sets("name", _one_by(HOMOPHONES)),
    "name: look-alike": _sets("name", _one_by(LIKE)),
    "name: swapped": _sets("name", lambda draw, who: _swapped(draw, who.name, 1)),
    "name: character lost": _sets("name", lambda draw, who: who.name[:2] if len(who.name) > 2 else who.name),
    "name: in brackets": _sets("name", lambda draw, who: f"{who.name}({who.name[0]}老五)"),
    "name: 王氏": _sets(
        "name", lambda draw, who: f"{who.name[0]}氏" if sex_of(who.number) == "F" else who.name
    ),
    "name: spaces": _sets("name", lambda draw, who: "　".join(who.name)),
    "phone missing": _sets("phone", lambda draw, who: ""),
    "phone of once": _sets("phone", lambda draw, who: f"139{draw.randrange(10**8):08d}"),
    "phone: one digit wrong": _sets("phone", lambda draw, who: _wrong_digit(draw, who.phone + "0")[:-1]),
    "village missing": _sets("village", lambda draw, who: ""),
    "group missing": _sets("group", lambda draw, who: ""),
}


def book(people: int, kinds: Sequence[str], *, seed: int, dirtiness: float = 0.25) -> Book:
    """Return a book in which every person has one to four rows, each kind of dirt on its share of them."""
    draw, found = random.Random(seed), Book()
    each = dirtiness * 6 / max(len(kinds), 1)
    for key in range(people):
        who = person(draw, key)
        for _ in range(draw.choice((1, 2, 2, 3, 4))):
            cells, done = clean(who), [kind for kind in kinds if draw.random() < each]
            for kind in done:
                KINDS[kind](draw, who, cells)
            found.persons[len(found.mentions)] = key
            found.kinds[len(found.mentions)] = done
            found.mentions.append(mention(len(found.mentions), cells))
    return found


def mention(key: int, cells: Cells) -> Mention:
    """Read the cells as an import does."""
    name, number = values.read_name(cells["name"]), values.read_id(cells["number"], as_of=AS_OF)
    born = date.fromisoformat(cells["birth"]) if cells["birth"] else None
    if number.number:
        born = date(int(number.number[6:10]), int(number.number[10:12]), int(number.number[12:14]))
    return Mention(
        key=key,
        name=name.key,
        sound=name_keys(name.key).pinyin,
        aliases=frozenset(map(normalize_name, name.aliases)) | frozenset(name.variants),
        is_married_style=name.is_married_style,
        number=number.number,
        cleaned=number.cleaned,
        prefix=number.prefix,
        suffix=number.suffix,
        guess=number.guess,
        phones=frozenset(values.read_phones(cells["phone"]).numbers),
        village=cells["village"],
        township=cells["village"][:9],
        group=int(cells["group"]) if cells["group"] and cells["village"] else None,
        birth=born,
        birth_precision="day" if born else "",
        sex=sex_of(number.number) if number.number else "",
        spouse=normalize_name(cells["spouse"]),
    )
