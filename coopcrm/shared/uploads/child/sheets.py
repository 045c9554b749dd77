"""Workbooks and delimited text as rows of cells, one after the other.

What a file is follows from its content, never from its name. A sheet is never held as a whole, and what a workbook
says about its own size is not believed.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import cells
import limits
from refusal import Refusal

ROWS_A_LINE, LONG = 200, 1_000
Write = Callable[[str], Any]
Cells = tuple[Any, ...]

ZIP_MAGIC = b"PK\x03\x04"
OLD_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0"
NO_TABLES = (
    b"%PDF", b"MZ", b"\x7fELF", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8",
    b"RIFF", b"SQLite format", b"BZh", b"\xfd7zXZ", b"PK\x05\x06", b"PK\x07\x08",
)  # fmt: skip
MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|script|svg|\?xml|\w+:)", re.IGNORECASE)
DELIMITERS = (",", "\t", ";", "|", "，")
SPREADSHEET_ERRORS = {"#N/A", "#NULL!", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!"}
NOTHING_VISIBLE = "\u200b\ufeff \t\r\n\xa0\u3000\x00"
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)


def tell(content: bytes, write: Write, encoding: str = "") -> None:
    """Write a line for every sheet and every row; raise a refusal otherwise.

    ``encoding`` is what people declare for a text file; without it the content tells.
    """
    require(len(content) <= limits.MAX_FILE_BYTES, "file_too_large")
    require(content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"), "file_empty")
    require(not content.startswith(OLD_OFFICE_MAGIC), "old_office")
    if content.startswith(ZIP_MAGIC):
        _tell_workbook(content, write)
        return
    require(
        not content.startswith(NO_TABLES) and not MARKUP.match(content.lstrip(b"\xef\xbb\xbf")), "no_table"
    )
    text, found = decode_as(content, encoding) if encoding in limits.ENCODINGS else decode(content)
    Telling("", write, encoding=found).tell(enumerate(_text_rows(text), start=1))


def require(condition: object, code: str) -> None:
    if not condition:
        raise Refusal(code)


class Telling:
    """Hands one sheet's rows over; blank rows only count, and those at the end are left out."""

    bytes_out = 0
    cells_out = 0

    def __init__(
        self, name: str, write: Write, merged: tuple[tuple[int, int, int], ...] = (), encoding: str = ""
    ) -> None:
        self.write = write
        self.merged = sorted(merged, key=lambda each: each[1], reverse=True)
        self.open_merges: dict[int, tuple[int, Any]] = {}
        write(json.dumps({"sheet": name, "encoding": encoding}) + "\n")

    def tell(self, rows: Iterator[tuple[int, Any]], unworked: dict[int, list[int]] | None = None) -> None:
        """Hand over the rows; behind the cells stand the columns of formulas without a value, where there are any."""
        told: list[tuple] = []
        for number, values in rows:
            require(number <= limits.MAX_ROWS, "too_many_rows")
            if not values:  # rows that a workbook leaves out; there may be a million
                continue
            row = self._with_merged(number, trimmed(values))
            if row:
                told.append(
                    (number, row, unworked.pop(number)) if unworked and number in unworked else (number, row)
                )
                Telling.cells_out += len(row)
            if len(told) == ROWS_A_LINE or any(isinstance(cell, str) and len(cell) > LONG for cell in row):
                self._say(told)
                told = []
        self._say(told)

    def _say(self, rows: list[tuple]) -> None:
        line = json.dumps(rows, default=moment) + "\n"
        Telling.bytes_out += len(line)
        require(Telling.cells_out <= limits.MAX_CELLS, "too_many_cells")
        require(Telling.bytes_out <= limits.MAX_ROW_BYTES_OUT, "unpacks_too_large")
        self.write(line)

    def _with_merged(self, number: int, cells: Cells) -> Cells:
        """Give every row of cells merged downwards the value of the first; a blank row stays blank."""
        if not cells or not (self.merged or self.open_merges):
            return cells
        filled = list(cells)
        for column, (bottom, value) in list(self.open_merges.items()):
            if number > bottom:
                del self.open_merges[column]
            else:
                filled += [None] * (column + 1 - len(filled))
                filled[column] = value
        while self.merged and self.merged[-1][1] <= number:
            column, top, bottom = self.merged.pop()
            if top == number and column < len(filled) and filled[column] is not None:
                self.open_merges[column] = (bottom, filled[column])
        return tuple(filled)


