"""Roads for words: the ways in which a name, its pinyin or its initials can match, the surest first.

A road is a condition on the customer (``c``) that an index answers, in the order of one column of that index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers import numbers
from customers.names import has_han, latin_key, name_key, name_keys, reading_of
from customers.search import syllables
from customers.search.syllables import Unit
from customers.search.typed import day_in

REASONS: dict[str, Any] = {
    "name": _("name"),
    "surname": _("surname in another form"),
    "given": _("given name"),
    "pinyin": _("pinyin"),
    "initials": _("initials"),
    "given_pinyin": _("given name in pinyin"),
    "mixed": _("name and pinyin"),
    "former": _("former or other name"),
    "village": _("name and village"),
    "lives": _("lives there"),
    "beside": _("name and number"),
    "sound": _("sounds the same"),
    "character": _("one character differs"),
    "other_surname": _("same given name"),
    "slip": _("one letter differs"),
    "part": _("part of the name"),
}

FORGIVING = frozenset({"sound", "character", "other_surname", "slip"})
"""Roads that lead to somebody else than was typed."""

_LOOK_ALIKE = (
    "闫阎 肖萧 付傅 代戴 丘邱 于於 钟锺 候侯 范笵 尹伊 祁祈 卞卡 汪王 刁习 兰蓝 闵闽 郄郗 昝咎 冼洗 仝同 贠员 覃谭 亓元"
    " 晏宴 鄢郾 翟瞿 沈沉 余佘 茆茅 幺么 宁甯 昌吕 毋母"
)
OTHER_SURNAMES: dict[str, str] = {}
for _group in _LOOK_ALIKE.split():
    for _one in _group:
        OTHER_SURNAMES[_one] = OTHER_SURNAMES.get(_one, "") + _group.replace(_one, "")
"""Surnames that are written for each other in ledgers: another form (肖, 萧) or a look-alike (余, 佘)."""

RUN = re.compile(r"([\u3400-\u9fff\U00020000-\U0003134f·]+)|([^\u3400-\u9fff\U00020000-\U0003134f·]+)")
LONGEST_PERSON = 4
LEAST_OTHER_CHARACTERS, LEAST_OTHER_LETTERS = 2, 3  # typed of another name, before those are asked


@dataclass(frozen=True)
class Road:
    """One way in which customers match: why, the condition with its values, and the column that orders it.

    ``length`` is how many characters of the matching column were typed. ``is_for_own`` roads are cheap within a branch
    alone.
    """

    code: str
    condition: str
    values: tuple = ()
    key: str = "pinyin"
    length: int = 0
    is_for_own: bool = False

    @property
    def reason(self) -> Any:
        """Why it matched, in words."""
        return REASONS[self.code]

    def within(self, code: str, condition: str, *values: Any) -> Road:
        """The same road, narrowed."""
        return Road(code, f"{self.condition} AND {condition}", (*self.values, *values), self.key, self.length)


def begins(code: str, column: str, key: str) -> Road:
    """The column begins with ``key``."""
    return Road(code, f"c.{column} ^@ %s", (key,), column, len(key))


def former(**keys: str) -> Road:
    """A name beside the one on the document begins so; ``keys`` are columns of ``OtherName``."""
    either = " OR ".join(f"o.{column} ^@ %s" for column in keys)
    names = f"SELECT o.customer_id FROM customers_othername o WHERE o.removed_on IS NULL AND ({either})"  # noqa: S608
    return Road("former", f"c.id IN ({names})", tuple(keys.values()))


# -- Exact roads -------------------------------------------------------------------------------------------------------


def roads(words: Sequence[str]) -> list[Road]:
    """Every exact road for some words in order; none for what is no name."""
    text = " ".join(words)
    if not has_han(text):
        found = _latin(words)
    elif latin_key(text):
        found = _mixed(text)
    else:
        found = _han(words)
    return list({(road.condition, road.values): road for road in found}.values())


def _han(words: Sequence[str]) -> Iterator[Road]:
    key = name_key("".join(words))
    yield begins("name", "name_key", key)
    for other in OTHER_SURNAMES.get(key[:1], ""):
        yield begins("surname", "name_key", other + key[1:])
    yield begins("given", "given_key", key)
    if len(words) > 1:
        yield begins("name", "name_key", name_key("".join(_turned(words))))
    if len(key) >= LEAST_OTHER_CHARACTERS:
        yield former(name_key=key, given_key=key)


def _latin(words: Sequence[str]) -> Iterator[Road]:
    parts = [part for part in map(latin_key, words) if part]
    key = "".join(parts)
    if not key:
        return
    yield begins("pinyin", "pinyin", key)
    if len(key) == 1:  # whose initials begin with it, their pinyin does
        return
    if (dotted := syllables.with_dots(key)) != key:
        yield begins("pinyin", "pinyin", dotted)
    yield begins("initials", "initials", syllables.shortened(key))
    yield from _abbreviated(parts)
    yield begins("given_pinyin", "given_pinyin", key)
    if len(key) >= LEAST_OTHER_LETTERS:
        yield former(pinyin=key, initials=key)
    if len(parts) > 1:
        turned = _turned(parts)
        yield begins("pinyin", "pinyin", "".join(turned))
        yield from _abbreviated(turned)


def _turned(words: Sequence[str]) -> list[str]:
    """The last word first: the surname of ``guilan zhang``."""
    return [words[-1], *words[:-1]]


def _abbreviated(parts: Sequence[str]) -> Iterator[Road]:
    """``zhang gl``, ``z guilan``: some syllables whole, of others the first letter."""
    cut = [syllables.units_of(part) for part in parts]
    units = [unit for part in cut for unit in part]
    if not all(cut) or len({unit.is_whole for unit in units}) != 2:
        return
    letters = "".join(unit.text[0] for unit in units)
    pattern = "^" + "".join(unit.pattern for unit in units)
    yield Road("mixed", "c.initials ^@ %s AND c.pinyin ~ %s", (letters, pattern), "initials", len(letters))


def _mixed(text: str) -> Iterator[Road]:
    """Characters and pinyin side by side: ``张guilan``, ``zhang桂兰``, ``张gl``, ``桂lan``, ``guilan 张``."""
    runs = [(name_key(han), latin_key(latin)) for han, latin in RUN.findall(text)]
    runs = [run for run in runs if any(run)]
    yield from _mixed_runs(runs)
    if len(runs) == 2 and runs[1][0]:
        yield from _mixed_runs(runs[::-1])


def _mixed_runs(runs: Sequence[tuple[str, str]]) -> Iterator[Road]:
    units: list[Unit] = []
    letters = shape = ""
    for han, latin in runs:
        if han:
            keys = name_keys(han)
            is_first = not units and len(han) <= LONGEST_PERSON
            units.append(Unit(keys.pinyin if is_first else reading_of(han), True))
            letters += keys.initials if is_first else "".join(reading_of(one)[:1] for one in han)
            shape += han
        else:
            cut = syllables.units_of(latin)
            if not cut:
                return
            units += cut
            letters += "".join(unit.text[0] for unit in cut)
            shape += "_" * len(cut)
    written, sound = f"{shape}%", "".join(unit.text for unit in units)
    if all(unit.is_whole for unit in units):
        yield Road("mixed", "c.pinyin ^@ %s AND c.name_key LIKE %s", (sound, written), "pinyin", len(sound))
        condition = "c.given_pinyin ^@ %s AND c.given_key LIKE %s"
        yield Road("mixed", condition, (sound, written), "given_pinyin", len(sound))
        return
    pattern = "^" + "".join(unit.pattern for unit in units)
    condition = "c.initials ^@ %s AND c.pinyin ~ %s AND c.name_key LIKE %s"
    yield Road("mixed", condition, (letters, pattern, written), "initials", len(letters))


# -- A name with something beside it -----------------------------------------------------------------------------------


def beside(words: Sequence[str], digits: str) -> Iterator[Road]:
    """A name with a year or day of birth, the end of a phone or of an identity number."""
    for road in roads(words):
        for condition, values in _beside(digits):
            yield road.within("beside", condition, *values)


def _beside(digits: str) -> Iterator[tuple[str, tuple]]:
    born = day_in(digits)
    if born:
        yield "c.birth_date = %s", (born,)
    if len(digits) == 4 and "1900" <= digits <= "2099":
        year = int(digits)
        yield "c.birth_date >= %s AND c.birth_date < %s", (date(year, 1, 1), date(year + 1, 1, 1))
    if len(digits) == numbers.SHORT_TAIL:
        keys = numbers.digests(numbers.PHONE_TAIL, [digits])
        phones = (
            "SELECT p.customer_id FROM customers_phone p WHERE p.valid_to IS NULL AND p.tail_key = ANY (%s)"
        )
        yield f"c.id IN ({phones})", (keys,)
    if len(digits) == numbers.IDENTITY_TAIL:
        keys = numbers.digests(numbers.DOCUMENT_TAIL, [digits])
        documents = "SELECT d.customer_id FROM customers_identitydocument d WHERE d.state <> 'RETIRED'"
        yield f"c.id IN ({documents} AND d.tail_key = ANY (%s))", (keys,)


def in_villages(words: Sequence[str], villages: Sequence[int]) -> Iterator[Road]:
    """A name in some villages."""
    for road in roads(words):
        yield road.within("village", "c.village_id = ANY (%s)", list(villages))


def living_in(villages: Sequence[int]) -> Road:
    """Everybody of some villages, for when nothing but a village was typed."""
    return Road("lives", "c.village_id = ANY (%s)", (list(villages),), is_for_own=True)


# -- Wider roads, for when the exact ones find little ------------------------------------------------------------------


def wider(words: Sequence[str]) -> list[Road]:
    """Roads that forgive one slip, and parts of the names of organisations."""
    text = " ".join(words)
    if has_han(text):
        return [] if latin_key(text) else list(_wider_han(name_key("".join(words))))
    return list(_wider_latin("".join(map(latin_key, words))))


def _wider_han(key: str) -> Iterator[Road]:
    if len(key) < 2:
        return
    if len(key) <= LONGEST_PERSON + 1:
        yield begins("sound", "pinyin", name_keys(key).pinyin)
        yield begins("sound", "given_pinyin", reading_of(key))
        sound = name_keys(key[:1]).pinyin
        condition = "c.pinyin ^@ %s AND c.name_key LIKE ANY (%s)"
        yield Road("character", condition, (sound, _one_character_away(key)), is_for_own=True)
        if len(key) > 2:
            yield Road("other_surname", "c.given_key = %s", (key[1:],), "given_key", len(key) - 1)
    yield _organisations("name_key", key)


def _one_character_away(key: str) -> list[str]:
    """Patterns of names with the same surname, of which one character is another, missing or too many."""
    changed = [f"{key[:i]}_{key[i + 1 :]}" for i in range(1, len(key))]
    longer = [f"{key[:i]}_{key[i:]}" for i in range(1, len(key))]
    shorter = [key[:i] + key[i + 1 :] for i in range(1, len(key))] if len(key) > 2 else []
    return [*changed, *longer, *shorter]


def _wider_latin(key: str) -> Iterator[Road]:
    if meant := syllables.one_slip_away(key):
        yield Road("slip", "c.pinyin = ANY (%s)", (meant,), "pinyin")
        yield Road("slip", "c.given_pinyin = ANY (%s)", (meant,), "given_pinyin")
    if len(key) >= syllables.SHORTEST_FOR_A_SLIP:
        yield _organisations("pinyin", key)


def _organisations(column: str, key: str) -> Road:
    condition = f"c.kind = 'organisation' AND position(%s IN c.{column}) > 0"
    return Road("part", condition, (key,), "name_key")
