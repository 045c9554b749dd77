"""How good the ledgers of a branch are: kinds of error by file, kind, month and branch; by what rows can be known.

Counted in three queries whatever the number of rows: rows by file and month, errors by file and month, and the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Func, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.choices import ROW_STANDINGS, LedgerKind
from customers.ledgers import dirt
from customers.ledgers.reasons import REASON_WORDS
from customers.models import LedgerFile, LedgerRow
from customers.querysets import standing
from customers.selectors import Page, page_by_id

MOST_FILES = 50
MOST_MONTHS = 12  # beyond, the report goes by years
NOTHING, UNKNOWN, UNDATED = "nothing", "unknown", "none"


class Unnest(Func):
    """A row for each element of an array."""

    function = "unnest"
    set_returning = True


@dataclass
class Tally:
    """Counts of some rows: how many, how many with an error, by what they can be known, outcomes, kinds of error."""

    rows: int = 0
    dirty: int = 0
    known_by: Counter = field(default_factory=Counter)
    outcomes: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)

    def add(self, counted: dict) -> None:
        """Add a line of the database."""
        self.rows += counted["rows"]
        self.dirty += counted["dirty"]
        self.known_by.update({code: counted[code] for code in (*dirt.USABLE, NOTHING, UNKNOWN)})
        self.outcomes.update({code: counted[f"outcome_{code}"] for code, _label in ROW_STANDINGS})

    @property
    def measured(self) -> int:
        """Rows that came in since errors are kept."""
        return self.rows - self.known_by[UNKNOWN]

    def share(self, number: int) -> float | None:
        """A number as a fraction of the measured rows; None where none was measured."""
        return number / self.measured if self.measured else None


@dataclass(frozen=True)
class Number:
    """A count that opens its rows, and its share of the measured rows as a fraction of one."""

    text: int
    share: float | None
    url: str


@dataclass(frozen=True)
class Line:
    """A line of the report: what it is about and its numbers."""

    label: str
    url: str
    rows: Number
    dirty: Number
    known_by: list[Number]
    outcomes: list[Number]
    commonest: str
    commonest_url: str
    note: str = ""


@dataclass(frozen=True)
class ErrorLine:
    """A kind of error: how many rows have it, altogether and in each kind of ledger."""

    code: str
    label: str
    all: Number
    by_kind: list[tuple[str, Number]]


def rows_of(staff: StaffMember, choice: dict[str, Any]) -> QuerySet[LedgerRow]:
    """The rows that stand in the books today, of the person's branches, as chosen."""
    rows = LedgerRow.objects.visible_to(staff).filter(undone_at=None)
    if not staff.scope.sees_union:
        rows = rows.filter(branch__in=staff.scope.branch_ids)
    for name, lookup in PLAIN_CHOICES.items():
        if choice.get(name):
            rows = rows.filter(**{lookup: choice[name]})
    if code := choice.get("outcome"):
        rows = rows.with_standing(code)
    if code := choice.get("dirt"):
        rows = rows.filter(dirt__contains=[code])
    return rows.filter(_usable(choice.get("usable", "")), _in_month(choice.get("month", "")))


PLAIN_CHOICES = {
    "branch": "branch",
    "kind": "kind",
    "since": "file__run__started_at__date__gte",
    "until": "file__run__started_at__date__lte",
    "file": "file",
}


def _usable(code: str) -> Q:
    if code == UNKNOWN:
        return Q(usable=None)
    if code == NOTHING:
        return Q(usable=[])
    return Q(usable__contains=[code]) if code else Q()


def _in_month(month: str) -> Q:
    """Rows entered in a month (2005-03) or year (2005), or undated ones."""
    if not month:
        return Q()
    if month == UNDATED:
        return Q(entered_on=None)
    year, _dash, number = month.partition("-")
    return Q(entered_on__year=int(year)) & (Q(entered_on__month=int(number)) if number else Q())


def quality_rows(staff: StaffMember, choice: dict[str, Any], after: str) -> Page:
    """The rows behind a number of the report."""
    rows = rows_of(staff, choice).select_related("file", "branch").defer("raw")
    return page_by_id(rows, after, newest_first=False, size=100)


# -- Counting ----------------------------------------------------------------------------------------------------------


def report(staff: StaffMember, choice: dict[str, Any]) -> dict[str, Any]:
    """Everything that the quality page shows."""
    rows = rows_of(staff, choice).order_by()
    counted = list(_counted(rows))
    errors = list(
        rows.annotate(month=TruncMonth("entered_on"), code=Unnest(F("dirt")))
        .values("file_id", "month", "code")
        .annotate(rows=Count("pk"))
    )
    files = LedgerFile.objects.visible_to(staff).select_related("branch", "run")
    known = files.in_bulk({line["file_id"] for line in counted})
    counted = [line for line in counted if line["file_id"] in known]
    errors = [line for line in errors if line["file_id"] in known]
    period = _period_of({line["month"] for line in counted})
    return _shown(_Book(counted, errors, known, period, choice))


def _counted(rows: QuerySet[LedgerRow]) -> QuerySet:
    known_by = {code: Count("pk", filter=Q(usable__contains=[code])) for code in dirt.USABLE}
    outcomes = {f"outcome_{code}": Count("pk", filter=standing(code)) for code, _label in ROW_STANDINGS}
    return (
        rows.annotate(month=TruncMonth("entered_on"))
        .values("file_id", "month")
        .annotate(
            rows=Count("pk"),
            dirty=Count("pk", filter=~Q(dirt=[])),
            nothing=Count("pk", filter=Q(usable=[])),
            unknown=Count("pk", filter=Q(usable=None)),
            **known_by,
            **outcomes,
        )
    )


