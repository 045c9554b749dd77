"""The rows behind a figure as people read them: named, linked, in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core import signing
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.choices import UnitKind
from branches.models import Area, StaffMember, Unit
from customers.models import Customer, Household
from kpi import words
from kpi.indicators import INDICATORS, Part
from kpi.models import LedgerFigure
from kpi.selectors import context_with_calendar, rows_of
from loans.choices import ApplicationOutcome, LoanClass
from loans.models import Loan, Product
from ratings.choices import Grade, Tier

PAGE_ROWS = 50
PAGES = {"customer": "customers:customer", "household": "customers:household", "loan": "loans:loan"}

COLUMNS = {
    "customer_id": gettext_lazy("Customer"),
    "household_id": gettext_lazy("Household"),
    "loan_id": gettext_lazy("Loan"),
    "account_id": gettext_lazy("Account"),
    "township_id": gettext_lazy("Township"),
    "product_id": gettext_lazy("Product"),
    "branch_id": gettext_lazy("Branch"),
    "staff_id": gettext_lazy("Responsible"),
    "officer_id": gettext_lazy("Officer"),
    "id": gettext_lazy("No."),
    "name": gettext_lazy("Name"),
    "month": gettext_lazy("Month"),
    "code": gettext_lazy("Kind"),
    "amount": gettext_lazy("Amount, ¥"),
    "current": gettext_lazy("Now, ¥"),
    "base": gettext_lazy("Base, ¥"),
    "balance": gettext_lazy("Balance, ¥"),
    "contribution": gettext_lazy("Contribution, ¥"),
    "due": gettext_lazy("Due, ¥"),
    "limit": gettext_lazy("Limit, ¥"),
    "final": gettext_lazy("Class"),
    "dpd": gettext_lazy("Days overdue"),
    "due_on": gettext_lazy("Due on"),
    "paid_on": gettext_lazy("Paid on"),
    "is_paid": gettext_lazy("Paid in time"),
    "is_extended": gettext_lazy("Extended"),
    "is_base": gettext_lazy("Base month"),
    "is_kept": gettext_lazy("Still active"),
    "is_active": gettext_lazy("Active"),
    "is_fresh": gettext_lazy("Verified within a year"),
    "is_distinct": gettext_lazy("Not a possible duplicate"),
    "tier": gettext_lazy("Tier"),
    "rank": gettext_lazy("Rank"),
    "grade": gettext_lazy("Grade"),
    "total": gettext_lazy("Points"),
    "score": gettext_lazy("Answer"),
    "given_on": gettext_lazy("Given on"),
    "families": gettext_lazy("Product families"),
    "registered_households": gettext_lazy("Households in the register"),
    "visited_on": gettext_lazy("Visited on"),
    "minutes": gettext_lazy("Minutes"),
    "distance_m": gettext_lazy("Distance, m"),
    "note_chars": gettext_lazy("Length of the note"),
    "duplicate": gettext_lazy("Copied note"),
    "applied_at": gettext_lazy("Applied at"),
    "disbursed_at": gettext_lazy("Paid out at"),
    "outcome": gettext_lazy("Outcome"),
    "filled": gettext_lazy("Fields filled"),
    "required": gettext_lazy("Fields required"),
    "passed": gettext_lazy("Values valid"),
    "checked": gettext_lazy("Values checked"),
}
CODES = {
    "final": dict(LoanClass.choices),
    "tier": dict(Tier.choices),
    "grade": dict(Grade.choices),
    "outcome": dict(ApplicationOutcome.choices),
    "code": dict(LedgerFigure.Code.choices),
}
MONEY = {"amount", "current", "base", "balance", "contribution", "due", "limit"}


@dataclass(frozen=True)
class RowPage:
    """Some rows: what heads the columns, the cells, and the way on."""

    columns: Sequence[dict] = ()
    rows: Sequence[Sequence[dict]] = ()
    parts: Sequence[dict] = ()
    caption: str = ""
    next_cursor: str | None = None
    previous_cursor: str | None = None
    why_empty: str = ""


@dataclass
class Names:
    """Names of what a page of rows points to, each kind in one query."""

    rows: Sequence[Mapping[str, Any]]
    known: dict[str, dict[int, str]] = field(default_factory=dict)

    def of(self, column: str) -> dict[int, str]:
        """Names by id for one column of ids."""
        if column not in self.known:
            ids = {row[column] for row in self.rows if row.get(column)}
            self.known[column] = dict(self._read(column, ids)) if ids else {}
        return self.known[column]

    def _read(self, column: str, ids: set[int]):
        if column == "customer_id":
            return Customer.objects.filter(pk__in=ids).values_list("pk", "name")
        if column == "household_id":
            return Household.objects.filter(pk__in=ids).values_list("pk", "head__name")
        if column == "loan_id":
            return Loan.objects.filter(pk__in=ids).values_list("pk", "borrower__name")
        if column in ("staff_id", "officer_id"):
            return StaffMember.objects.filter(pk__in=ids).values_list("pk", "full_name")
        model = {"township_id": Area, "product_id": Product, "branch_id": Unit}.get(column)
        return model.objects.filter(pk__in=ids).values_list("pk", "name") if model else ()


def rows_behind(
    unit: Unit,
    code: str,
    as_of: date,
    *,
    part: str = "",
    after: str = "",
    before: str = "",
    size: int = PAGE_ROWS,
) -> RowPage:
    """A page of the rows that add up to a figure; of the union: the rows of all branches."""
    indicator = INDICATORS[code]
    chosen = _part_of(code, part)
    context = context_with_calendar(as_of, None if unit.kind == UnitKind.UNION else unit.pk)
    found, following, previous = _step(chosen, context, after=after, before=before, size=size)
    names = Names(found)
    shown = _shown_columns(chosen, found)
    return RowPage(
        columns=[{"label": COLUMNS.get(name, name), "number": _is_number(name)} for name in shown],
        rows=[[_cell(name, row, chosen, names) for name in shown] for row in found],
        parts=[
            {"name": each.name, "label": each.label, "is_current": each is chosen} for each in indicator.parts
        ]
        if len(indicator.parts) > 1
        else (),
        caption=str(chosen.label),
        next_cursor=following,
        previous_cursor=previous,
        why_empty=_("Nothing of this kind is recorded for the unit and period."),
    )


def count_rows(unit: Unit, code: str, as_of: date, *, part: str = "", most: int) -> int:
    """How many rows stand behind a part of a figure, counted up to one more than ``most``."""
    chosen = _part_of(code, part)
    context = context_with_calendar(as_of, None if unit.kind == UnitKind.UNION else unit.pk)
    listed = f"SELECT 1 FROM ({chosen.rows}) listed LIMIT %(size)s"  # noqa: S608 - parts are our own statements
    (found,) = rows_of(f"SELECT count(*) AS rows FROM ({listed}) counted", {**context, "size": most + 1})  # noqa: S608
    return found["rows"]


def _part_of(code: str, part: str) -> Part:
    parts = INDICATORS[code].parts
    return next((each for each in parts if each.name == part), parts[0])


def _step(part: Part, context: Mapping[str, Any], *, after: str, before: str, size: int):
    """Read one page by the part's ordering column, one row more than shown to know whether there is a next."""
    backwards = bool(before)
    start = _open(before or after, part)
    compare, direction = ("<", "DESC") if backwards else (">", "ASC")
    beyond = f"WHERE listed.{part.order} {compare} %(start)s" if start is not None else ""
    listed = f"SELECT listed.* FROM ({part.rows}) listed {beyond}"  # noqa: S608 - parts are our own statements
    statement = f"{listed} ORDER BY listed.{part.order} {direction} LIMIT %(size)s"
    found = rows_of(statement, {**context, "start": start, "size": size + 1})
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, start is not None)
    following = _seal(found[-1][part.order], part) if found and has_next else None
    previous = _seal(found[0][part.order], part) if found and has_previous else None
    return found, following, previous


