"""The balanced score card of a branch or person out of 100 (百分制平衡计分卡, handbook §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import ZERO, rounded, to_decimal
from coopcrm.shared.plain import Result

INCIDENT_CAP = Decimal("60.00")
BANDS = ((Decimal(90), "excellent"), (Decimal(80), "good"), (Decimal(70), "pass"))
DEFAULT_CAP = Decimal("1.20")


class InvalidTarget(ValueError):
    """A target that is not better than its floor cannot be scored."""


@dataclass(frozen=True)
class Score(Result):
    """Achievement per indicator (4 decimals), weight that counted, score and band; None without any indicator."""

    achievement: Mapping[str, Decimal | None]
    weight_used: Decimal
    score: Decimal | None
    band: str | None


def achievement(item: Mapping[str, Any]) -> Decimal | None:
    """(actual − floor) / (target − floor), held within 0 and the cap; None where nothing is known."""
    floor, target = to_decimal(item["floor"]), to_decimal(item["target"])
    spread = target - floor if item.get("direction", "higher") == "higher" else floor - target
    if spread <= 0:
        raise InvalidTarget(f"{item['code']}: the floor must be worse than the target")
    if item["actual"] is None:
        return None
    cap = to_decimal(item.get("cap", DEFAULT_CAP))
    return min(max((to_decimal(item["actual"]) - floor) / (target - floor), ZERO), cap)


def band_of(score: Decimal) -> str:
    """The band of a rounded score."""
    return next((name for least, name in BANDS if score >= least), "improve")


def score(*, items: Iterable[Mapping[str, Any]], serious_incident: bool = False) -> Score:
    """Weighted achievements over the weights of the indicators that are known; an incident caps it at 60."""
    items = list(items)
    reached = {item["code"]: achievement(item) for item in items}
    known = [(to_decimal(i["weight"]), reached[i["code"]]) for i in items if reached[i["code"]] is not None]
    weights = sum((weight for weight, _ in known), ZERO)
    shown = {code: None if value is None else rounded(value, 4) for code, value in reached.items()}
    if not weights:
        return Score(shown, rounded(weights, 2), None, None)
    result = rounded(sum((weight * value for weight, value in known), ZERO) * 100 / weights, 2)
    if serious_incident:
        result = min(result, INCIDENT_CAP)
    return Score(shown, rounded(weights, 2), result, band_of(result))
