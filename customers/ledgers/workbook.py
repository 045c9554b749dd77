"""Workbooks and comma-separated files as rows of cells, numbered the way a spreadsheet shows them.

A ledger comes as ``.xlsx`` or as text in one of the encodings that Chinese spreadsheets write. What it is follows from
its content, never from its name. The limits of the hostile upload hold while reading: a file is never loaded in full
width, and what a workbook says about its own size is not believed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl

Cell = str | int | float | Decimal | date | datetime | None

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_MEMBERS = 200
MAX_RATIO = 100
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 32_767
SMALL_MEMBER_BYTES = 1024 * 1024  # tiny parts compress better than the ratio allows and harm nobody

ZIP_MAGIC = b"PK\x03\x04"
OLD_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0"
DELIMITERS = (",", "\t", ";", "|", "，")
SPREADSHEET_ERRORS = {"#N/A", "#NULL!", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!"}


class LedgerUnreadable(Exception):
    """The file cannot be read as a ledger; the text says what to do about it."""


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it (for text: the record number, blank ones counted)."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def is_blank(self) -> bool:
        return all(cell is None for cell in self.cells)


@dataclass
class Sheet:
    """A sheet of a workbook; the only sheet of a text file has no name."""

    name: str
    rows: list[Row] = field(default_factory=list)


def read_sheets(content: bytes) -> list[Sheet]:
    """Return the sheets of a workbook or text file; raise ``LedgerUnreadable`` with the reason otherwise."""
    if len(content) > MAX_FILE_BYTES:
        raise LedgerUnreadable(f"The file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB; split it.")
    if content.startswith(OLD_OFFICE_MAGIC):
        raise LedgerUnreadable("This is an old or locked Office file; save it as .xlsx without a password.")
    if content.startswith(ZIP_MAGIC):
        return _read_workbook(content)
    return [_read_text(content)]


# --- workbooks -------------------------------------------------------------------------------------------------------


def _read_workbook(content: bytes) -> list[Sheet]:
    _check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except LedgerUnreadable:
        raise
    except Exception as error:  # a damaged workbook raises whatever the parser stumbled over
        raise LedgerUnreadable(
            "The workbook is damaged; open it in a spreadsheet and save it again."
        ) from error
    try:
        merged = _merged_downwards(content, book)
        return [_read_sheet(sheet, merged.get(sheet.title, ())) for sheet in book.worksheets]
    except LedgerUnreadable:
        raise
    except Exception as error:
        raise LedgerUnreadable(
            "A sheet of the workbook is damaged; save it again from a spreadsheet."
        ) from error
    finally:
        book.close()


def _check_archive(content: bytes) -> None:
    """Refuse an archive that would unpack into more than a ledger can be."""
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise LedgerUnreadable(
            "The workbook is damaged; open it in a spreadsheet and save it again."
        ) from error
    if len(members) > MAX_MEMBERS:
        raise LedgerUnreadable("The workbook has too many parts to be a ledger.")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise LedgerUnreadable("The workbook unpacks into more than 200 MB; split it.")
    for member in members:
        if member.file_size > SMALL_MEMBER_BYTES and member.file_size > MAX_RATIO * max(
            member.compress_size, 1
        ):
            raise LedgerUnreadable("The workbook is packed in a way no spreadsheet packs.")


def _read_sheet(sheet, merged: tuple[tuple[int, int, int], ...]) -> Sheet:
    """Read one sheet row by row; its stated dimensions are forgotten first."""
    sheet.reset_dimensions()
    result = Sheet(sheet.title)
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > MAX_ROWS:
            raise LedgerUnreadable(f"A sheet has more than {MAX_ROWS} rows; split it.")
        result.rows.append(Row(number, _trimmed(values)))
    _fill_merged(result, merged)
    while result.rows and result.rows[-1].is_blank:
        result.rows.pop()
    return result


def _trimmed(values) -> tuple[Cell, ...]:
    cells = [_clean(value) for value in values]
    while cells and cells[-1] is None:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise LedgerUnreadable(f"A row has more than {MAX_COLUMNS} columns; no ledger has.")
    return tuple(cells)


def _clean(value) -> Cell:
    """Return a cell's value; text that holds nothing visible, and a spreadsheet's error values, are no value."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).upper()
    if isinstance(value, str):
        if len(value) > MAX_CELL_CHARACTERS:
            raise LedgerUnreadable("A cell holds more text than a spreadsheet allows.")
        return (
            value
            if value.strip("\u200b\ufeff \t\r\n\xa0\u3000\x00") and value not in SPREADSHEET_ERRORS
            else None
        )
    if isinstance(value, (int, float, Decimal, datetime, date)):
        return value
    return value.isoformat() if isinstance(value, time) else str(value)


MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')


def _merged_downwards(content: bytes, book) -> dict[str, tuple[tuple[int, int, int], ...]]:
    """Find cells merged over several rows of one column: the value counts for each of these rows."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    found = {}
    for sheet in book.worksheets:
        path = getattr(sheet, "_worksheet_path", "")
        if path not in archive.namelist():
            continue
        ranges = []
        with archive.open(path) as stream:
            rest = b""
            while chunk := stream.read(1 << 20):
                text = rest + chunk
                ranges += MERGE.findall(text)
                rest = text[text.rfind(b"<") :][-300:] if b"<" in text else b""
        found[sheet.title] = tuple(
            (_column_index(left), int(top), int(bottom))
            for left, top, right, bottom in ranges
            if left == right and int(top) < int(bottom)
        )
    return found


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _fill_merged(sheet: Sheet, merged: tuple[tuple[int, int, int], ...]) -> None:
    for column, top, bottom in merged:
        if top > len(sheet.rows) or column >= MAX_COLUMNS:
            continue
        source = sheet.rows[top - 1].cells
        if column >= len(source) or source[column] is None:
            continue
        for index in range(top, min(bottom, len(sheet.rows))):
            cells = list(sheet.rows[index].cells)
            if not any(cell is not None for cell in cells):
                continue  # a blank row stays blank
            cells += [None] * (column + 1 - len(cells))
            cells[column] = source[column]
            sheet.rows[index] = Row(sheet.rows[index].number, tuple(cells))


# --- text ------------------------------------------------------------------------------------------------------------


def _read_text(content: bytes) -> Sheet:
    text = decode(content)
    sheet = Sheet("")
    try:
        for number, values in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)), start=1
        ):
            if number > MAX_ROWS:
                raise LedgerUnreadable(f"The file has more than {MAX_ROWS} rows; split it.")
            sheet.rows.append(Row(number, _trimmed(values)))
    except csv.Error as error:
        raise LedgerUnreadable("The file is not a table of comma-separated values.") from error
    return sheet


def decode(content: bytes) -> str:
    """Decode text in UTF-8, UTF-16, GBK or GB 18030, with or without a byte-order mark."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"\x84\x31\x95\x33", "gb18030"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace").lstrip("\ufeff")
    if content[:4000].count(b"\x00") > len(content[:4000]) // 5:
        even, odd = content[:4000:2].count(b"\x00"), content[1:4000:2].count(b"\x00")
        return content.decode("utf-16-le" if odd > even else "utf-16-be", errors="replace")
    for encoding in ("utf-8", "gb18030", "big5hkscs"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    # A few broken bytes must not cost the whole ledger: take the encoding that breaks least.
    return min(
        (content.decode(code, errors="replace") for code in ("utf-8", "gb18030")),
        key=lambda t: t.count("\ufffd"),
    )


def delimiter_of(text: str) -> str:
    """Return the delimiter that cuts most lines into the same number of cells, and more than one."""
    lines = [line for line in text[:200_000].splitlines() if line.strip()][:200]
    best, best_score = ",", 0
    for delimiter in DELIMITERS:
        widths = Counter(line.count(delimiter) for line in lines)
        widths.pop(0, None)
        score = max((count * min(width, 3) for width, count in widths.items()), default=0)
        if score > best_score:
            best, best_score = delimiter, score
    return best
