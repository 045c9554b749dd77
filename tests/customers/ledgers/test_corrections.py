"""Refused rows and those to review go out as a file, and come back as its correction."""

import pytest

from branches import exports
from branches.choices import PostCode
from coopcrm.shared import files, work
from customers.ledgers.areas import load_areas
from customers.ledgers.corrections import LEDGER_ERRORS
from customers.ledgers.workbook import read_sheets
from customers.models import LedgerFile
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv, as_workbook
from tests.customers.ledgers.test_importing import AREAS
from tests.customers.ledgers.test_uploads import brought_in, taken_in
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db


def test_rows_to_review_go_out_with_their_reason_and_come_back_corrected():
    load_areas(AREAS)
    branch = make_branch(code="99000101", name="柳河信用社")
    accountant = make_staff(PostCode.ACCOUNTANT, branch)
    formula = [*REGISTER[5][:5], "=1+1", *REGISTER[5][6:]]
    taken_in(accountant, [("柜面登记簿.csv", as_csv(HEADERS[0], [*REGISTER[:5], formula]))])
    file = LedgerFile.objects.get()

    export = exports.order_export(
        LEDGER_ERRORS, staff=accountant, format="xlsx", purpose="Correction", given={"file": str(file.pk)}
    )
    work.work_until_idle()
    export.refresh_from_db()
    (sheet,) = [s for s in read_sheets(files.content_of(export.file)) if len(s.rows) > 1]
    head = next(row for row in sheet.rows if "coopcrm row" in row.cells)
    rows = [row for row in sheet.rows if len(row.cells) == len(head.cells) and row is not head]
    asked = rows[-1]
    corrected = [list(head.cells), [asked.cells[0], "王大明", *asked.cells[2:]]]
    upload = brought_in(accountant, [("corrected.xlsx", as_workbook({"1": corrected}))])

    back = upload.files.get()
    assert list(head.cells[:-2]) == HEADERS[0]
    assert asked.cells[-2] == "same number, another name"
    assert asked.cells[5] == "'=1+1"
    assert (back.corrects, back.branch, back.kind) == (file, branch, "counter_register")
    assert back.row_count == 2
