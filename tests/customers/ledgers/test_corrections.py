"""Refused rows and those to review go out as a file, and come back as its correction."""

import json

import pytest
from django.urls import reverse

from branches import exports
from branches.choices import PostCode
from coopcrm.shared import files, work
from customers.ledgers import quality, row_pages, selectors, undoing
from customers.ledgers.areas import load_areas
from customers.ledgers.corrections import LEDGER_ERRORS
from customers.ledgers.workbook import read_sheets
from customers.models import LedgerFile, LedgerRow
from tests.clients import Client
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv, as_workbook
from tests.customers.ledgers.test_importing import AREAS
from tests.customers.ledgers.test_uploads import brought_in, taken_in
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def accountant():
    load_areas(AREAS)
    return make_staff(PostCode.ACCOUNTANT, make_branch(code="99000101", name="柳河信用社"))


@pytest.fixture
def file(accountant):
    """A register with one row to review (its number is somebody else's) and one that was refused (no name)."""
    claimed = [*REGISTER[5][:5], "=1+1", *REGISTER[5][6:]]
    nameless = [REGISTER[1][0], "", *REGISTER[1][2:]]
    rows = [REGISTER[0], nameless, *REGISTER[2:4], claimed]
    taken_in(accountant, [("柜面登记簿.csv", as_csv(HEADERS[0], rows))])
    return LedgerFile.objects.get()


def rows_given_out(staff, file):
    """The heading and the rows of the list, as a person opens it."""
    export = exports.order_export(
        LEDGER_ERRORS, staff=staff, format="xlsx", purpose="Correction", given={"file": str(file.pk)}
    )
    work.work_until_idle()
    export.refresh_from_db()
    (sheet,) = [s for s in read_sheets(files.content_of(export.file)) if len(s.rows) > 1]
    head = next(row for row in sheet.rows if "coopcrm row" in row.cells)
    rows = [list(row.cells) for row in sheet.rows if len(row.cells) == len(head.cells) and row is not head]
    return list(head.cells), rows


def brought_back(staff, head, rows):
    return [("corrected.xlsx", as_workbook({"1": [head, *rows]}))]


def open_rows(staff, file):
    line = selectors.file_lines([file])[0]
    return {
        code: count for code, _label, count in line.ordered() if code in ("review", "rejected", "settled")
    }


def test_rows_to_review_go_out_with_their_reason_and_come_back_corrected(accountant, file):
    head, rows = rows_given_out(accountant, file)
    asked = next(row for row in rows if row[5] == "'=1+1")
    upload = brought_in(accountant, brought_back(accountant, head, [[asked[0], "王大明", *asked[2:]]]))

    back = upload.files.get()
    assert head[:-2] == HEADERS[0]
    assert asked[-2] == "same number, another name"
    assert (back.corrects, back.branch, back.kind) == (file, file.branch, "counter_register")
    assert back.row_count == 2


def test_what_comes_back_settles_the_earlier_rows_until_it_is_taken_back(accountant, file):
    head, rows = rows_given_out(accountant, file)
    before = open_rows(accountant, file)
    corrected = [[row[0], "王大明", *row[2:]] if row[5] == "'=1+1" else row for row in rows]
    upload = taken_in(accountant, brought_back(accountant, head, corrected))

    earlier = LedgerRow.objects.get(settled_by__isnull=False)
    later = earlier.settled_by
    report = quality.report(accountant, {"file": file.pk})["whole"].outcomes
    assert before == {"review": 2, "rejected": 1, "settled": 0}
    assert open_rows(accountant, file) == {"review": 1, "rejected": 1, "settled": 1}
    assert [number.text for number in report[2:]] == [1, 1, 1]
    assert later.file.run == upload.run
    assert json.loads(later.open("raw"))["身份证号码"] == json.loads(earlier.open("raw"))["身份证号码"]
    assert row_pages.corrections_of(accountant, earlier)["settled_by"] == later
    assert row_pages.corrections_of(accountant, later)["settles"] == [earlier]
    assert len(rows_given_out(accountant, file)[1]) == len(rows) - 1 == 2
    pages = Client()
    pages.force_login(accountant)
    for row, words in ((earlier, "Corrected by"), (later, "Corrects")):
        assert words in pages.get(reverse("customers:ledger-row", args=[row.pk])).content.decode()
    found = pages.get(reverse("customers:ledger-file", args=[file.pk]), {"outcome": "settled"})
    assert [row.pk for row in found.context["page"].rows] == [earlier.pk]

    director = make_staff(PostCode.DIRECTOR, file.branch)
    undoing.order_undo(staff=director, run=upload.run, reason="wrong")
    work.work_until_idle()

    assert open_rows(accountant, file) == before
