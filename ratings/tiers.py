"""Customers by contribution: tiers, whale curve, and moves between periods (handbook §3.2–§3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import ZERO, rounded, to_decimal, yuan
from coopcrm.shared.plain import Result

VIP, GOLD, SILVER, STANDARD, WATCH = TIERS = ("vip", "gold", "silver", "standard", "watch")


@dataclass(frozen=True)
class TierRule:
    """Shares of customers in per cent from the top, floors in yuan a year, and shares of the positive total."""

    code: str = "TR-1"
    cuts: tuple[tuple[str, int], ...] = ((VIP, 10), (GOLD, 30), (SILVER, 60), (STANDARD, 100))
    floors: tuple[tuple[str, Decimal], ...] = (
        (VIP, Decimal(2000)),
        (GOLD, Decimal(500)),
        (SILVER, Decimal(100)),
        (STANDARD, Decimal(0)),
    )
    cumulative: tuple[tuple[str, int], ...] = ((VIP, 50), (GOLD, 80), (SILVER, 95))


TR_1 = TierRule()


@dataclass(frozen=True)
class Assignment(Result):
    """Ids best first, and the tier of each."""

    order: tuple[Any, ...]
    tiers: Mapping[Any, str]


@dataclass(frozen=True)
class WhaleCurve(Result):
    """Cumulative shares of the net total, best customer first; None where the net total is not positive."""

    total: Decimal
    curve: tuple[Decimal, ...] | None
    top10_share: Decimal | None
    peak_share: Decimal | None
    peak_rank: int | None


def _ranked(customers: Iterable[Mapping[str, Any]]) -> list[tuple[Any, Decimal]]:
    pairs = [(customer["id"], to_decimal(customer["contribution"])) for customer in customers]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _ceil_percent(count: int, percent: int) -> int:
    return -(-count * percent // 100)


def _by_floor(tier: str, amount: Decimal, rule: TierRule) -> str:
    """The tier itself, or the best one below it whose floor the amount meets; a loss is watched."""
    if amount < 0:
        return WATCH
    below = TIERS.index(tier)
    return next(t for t, floor in rule.floors if TIERS.index(t) >= below and amount >= floor)


def assign(customers: Iterable[Mapping[str, Any]], rule: TierRule = TR_1) -> Assignment:
    """Tiers by rank in yearly contribution (yuan), ties by id; every tier has a floor."""
    ranked = _ranked(customers)
    tiers = {}
    for place, (pk, amount) in enumerate(ranked):
        tier = next(t for t, percent in rule.cuts if place < _ceil_percent(len(ranked), percent))
        tiers[pk] = _by_floor(tier, amount, rule)
    return Assignment(tuple(pk for pk, _ in ranked), tiers)


def assign_by_share(customers: Iterable[Mapping[str, Any]], rule: TierRule = TR_1) -> Assignment:
    """Tiers by the share of the positive total that lies before a customer, without floors."""
    ranked = _ranked(customers)
    positive = sum((amount for _, amount in ranked if amount > 0), ZERO)
    tiers, before = {}, ZERO
    for pk, amount in ranked:
        tiers[pk] = STANDARD if amount >= 0 else WATCH
        if amount > 0:
            tiers[pk] = next(
                (t for t, percent in rule.cumulative if before * 100 < positive * percent), STANDARD
            )
            before += amount
    return Assignment(tuple(pk for pk, _ in ranked), tiers)


def settle(in_force: str | None, assigned: str, assigned_before: str | None) -> str:
    """The tier in force after a period: up at once, down only after two periods in a row.

    After two periods below, the customer moves to the better of the two assignments.
    """
    if in_force is None or TIERS.index(assigned) <= TIERS.index(in_force):
        return assigned
    if assigned_before is None or TIERS.index(assigned_before) <= TIERS.index(in_force):
        return in_force
    return min(assigned, assigned_before, key=TIERS.index)


def whale_curve(customers: Iterable[Mapping[str, Any]]) -> WhaleCurve:
    """Cumulative contribution over the net total; customers who cost more than they bring bend it back."""
    amounts = [amount for _, amount in _ranked(customers)]
    total = sum(amounts, ZERO)
    if total <= 0:
        return WhaleCurve(yuan(total), None, None, None, None)
    sums, running = [], ZERO
    for amount in amounts:
        running += amount
        sums.append(running)
    peak = max(sums)
    curve = tuple(rounded(value / total, 4) for value in sums)
    top = _ceil_percent(len(amounts), 10)
    rank = sums.index(peak)
    return WhaleCurve(yuan(total), curve, curve[top - 1], curve[rank], rank + 1)
