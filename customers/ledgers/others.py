"""Lines of a file that are no rows of customers: what they are, and what stands in them. Numbers stay masked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.choices import PartKind
from customers.ledgers import parts
from customers.ledgers.reading import SheetReading
from customers.ledgers.recognising import masked
from customers.ledgers.rows import RowKind
from customers.ledgers.text import as_text
from customers.models import UploadFile

SHOWN = 300
WHY = {
    RowKind.BLANK: _("blank"),
    RowKind.TITLE: _("title above the headings"),
    RowKind.HEADER: _("headings"),
    RowKind.MONTH: _("month or quarter of the rows below"),
    RowKind.SECTION: _("village or group of the rows below"),
    RowKind.SUBTOTAL: _("sum of a page or a part"),
    RowKind.TOTAL: _("total"),
    RowKind.SIGNATURE: _("signatures"),
    RowKind.NOTE: pgettext_lazy("line of a ledger", "note; names nobody"),
}


@dataclass(frozen=True)
class Line:
    """One line, or blank ones from ``number`` to ``last``: why it is no row, and its cells."""

    sheet: str
    number: int
    last: int
    why: Any
    cells: str


def keep(file: UploadFile, sheets: Iterable[SheetReading]) -> None:
    """Keep sealed what the check has put aside of a file, in place of what was kept before."""
    said = [
        [sheet.name, line.kind, line.number, line.last, [text for text in map(as_text, line.cells) if text]]
        for sheet in sheets
        for line in sheet.others
    ]
    content = json.dumps(said, ensure_ascii=False).encode()
    parts.keep(content, upload=file.upload, kind=PartKind.OTHERS, file=file)


def lines_of(file: UploadFile) -> tuple[list[Line], int]:
    """The first lines that were put aside, and how many there are; none before the check and after a week."""
    if not parts.held(file.upload, PartKind.OTHERS, file).exists():
        return [], 0
    said = json.loads(parts.kept(upload=file.upload, kind=PartKind.OTHERS, file=file))
    number = sum(last - first + 1 for _sheet, _kind, first, last, _cells in said)
    lines = [
        Line(sheet, first, last, WHY[RowKind(kind)], " · ".join(map(masked, cells)))
        for sheet, kind, first, last, cells in said[:SHOWN]
    ]
    return lines, number
