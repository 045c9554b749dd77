"""What the page of comparisons shows: plain values, the newest comparison first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.matching.judging import RULE_WORDS
from customers.models import MatchingScan

MOST = 20
ROAD_WORDS = {
    "number": _("Same number"),
    "core": _("Same fifteen digits"),
    "tail": _("Same end of the number, names sound alike"),
    "phone": _("Same phone, now or once"),
    "account": _("Same account number in a ledger"),
    "sound and village": _("Names sound alike, same village"),
    "sound and birth": _("Names sound alike, born on one day"),
    "surname, birth and village": _("Same surname and village, born on one day"),
    "surname and household": _("Same surname in one household"),
}


@dataclass(frozen=True)
class RuleLine:
    """How many questions a rule put."""

    code: str
    words: Any
    number: int


@dataclass(frozen=True)
class ScanLine:
    """A comparison in figures; they are zero until it has ended."""

    scan: MatchingScan
    compared: int
    asked: int
    cut: int
    left_out: int
    household_questions: int
    rules: list[RuleLine]
    seconds: float

    @property
    def note(self) -> str:
        """The day, for the figures of the last one."""
        return self.scan.as_of.isoformat()


@dataclass(frozen=True)
class RoadLine:
    """How many pairs a way of meeting brought."""

    label: Any
    number: int


def lines() -> list[ScanLine]:
    """The last comparisons; one query."""
    return [_line(scan) for scan in MatchingScan.objects.select_related("started_by").order_by("-pk")[:MOST]]


def _line(scan: MatchingScan) -> ScanLine:
    counts = scan.counts
    rules = sorted(
        (name.removeprefix("rule "), number) for name, number in counts.items() if name.startswith("rule ")
    )
    ended = scan.finished_at
    return ScanLine(
        scan,
        compared=counts.get("compared", 0),
        asked=counts.get("asked", 0),
        cut=counts.get("blocks cut", 0),
        left_out=counts.get("blocks left out", 0),
        household_questions=counts.get("household questions", 0),
        rules=[RuleLine(code, RULE_WORDS.get(code, code), number) for code, number in rules],
        seconds=(ended - scan.started_at).total_seconds() if ended else 0.0,
    )


def roads_of(scan: MatchingScan) -> list[RoadLine]:
    """By which ways the pairs of a comparison were found."""
    found = scan.counts.get("roads", {})
    return [RoadLine(label, found[name]) for name, label in ROAD_WORDS.items() if name in found]
