"""From a figure to its rows and back: what stands behind a number, and the number made again from it."""

from __future__ import annotations

from datetime import date
from typing import Any

from branches.choices import UnitKind
from branches.models import StaffMember, Unit
from kpi.indicators import INDICATORS
from kpi.measures import Measure
from kpi.selectors import context_with_calendar, rows_behind, rows_of

PAGE_ROWS = 50


def _context(unit: Unit, as_of: date) -> dict[str, Any]:
    return context_with_calendar(as_of, None if unit.kind == UnitKind.UNION else unit.pk)


def rows(
    code: str, unit: Unit, as_of: date, staff: StaffMember, *, part: str = "", after: Any = None
) -> list[dict[str, Any]]:
    """One page of the rows behind a figure, in the order of the part's key; none for a unit the person may not see.

    ``after`` is the key of the last row of the page before; the part's ``order`` names the key's column.
    """
    scope = staff.scope
    if not (scope.sees_union or unit.pk in scope.branch_ids):
        return []
    parts = {p.name: p for p in INDICATORS[code].parts}
    chosen = parts[part] if part else next(iter(parts.values()))
    further = f"WHERE {chosen.order} > %(after)s" if after is not None else ""
    statement = f"SELECT * FROM ({chosen.rows}) behind {further} ORDER BY {chosen.order} LIMIT {PAGE_ROWS}"  # noqa: S608
    return rows_of(statement, {**_context(unit, as_of), "after": after})


def recompute(code: str, unit: Unit, as_of: date) -> Measure:
    """The value of an indicator made from its rows by the pure measure; equal to the snapshot of the same day."""
    indicator = INDICATORS[code]
    context = _context(unit, as_of)
    return indicator.of_rows(rows_behind(indicator, context), context)
