"""A small invented ledger, read in many dresses: the same farmers every time."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest

from customers.ledgers.headers import read_header
from customers.ledgers.reading import LedgerContext, read_ledger
from customers.ledgers.rows import RowKind
from customers.ledgers.villages import AreaIndex, Place
from customers.ledgers.workbook import LedgerUnreadable, Row, read_sheets
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv, as_workbook

AREAS = AreaIndex(
    [
        Place("990001101", "柳河镇", "township", "990001"),
        Place("990001102", "青石乡", "township", "990001"),
        Place("990001101201", "东岗村民委员会", "village", "990001101"),
        Place("990001101202", "南湾村民委员会", "village", "990001101"),
        Place("990001102201", "东岗村民委员会", "village", "990001102"),
        Place("990001102202", "李家畈村民委员会", "village", "990001102"),
        Place("990001101001", "柳河街道社区居民委员会", "village", "990001101"),
    ]
)
CONTEXT = LedgerContext("counter_register", AREAS, "990001101", date(2015, 3, 31))


def facts(content, context=CONTEXT):
    """What the reader understood, without where it stood."""
    return [
        (
            record.name.key,
            record.identity.number,
            record.phones,
            record.village.code,
            record.group,
            record.day.day,
            record.amount.amount,
            record.sex,
        )
        for sheet in read_ledger(content, context)
        for record in sheet.records
    ]


PLAIN = facts(as_csv(HEADERS[0], REGISTER))


def test_every_row_of_the_plain_ledger_is_read():
    assert [fact[0] for fact in PLAIN] == ["王大明", "李小花", "张国华", "赵铁柱", "陈桂英", "刘为民"]
    assert PLAIN[0] == (
        "王大明",
        "110105194912310038",
        ("13866086809",),
        "990001101201",
        3,
        date(2005, 3, 16),
        1340,
        "M",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_encoding_and_delimiter_do_not_matter(encoding, delimiter):
    assert facts(as_csv(HEADERS[0], REGISTER, encoding=encoding, delimiter=delimiter)) == PLAIN


@pytest.mark.parametrize("header", HEADERS[1:], ids=lambda header: header[1])
def test_header_wording_does_not_matter(header):
    assert facts(as_csv(header, REGISTER)) == PLAIN


def test_words_nobody_knows_are_settled_by_the_content():
    header = ["甲栏", "乙栏", "丙栏", "丁栏", "戊栏", "己栏", "庚栏", "辛栏"]
    many = REGISTER * 3

    assert facts(as_csv(header, many)) == PLAIN * 3


@pytest.mark.parametrize("order", [[7, 6, 5, 4, 3, 2, 1, 0], [3, 1, 4, 0, 6, 5, 2, 7]])
def test_order_of_columns_does_not_matter(order):
    header = [HEADERS[0][i] for i in order]
    rows = [[row[i] for i in order] for row in REGISTER]

    assert facts(as_csv(header, rows)) == PLAIN


def test_furniture_is_told_from_customers():
    dressed = [
        ["柳河信用社客户登记簿"],
        ["填表单位：柳河信用社", "", "", "单位：元"],
        [],
        HEADERS[0],
        ["2005年3月份"],
        *REGISTER[:3],
        ["本页小计", "", "", "", "", "", "", "4,680.06"],
        HEADERS[0],
        *REGISTER[3:],
        [],
        ["合 计", "", "6人", "", "", "", "", "9,360.12"],
        ["共 6 笔"],
        ["", "总户数", "6"],
        ["填制人：王五", "", "网点主管：李六"],
        ["制表：王会计", "", "复核：李主任", "", "日期："],
    ]

    assert facts(as_csv([], dressed)) == PLAIN
    assert facts(as_workbook({"一月": dressed})) == PLAIN
    kinds = read_ledger(as_csv([], dressed), CONTEXT)[0].row_kinds
    assert (
        kinds[RowKind.MONTH],
        kinds[RowKind.SUBTOTAL],
        kinds[RowKind.TOTAL],
        kinds[RowKind.SIGNATURE],
    ) == (1, 1, 3, 2)


def test_header_of_two_lines_and_two_sheets():
    upper = ["基本信息", "", "", "", "", "", "业务", ""]
    sheet = [["登记表"], upper, HEADERS[0], *REGISTER]

    readings = read_ledger(as_workbook({"上半年": sheet, "下半年": sheet}), CONTEXT)

    assert [reading.name for reading in readings] == ["上半年", "下半年"]
    assert [record.row_number for record in readings[1].records] == [4, 5, 6, 7, 8, 9]


def test_split_header_joins_both_lines():
    rows = [
        ["姓名", "身份证号", "住址", "", "电话"],
        ["", "", "村", "组", ""],
        ["王大明", "110105194912310038", "东岗村", "三组", "13866086809"],
        ["李小花", "", "南湾村", "2", "13866086808"],
    ]

    header = read_header([Row(i, tuple(cell or None for cell in row)) for i, row in enumerate(rows, 1)])

    assert header.rows == (0, 1)
    assert [column.field for column in header.columns] == ["name", "id_number", "village", "group", "phone"]


def test_blank_records_of_a_text_file_are_counted():
    content = (
        "姓名,身份证号,电话\n\n王大明,110105194912310038,13866086809\n,,\n李小花,,13866086808\n"
    ).encode()

    assert [record.row_number for record in read_ledger(content, CONTEXT)[0].records] == [3, 5]


def test_village_merged_over_rows_counts_for_each():
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["村", "姓名", "电话"], ["南湾村", "王大明", "13866086809"], [None, "李小花", "13866086808"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    stream = BytesIO()
    book.save(stream)

    records = read_ledger(stream.getvalue(), CONTEXT)[0].records

    assert [record.village.code for record in records] == ["990001101202"] * 2


def test_years_of_two_digits_follow_the_calendar_of_their_column():
    rows = [
        ["民国94年3月16日", "王大明", ""],
        ["98/08/25", "李小花", ""],
        ["100/04/27", "张国华", ""],
        ["2008-01-02", "刘为民", ""],
    ]

    records = read_ledger(as_csv(["日期", "姓名", "电话"], rows), CONTEXT)[0].records

    assert [record.day.day.year for record in records] == [2005, 2009, 2011, 2008]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("东岗村", "990001101201"),
        ("本镇东岗三组", "990001101201"),
        ("青石乡东岗村", "990001102201"),
        ("甲乙省青山县青石乡东岗村5队", "990001102201"),
        ("东港村", "990001101201"),
        ("李家贩村", "990001102202"),
        ("柳河街道一组", "990001101001"),
        ("北京路", ""),
    ],
)
def test_village_is_found_by_what_people_call_it(text, code):
    from customers.ledgers.values import read_address

    assert AREAS.match(read_address(text), own="990001101").code == code


def test_ambiguous_village_stays_open_without_a_township():
    from customers.ledgers.values import read_address

    match = AREAS.match(read_address("东岗村"))

    assert match.code == ""
    assert match.candidates == ("990001101201", "990001102201")


def test_what_is_no_ledger_is_refused_with_a_reason():
    with pytest.raises(LedgerUnreadable, match=r"\.xlsx"):
        read_sheets(b"\xd0\xcf\x11\xe0rest")
    with pytest.raises(LedgerUnreadable, match="damaged"):
        read_sheets(b"PK\x03\x04 nothing")
    with pytest.raises(LedgerUnreadable, match="names a customer"):
        read_ledger("天气,很好\n".encode(), CONTEXT)


def test_single_cell_far_away_does_not_fill_memory():
    book = openpyxl.Workbook()
    book.active["XFD5"] = "x"
    stream = BytesIO()
    book.save(stream)

    with pytest.raises(LedgerUnreadable, match="columns"):
        read_sheets(stream.getvalue())
