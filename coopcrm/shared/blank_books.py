"""Workbooks to fill in: a sheet with headings, choices and formats, one that explains it, a hidden one of choices.

Texts stand as texts, so that no formula could run; a column for numbers is text, so that a spreadsheet keeps every
digit.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

ROWS = 5_000
"""So many rows have choices and checks; more can be filled in without them."""
CHOICES_SHEET = "choices"
FORMATS = {"text": "@", "day": "yyyy\\-mm\\-dd"}
MOST_TITLE, MOST_HINT = 31, 250  # as many characters as a spreadsheet takes


@dataclass(frozen=True)
class BlankColumn:
    """A column to fill in: ``form`` is text, day or plain; ``hint`` is shown beside a chosen cell."""

    heading: str
    form: str = "plain"
    choices: Sequence[str] = ()
    hint: str = ""
    width: int = 14


@dataclass(frozen=True)
class BlankBook:
    """A workbook to fill in: names of its two visible sheets, its columns, and the lines that explain it.

    ``beside`` begins the first cell of the sheets that hold no rows, so that whoever reads the book leaves them out.
    """

    title: str
    columns: Sequence[BlankColumn]
    help_title: str
    help_lines: Sequence[Sequence[str]]
    beside: str


def as_workbook(book: BlankBook) -> bytes:
    """The book as a file."""
    workbook = Workbook()
    _fill_form(workbook.active, book)
    _fill_explanation(workbook.create_sheet(book.help_title[:MOST_TITLE]), book)
    _fill_choices(workbook.create_sheet(CHOICES_SHEET), book)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _add_row(sheet: Worksheet, number: int, texts: Iterable[str], *, is_head: bool = False) -> None:
    """Write texts as texts, whatever they begin with."""
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(number, column, ILLEGAL_CHARACTERS_RE.sub("", text) or None)
        cell.data_type = "s" if text else cell.data_type
        if is_head:
            cell.font = Font(bold=True)


def _fill_form(sheet: Worksheet, book: BlankBook) -> None:
    sheet.title, sheet.freeze_panes = book.title[:MOST_TITLE], "A2"
    sheet.page_setup.paperSize, sheet.page_setup.orientation = sheet.PAPERSIZE_A4, "landscape"
    _add_row(sheet, 1, (column.heading for column in book.columns), is_head=True)
    for number, column in enumerate(book.columns, start=1):
        letter = get_column_letter(number)
        dimension = sheet.column_dimensions[letter]
        dimension.width = column.width
        dimension.number_format = FORMATS.get(column.form, "General")
        if check := _check(letter, column):
            check.add(f"{letter}2:{letter}{ROWS + 1}")
            sheet.add_data_validation(check)


def _check(letter: str, column: BlankColumn) -> DataValidation | None:
    """What a spreadsheet offers and asks in a column; other words are warned about, not refused."""
    if not (column.choices or column.hint or column.form == "day"):
        return None
    check = DataValidation(allow_blank=True, showErrorMessage=True, errorStyle="warning")
    if column.choices:
        check.type = "list"
        check.formula1 = f"{CHOICES_SHEET}!${letter}$2:${letter}${len(column.choices) + 1}"
    elif column.form == "day":
        check.type, check.operator, check.formula1 = "date", "greaterThan", "1"
    if column.hint:
        check.showInputMessage, check.prompt = True, column.hint[:MOST_HINT]
    return check


def _fill_explanation(sheet: Worksheet, book: BlankBook) -> None:
    first, *others = book.help_lines
    _add_row(sheet, 1, [f"{book.beside} {first[0]}", *first[1:]], is_head=True)
    for number, line in enumerate(others, start=2):
        _add_row(sheet, number, line)
    for letter, width in (("A", 24), ("B", 48), ("C", 48)):
        sheet.column_dimensions[letter].width = width


def _fill_choices(sheet: Worksheet, book: BlankBook) -> None:
    """The choices of each column below each other, in the column of the same letter."""
    sheet.sheet_state = "hidden"
    _add_row(sheet, 1, [book.beside])
    for column, wanted in enumerate(book.columns, start=1):
        for number, choice in enumerate(wanted.choices, start=2):
            sheet.cell(number, column, ILLEGAL_CHARACTERS_RE.sub("", choice)).data_type = "s"
