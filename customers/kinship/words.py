"""Why two people may live in one household, in words and bits: what was noted, as the page shows it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from customers.models import HouseholdQuestion

WORDS: dict[str, dict[str, Any]] = {
    "phone": {"mobile": _("same mobile"), "landline": _("same landline")},
    "spouse": {
        "mutual": _("each names the other as husband or wife"),
        "named": _("one names the other as husband or wife"),
        "married": _("married to each other"),
    },
    "head": {
        "named": _("one names the other as head of the household"),
        "two heads": _("both have a line of their own in a notebook"),
    },
    "register": {
        "equal": _("same number of the household register"),
        "another": _("another number of the household register"),
    },
    "place": {
        "group": _("same village group, and how many live there"),
        "village": _("same village, and how many live there"),
        "another group": _("same village, another group"),
        "another village": _("another village"),
    },
    "surname": {
        "same": _("same surname, and how common it is there"),
        "another": _("another surname"),
    },
    "age": {
        "couple": _("man and woman of about the same age"),
        "parent and child": _("ages of parent and child"),
        "same age": _("about the same age"),
        "grandparent": _("ages of grandparent and grandchild"),
        "gap": _("a gap of years that families seldom have"),
    },
}
LABELS = {
    "phone": _("Phone"),
    "spouse": _("Spouse"),
    "head": _("Head"),
    "register": _("Household register"),
    "place": _("Address"),
    "surname": _("Surname"),
    "age": _("Age"),
}
START = _("of all people only a few live under one roof")


class Step(NamedTuple):
    """One kind of evidence: what it is called, what was found, and the bits it is worth."""

    label: Any
    words: Any
    bits: float


def steps(question: HouseholdQuestion) -> list[Step]:
    """The evidence from the start downwards; together it is the question's weight."""
    levels, bits = question.evidence.get("levels", {}), question.evidence.get("bits", {})
    found = [
        Step(LABELS[kind], words[levels[kind]], bits.get(kind, 0.0))
        for kind, words in WORDS.items()
        if levels.get(kind) in words
    ]
    return [Step(_("Everybody"), START, bits["start"]), *found] if "start" in bits else found


def telling(question: HouseholdQuestion) -> list[Any]:
    """The strongest reasons, for a line of the list."""
    return [
        step.words for step in sorted(steps(question)[1:], key=lambda step: -step.bits)[:3] if step.bits > 0
    ]


def bars(question: HouseholdQuestion) -> list[dict[str, Any]]:
    """The steps as the chart takes them."""
    return [{"label": step.label, "value": round(step.bits, 2)} for step in steps(question)]