def moment(value: date | datetime) -> dict[str, str]:
    """Days and moments as JSON knows them."""
    return {"t" if isinstance(value, datetime) else "d": value.isoformat()}


def trimmed(values: Any) -> Cells:
    """The cells of a row without the empty ones at its end."""
    cells = [clean(value) for value in values]
    while cells and cells[-1] is None:
        cells.pop()
    require(len(cells) <= limits.MAX_COLUMNS, "too_many_columns")
    return tuple(cells)


def clean(value: Any) -> Any:
    """A cell's value; text that shows nothing, and a spreadsheet's error values, are no value."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).upper()
    if isinstance(value, str):
        require(len(value) <= limits.MAX_CELL_CHARACTERS, "cell_too_long")
        return readable(value) if value.strip(NOTHING_VISIBLE) and value not in SPREADSHEET_ERRORS else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, int | float | datetime | date):
        return value
    return value.isoformat() if isinstance(value, time) else str(value)


def readable(text: str) -> str:
    """The text without halves of characters, which no database takes."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- workbooks -------------------------------------------------------------------------------------------------------

MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
COUNTED = (
    ((b"<c ", b":c ", b"<c>", b"<c/"), limits.MAX_CELLS, "too_many_cells"),
    ((b"<row ", b":row ", b"<row>"), limits.MAX_ROWS, "too_many_rows"),
    ((b"<si>", b"<si ", b"<si/", b":si>"), limits.MAX_STRINGS, "too_many_cells"),
    ((b"<xf ", b":xf ", b"<xf/", b"<numFmt "), 3 * limits.MAX_STYLES, "odd_workbook"),
    ((b"<mergeCell ", b":mergeCell "), limits.MAX_MERGES, "odd_workbook"),
    ((b"<!DOCTYPE", b"<!ENTITY"), 0, "declares_entities"),
)
ROWS = 1
CHUNK = limits.MEGABYTE


def _tell_workbook(content: bytes, write: Write) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise Refusal("damaged") from None
    _check_members(archive.infolist())
    _weigh(archive)
    _open_workbook(content, archive, write)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by what its list of parts says, before any part is unpacked."""
    names = [member.filename for member in members]
    require(len(members) <= limits.MAX_MEMBERS, "too_many_parts")
    require(not any(member.flag_bits & 0x1 for member in members), "locked")
    require(len(set(names)) == len(names), "odd_workbook")
    require(
        not any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names),
        "odd_workbook",
    )
    require(sum(member.file_size for member in members) <= limits.MAX_UNPACKED_BYTES, "unpacks_too_large")
    for member in members:
        is_dense = member.file_size > limits.MAX_RATIO * max(member.compress_size, 1)
        require(not (is_dense and member.file_size > limits.SMALL_MEMBER_BYTES), "odd_packing")
    require(not any(name.lower().endswith("vbaproject.bin") for name in names), "macros")
    require("[Content_Types].xml" in names, "no_workbook")


def _weigh(archive: zipfile.ZipFile) -> None:
    """Unpack every part once without keeping it, and count what would cost the parser memory and time."""
    left = limits.MAX_UNPACKED_BYTES
    counts = [0] * len(COUNTED)
    for member in archive.infolist():
        if not member.filename.endswith((".xml", ".rels", ".vml")):
            continue
        counts[ROWS], rest = 0, b""  # the only one that a sheet may have anew
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                require(left >= 0, "unpacks_too_large")
                text = rest + chunk
                cut = text.rfind(b"<", -64) if b"<" in text[-64:] else len(text)
                rest, text = text[cut:], text[:cut]
                _count(text, counts)
        _count(rest + b" ", counts)


def _count(text: bytes, counts: list[int]) -> None:
    for i, (tags, most, code) in enumerate(COUNTED):
        counts[i] += sum(map(text.count, tags))
        require(counts[i] <= most, code)


def _open_workbook(content: bytes, archive: zipfile.ZipFile, write: Write) -> None:
    from openpyxl.reader.excel import ExcelReader

    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise Refusal("macros")
    reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    try:
        texts = _shared_texts(reader)
        reader.read_workbook()
    except OSError:
        raise Refusal("no_workbook") from None
    _note_date_formats(reader)
    for name, path in _worksheets(reader):
        merged = _merged_downwards(archive, path)
        with archive.open(path) as stream:
            sheet = cells.Sheet(reader.wb, texts)
            Telling(name, write, merged).tell(sheet.rows(stream), sheet.unworked)


def _shared_texts(reader: Any) -> list[str]:
    from openpyxl.xml.constants import SHARED_STRINGS

    part = reader.package.find(SHARED_STRINGS)
    if part is None:
        return []
    with reader.archive.open(part.PartName[1:]) as stream:
        return cells.shared_texts(stream)


def _worksheets(reader: Any) -> Iterator[tuple[str, str]]:
    """Name and part of every sheet that holds cells."""
    for sheet, rel in reader.parser.find_sheets():
        if rel.target in reader.valid_files and "chartsheet" not in rel.Type:
            yield sheet.name, rel.target


def _note_date_formats(reader: Any) -> None:
    """Tell the workbook which cell formats show days, without building the rest of its styles."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
    from openpyxl.xml.functions import iterparse

    book, formats, inside, index = reader.wb, dict(BUILTIN_FORMATS), False, 0
    book._date_formats, book._timedelta_formats = set(), set()
    if "xl/styles.xml" not in reader.valid_files:
        return
    with reader.archive.open("xl/styles.xml") as stream:
        for event, node in iterparse(stream, events=("start", "end")):
            tag = node.tag.rpartition("}")[2]
            if tag == "cellXfs":
                inside = event == "start"
            elif tag == "numFmt" and event == "start" and node.get("numFmtId"):
                formats[int(node.get("numFmtId"))] = node.get("formatCode") or ""
            elif tag == "xf" and event == "start" and inside:
                code = formats.get(int(node.get("numFmtId") or 0), "General")
                if is_date_format(code):
                    book._date_formats.add(index)
                if is_timedelta_format(code):
                    book._timedelta_formats.add(index)
                index += 1
            if event == "end":
                node.clear()


