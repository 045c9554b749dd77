"""Signals about the truth of officers' information; they choose whom to re-visit, nothing else (handbook §5)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import ZERO, rounded, to_decimal
from coopcrm.shared.periods import to_time
from coopcrm.shared.plain import Result
from ratings.contribution import CT_1

GREEN, AMBER, RED, INSUFFICIENT = "green", "amber", "red", "insufficient"
Z_95, Z_99 = Decimal("1.645"), Decimal("2.326")
BENFORD_BANDS = (
    (Decimal("0.006"), "close"),
    (Decimal("0.012"), "acceptable"),
    (Decimal("0.015"), "marginal"),
)
SPEED_KM_PER_HOUR = 30
SHORT_VISIT = timedelta(minutes=5)
VISITS_A_DAY = 20
ANY_DAY = date(2000, 1, 1)  # visits with times of day alone are all of one day
TOLERANCE = {
    "net_income": Decimal("0.15"),
    "assets": Decimal("0.20"),
    "liabilities": Decimal("0.20"),
    "population": ZERO,
    "labour": ZERO,
}


def _level(z: Decimal, amber: Decimal | int, red: Decimal | int) -> str:
    return RED if z > red else AMBER if z > amber else GREEN


@dataclass(frozen=True)
class Heaping(Result):
    n: int
    z: Decimal | None
    level: str


def heaping(*, values: Iterable[Any], multiple: Any, peer_share: Any) -> Heaping:
    """Share of positive amounts that are round against the peers' share; needs 30 amounts."""
    amounts = [amount for amount in map(to_decimal, values) if amount > 0]
    n, p0 = len(amounts), to_decimal(peer_share)
    if n < 30 or not 0 < p0 < 1:
        return Heaping(n, None, INSUFFICIENT)
    round_ones = sum(amount % to_decimal(multiple) == 0 for amount in amounts)
    z = (Decimal(round_ones) / n - p0) / (p0 * (1 - p0) / n).sqrt()
    return Heaping(n, rounded(z, 4), _level(z, 2, 3))


@dataclass(frozen=True)
class Benford(Result):
    n: int
    mad: Decimal | None
    level: str


def benford(*, digit_counts: Sequence[int]) -> Benford:
    """Mean distance of first-digit shares from Benford's; needs 300 values, only ever a hint."""
    n = sum(digit_counts)
    if n < 300:
        return Benford(n, None, INSUFFICIENT)
    distance = sum(
        (
            abs(Decimal(count) / n - (1 + Decimal(1) / digit).log10())
            for digit, count in enumerate(digit_counts, 1)
        ),
        ZERO,
    )
    mad = distance / 9
    level = next((name for edge, name in BENFORD_BANDS if mad <= edge), "nonconforming")
    return Benford(n, rounded(mad, 6), level)


@dataclass(frozen=True)
class CutoffBump(Result):
    n: int
    z: Decimal | None
    level: str


def cutoff_bump(*, above: int, below: int) -> CutoffBump:
    """Cases within two points above a grade cut-off against those below it; needs 20."""
    n = above + below
    if n < 20:
        return CutoffBump(n, None, INSUFFICIENT)
    z = (above - below) / Decimal(n).sqrt()
    return CutoffBump(n, rounded(z, 4), _level(z, Z_95, Z_99))


@dataclass(frozen=True)
class StandardisedDefaults(Result):
    expected: Decimal
    smr: Decimal | None
    z: Decimal | None
    level: str


def smr(
    *, grades: Mapping[str, int], observed: int, pd: Mapping[str, Decimal] = CT_1.pd
) -> StandardisedDefaults:
    """Loans over 90 days late within 12 months against those the given grades let expect; needs 3 expected."""
    expected = sum((pd[grade] * count for grade, count in grades.items()), ZERO)
    share = rounded(observed / expected, 4) if expected else None
    if expected < 3:
        return StandardisedDefaults(rounded(expected, 4), share, None, INSUFFICIENT)
    variance = sum((pd[grade] * (1 - pd[grade]) * count for grade, count in grades.items()), ZERO)
    z = (observed - expected) / variance.sqrt()
    return StandardisedDefaults(rounded(expected, 4), share, rounded(z, 4), _level(z, Z_95, Z_99))


