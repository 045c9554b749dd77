"""How two people agree, kind of evidence by kind: pure comparisons that end in the name of a level."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date

from customers.identity import edit_distance
from customers.matching.mentions import Mention, Profile
from customers.matching.names import name_level

TWINS_SHARE = 16  # digits: county, birth date and most of the sequence
TWIN_NAMES = ("lost character", "one character")
NAME = (
    "equal",
    "alias",
    "surname variant",
    "same sound",
    "look alike",
    "swapped",
    "blurred sound",
    "married style",
    "lost character",
    "one character",
)
NUMBER = (
    "equal",
    "repaired",
    "end lost",
    "equal as typed",
    "fifteen digits",
    "swapped digits",
    "one slip",
    "masked",
    "tail",
    "two slips",
    "county",
    "another county",
    "incompatible",
    "another tail",
    "another end",
)
BIRTH = (
    "day",
    "day and month swapped",
    "month",
    "lunar",
    "year",
    "age",
    "another age",
    "another month",
    "another year",
)
LUNAR_LAG = range(17, 54)
"""By how many days a lunar date taken for a solar one lies early."""


def best_name_level(a: Profile, b: Profile) -> str:
    """Return the best agreement among the names of two profiles."""
    if a.names & b.names:
        return "equal"
    found = {name_level(x, y) for x in a.named for y in b.named}
    return next((level for level in NAME if level in found), "")


# --- numbers ---------------------------------------------------------------------------------------------------------


def number_level(a: Profile, b: Profile) -> str:
    """Return how the numbers agree, whatever happened to them; empty when one side has none."""
    if a.numbers and a.numbers & b.numbers:
        return "equal"
    if not ((a.numbers or a.damaged or a.tails) and (b.numbers or b.damaged or b.tails)):
        return ""
    found = {_damage_level(x, next(iter(b.numbers))) for x in a.damaged if b.numbers}
    found |= {_damage_level(y, next(iter(a.numbers))) for y in b.damaged if a.numbers}
    found |= {_both_damaged(x, y) for x in a.damaged for y in b.damaged}
    found |= {"tail" if n[-4:] == t else "another tail" for n in a.numbers for t in b.tails}
    found |= {"tail" if n[-4:] == t else "another tail" for n in b.numbers for t in a.tails}
    return next((level for level in NUMBER if level in found), "")


def _damage_level(damaged: Mention, number: str) -> str:
    if damaged.guess == number:
        return "repaired"
    if "*" in damaged.cleaned:
        return _masked_level(damaged, number)
    if len(damaged.prefix) >= 14:
        return _prefix_level(damaged.prefix, number)
    if len(damaged.suffix) >= 12:
        return "end lost" if number.endswith(damaged.suffix) else "another end"
    if damaged.prefix:
        return "county" if number.startswith(damaged.prefix) else "another county"
    return _slips_level(damaged.cleaned, number)


def _slips_level(typed: str, number: str) -> str:
    distance = edit_distance(typed, number, 2)
    if distance <= 1 and len(typed) == len(number) and sorted(typed) == sorted(number):
        return "swapped digits"
    return {0: "one slip", 1: "one slip", 2: "two slips"}.get(distance, "incompatible")


def _masked_level(damaged: Mention, number: str) -> str:
    """A masked middle: both ends that can be read must agree; what they hold of the birth date and the end counts."""
    if not (number.startswith(damaged.prefix) and number.endswith(damaged.suffix)):
        return "another end"
    return "masked" if len(damaged.prefix) + len(damaged.suffix) >= 8 else "county"


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


# --- birth, phone, place ---------------------------------------------------------------------------------------------


def birth_level(a: Profile, b: Profile) -> str:
    """Return the best agreement of the birth dates and ages known on both sides."""
    found = {_dates_level(x, y) for x in a.births for y in b.births}
    if not found:
        found = {_age_level(x, y) for x in a.birth_years for _, y in b.births}
        found |= {_age_level(x, y) for x in b.birth_years for _, y in a.births}
    return next((level for level in BIRTH if level in found), "")


def _age_level(years: tuple[int, int], day: date) -> str:
    return "age" if years[0] <= day.year <= years[1] else "another age"


def _dates_level(a: tuple[str, date], b: tuple[str, date]) -> str:
    (precision, day), (other_precision, other) = a, b
    if precision == other_precision == "day":
        return _days_level(day, other)
    if day.year != other.year:
        return "another year"
    if "year" in (precision, other_precision):
        return "year"
    return "month" if day.month == other.month else "another month"


def _days_level(day: date, other: date) -> str:
    if day == other:
        return "day"
    if abs((day - other).days) in LUNAR_LAG:
        return "lunar"
    if day.year != other.year:
        return "another year"
    return "day and month swapped" if (day.month, day.day) == (other.day, other.month) else "another month"


def phone_level(a: Profile, b: Profile) -> str:
    """Return how the phones agree, those of now and of once; a landline counts without its area code."""
    if not a.phones or not b.phones:
        return ""
    shared = a.phones & b.phones
    if any(_is_mobile(phone) for phone in shared):
        return "mobile"
    if shared or {p[-7:] for p in a.phones if p[0] != "1"} & {p[-7:] for p in b.phones if p[0] != "1"}:
        return "landline"
    slips = any(edit_distance(x, y, 1) == 1 for x in a.phones for y in b.phones if len(x) == len(y) == 11)
    if slips:
        return "one digit"
    comparable = any(_is_mobile(x) == _is_mobile(y) for x in a.phones for y in b.phones)
    return "another" if comparable else ""


def _is_mobile(phone: str) -> bool:
    return len(phone) == 11 and phone[0] == "1"


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


def branch_level(a: Profile, b: Profile, served: Mapping[str, str]) -> str:
    """Where a place is not known on both sides: people mostly bank where they live, and go back to the same branch.

    To live in the township of the other row's branch says more of somebody whom another branch wrote down: whom the
    same branch wrote down lives there more often than not, whoever it is.
    """
    if not a.branches or not b.branches:
        return ""
    if a.branches & b.branches:
        return "same branch"
    at_home = a.townships & _townships_of(b, served) or b.townships & _townships_of(a, served)
    return "branch at home" if at_home else "another branch"


def _townships_of(profile: Profile, served: Mapping[str, str]) -> set[str]:
    return {served[branch] for branch in profile.branches if branch in served}


def shared_level(mine: frozenset | set, theirs: frozenset | set, otherwise: str = "another") -> str:
    """Return ``equal`` where something is shared, nothing where one side says nothing."""
    if not mine or not theirs:
        return ""
    return "equal" if mine & theirs else otherwise


def line_level(a: Profile, b: Profile) -> str:
    """Lists name a person once, or in lines that follow each other: elsewhere in the same list stands somebody else."""
    if not a.sheets & b.sheets:
        return ""
    if not any((sheet, n + step) in b.lines for sheet, n in a.lines for step in (-1, 1)):
        return "same list"
    is_second_account = a.accounts and b.accounts and (a.is_known or b.is_known)
    return "next account" if is_second_account else "next line"


# --- all of it -------------------------------------------------------------------------------------------------------


def levels_of(a: Profile, b: Profile, served: Mapping[str, str]) -> dict[str, str]:
    """Return the level of each kind of evidence that says something; nothing when the names are two names.

    ``served``: the township from which most people of a branch come.
    """
    name = best_name_level(a, b)
    return {"name": name} | evidence_levels(a, b, served, name) if name else {}


def evidence_levels(a: Profile, b: Profile, served: Mapping[str, str], name: str = "equal") -> dict[str, str]:
    """Return the levels of all that stands beside the names, of people whose names agree as far as ``name`` says."""
    found = levels_beside(a, b, served)
    if name in TWIN_NAMES:
        found = {kind: level for kind, level in (found | _told_from_twins(found, name)).items() if level}
    if found.get("number") in SPEAKS_FOR_BIRTH:
        found.pop("birth", None)
    return found


def levels_beside(
    a: Profile, b: Profile, served: Mapping[str, str], without: Collection[str] = ()
) -> dict[str, str]:
    """Return the level of each kind of evidence beside the names, as it stands; some kinds may be left out."""
    found = {kind: level_of(a, b) for kind, level_of in OF_THE_PERSON.items() if kind not in without}
    found["branch"] = "" if found["place"] else branch_level(a, b, served)
    found |= {kind: level_of(a, b) for kind, level_of in OF_TIES.items() if kind not in without}
    return {kind: level for kind, level in found.items() if level}


OF_THE_PERSON: dict[str, Callable[[Profile, Profile], str]] = {
    "number": number_level,
    "birth": birth_level,
    "phone": phone_level,
    "place": place_level,
}
OF_TIES: dict[str, Callable[[Profile, Profile], str]] = {
    "line": line_level,
    "sex": lambda a, b: shared_level(a.sexes, b.sexes),
    "spouse": lambda a, b: shared_level(a.spouses, b.spouses),
    "household": lambda a, b: shared_level(a.households, b.households, ""),
    "account": lambda a, b: shared_level(a.accounts, b.accounts, ""),
}
"""How each kind of evidence is read, before and after the branch, which speaks where no place does."""


def _told_from_twins(found: Mapping[str, str], name: str) -> dict[str, str]:
    """Brothers, sisters and twins share what is no proof: the birth date, and under one roof phone and home as well."""
    number = found.get("number", "")
    shared = ("birth", "phone", "place") if name == "one character" else ("birth",)
    apart = {kind: "" for kind in shared if not found.get(kind, "").startswith("another")}
    return apart | {"number": "" if number in {"fifteen digits", "masked"} else number}


SPEAKS_FOR_BIRTH = frozenset(NUMBER[: NUMBER.index("tail")]) | {"two slips"}
"""Levels of the number that hold the birth date: it is not counted twice."""
