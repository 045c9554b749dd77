"""Workbooks to fill in: a sheet with headings, choices and formats, one that explains it, a hidden one of choices.

Written like the lists that leave the house (``lists.py``): in memory, texts as texts, no formula that could run. A
column for numbers is text, so that a spreadsheet keeps every digit.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from coopcrm.shared.lists import (
    DAY_STYLE,
    FIXED_PARTS,
    HEAD,
    HEAD_STYLE,
    OFFICE,
    PACKAGE,
    SHEET,
    SHEET_TYPE,
    TEXT_STYLE,
    plain,
    row_of,
)

ROWS = 5_000
"""So many rows have choices and checks; more can be filled in without them."""
CHOICES_SHEET = "choices"
STYLES = {"text": TEXT_STYLE, "day": DAY_STYLE, "plain": 0}


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
    parts = FIXED_PARTS | {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _ROOT,
        "xl/_rels/workbook.xml.rels": _relations(),
        "xl/workbook.xml": _workbook(book),
        "xl/worksheets/sheet1.xml": _form(book),
        "xl/worksheets/sheet2.xml": _explanation(book),
        "xl/worksheets/sheet3.xml": _choices(book),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, HEAD + text)
    return out.getvalue()


_ROOT = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def _content_types() -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/>'
        for number in (1, 2, 3)
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>{sheets}'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPE}.styles+xml"/></Types>'
    )


def _relations() -> str:
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in (1, 2, 3)
    )
    styles = f'<Relationship Id="rId4" Type="{OFFICE}/styles" Target="styles.xml"/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{sheets}{styles}</Relationships>'


def _workbook(book: BlankBook) -> str:
    return (
        f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{plain(book.title[:31])}" sheetId="1" r:id="rId1"/>'
        f'<sheet name="{plain(book.help_title[:31])}" sheetId="2" r:id="rId2"/>'
        f'<sheet name="{CHOICES_SHEET}" sheetId="3" state="hidden" r:id="rId3"/></sheets></workbook>'
    )


def _form(book: BlankBook) -> str:
    columns = "".join(
        f'<col min="{i}" max="{i}" width="{column.width}" style="{STYLES[column.form]}" customWidth="1"/>'
        for i, column in enumerate(book.columns, start=1)
    )
    checks = [check for i, column in enumerate(book.columns, start=1) if (check := _check(i, column))]
    return (
        f'<worksheet xmlns="{SHEET}"><sheetViews><sheetView workbookViewId="0" tabSelected="1">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols>"
        f"<sheetData>{row_of([column.heading for column in book.columns], HEAD_STYLE)}</sheetData>"
        f'<dataValidations count="{len(checks)}">{"".join(checks)}</dataValidations>'
        '<pageSetup paperSize="9" orientation="landscape"/></worksheet>'
    )


def _check(number: int, column: BlankColumn) -> str:
    """What a spreadsheet offers and asks in a column; other words are warned about, not refused."""
    kind, formulas = _kind_of(number, column)
    hint = f' showInputMessage="1" prompt="{plain(column.hint[:250])}"' if column.hint else ""
    if not kind and not hint:
        return ""
    cells = f"{letter_of(number)}2:{letter_of(number)}{ROWS + 1}"
    return (
        f'<dataValidation{kind} errorStyle="warning" allowBlank="1" showErrorMessage="1"{hint} sqref="{cells}">'
        f"{formulas}</dataValidation>"
    )


def _kind_of(number: int, column: BlankColumn) -> tuple[str, str]:
    if column.choices:
        letter = letter_of(number)
        cells = f"{CHOICES_SHEET}!${letter}$2:${letter}${len(column.choices) + 1}"
        return ' type="list"', f"<formula1>{cells}</formula1>"
    if column.form == "day":
        return ' type="date" operator="greaterThan"', "<formula1>1</formula1>"
    return "", ""


def _explanation(book: BlankBook) -> str:
    first, *others = book.help_lines
    rows = [row_of([f"{book.beside} {first[0]}", *first[1:]], HEAD_STYLE), *map(row_of, others)]
    return (
        f'<worksheet xmlns="{SHEET}"><cols><col min="1" max="1" width="24" customWidth="1"/>'
        f'<col min="2" max="3" width="48" customWidth="1"/></cols><sheetData>{"".join(rows)}</sheetData></worksheet>'
    )


def _choices(book: BlankBook) -> str:
    """The choices of each column below each other, in the column of the same letter."""
    longest = max((len(column.choices) for column in book.columns), default=0)
    rows = [row_of([book.beside])]
    for i in range(longest):
        rows.append(
            row_of([column.choices[i] if i < len(column.choices) else None for column in book.columns])
        )
    return f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def letter_of(number: int) -> str:
    """The letter of a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
