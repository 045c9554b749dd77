"""Why two records may be one person, in words and weights: what matching noted, as the review shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.ledgers.weights import TABLES

WORDS: dict[str, dict[str, Any]] = {
    "number": {
        "equal": _("same number"),
        "repaired": _("same number once a slip is mended"),
        "fifteen digits": _("same first fifteen digits"),
        "end lost": _("same number, its end is lost"),
        "one slip": _("numbers one slip apart"),
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
        "month": _("same month of birth"),
        "year": _("same year of birth"),
        "age": _("same age"),
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
    "sex": {"equal": _("same sex"), "another": _("another sex")},
    "spouse": {"equal": _("same spouse"), "another": _("another spouse")},
    "line": {"next line": _("next line of the same ledger")},
}
NAME_WORDS: dict[str, Any] = {
    "equal": _("same name, and how common it is"),
    "alias": _("one is called by the other's name as well"),
    "surname variant": _("surname written another way"),
    "same sound": _("names sound alike"),
    "swapped": _("characters of the name swapped"),
    "blurred sound": _("names sound almost alike"),
    "lost character": _("a character of the name is missing"),
    "married style": _("name as married women are called"),
    "one character": _("names differ in one character"),
    "another": _("another name"),
}


def steps(levels: Mapping[str, Any], weight: float) -> list[dict]:
    """Each kind of evidence with its weight; what remains of the whole is the name's."""
    rows = [
        {"label": words[levels[kind]], "value": TABLES[kind].get(levels[kind], 0.0)}
        for kind, words in WORDS.items()
        if levels.get(kind) in words
    ]
    if levels.get("name") not in NAME_WORDS:
        return rows
    rest = round(weight - sum(row["value"] for row in rows), 2)
    return [{"label": NAME_WORDS[levels["name"]], "value": rest}, *rows]
