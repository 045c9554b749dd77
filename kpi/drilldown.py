"""A figure made again from the rows behind it; what people see of the rows is in ``rows.py``."""

from __future__ import annotations

from datetime import date

from branches.choices import UnitKind
from branches.models import Unit
from kpi.indicators import INDICATORS
from kpi.measures import Measure
from kpi.selectors import context_with_calendar, rows_behind


def recompute(code: str, unit: Unit, as_of: date) -> Measure:
    """The value of an indicator made from its rows by the pure measure; equal to the snapshot of the same day."""
    indicator = INDICATORS[code]
    context = context_with_calendar(as_of, None if unit.kind == UnitKind.UNION else unit.pk)
    return indicator.of_rows(rows_behind(indicator, context), context)
