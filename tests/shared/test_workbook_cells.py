"""Cells of a workbook are read by a parser of our own: each means what openpyxl makes of it."""

import io
import sys
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from coopcrm.shared.uploads.process import PROGRAM

EXACT = "110105194912310038"
SHARED = f"""<sst xmlns="{SHEET_MAIN_NS}"><si><t>甲</t></si><si><r><t xml:space="preserve"> 乙 </t></r><r><rPr/>
<t>丙</t></r><rPh sb="0" eb="1"><t>yi</t></rPh></si><si/><si><t>_x005F_x000D_</t></si></sst>"""
ODD = f"""<sheet:worksheet xmlns:sheet="{SHEET_MAIN_NS}" xmlns="urn:other"><sheet:sheetData>
<sheet:row><sheet:c t="s"><sheet:v>0</sheet:v></sheet:c><sheet:c t="s"><sheet:v>1</sheet:v></sheet:c></sheet:row>
<sheet:row r="3"><sheet:c r="C3" t="s"><sheet:v>2</sheet:v></sheet:c><sheet:c t="s"><sheet:v>3</sheet:v></sheet:c>
<sheet:c r="B3"><sheet:v>1.10105E+17</sheet:v></sheet:c></sheet:row>
<sheet:row r="2.0"><sheet:c r="A2"><sheet:v>1</sheet:v></sheet:c></sheet:row>
<sheet:row r="7"><sheet:c r="A7" t="inlineStr"><sheet:is><sheet:t>丁</sheet:t><sheet:r><sheet:t>戊</sheet:t></sheet:r>
<sheet:rPh sb="0" eb="1"><sheet:t>ding</sheet:t></sheet:rPh></sheet:is></sheet:c>
<sheet:c r="B7" t="b"><sheet:v>1</sheet:v></sheet:c><sheet:c r="C7" t="e"><sheet:v>#N/A</sheet:v></sheet:c>
<sheet:c r="D7" t="d"><sheet:v>2015-03-31T08:15:00</sheet:v></sheet:c>
<sheet:c r="E7" t="str"><sheet:f>A1</sheet:f><sheet:v>和</sheet:v></sheet:c>
<sheet:c r="AB7"><sheet:v></sheet:v></sheet:c>
<sheet:c r="AC7" s="1"><sheet:v>-5</sheet:v></sheet:c><sheet:c r="AD7" s="1"><sheet:v>42094.5</sheet:v></sheet:c>
<sheet:c r="AE7" s="1"><sheet:v>{EXACT}</sheet:v></sheet:c><v>9</v></sheet:row></sheet:sheetData></sheet:worksheet>"""


@pytest.fixture
def cells():
    """The reader of the child process, which imports its neighbours by their bare names."""
    sys.path.insert(0, str(PROGRAM))
    try:
        import cells

        yield cells
    finally:
        sys.path.remove(str(PROGRAM))
        for name in ("cells", "refusal"):
            sys.modules.pop(name, None)


def by_openpyxl(content, book, texts):
    parser = WorkSheetParser(
        io.BytesIO(content), texts, data_only=True, epoch=book.epoch,
        date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,
    )  # fmt: skip
    found, last = {}, 0
    for number, row in parser.parse():
        if row and number > last:
            wide = row[-1]["column"]
            said = {cell["column"]: cell["value"] for cell in row if cell["column"] <= wide}
            found[number] = {column: value for column, value in said.items() if value is not None}
        last = max(last, number)
    return found


def by_us(cells, content, book, texts):
    return {
        number: {place: value for place, value in enumerate(row, start=1) if value is not None}
        for number, row in cells.Sheet(book, texts).rows(io.BytesIO(content))
    }


def test_plain_cells_are_read_as_openpyxl_reads_them(cells):
    book = openpyxl.Workbook()
    book.active.append(["姓名", "身份证号", "日期", "金额", None, "备注"])
    book.active.append(["王大明", EXACT, date(2015, 3, 31), 1_340.03, None, datetime(2015, 3, 31, 8, 15)])
    book.active.append([None, int(EXACT), time(8, 15), -3, True, timedelta(hours=30)])
    book.active.append([])
    book.active.append([1e300, 0.1 + 0.2, "=1+1", " 空 格 ", "two\nlines", "x" * 3000])
    stored = io.BytesIO()
    book.save(stored)
    again = openpyxl.load_workbook(stored, read_only=True, data_only=True)
    content = zipfile.ZipFile(stored).read("xl/worksheets/sheet1.xml")

    assert by_us(cells, content, again, []) == by_openpyxl(content, again, [])


@pytest.mark.filterwarnings("ignore:.*marked as a date")
def test_odd_cells_are_read_as_openpyxl_reads_them(cells):
    book = openpyxl.Workbook()
    book._date_formats, book._timedelta_formats = {1}, set()
    texts = cells.shared_texts(io.BytesIO(SHARED.encode()))

    assert texts == ["甲", " 乙 丙", "", "_x000D_"]
    found = by_us(cells, ODD.encode(), book, texts)
    expected = by_openpyxl(ODD.encode(), book, texts)
    assert found.keys() == expected.keys() == {1, 3, 7}
    assert found == expected


def test_a_cell_that_no_spreadsheet_has_is_refused(cells):
    for place in ("12", "é1", "ZZZZ1"):
        with pytest.raises(ValueError, match="is no cell"):
            list(
                cells.Sheet(openpyxl.Workbook(), [""] * 4).rows(io.BytesIO(ODD.replace("B3", place).encode()))
            )
