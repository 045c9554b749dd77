"""Arithmetic of campaigns on plain values: who is held out, and what the difference says (handbook §4.6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

LEAST_GROUP = 30
Z_95 = 1.96
PARTS = 10_000


def lot_of(seed: bytes, customer: int) -> int:
    """The lot a customer draws in a campaign, 0–9999: the first four bytes of SHA-256 over seed and number."""
    return int.from_bytes(hashlib.sha256(bytes(seed) + str(customer).encode()).digest()[:4], "big") % PARTS


def is_held_out(seed: bytes, customer: int, percent: int) -> bool:
    """Whether chance leaves a customer out of the contacts; the same for the same seed."""
    return lot_of(seed, customer) < percent * PARTS // 100


LOT = "('x' || left(encode(sha256(%(seed)s::bytea || convert_to(c.id::text, 'UTF8')), 'hex'), 8))::bit(32)::bigint"
"""``lot_of`` in SQL, before the remainder; a test proves both equal."""


@dataclass(frozen=True)
class Group:
    """People of one side: how many, the mean of what is measured, and its variance."""

    n: int = 0
    mean: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True)
class Difference:
    """Contacted less held out, with its 95 % interval; None while a side has fewer than thirty people."""

    contacted: Group
    held_out: Group
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def is_told(self) -> bool:
        """Whether there are enough people to say something."""
        return self.value is not None

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def difference(contacted: Group, held_out: Group) -> Difference:
    """Difference of two means with a normal interval of unequal variances (Welch)."""
    if min(contacted.n, held_out.n) < LEAST_GROUP:
        return Difference(contacted, held_out)
    value = contacted.mean - held_out.mean
    margin = Z_95 * sqrt(contacted.variance / contacted.n + held_out.variance / held_out.n)
    told = (Decimal(str(round(figure, 4))) for figure in (value, value - margin, value + margin))
    return Difference(contacted, held_out, *told)