@dataclass(frozen=True)
class Inflation(Result):
    n: int
    mean_diff: Decimal | None
    level: str


def inflation(*, pairs: Iterable[Sequence[Any]]) -> Inflation:
    """Mean of the officer's score minus the re-visit's score; needs 10 pairs."""
    differences = [to_decimal(first) - to_decimal(second) for first, second in pairs]
    n = len(differences)
    if n < 10:
        return Inflation(n, None, INSUFFICIENT)
    mean = sum(differences, ZERO) / n
    return Inflation(n, rounded(mean, 2), RED if mean >= 5 else AMBER if mean >= 3 else GREEN)


@dataclass(frozen=True)
class TextLikeness(Result):
    jaccard: Decimal | None
    duplicate: bool


def _pieces(note: str) -> tuple[int, set[str]]:
    letters = "".join(c for c in unicodedata.normalize("NFKC", note).lower() if c.isalnum())
    return len(letters), {letters[i : i + 3] for i in range(len(letters) - 2)}


def text(*, a: str, b: str) -> TextLikeness:
    """Jaccard likeness of two notes by pieces of three characters; needs 20 characters each."""
    (length_a, pieces_a), (length_b, pieces_b) = _pieces(a), _pieces(b)
    if min(length_a, length_b) < 20:
        return TextLikeness(None, False)
    likeness = Decimal(len(pieces_a & pieces_b)) / len(pieces_a | pieces_b)
    return TextLikeness(rounded(likeness, 4), likeness >= Decimal("0.80"))


@dataclass(frozen=True)
class FastVisits(Result):
    impossible_travel: tuple[Any, ...]
    too_short: tuple[Any, ...]
    too_many: bool


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) > 8:
        return datetime.fromisoformat(value)
    return datetime.combine(ANY_DAY, to_time(value))


def fast_visits(*, visits: Iterable[Mapping[str, Any]]) -> FastVisits:
    """Visits of one day that were too far apart for 30 km/h, under five minutes, or more than twenty."""
    day = sorted(visits, key=lambda visit: _moment(visit["start"]))
    impossible, short = [], []
    for place, visit in enumerate(day):
        start, end = _moment(visit["start"]), _moment(visit["end"])
        if end - start < SHORT_VISIT:
            short.append(visit["id"])
        if place == 0:
            continue
        gap = start - _moment(day[place - 1]["end"])
        seconds = Decimal(gap.days * 86400 + gap.seconds)
        if seconds * SPEED_KM_PER_HOUR < to_decimal(visit["km_from_previous"]) * 3600:
            impossible.append(visit["id"])
    return FastVisits(tuple(impossible), tuple(short), len(day) > VISITS_A_DAY)


@dataclass(frozen=True)
class Revisit(Result):
    agreement: Decimal | None
    level: str


def revisit(*, fields: Iterable[Mapping[str, Any]]) -> Revisit:
    """Share of compared fields within tolerance of the second value."""
    agreed = [
        abs(to_decimal(item["first"]) - to_decimal(item["second"]))
        <= TOLERANCE[item["field"]] * abs(to_decimal(item["second"]))
        for item in fields
    ]
    if not agreed:
        return Revisit(None, INSUFFICIENT)
    share = Decimal(sum(agreed)) / len(agreed)
    level = RED if share < Decimal("0.70") else AMBER if share < Decimal("0.85") else GREEN
    return Revisit(rounded(share, 4), level)


@dataclass(frozen=True)
class Sample(Result):
    required: int


def sample(*, visits: int, red_flagged: int) -> Sample:
    """Re-visits due: all red ones, and of the rest five per cent, at least five."""
    rest = -(-(visits - red_flagged) * 5 // 100)
    return Sample(min(visits, red_flagged + max(5, rest)))
