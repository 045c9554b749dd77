"""How two people agree, kind of evidence by kind: pure comparisons that end in the name of a level."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from customers.identity import edit_distance, name_near
from customers.matching import weights
from customers.matching.mentions import Mention, Profile
from customers.matching.sounds import blurred_pinyin

TWINS_SHARE = 16  # digits: county, birth date and most of the sequence
NEAR = ("equal", "surname variant", "same sound")


def name_level(a: Mention, b: Mention) -> str:
    """Return how two names agree; empty when they are two names."""
    if a.name == b.name:
        return "equal"
    if a.name in b.aliases or b.name in a.aliases:
        return "alias"
    if name_near(a.name, b.name):
        return "surname variant"
    if a.sound and a.sound == b.sound:
        return "same sound"
    if a.is_married_style != b.is_married_style:
        short, full = (a, b) if a.is_married_style else (b, a)
        return "married style" if full.name[:1] in short.name[:-1] and "M" not in (a.sex, b.sex) else ""
    return _letters_level(a.name, b.name)


def _letters_level(a: str, b: str) -> str:
    if len(a) == len(b) >= 3 and a[0] == b[0] and sorted(a) == sorted(b):
        return "swapped"
    if (
        abs(len(a) - len(b)) == 1
        and min(len(a), len(b)) >= 2
        and a[0] == b[0]
        and edit_distance(a, b, 1) == 1
    ):
        return "lost character"
    if blurred_pinyin(a) == blurred_pinyin(b):
        return "blurred sound"
    if len(a) == len(b) and len(a) >= 3 and sum(x != y for x, y in zip(a, b, strict=True)) == 1:
        return "one character"
    return ""


def is_near(a: Mention, b: Mention) -> bool:
    """Names that R1 and R1N allow under one number: equal, a look-alike surname, the same sound."""
    return name_level(a, b) in NEAR


def best_name_level(a: Profile, b: Profile) -> str:
    """Return the best agreement among the names of two profiles."""
    found = {name_level(x, y) for x in _one_per_name(a) for y in _one_per_name(b)}
    return next((level for level in weights.NAME if level in found), "")


def _one_per_name(profile: Profile) -> Iterable[Mention]:
    seen: dict[tuple, Mention] = {}
    for mention in profile.mentions:
        seen.setdefault((mention.name, mention.aliases), mention)
    return seen.values()


def number_level(a: Profile, b: Profile) -> str:
    """Return how the numbers agree, whatever happened to them; empty when one side has none."""
    if a.numbers and a.numbers & b.numbers:
        return "equal"
    found = {_damage_level(x, next(iter(b.numbers))) for x in a.damaged if b.numbers}
    found |= {_damage_level(y, next(iter(a.numbers))) for y in b.damaged if a.numbers}
    found |= {_both_damaged(x, y) for x in a.damaged for y in b.damaged}
    found |= {"tail" if n[-4:] == t else "another tail" for n in a.numbers for t in b.tails}
    found |= {"tail" if n[-4:] == t else "another tail" for n in b.numbers for t in a.tails}
    return next((level for level in weights.NUMBER if level in found), "")


def _damage_level(damaged: Mention, number: str) -> str:
    if damaged.guess == number:
        return "repaired"
    if len(damaged.prefix) >= 14:
        return _prefix_level(damaged.prefix, number)
    if len(damaged.suffix) >= 12:
        return "end lost" if number.endswith(damaged.suffix) else "another end"
    if damaged.prefix:
        return "county" if number.startswith(damaged.prefix) else "another county"
    distance = edit_distance(damaged.cleaned, number, 2)
    return {0: "one slip", 1: "one slip", 2: "two slips"}.get(distance, "incompatible")


def _prefix_level(prefix: str, number: str) -> str:
    if number.startswith(prefix):
        return "end lost" if len(prefix) > TWINS_SHARE else "fifteen digits"
    return "another end"


def _both_damaged(a: Mention, b: Mention) -> str:
    if len(a.cleaned) >= 15 and a.cleaned == b.cleaned and "E+" not in a.cleaned:
        return "equal as typed"
    if a.guess and (
        a.guess == b.guess or _damage_level(b, a.guess) in {"fifteen digits", "end lost", "one slip"}
    ):
        return "repaired"
    if b.guess and _damage_level(a, b.guess) in {"fifteen digits", "end lost", "one slip"}:
        return "repaired"
    shared = min(len(a.prefix), len(b.prefix))
    if shared >= 6:
        same = a.prefix[:shared] == b.prefix[:shared]
        if shared >= 14:
            return "end lost" if same else "another end"
        return "county" if same else "another county"
    return "one slip" if edit_distance(a.cleaned, b.cleaned, 1) <= 1 and len(a.cleaned) > 13 else ""


def birth_level(a: Profile, b: Profile) -> str:
    """Return the best agreement of the birth dates known on both sides."""
    found = {_dates_level(x, y) for x in a.births for y in b.births}
    return next((level for level in weights.BIRTH if level in found), "")


def _dates_level(a: tuple[str, date], b: tuple[str, date]) -> str:
    (precision, day), (other_precision, other) = a, b
    if day.year != other.year:
        return "another year"
    if "year" in (precision, other_precision):
        return "year"
    if day.month != other.month:
        return "another month"
    if "month" in (precision, other_precision):
        return "month"
    return "day" if day == other else "another month"


def phone_level(a: Profile, b: Profile) -> str:
    """Return how the phones agree; a landline counts without its area code."""
    if not a.phones or not b.phones:
        return ""
    shared = a.phones & b.phones
    if any(len(phone) == 11 and phone[0] == "1" for phone in shared):
        return "mobile"
    if shared or {p[-7:] for p in a.phones if p[0] != "1"} & {p[-7:] for p in b.phones if p[0] != "1"}:
        return "landline"
    slips = any(edit_distance(x, y, 1) == 1 for x in a.phones for y in b.phones if len(x) == len(y) == 11)
    return "one digit" if slips else "another"


def place_level(a: Profile, b: Profile) -> str:
    """Return how the places agree: group, village, township."""
    if shared := a.villages & b.villages:
        mine = {group for village, group in a.groups if village in shared}
        theirs = {group for village, group in b.groups if village in shared}
        if mine & theirs:
            return "group"
        return "another group" if mine and theirs else "village"
    if a.villages and b.villages:
        return "another village"
    if a.townships and b.townships:
        return "township" if a.townships & b.townships else "another township"
    return ""


def line_level(a: Profile, b: Profile) -> str:
    """Lists are kept customer by customer: the next line under the same name is the same customer's."""
    near = any((sheet, n + step) in b.lines for sheet, n in a.lines for step in (-1, 1))
    return "next line" if near else ""
