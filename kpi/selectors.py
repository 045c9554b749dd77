"""Reads of figures: the rows behind a number, targets in force, and what the dashboards show from summary rows."""

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
from branches.models import CalendarDay, StaffMember, Unit
from coopcrm.shared.periods import add_months
from kpi.indicators import HARD, INDICATORS, Indicator, context_for
from kpi.models import BranchDay, IndicatorSet, KpiSnapshot, ScoreCard

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
    given = found.data.get("indicators", found.data) if found else {}
    items = {}
    for code, (target, floor, weight) in DEFAULT_TARGETS.items():
        direction = "lower" if INDICATORS[code].lower_is_better else "higher"
        items[code] = {
            "weight": str(weight), "direction": direction, "target": target, "floor": floor, "cap": CAP,
            **given.get(code, {}),
        }  # fmt: skip
    return Targets(found.version if found else "KI-1", items)


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


def last_closed_on(not_after: date | None = None) -> date | None:
    """The last business date with score cards."""
    rows = ScoreCard.objects.all() if not_after is None else ScoreCard.objects.filter(as_of__lte=not_after)
    return rows.order_by("-as_of").values_list("as_of", flat=True).first()


def closed_month_ends(as_of: date, months: int = 12) -> list[date]:
    """The last closed day of each of the last months, oldest first."""
    first = add_months(as_of.replace(day=1), 1 - months)
    days = ScoreCard.objects.filter(as_of__gte=first, as_of__lte=as_of).values_list("as_of", flat=True)
    last_of_month = {(day.year, day.month): day for day in sorted(set(days))}
    return sorted(last_of_month.values())


@dataclass(frozen=True)
class BranchRow:
    """A branch in the ranking: scores, rank, and how both moved since the month before."""

    unit: Unit
    card: ScoreCard
    rank: int
    rank_before: int | None
    score_before: Decimal | None
    snapshots: Mapping[str, KpiSnapshot]

    @property
    def change(self) -> Decimal | None:
        if self.card.score is None or self.score_before is None:
            return None
        return self.card.score - self.score_before


@dataclass(frozen=True)
class MonthOverview:
    """Everything the dashboard of a month shows, from summary rows alone."""

    as_of: date
    compared_with: date | None
    union: BranchRow | None
    branches: list[BranchRow]
    trend: list[ScoreCard]
    trend_by_code: Mapping[str, list[KpiSnapshot]]


def month_overview(staff: StaffMember, as_of: date, months: int = 12) -> MonthOverview | None:
    """The dashboard of a closed day: union, branches in order of score, trend; eight queries, however many branches."""
    days = closed_month_ends(as_of, months)
    if as_of not in days:
        return None
    before = days[-2] if len(days) > 1 else None
    cards = _by_unit_and_day(
        latest(ScoreCard).visible_to(staff).filter(as_of__in=[d for d in (as_of, before) if d])
    )
    ranked = {day: _ranks(rows) for day, rows in cards.items()}
    snapshots = defaultdict(dict)
    for row in latest(KpiSnapshot).visible_to(staff).filter(as_of=as_of):
        snapshots[row.unit_id][row.code] = row
    rows = [
        BranchRow(
            unit=card.unit,
            card=card,
            rank=ranked[as_of].get(card.unit_id, 0),
            rank_before=ranked.get(before, {}).get(card.unit_id),
            score_before=(found := cards.get(before, {}).get(card.unit_id)) and found.score,
            snapshots=snapshots[card.unit_id],
        )
        for card in cards.get(as_of, {}).values()
    ]
    union = next((row for row in rows if row.unit.kind == UnitKind.UNION), None)
    branches = sorted((row for row in rows if row is not union), key=lambda row: (row.rank, row.unit.code))
    shown = union.unit if union else (branches[0].unit if branches else None)
    trend = list(latest(ScoreCard).filter(unit=shown, as_of__in=days).order_by("as_of")) if shown else []
    by_code = defaultdict(list)
    if shown:
        for row in latest(KpiSnapshot).filter(unit=shown, as_of__in=days).order_by("as_of"):
            by_code[row.code].append(row)
    return MonthOverview(as_of, before, union, branches, trend, by_code)


def _by_unit_and_day(cards) -> dict[date, dict[int, ScoreCard]]:
    found: dict[date, dict[int, ScoreCard]] = defaultdict(dict)
    for card in cards.select_related("unit"):
        found[card.as_of][card.unit_id] = card
    return found


def _ranks(cards: Mapping[int, ScoreCard]) -> dict[int, int]:
    """Rank of every branch by score; equal scores share a rank, a branch without a score has none."""
    scores = [c.score for c in cards.values() if c.unit.kind == UnitKind.BRANCH and c.score is not None]
    return {
        unit_id: 1 + sum(other > card.score for other in scores)
        for unit_id, card in cards.items()
        if card.unit.kind == UnitKind.BRANCH and card.score is not None
    }


@dataclass(frozen=True)
class Change:
    """How much of a score's change one indicator made, in points of the score."""

    code: str
    before: Decimal | None
    now: Decimal | None
    points: Decimal


def what_changed(now: ScoreCard, before: ScoreCard, targets: Targets) -> list[Change]:
    """The indicators behind a change of score, the largest first; the points add up to the change before rounding."""
    changes = []
    for code, item in targets.items.items():
        weight = Decimal(item["weight"])
        reached = [card.achievement.get(code) for card in (before, now)]
        old, new = (None if value is None else Decimal(value) for value in reached)
        old_points = weight * old * 100 / before.weight_used if old is not None and before.weight_used else 0
        new_points = weight * new * 100 / now.weight_used if new is not None and now.weight_used else 0
        if new_points != old_points:
            changes.append(Change(code, old, new, round(Decimal(new_points) - Decimal(old_points), 2)))
    return sorted(changes, key=lambda change: -abs(change.points))


def days_of_branch(staff: StaffMember, branch: Unit, as_of: date, months: int = 3) -> list[BranchDay]:
    """Deposits, loans and transactions of a branch day by day; nothing for a branch the person does not see."""
    if not (staff.scope.sees_union or branch.pk in staff.scope.branch_ids):
        return []
    first = add_months(as_of, -months)
    return list(BranchDay.objects.filter(branch=branch, day__gt=first, day__lte=as_of).order_by("day"))


def is_hard(code: str) -> bool:
    """Whether an indicator counts among the hard ones."""
    return code in HARD
