"""The rows behind a figure as a list to take out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from django.utils.translation import gettext_noop

from branches import exports
from branches.choices import UnitKind
from branches.models import StaffMember, Unit
from coopcrm.shared.errors import Refused
from coopcrm.shared.lists import Value
from kpi import policies
from kpi.indicators import INDICATORS
from kpi.rows import RowPage, count_rows, rows_behind

FIGURE_ROWS = "kpi.rows"
STEP = 2_000


def _given(staff: StaffMember, given: Mapping[str, str]) -> dict[str, str | int]:
    try:
        params = {"unit": int(given["unit"]), "day": date.fromisoformat(given["day"]).isoformat()}
    except (KeyError, ValueError):
        raise Refused("There is no such figure.", code="export_filter") from None
    if given.get("code") not in INDICATORS:
        raise Refused("There is no such figure.", code="export_filter")
    return {**params, "code": given["code"], "part": given.get("part", "")[:40]}


def _unit(params: dict) -> Unit | None:
    return Unit.objects.filter(pk=params["unit"], kind__in=[UnitKind.UNION, UnitKind.BRANCH]).first()


def _may_order(staff: StaffMember, params: dict) -> bool:
    unit = _unit(params)
    if unit is None or not policies.may_see_figures(staff):
        return False
    return policies.may_take_rows(staff, unit, params["code"])


def _count(staff: StaffMember, params: dict, most: int) -> int:
    day = date.fromisoformat(params["day"])
    return count_rows(_unit(params), params["code"], day, part=params["part"], most=most)


def _table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    first = _page(params, "")
    heads = [str(column["label"]) for column in first.columns]
    return exports.Table(heads, _rows(first, params))


def _page(params: dict, after: str) -> RowPage:
    day = date.fromisoformat(params["day"])
    return rows_behind(_unit(params), params["code"], day, part=params["part"], after=after, size=STEP)


def _rows(page: RowPage, params: dict) -> Iterator[list[Value]]:
    while True:
        for row in page.rows:
            yield [None if cell["raw"] == "" else cell["raw"] for cell in row]
        if not page.next_cursor:
            return
        page = _page(params, page.next_cursor)


exports.kind(
    FIGURE_ROWS,
    title=gettext_noop("Rows behind a figure"),
    clean=_given,
    may_order=_may_order,
    count=_count,
    table=_table,
    file_name="figure-rows",
)
