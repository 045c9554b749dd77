"""What each agreement and disagreement is worth, after Fellegi and Sunter.

How often it is seen among two mentions of one person (m), how often among two people (u), and in bits log2(m / u), one
doubling of the odds each.

A sum starts at the odds that two mentions drawn at random are one person, and ends as the odds that these two are.
Names and villages are weighed by how common they are in the book at hand, so their ``u`` here is only the average from
which a rare one departs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

VERSION = "2026-1"
DOUBT = 12.0
"""No single kind of evidence counts for more bits than this, on either side: what is certain is said by the rules."""


@dataclass(frozen=True)
class Level:
    """How often a level is reached: ``m`` among mentions of one person, ``u`` among mentions of two."""

    m: float
    u: float

    @property
    def bits(self) -> float:
        """The weight of reaching this level."""
        return max(-DOUBT, min(DOUBT, math.log2(self.m / self.u)))


Table = Mapping[str, Level]


def _table(**levels: tuple[float, float]) -> dict[str, Level]:
    return {name.replace("_", " "): Level(m, u) for name, (m, u) in levels.items()}


# fmt: off
DEFAULT_TABLES: dict[str, Table] = {
    "name": _table(
        equal=(0.85, 1.2e-3), alias=(0.012, 3e-5), surname_variant=(0.012, 3e-5), same_sound=(0.045, 3e-4),
        look_alike=(0.012, 2e-4), swapped=(0.010, 1e-4), blurred_sound=(0.008, 3e-4), married_style=(0.012, 3e-4),
        lost_character=(0.008, 1.2e-3), one_character=(0.004, 6e-3),
    ),
    "number": _table(
        equal=(0.70, 2e-7), repaired=(0.05, 1e-7), end_lost=(0.04, 2e-7), equal_as_typed=(0.02, 1e-7),
        fifteen_digits=(0.04, 2e-6), swapped_digits=(0.01, 1e-7), one_slip=(0.04, 1e-6), masked=(0.02, 4e-6),
        tail=(0.02, 2e-4), two_slips=(0.004, 1e-5), county=(0.04, 0.03), another_county=(0.002, 0.02),
        incompatible=(0.001, 0.10), another_tail=(0.001, 0.02), another_end=(0.002, 0.80),
    ),
    "birth": _table(
        day=(0.90, 5e-5), day_and_month_swapped=(0.004, 5e-5), month=(0.03, 1.5e-3), lunar=(0.01, 4e-3),
        year=(0.02, 0.02), age=(0.02, 0.006), another_age=(0.001, 0.02), another_month=(0.003, 0.02),
        another_year=(0.010, 0.93),
    ),
    "phone": _table(mobile=(0.72, 3e-4), landline=(0.10, 4e-4), one_digit=(0.03, 1e-4), another=(0.10, 0.999)),
    "place": _table(
        group=(0.60, 1.2e-3), village=(0.36, 8e-3), another_group=(0.010, 7.5e-3), township=(0.015, 0.008),
        another_village=(0.012, 0.93), another_township=(0.003, 0.045),
    ),
    "branch": _table(
        branch_at_home=(0.23, 0.04), same_branch=(0.40, 0.16), another_branch=(0.37, 0.80)
    ),
    "line": _table(next_line=(0.03, 5e-4), next_account=(0.08, 2e-4), same_list=(0.02, 0.10)),
    "sex": _table(equal=(0.985, 0.5), another=(0.015, 0.5)),
    "spouse": _table(equal=(0.85, 3e-3), another=(0.15, 0.997)),
    "household": _table(equal=(1.0, 1.5e-2)),
    "account": _table(equal=(1.0, 1e-3)),
}
# fmt: on
"""Counted by hand in six branches' books of 6,259 rows, rounded, and blurred towards what other counties may bring: no
level weighs more than the rows that showed it. A version learned from a book starts here."""

DEFAULT_PARTNERS = 1.0
LINK, ASK, MARGIN = 1.5, -2.5, 3.0
"""Thresholds in bits: three to one links, one to six asks, a sure stranger must lie eight times behind."""
PROOF = 2.2
"""What all that speaks for a pair beside the name must weigh: sex, age, township or same branch alone prove nobody."""


@dataclass(frozen=True)
class Weights:
    """One version of all that is adjustable.

    ``partners``: how many further mentions of the same person a mention has on average. ``link`` and ``ask``: from how
    many bits on (odds of 2 to that power) a link is made, a question asked. ``margin``: by how many bits the best
    candidate must lead the next one who is surely somebody else.
    """

    version: str = VERSION
    tables: Mapping[str, Table] = field(default_factory=lambda: DEFAULT_TABLES)
    partners: float = DEFAULT_PARTNERS
    link: float = LINK
    ask: float = ASK
    margin: float = MARGIN

    @cached_property
    def bits(self) -> dict[str, dict[str, float]]:
        """Bits by kind of evidence and level."""
        return {
            kind: {name: level.bits for name, level in table.items()} for kind, table in self.tables.items()
        }

    def as_payload(self) -> dict[str, Any]:
        """Plain values, as a version is stored."""
        tables = {
            kind: {name: [level.m, level.u] for name, level in table.items()}
            for kind, table in self.tables.items()
        }
        return {
            "tables": tables,
            "partners": self.partners,
            "link": self.link,
            "ask": self.ask,
            "margin": self.margin,
        }

    @classmethod
    def from_payload(cls, version: str, payload: Mapping[str, Any]) -> Weights:
        """Read what :meth:`as_payload` wrote; a level that is newer than the version weighs as the product has it."""
        tables = {
            kind: {**DEFAULT_TABLES.get(kind, {}), **{name: Level(m, u) for name, (m, u) in table.items()}}
            for kind, table in payload["tables"].items()
        }
        figures = {name: payload[name] for name in ("partners", "link", "ask", "margin")}
        return cls(version, {**DEFAULT_TABLES, **tables}, **figures)


DEFAULT = Weights()


def probability(bits: float) -> float:
    """Odds in bits as a probability."""
    return 1.0 / (1.0 + 2.0 ** -max(-60.0, min(60.0, bits)))
