"""May these households form a joint-liability group? (农户联保贷款, handbook §1.8)"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import ZERO, to_decimal, yuan
from coopcrm.shared.plain import Result

SMALLEST, LARGEST = 5, 10
LONGEST_TERM_MONTHS = 36
INCOME_SHARE = Decimal("1.5")
ASSET_SHARE = Decimal("0.60")


@dataclass(frozen=True)
class GroupJudgement(Result):
    """Whether the group may be formed, every reason against it in alphabetical order, its total in yuan."""

    valid: bool
    reasons: tuple[str, ...]
    group_total: Decimal


def _positive(value: Any) -> Decimal:
    return max(to_decimal(value or 0), ZERO)


def _over_cap(members: Sequence[Mapping[str, Any]], total: Decimal) -> bool:
    if any(to_decimal(m["amount"]) > INCOME_SHARE * _positive(m["net_income"]) for m in members):
        return True
    return total > ASSET_SHARE * sum((_positive(m["net_assets"]) for m in members), ZERO)


def refusals(
    *, members: Sequence[Mapping[str, Any]], kin_pairs: Collection[Any], term_months: int
) -> GroupJudgement:
    """Every reason that stands against a group of households; amounts in yuan."""
    households = [member["household"] for member in members]
    total = sum((to_decimal(member["amount"]) for member in members), ZERO)
    against = {
        "BAD_MEMBER": any(m["overdue_days"] > 0 or m["grade"] in (None, "", "C") for m in members),
        "CAP": _over_cap(members, total),
        "DUP_HOUSEHOLD": len(set(households)) < len(households),
        "KIN": bool(kin_pairs),
        "LEADER": sum(bool(member["leader"]) for member in members) != 1,
        "MULTI_GROUP": any(member["in_other_group"] for member in members),
        "SIZE": not SMALLEST <= len(members) <= LARGEST,
        "TERM": not 1 <= term_months <= LONGEST_TERM_MONTHS,
    }
    reasons = tuple(sorted(code for code, stands in against.items() if stands))
    return GroupJudgement(not reasons, reasons, yuan(total))
