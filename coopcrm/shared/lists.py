"""Lists that leave the house as files: marked, with cells that a spreadsheet shows and never runs.

The mark names who took the list, when, what for, and its running number: above and below the rows, in the head of every
printed page, and in the properties of the file.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.translation import gettext as _

from coopcrm.shared.cells import safe_cell

Value = str | int | float | Decimal | bool | date | datetime | None

MARK = "※"
"""The first character of a mark's row; a list that comes back is read without such rows."""
DAY_STYLE, HEAD_STYLE, TEXT_STYLE = 1, 2, 3
EPOCH = date(1899, 12, 30)
PRINT_HEAD_CHARACTERS = 200  # of the 255 that a spreadsheet program allows
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ROWS_A_PIECE, BYTES_A_PIECE = 5_000, 1 << 20
XLSX_LEVEL = 3  # of nine: half the time of six, a tenth more bytes
BIGGEST_EXACT = 10**15  # a spreadsheet keeps fifteen digits of a figure


@dataclass(frozen=True)
class Mark:
    """What a list says about itself."""

    number: int
    title: str
    taken_by: str
    taken_at: datetime
    purpose: str

    def __str__(self) -> str:
        words = {
            "number": self.number,
            "title": self.title,
            "name": self.taken_by,
            "time": f"{timezone.localtime(self.taken_at):%Y-%m-%d %H:%M}",
            "purpose": self.purpose,
        }
        return (
            f"{MARK} " + _("List no. %(number)s · %(title)s · %(name)s · %(time)s · for: %(purpose)s") % words
        )


def is_mark(first_cell: object) -> bool:
    """Whether a row that came back is a mark and no data."""
    return isinstance(first_cell, str) and first_cell.lstrip("'").startswith(MARK)


def shown(value: Value) -> str | int | float | Decimal | date | None:
    """A value as it stands in a cell: texts harmless, moments in local time, figures as figures."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{local:%Y-%m-%d %H:%M}"
    return safe_cell(value) if isinstance(value, str) else value


def as_csv(mark: Mark, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The list as text with commas, in UTF-8 with the byte-order mark that spreadsheets look for, in pieces."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([str(mark)])
    writer.writerow([safe_cell(str(name)) for name in columns])
    yield BYTE_ORDER_MARK
    rows = iter(rows)
    while some := list(islice(rows, ROWS_A_PIECE)):
        writer.writerows([[_in_text(value) for value in row] for row in some])
        yield _taken(out)
    writer.writerow([str(mark)])
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    """What was written so far; the buffer begins anew."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _in_text(value: Value) -> str:
    if type(value) is str:  # the common case first: a list has a million of them
        return safe_cell(value)
    if value is None:
        return ""
    if type(value) in (int, date):
        return str(value)
    value = shown(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# -- Workbooks ---------------------------------------------------------------------------------------------------------

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FIXED_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPE}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{SHEET}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


def as_xlsx(mark: Mark, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The list as a workbook in pieces, made in memory, so that no temporary file holds it in the clear.

    Texts are inline texts and figures are figures: there is no way to write a formula here.
    """
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=XLSX_LEVEL) as archive:
        for name, text in FIXED_PARTS.items():
            archive.writestr(name, HEAD + text)
        archive.writestr("docProps/core.xml", HEAD + _properties(mark))
        archive.writestr("xl/workbook.xml", HEAD + _workbook(mark))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            parts = _sheet(mark, columns, rows)
            while some := "".join(islice(parts, ROWS_A_PIECE)):
                sheet.write(some.encode())
                if len(out.waiting) >= BYTES_A_PIECE:
                    yield out.taken()
    yield out.taken()


class _Pieces(io.RawIOBase):
    """What a zip archive is written to: it goes forward only, and what was written is taken away in pieces."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.waiting += content
        return len(content)

    def taken(self) -> bytes:
        """What was written since it was last taken."""
        piece = bytes(self.waiting)
        self.waiting.clear()
        return piece


def _properties(mark: Mark) -> str:
    at = mark.taken_at.astimezone(timezone.get_fixed_timezone(0))
    moment = f'xsi:type="dcterms:W3CDTF">{at:%Y-%m-%dT%H:%M:%SZ}'
    return (
        f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{plain(mark.title)}</dc:title><dc:subject>{plain(mark.purpose)}</dc:subject>"
        f"<dc:creator>{plain(mark.taken_by)}</dc:creator><cp:keywords>{mark.number}</cp:keywords>"
        f"<dc:description>{plain(str(mark))}</dc:description>"
        f"<dcterms:created {moment}</dcterms:created></cp:coreProperties>"
    )


def _workbook(mark: Mark) -> str:
    title = re.sub(r"[\[\]:*?/\\']", " ", mark.title)[:31].strip() or str(mark.number)
    return (
        f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets><sheet name="{plain(title)}" sheetId="1" r:id="rId1"/>'
        '</sheets><definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'
        f"'{plain(title)}'!$1:$2</definedName></definedNames></workbook>"
    )


def _sheet(mark: Mark, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    yield f'{HEAD}<worksheet xmlns="{SHEET}"><sheetData>'
    yield row_of([str(mark)], HEAD_STYLE)
    yield row_of([safe_cell(str(name)) for name in columns], HEAD_STYLE)
    for row in rows:
        yield row_of([shown(value) for value in row])
    yield row_of([str(mark)], HEAD_STYLE)
    head = plain("&L" + str(mark)[:PRINT_HEAD_CHARACTERS].replace("&", "&&") + "&R&P / &N")
    yield (
        '</sheetData><pageSetup paperSize="9" orientation="landscape"/>'
        f"<headerFooter><oddHeader>{head}</oddHeader><oddFooter>{head}</oddFooter></headerFooter></worksheet>"
    )


def row_of(values: Sequence[Any], style: int = 0) -> str:
    """A row of a worksheet."""
    return f"<row>{''.join(_cell(value, style) for value in values)}</row>"


def _cell(value: Any, style: int) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, date):
        return f'<c s="{DAY_STYLE}"><v>{(value - EPOCH).days}</v></c>'
    if isinstance(value, int | float | Decimal) and math.isfinite(value) and abs(value) < BIGGEST_EXACT:
        return f"<c><v>{value}</v></c>"
    text = plain(str(value))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'


def plain(text: str) -> str:
    """A text as it stands in XML."""
    return escape(UNPRINTABLE.sub("", text), {'"': "&quot;"})
