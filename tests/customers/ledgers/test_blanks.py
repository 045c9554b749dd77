"""Templates to fill in: every heading is understood for sure, and numbers keep their digits."""

import io

import openpyxl
import pytest

from customers.choices import LedgerKind
from customers.ledgers import blanks
from customers.ledgers.areas import area_index, load_areas
from customers.ledgers.reading import LedgerContext, read_ledger
from customers.ledgers.recognising import recognised
from customers.ledgers.workbook import read_sheets
from tests.customers.ledgers.test_importing import AREAS
from tests.factories import make_branch

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


def filled(content, rows=3):
    """A template with rows of its own examples."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    examples = {row[0].value: row[2].value for row in book.worksheets[1].iter_rows(min_row=6)}
    for _ in range(rows):
        sheet.append([examples[cell.value] or None for cell in sheet[1]])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("language", blanks.LANGUAGES)
@pytest.mark.parametrize("kind", LedgerKind.values)
def test_every_heading_is_understood_by_its_word(branch, kind, language):
    content = filled(blanks.workbook(kind, branch, language))

    sheets = read_sheets(content)
    (sheet,) = recognised(sheets, kind, remembered=lambda sheet, labels: None, chosen={})
    (reading,) = read_ledger(content, LedgerContext(kind, area_index()))

    assert [column["field"] for column in sheet["columns"]] == list(blanks.FIELDS[kind])
    assert {column["witness"] for column in sheet["columns"]} <= {"word", "both"}
    assert min(column["percent"] for column in sheet["columns"]) >= 75
    record = reading.records[0]
    assert len(reading.records) == 3
    assert (record.name.name, record.identity.number, record.sex) == ("王大明", "11010519491231002X", "M")
    assert record.phones == ("13866086809",)
    assert record.identity.flags == ()
    assert record.village.code
    assert record.day.day.isoformat() == "2005-03-16"


def test_villages_are_offered_on_a_hidden_sheet_and_numbers_are_text(branch):
    content = blanks.workbook(LedgerKind.COUNTER_REGISTER, branch, "zh-hans")

    book = openpyxl.load_workbook(io.BytesIO(content))

    form, choices = book.worksheets[0], book["choices"]
    fields = blanks.FIELDS[LedgerKind.COUNTER_REGISTER]
    village = fields.index("village") + 1
    lists = {str(v.sqref).split(":")[0]: v for v in form.data_validations.dataValidation}
    letter = form.cell(1, village).column_letter
    assert choices.sheet_state == "hidden"
    assert lists[f"{letter}2"].type == "list"
    assert "东岗村民委员会" in [choices.cell(row, village).value for row in range(2, choices.max_row + 1)]
    assert (
        form.column_dimensions[form.cell(1, fields.index("id_number") + 1).column_letter].number_format == "@"
    )
    assert form.column_dimensions["A"].number_format == "yyyy\\-mm\\-dd"
