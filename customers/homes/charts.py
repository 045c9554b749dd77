"""The seasons of a farm as a chart and as the same figures in a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def seasons_chart(seasons: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What ``components/chart.html`` needs; None while no income is known. Amounts in yuan."""
    known = [row for row in seasons if row["expected_income"] is not None or row["actual_income"] is not None]
    if not known:
        return None
    expected, actual = _("expected income"), _("income")
    last = known[-1]
    return {
        "data": {
            "kind": "bar",
            "labels": [row["label"] for row in known],
            "series": [
                {"name": expected, "values": [_plain(row["expected_income"]) for row in known]},
                {"name": actual, "values": [_plain(row["actual_income"]) for row in known]},
            ],
            "x": _("Season"),
            "y": "¥",
        },
        "columns": [
            {"label": _("Season")},
            {"label": _("mu"), "number": True},
            {"label": expected, "number": True, "unit": "¥"},
            {"label": actual, "number": True, "unit": "¥"},
        ],
        "rows": [
            [
                row["label"],
                number_format(row["mu"], 2),
                _shown(row["expected_income"]),
                _shown(row["actual_income"]),
            ]
            for row in known
        ],
        "summary": _("%(season)s: expected ¥ %(expected)s, came ¥ %(actual)s.")
        % {
            "season": last["label"],
            "expected": _shown(last["expected_income"]),
            "actual": _shown(last["actual_income"]),
        },
    }


def _plain(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _shown(value: Decimal | None) -> str:
    return "–" if value is None else number_format(value, 0, force_grouping=True)
