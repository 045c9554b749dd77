"""Reads of figures: the rows behind a number, targets in force, stored sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from branches.choices import DayKind, UnitKind
from branches.models import CalendarDay
from kpi.indicators import INDICATORS, Indicator, context_for
from kpi.models import IndicatorSet, KpiSnapshot

CAP = "1.20"
DEFAULT_TARGETS = {
    "PROFIT_COMPLETION": ("1.00", "0.70", 12),
    "DEP_ADB_GROWTH": ("0.08", "0.00", 10),
    "LOAN_GROWTH": ("0.10", "0.00", 8),
    "NPL_RATIO": ("0.020", "0.050", 10),
    "DUE_RECOVERY": ("0.98", "0.90", 8),
    "MARKET_SHARE_CHANGE": ("0.50", "-0.50", 4),
    "COST_INCOME": ("0.35", "0.50", 3),
    "HIGH_END_SHARE": ("0.08", "0.03", 5),
    "CSAT": ("0.90", "0.70", 5),
    "NPS": ("40", "0", 3),
    "RETENTION": ("0.92", "0.80", 8),
    "CONTRIB_PER_CUSTOMER": ("450", "200", 4),
    "PRODUCTS_PER_CUSTOMER": ("2.20", "1.20", 4),
    "RATED_COVERAGE": ("0.80", "0.40", 4),
    "CREDIT_COVERAGE": ("0.65", "0.30", 3),
    "USAGE_RATE": ("0.45", "0.20", 2),
    "VISIT_COVERAGE": ("0.90", "0.50", 3),
    "SAME_DAY_RATE": ("0.95", "0.70", 2),
    "DATA_QUALITY": ("95", "80", 2),
}
"""Target, floor and weight of handbook §4.2 until head office sets its own."""


@dataclass(frozen=True)
class Targets:
    """Targets, floors, weights and caps in force, by indicator."""

    version: str
    items: Mapping[str, Mapping[str, Any]]


def targets_in_force(as_of: date) -> Targets:
    """The indicator set in force on a day, else the handbook's."""
    found = (
        IndicatorSet.objects.filter(valid_from__lte=as_of)
        .exclude(valid_to__lte=as_of)
        .order_by("-valid_from")
        .first()
    )
    return targets_of(found.data, found.version) if found else targets_of({}, "KI-1")


def targets_of(data: Mapping[str, Any], version: str = "") -> Targets:
    """Targets as a version's data say them."""
    given = data.get("indicators", data)
    items = {}
    for code, (target, floor, weight) in DEFAULT_TARGETS.items():
        direction = "lower" if INDICATORS[code].lower_is_better else "higher"
        items[code] = {
            "weight": str(weight), "direction": direction, "target": target, "floor": floor, "cap": CAP,
            **given.get(code, {}),
        }  # fmt: skip
    return Targets(version, items)


def check_targets(data: Mapping[str, Any]) -> Targets:
    """Targets that may come into force: indicators that exist, figures, weights that sum to 100; else ValueError."""
    if unknown := set(data.get("indicators", {})) - set(INDICATORS):
        raise ValueError(", ".join(sorted(unknown)))
    found = targets_of(data)
    for item in found.items.values():
        figures = [Decimal(item[name]) for name in ("target", "floor") if item[name] not in (None, "")]
        if not all(figure.is_finite() for figure in figures):
            raise ValueError(str(figures))
    if (total := sum(Decimal(item["weight"]) for item in found.items.values())) != 100:
        raise ValueError(f"weights: {total}")
    return found


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a statement and return its rows by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def context_with_calendar(as_of: date, branch_id: int | None) -> dict[str, Any]:
    """What the row queries name, with the days on which the counters are closed or open out of turn."""
    days = defaultdict(list)
    for day, kind in CalendarDay.objects.filter(day__lte=as_of).values_list("day", "kind"):
        days[kind].append(day)
    context = context_for(as_of, branch_id)
    return {**context, "holidays": days[DayKind.HOLIDAY], "extra_workdays": days[DayKind.EXTRA_WORKDAY]}


def rows_behind(indicator: Indicator, context: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """All rows behind an indicator, by part."""
    return {part.name: rows_of(part.rows, context) for part in indicator.parts}


# -- Snapshots ---------------------------------------------------------------------------------------------------------


def latest(model) -> QuerySet:
    """Of several results for the same unit, day and code, the one that supersedes the others."""
    same = {"unit": OuterRef("unit"), "as_of": OuterRef("as_of"), "pk__gt": OuterRef("pk")}
    if model is KpiSnapshot:
        same["code"] = OuterRef("code")
    return model.objects.filter(~Exists(model.objects.filter(**same)))


def stored_figures(as_of: date) -> dict[str, list[dict[str, Any]]]:
    """The stored sums of every branch for a day, by code."""
    found = defaultdict(list)
    rows = latest(KpiSnapshot).filter(as_of=as_of, unit__kind=UnitKind.BRANCH)
    for code, inputs in rows.order_by("unit", "code").values_list("code", "inputs"):
        found[code].append(inputs)
    return found