def _period_of(months: Iterable[date | None]) -> Callable[[date | None], str]:
    """How a month is named in the report: by itself, or by its year when there are many."""
    form = "%Y" if len(set(months)) > MOST_MONTHS else "%Y-%m"
    return lambda month: month.strftime(form) if month else UNDATED


@dataclass(frozen=True)
class _Book:
    """What the database counted, to be summed by whatever is asked."""

    counted: list[dict]
    errors: list[dict]
    files: dict[int, LedgerFile]
    period: Callable[[date | None], str]
    choice: dict[str, Any]

    def by(self, key: Callable[[dict], Hashable]) -> dict[Any, Tally]:
        """Tallies by a key of a counted line."""
        found: dict[Any, Tally] = {}
        for line in self.counted:
            found.setdefault(key(line), Tally()).add(line)
        for line in self.errors:
            found[key(line)].errors[line["code"]] += line["rows"]
        return found

    def file_of(self, line: dict) -> LedgerFile:
        return self.files[line["file_id"]]

    def url(self, **more: Any) -> str:
        """The address of the rows behind a number."""
        said = {name: getattr(value, "pk", value) for name, value in self.choice.items()} | more
        given = {name: value for name, value in said.items() if value}
        return f"{reverse('customers:ledger-quality-rows')}?{urlencode(given)}"

    def number(self, tally: Tally, value: int, **more: Any) -> Number:
        return Number(value, tally.share(value), self.url(**more) if value else "")

    def line(self, label: str, tally: Tally, *, url: str = "", note: str = "", **more: Any) -> Line:
        """A line of the report about the rows that ``more`` chooses."""
        commonest = tally.errors.most_common(1)
        code = commonest[0][0] if commonest else ""
        return Line(
            label=label,
            url=url,
            rows=self.number(tally, tally.rows, **more),
            dirty=Number(tally.dirty, tally.share(tally.dirty), ""),
            known_by=[
                self.number(tally, tally.known_by[code], usable=code, **more)
                for code in (*dirt.USABLE, NOTHING)
            ],
            outcomes=[
                self.number(tally, tally.outcomes[code], outcome=code, **more)
                for code, _label in ROW_STANDINGS
            ],
            commonest=str(REASON_WORDS.get(code, code)),
            commonest_url=self.url(dirt=code, **more) if code else "",
            note=note,
        )


def _shown(book: _Book) -> dict[str, Any]:
    whole = book.by(lambda line: 0).get(0, Tally())
    kinds = book.by(lambda line: book.file_of(line).kind)
    errors = [_error_line(book, whole, kinds, code) for code, _n in whole.errors.most_common()]
    return {
        "whole": book.line(_("All"), whole),
        "tally": whole,
        "errors": errors,
        "kinds": [
            book.line(str(label), kinds[code], kind=code)
            for code, label in LedgerKind.choices
            if code in kinds
        ],
        "kind_labels": [str(label) for code, label in LedgerKind.choices],
        "branches": _branches(book),
        "files": _files(book),
        "more_files": max(len(book.files) - MOST_FILES, 0),
        "months": _months(book),
        "chart": _chart(errors, whole),
    }


def _error_line(book: _Book, whole: Tally, kinds: dict[str, Tally], code: str) -> ErrorLine:
    by_kind = [
        (str(label), book.number(held, held.errors[code], dirt=code, kind=kind))
        for kind, label in LedgerKind.choices
        for held in [kinds.get(kind, Tally())]
    ]
    label = str(REASON_WORDS.get(code, code))
    return ErrorLine(code, label, book.number(whole, whole.errors[code], dirt=code), by_kind)


def _branches(book: _Book) -> list[Line]:
    """The branches beside each other, the one with the most errors first."""
    tallies = book.by(lambda line: book.file_of(line).branch_id)
    names = {file.branch_id: str(file.branch) for file in book.files.values()}
    if len(tallies) <= 1:
        return []
    return [book.line(names[pk], tallies[pk], branch=pk) for pk in _dirtiest(tallies)]


def _files(book: _Book) -> list[Line]:
    tallies = book.by(lambda line: line["file_id"])
    lines = []
    for pk in _dirtiest(tallies)[:MOST_FILES]:
        file = book.files[pk]
        url = reverse("customers:ledger-file", args=[pk])
        line = book.line(file.name, tallies[pk], url=url, note=str(file.branch), file=pk)
        lines.append(line)
    return lines


def _months(book: _Book) -> list[Line]:
    tallies = book.by(lambda line: book.period(line["month"]))
    names = {UNDATED: _("undated")}
    return [book.line(names.get(key, key), tallies[key], month=key) for key in sorted(tallies)]


def _dirtiest(tallies: dict[Any, Tally]) -> list[Any]:
    return sorted(tallies, key=lambda key: (-(tallies[key].share(tallies[key].dirty) or 0), key))


def _chart(errors: Sequence[ErrorLine], whole: Tally) -> dict[str, Any]:
    """Rows by kind of error as a chart and the table behind it."""
    summary = _("Of %(rows)s rows %(dirty)s have an error; the commonest: %(error)s.") % {
        "rows": whole.measured,
        "dirty": whole.dirty,
        "error": errors[0].label if errors else _("none"),
    }
    data = {
        "kind": "bar",
        "labels": [line.label for line in errors],
        "series": [{"name": _("Rows"), "values": [line.all.text for line in errors]}],
        "x": "",
        "y": _("Rows"),
        "across": True,
    }
    columns = [{"label": _("Kind of error")}, {"label": _("Rows"), "number": True}]
    rows = [[line.label, {"text": line.all.text, "url": line.all.url}] for line in errors]
    return {"data": data, "summary": summary, "columns": columns, "rows": rows}
