"""Lists in steps: a signed cursor names the last row shown, so that page 1,000 costs what page 1 costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.errors import DomainError

MOST_ROWS = 200
LONGEST_ID = 18


def id_in(text: str) -> int | None:
    """The id that an address or a hidden field holds; None for anything that cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else None


class BadCursor(DomainError):
    """The cursor was not given out by this list."""

    code = "bad_cursor"


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the cursors to its neighbours; None where the list ends."""

    rows: list
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True)
class Keyset:
    """An order of a list by columns that are never null; the last one is unique. ``-`` stands for descending.

    ``name`` binds a cursor to its list, so that it opens no other one.
    """

    name: str
    order: tuple[str, ...]

    def page(self, rows: QuerySet, *, after: str = "", before: str = "", size: int = 50) -> Page:
        """Return ``size`` rows after or before a cursor, from the beginning when none is given."""
        size = max(1, min(size, MOST_ROWS))
        backwards = bool(before)
        cursor = before or after
        if cursor:
            rows = rows.filter(self._beyond(self._open(cursor), backwards=backwards))
        order = [self._turned(column) if backwards else column for column in self.order]
        found = list(rows.order_by(*(ordering(column) for column in order))[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        has_next, has_previous = (True, more) if backwards else (more, bool(cursor))
        return Page(
            found,
            self._seal(found[-1]) if found and has_next else None,
            self._seal(found[0]) if found and has_previous else None,
        )

    def _seal(self, row: Any) -> str:
        values = [value_of(row, column.lstrip("-")) for column in self.order]
        return signing.dumps([_plain(value) for value in values], salt=f"page:{self.name}", compress=True)

    def _open(self, cursor: str) -> Sequence:
        try:
            values = signing.loads(cursor, salt=f"page:{self.name}")
        except signing.BadSignature:
            raise BadCursor(
                _("This page of the list is no longer known. Begin again at its first page.")
            ) from None
        if not isinstance(values, list) or len(values) != len(self.order):
            raise BadCursor(_("This page of the list is no longer known. Begin again at its first page."))
        return values

    def _beyond(self, values: Sequence, *, backwards: bool) -> Q:
        condition, equal = Q(pk__in=[]), Q()
        for column, value in zip(self.order, values, strict=True):
            name, descends = column.lstrip("-"), column.startswith("-") != backwards
            condition |= equal & Q(**{f"{name}__{'lt' if descends else 'gt'}": value})
            equal &= Q(**{name: value})
        first, descends = self.order[0].lstrip("-"), self.order[0].startswith("-") != backwards
        return (
            Q(**{f"{first}__{'lte' if descends else 'gte'}": values[0]}) & condition
        )  # where the index begins

    @staticmethod
    def _turned(column: str) -> str:
        return column[1:] if column.startswith("-") else f"-{column}"


def ordering(column: str):
    """Return the ORDER BY term of one column."""
    return F(column[1:]).desc() if column.startswith("-") else F(column).asc()


def value_of(row: Any, path: str) -> Any:
    """Read ``a__b`` from a model instance or a mapping."""
    if isinstance(row, dict):
        return row[path]
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def page_of(
    request, rows: QuerySet, keyset: Keyset, *, size: int = 50, shape: Callable[[Any], Any] | None = None
) -> Page:
    """Return the page that a browser asked for with ``after`` or ``before``."""
    given = request.GET
    try:
        page = keyset.page(rows, after=given.get("after", ""), before=given.get("before", ""), size=size)
    except BadCursor:  # an old or altered address: begin again at the first page
        page = keyset.page(rows, size=size)
    return (
        page
        if shape is None
        else Page([shape(row) for row in page.rows], page.next_cursor, page.previous_cursor)
    )
