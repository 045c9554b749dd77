"""Rows that were refused or wait for review, as a file to correct: given out, and known again when it comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches import exports
from branches.models import StaffMember
from coopcrm.shared.lists import Value
from customers import policies
from customers.exports import CHUNK, file_given, may_report
from customers.ledgers.recognising import masked
from customers.ledgers.text import as_text
from customers.ledgers.workbook import Row, Sheet
from customers.models import LedgerFile, LedgerRow

LEDGER_ERRORS = "customers.ledger_errors"
ROW_HEAD = "coopcrm row"
"""The heading that makes a file a correction; its cells are the numbers of the rows."""

GUARD = "'"
"""Lists that are taken out put it before what a spreadsheet would take for a formula."""


# -- Out ---------------------------------------------------------------------------------------------------------------


def rows_to_correct(staff: StaffMember, params: Mapping[str, int], most: int | None = None) -> QuerySet:
    """Rows of a file that were refused or wait for review; those taken back or corrected are over."""
    rows = LedgerRow.objects.visible_to(staff).still_open().filter(file=params["file"])
    return rows.order_by("pk")[:most]


def _table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    file = LedgerFile.objects.visible_to(staff).get(pk=params["file"])
    labels = list(dict.fromkeys(column["label"] for column in file.columns if column.get("label")))

    def read() -> Iterator[list[Value]]:
        for row in rows_to_correct(staff, params).iterator(chunk_size=CHUNK):
            cells = json.loads(row.open("raw"))
            texts = [cells.get(label, "") for label in labels]
            shown = texts if with_numbers else [masked(text) for text in texts]
            yield [*shown, row.reason_in_words, row.pk]

    return exports.Table([*labels, _("Reason"), ROW_HEAD], read())


exports.kind(
    LEDGER_ERRORS,
    title=gettext_noop("Rows to correct"),
    clean=file_given,
    may_order=may_report,
    may_take_numbers=policies.may_export_numbers,
    count=lambda staff, params, most: rows_to_correct(staff, params, most + 1).count(),
    table=_table,
    file_name="rows-to-correct",
)


# -- Back --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Correction:
    """What a file is that came back: whose rows it corrects, its sheets without what the list added, and which rows.

    ``rows`` leads from a row's number in this file to the id of the earlier row. Any other file corrects nothing.
    """

    sheets: list[Sheet]
    file: LedgerFile | None = None
    rows: dict[int, int] = field(default_factory=dict)


def corrected_in(staff: StaffMember, sheets: Sequence[Sheet]) -> Correction:
    """The rows that people have changed; what they left as it was stays with the earlier rows."""
    for sheet in sheets:
        head = next((row for row in sheet.rows if ROW_HEAD in map(as_text, row.cells)), None)
        if head is not None:
            return _correction(staff, sheet, head) or Correction(list(sheets))
    return Correction(list(sheets))


def _correction(staff: StaffMember, sheet: Sheet, head: Row) -> Correction | None:
    labels = [as_text(cell) for cell in head.cells]
    at = labels.index(ROW_HEAD)
    lines = [row for row in sheet.rows if len(row.cells) > at and as_text(row.cells[at]).isdigit()]
    numbers = [int(as_text(row.cells[at])) for row in lines]
    file = LedgerFile.objects.filter(rows__in=numbers[:1]).select_related("branch").first()
    if file is None or not policies.may_import_at(staff, file.branch_id):
        return None
    earlier = LedgerRow.objects.filter(file=file).in_bulk(numbers)
    cleaned, rows = Sheet("", encoding=sheet.encoding), {}
    cleaned.add(Row(head.number, head.cells[: at - 1]))
    for row, number in zip(lines, numbers, strict=True):
        cells = _restored(labels[: at - 1], row.cells, earlier.get(number))
        if cells is None:
            continue
        cleaned.add(Row(row.number, cells))
        if number in earlier:
            rows[row.number] = number
    return Correction([cleaned], file, rows)


def _restored(labels: Sequence[str], cells: Sequence[Any], earlier: LedgerRow | None) -> tuple | None:
    """The cells, with whole numbers where nobody touched a masked one; None where nobody touched anything."""
    cells = tuple(cells[: len(labels)])
    if earlier is None:
        return cells
    raw = json.loads(earlier.open("raw"))
    typed = [raw.get(label, "") for label in labels]
    is_same = [
        as_text(cell).removeprefix(GUARD) in (text.removeprefix(GUARD), masked(text).removeprefix(GUARD))
        for cell, text in zip(cells, typed, strict=True)
    ]
    if all(is_same):
        return None
    return tuple(text if same else cell for cell, text, same in zip(cells, typed, is_same, strict=True))