def _seal(value: int, part: Part) -> str:
    return signing.dumps(value, salt=f"rows:{part.name}:{part.order}")


def _open(cursor: str, part: Part) -> int | None:
    if not cursor:
        return None
    try:
        return int(signing.loads(cursor, salt=f"rows:{part.name}:{part.order}"))
    except (signing.BadSignature, ValueError):
        return None  # an old or altered address: begin again at the first page


def _shown_columns(part: Part, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The linked column first; ids that only order the rows are left out."""
    if not rows:
        return []
    names = list(rows[0])
    first = (
        part.link[1]
        if part.link
        else next((n for n in ("name", "code", "township_id") if n in names), names[0])
    )
    hidden = {"id", "branch_id"} - {first}
    if first in ("customer_id", "loan_id"):
        hidden |= {"customer_id"} - {first}
    return [first, *(name for name in names if name != first and name not in hidden)]


def _is_number(name: str) -> bool:
    return name in MONEY or name in {
        "dpd", "rank", "total", "score", "families", "registered_households", "minutes", "distance_m", "note_chars",
        "filled", "required", "passed", "checked",
    }  # fmt: skip


def _cell(name: str, row: Mapping[str, Any], part: Part, names: Names) -> dict:
    value = row[name]
    cell = {
        "label": COLUMNS.get(name, name),
        "number": _is_number(name),
        "text": _text(name, value, names),
        "url": "",
    }
    cell["raw"] = "" if value is None else (cell["text"] if name.endswith("_id") else value)
    if part.link and part.link[1] == name and value:
        try:
            cell["url"] = reverse(PAGES[part.link[0]], args=[value])
        except NoReverseMatch:
            cell["url"] = ""
    return cell


def _text(name: str, value: Any, names: Names) -> str:
    if value is None:
        return words.NONE
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in CODES:
        return str(CODES[name].get(value, value))
    if name.endswith("_id"):
        return names.of(name).get(value) or f"#{value}"
    return _plain(name, value)


def _plain(name: str, value: Any) -> str:
    if name in MONEY or isinstance(value, Decimal):
        return words.plain(value, 2)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)
