"""Ledgers as sheets of numbered rows; the file itself is read in the child process of ``coopcrm.shared.uploads``."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from coopcrm.shared.collecting import collector_paused
from coopcrm.shared.uploads import Unreadable
from coopcrm.shared.uploads.sheets import Cell, Row, SheetName, stream

__all__ = ["BESIDE", "Cell", "LedgerUnreadable", "Row", "Sheet", "no_customers", "read_sheets"]

LedgerUnreadable = Unreadable
BESIDE = "※※"
"""How the first cell of a sheet begins that holds no ledger."""
NO_CUSTOMERS = gettext_noop("No row of this file names a customer; check that it is the right file.")


@dataclass
class Sheet:
    """A sheet of a workbook; the only sheet of a text file has no name."""

    name: str
    rows: list[Row] = field(default_factory=list)
    encoding: str = ""

    def add(self, row: Row) -> None:
        """Add a row behind the blank ones that stand before it."""
        self.rows += [Row(number, ()) for number in range(len(self.rows) + 1, row.number)]
        self.rows.append(row)


@collector_paused()
def read_sheets(content: bytes, *, encoding: str = "") -> list[Sheet]:
    """Return the sheets of a workbook or text file; raise ``LedgerUnreadable`` with the reason otherwise.

    ``encoding`` is the one that people declare for a text file; without it the content tells.
    """
    sheets: list[Sheet] = []
    for said in stream(content, encoding=encoding):
        if isinstance(said, SheetName):
            sheets.append(Sheet(said.name, encoding=said.encoding))
        else:
            sheets[-1].add(said)
    return [sheet for sheet in sheets if not _is_beside(sheet)]


def _is_beside(sheet: Sheet) -> bool:
    """Explanations and lists of a template: its first cell says that nothing in the sheet is read."""
    first = next((cell for row in sheet.rows[:1] for cell in row.cells[:1]), None)
    return isinstance(first, str) and first.startswith(BESIDE)


def no_customers() -> LedgerUnreadable:
    """The refusal of a table in which nobody is named."""
    return LedgerUnreadable(NO_CUSTOMERS, code="ledger_without_customers")