def _merged_downwards(archive: zipfile.ZipFile, path: str) -> tuple[tuple[int, int, int], ...]:
    """Cells merged over several rows of one column, as (column, first row, last row)."""
    ranges: list[tuple[bytes, ...]] = []
    with archive.open(path) as stream:
        rest = b""
        while chunk := stream.read(CHUNK):
            text = rest + chunk
            ranges += MERGE.findall(text)
            rest = text[text.rfind(b"<") :][-300:] if b"<" in text else b""
    return tuple(
        (column_index(left), int(top), int(bottom))
        for left, top, right, bottom in ranges
        if left == right and int(top) < int(bottom) and column_index(left) < limits.MAX_COLUMNS
    )


def column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


# --- text ------------------------------------------------------------------------------------------------------------

CONTROLS = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
ODD_SHARE = 100  # one odd character in so many: this is no text


def _text_rows(text: str) -> Iterator[list[str]]:
    odd = text.count("\x00") + len(CONTROLS.findall(text)) + text.count("\ufffd")
    require(odd * ODD_SHARE <= len(text), "no_table")
    lines = text.count("\n") + (not text.endswith("\n"))
    require('"' in text or lines <= limits.MAX_ROWS, "too_many_rows")
    csv.field_size_limit(limits.MAX_FILE_BYTES)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    except csv.Error:
        raise Refusal("no_table") from None


def decode(content: bytes) -> tuple[str, str]:
    """Decode text in UTF-8, UTF-16, GBK or GB 18030, with or without a byte-order mark; also tells which it was."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace").lstrip("\ufeff"), encoding
    if content[:4000].count(b"\x00") > len(content[:4000]) // 5:
        even, odd = content[:4000:2].count(b"\x00"), content[1:4000:2].count(b"\x00")
        return decode_as(content, "utf-16-le" if odd > even else "utf-16-be")
    for encoding in ("utf-8", "gbk", "gb18030", "big5hkscs"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    # A few broken bytes must not cost the whole file: take the encoding that breaks least.
    return min(
        (decode_as(content, code) for code in ("utf-8", "gb18030")),
        key=lambda found: found[0].count("\ufffd"),
    )


def decode_as(content: bytes, encoding: str) -> tuple[str, str]:
    """Decode text as people say it is written; what does not fit is marked."""
    return content.decode(encoding, errors="replace").lstrip("\ufeff"), encoding


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
