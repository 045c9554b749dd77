"""Why two records may be one person, in words and weights: what matching noted, as the review shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from django.utils.translation import gettext_lazy as _

from customers.matching.weights import DEFAULT


class Judged(Protocol):
    """What is explained: a pair with its weight and ``{"levels": {field: level}, "bits": {field: bits}, …}``."""

    evidence: Mapping[str, Any]
    weight: float


WORDS: dict[str, dict[str, Any]] = {
    "number": {
        "equal": _("same number"),
        "repaired": _("same number once a slip is mended"),
        "fifteen digits": _("same first fifteen digits"),
        "end lost": _("same number, its end is lost"),
        "swapped digits": _("numbers differ in two swapped digits"),
        "one slip": _("numbers one slip apart"),
        "masked": _("same number as far as it can be read"),
        "equal as typed": _("same number, not valid"),
        "two slips": _("numbers two slips apart"),
        "tail": _("same end of the number"),
        "county": _("same county in the number"),
        "another county": _("another county in the number"),
        "incompatible": _("numbers that cannot be one"),
        "another end": _("another end of the number"),
        "another tail": _("another tail of the number"),
        "both valid": _("two valid numbers"),
    },
    "birth": {
        "day": _("same date of birth"),
        "day and month swapped": _("dates of birth with day and month swapped"),
        "month": _("same month of birth"),
        "lunar": _("dates of birth a month apart, as lunar and solar dates are"),
        "year": _("same year of birth"),
        "age": _("age fits the date of birth"),
        "another month": _("another month of birth"),
        "another year": _("another year of birth"),
        "another age": _("another age"),
    },
    "phone": {
        "mobile": _("same mobile"),
        "landline": _("same landline"),
        "one digit": _("phones one digit apart"),
        "another": _("another phone"),
    },
    "place": {
        "group": _("same village group"),
        "village": _("same village"),
        "another group": _("same village, another group"),
        "township": _("same township"),
        "another village": _("another village"),
        "another township": _("another township"),
    },
    "branch": {
        "branch at home": _("lives in the township of the other branch"),
        "same branch": _("at the same branch"),
        "another branch": _("at a branch of another township"),
    },
    "line": {
        "next line": _("next line of the same ledger"),
        "next account": _("next account of the same list"),
        "same list": _("elsewhere in the same list, which names people once"),
    },
    "sex": {"equal": _("same sex"), "another": _("another sex")},
    "spouse": {"equal": _("same spouse"), "another": _("another spouse")},
    "household": {"equal": _("same household number in the same book")},
    "account": {"equal": _("same account number")},
}
NAME_WORDS: dict[str, Any] = {
    "equal": _("same name, and how common it is"),
    "alias": _("one is called by the other's name as well"),
    "surname variant": _("surname written another way"),
    "same sound": _("names sound alike"),
    "look alike": _("names look alike"),
    "swapped": _("characters of the name swapped"),
    "blurred sound": _("names sound almost alike"),
    "lost character": _("a character of the name is missing"),
    "married style": _("name as married women are called"),
    "one character": _("names differ in one character"),
    "another": _("another name"),
}
BASE = _("two people at random, before anything is compared")
FIELDS: dict[str, Any] = {
    "base": _("Starting odds"),
    "name": _("Name"),
    "number": _("Identity number"),
    "birth": _("Date of birth"),
    "phone": _("Phone"),
    "place": _("Address"),
    "branch": _("Branch"),
    "line": _("Place in the ledger"),
    "sex": _("Sex"),
    "spouse": _("Spouse"),
    "household": _("Household"),
    "account": _("Account"),
}


class Step(NamedTuple):
    """One kind of evidence: its field, what the field is called, what was found, and the bits it is worth."""

    field: str
    label: Any
    level_words: Any
    bits: float


def steps(pair: Judged) -> list[Step]:
    """Each kind of evidence of a pair with its bits, the name first; together they are the pair's weight.

    What the weight holds beyond the other kinds of evidence is the name's: how common it is stands in no table.
    """
    levels, bits = pair.evidence.get("levels", {}), pair.evidence.get("bits", {})
    rows = [
        Step(kind, FIELDS[kind], words[levels[kind]], bits.get(kind, _usual_bits(kind, levels[kind])))
        for kind, words in WORDS.items()
        if levels.get(kind) in words
    ]
    if "base" in bits:
        rows.insert(0, Step("base", FIELDS["base"], BASE, bits["base"]))
    if levels.get("name") not in NAME_WORDS:
        return rows
    rest = round(pair.weight - sum(row.bits for row in rows), 2)
    return [Step("name", FIELDS["name"], NAME_WORDS[levels["name"]], rest), *rows]


def _usual_bits(kind: str, level: str) -> float:
    return DEFAULT.bits[kind].get(level, 0.0)


def waterfall(pair: Judged) -> list[dict[str, Any]]:
    """The steps as the chart of the page takes them."""
    return [{"label": step.level_words, "value": round(step.bits, 2)} for step in steps(pair)]
