"""Rows that were refused or wait for review, as a file to correct: given out, and known again when it comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches import exports
from branches.models import StaffMember
from coopcrm.shared.lists import Value
from customers import policies
from customers.choices import RowOutcome
from customers.exports import CHUNK, file_given, may_report
from customers.ledgers.recognising import masked
from customers.ledgers.text import as_text
from customers.ledgers.workbook import Row, Sheet
from customers.models import LedgerFile, LedgerRow

LEDGER_ERRORS = "customers.ledger_errors"
ROW_HEAD = "coopcrm row"
"""The heading that makes a file a correction; its cells are the numbers of the rows."""

ASKED = (RowOutcome.REJECTED, RowOutcome.REVIEW)


# -- Out ---------------------------------------------------------------------------------------------------------------


def rows_to_correct(staff: StaffMember, params: Mapping[str, int], most: int | None = None) -> QuerySet:
    """Rows of a file that were refused or wait for review; those taken back are over."""
    rows = LedgerRow.objects.visible_to(staff).filter(file=params["file"], outcome__in=ASKED, undone_at=None)
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


def corrected_in(staff: StaffMember, sheets: Sequence[Sheet]) -> tuple[LedgerFile | None, list[Sheet]]:
    """The file whose rows these are, and the sheets without what the list added; None for any other file."""
    for sheet in sheets:
        head = next((row for row in sheet.rows if ROW_HEAD in map(as_text, row.cells)), None)
        if head is None:
            continue
        at = [as_text(cell) for cell in head.cells].index(ROW_HEAD)
        rows = [row for row in sheet.rows if len(row.cells) > at and as_text(row.cells[at]).isdigit()]
        numbers = [int(as_text(row.cells[at])) for row in rows]
        known = LedgerRow.objects.filter(pk__in=numbers[:1]).select_related("file__branch").first()
        if known is None or not policies.may_import_at(staff, known.branch_id):
            return None, list(sheets)
        kept = [Row(row.number, row.cells[: at - 1]) for row in [head, *rows]]
        cleaned = Sheet("", encoding=sheet.encoding)
        for row in kept:
            cleaned.add(row)
        return known.file, [cleaned]
    return None, list(sheets)
