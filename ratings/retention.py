"""Who stays, for how long, and what five points more of loyalty are worth (handbook §3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import rounded, to_decimal
from coopcrm.shared.plain import Result


@dataclass(frozen=True)
class Retention(Result):
    """Customers at the start, those kept, rates as fractions, expected lifetime in years."""

    base: int
    retained: int
    retention: Decimal | None
    churn: Decimal | None
    lifetime_years: Decimal | None


@dataclass(frozen=True)
class LifetimeValue(Result):
    """Lifetime value now and at a higher retention, in yuan, and the relative gain."""

    clv: Decimal | None
    clv_up: Decimal | None
    uplift: Decimal | None


def _survivor(pk: Any, merged: Mapping[Any, Any]) -> Any:
    seen = {pk}
    while pk in merged and merged[pk] not in seen:
        pk = merged[pk]
        seen.add(pk)
    return pk


def is_active(adb: Any, loan_outstanding: Any, days_since_transaction: int | None) -> bool:
    """ADB of 100 yuan or more, an outstanding loan, or an own transaction in the last 180 days."""
    if to_decimal(adb) >= 100 or to_decimal(loan_outstanding) > 0:
        return True
    return days_since_transaction is not None and days_since_transaction <= 180


def retention(
    *,
    start_active: Iterable[Any],
    end_active: Iterable[Any],
    merged: Mapping[Any, Any] | None = None,
    deceased: Iterable[Any] = (),
    period_years: Any = 1,
) -> Retention:
    """Share of the customers active at the start who are active at the end.

    Merged ids count as their survivor; the deceased leave the base. Rates have 4 decimals, years 2.
    """
    mapping = merged or {}
    gone = {_survivor(pk, mapping) for pk in deceased}
    start = {_survivor(pk, mapping) for pk in start_active} - gone
    kept = start & {_survivor(pk, mapping) for pk in end_active}
    if not start:
        return Retention(0, 0, None, None, None)
    share = Decimal(len(kept)) / len(start)
    lost = len(start) - len(kept)
    years = rounded(to_decimal(period_years) * len(start) / lost, 2) if lost else None
    return Retention(len(start), len(kept), rounded(share, 4), rounded(Decimal(lost) / len(start), 4), years)


def _value(m: Decimal, r: Decimal, d: Decimal, g: Decimal, a: Decimal) -> Decimal | None:
    denominator = 1 + d - r * (1 + g)
    return m / denominator - a if denominator > 0 else None


def lifetime_value(*, m: Any, r: Any, d: Any, g: Any = 0, a: Any = 0, delta: Any = "0.05") -> LifetimeValue:
    """CLV = m / (1 + d − r(1+g)) − a, and its gain when retention rises by ``delta`` percentage points.

    ``m`` yearly margin and ``a`` cost of winning a customer in yuan; ``r``, ``d``, ``g`` as fractions.
    """
    margin, kept, discount, growth, cost = (to_decimal(value) for value in (m, r, d, g, a))
    now = _value(margin, kept, discount, growth, cost)
    up = _value(margin, min(Decimal(1), kept + to_decimal(delta)), discount, growth, cost)
    uplift = None if now is None or up is None or now <= 0 else rounded(up / now - 1, 4)
    return LifetimeValue(
        None if now is None else rounded(now, 2), None if up is None else rounded(up, 2), uplift
    )
