"""Ledgers through the browser: brought in, corrected, shown, and taken in exactly as shown."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import work
from coopcrm.shared.errors import PermissionRefused
from coopcrm.shared.uploads import Unreadable
from customers.choices import PartKind, RowOutcome, UploadState
from customers.ledgers import others, parts, uploads
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import (
    Customer,
    FactSheet,
    HeaderMemory,
    Household,
    LedgerFile,
    LedgerRow,
    LedgerUpload,
    ReviewPair,
    StagedRow,
    UploadPart,
)
from tests.clients import Client
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv, as_workbook
from tests.customers.ledgers.test_importing import ACCOUNTS, AREAS, NOTEBOOK
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db
AS_OF = date(2015, 3, 31)


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


@pytest.fixture
def accountant(branch):
    return make_staff(PostCode.ACCOUNTANT, branch)


def files():
    return [
        ("柜面登记簿.csv", as_csv(HEADERS[0], REGISTER, encoding="gb18030")),
        ("信贷员笔记.xlsx", as_workbook({"2010": NOTEBOOK})),
        ("会计账户.csv", as_csv(ACCOUNTS[0], ACCOUNTS[1:])),
    ]


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def brought_in(staff, given=None):
    upload = uploads.bring_in(staff=staff, files=given or files(), as_of=AS_OF)
    work.work_until_idle()
    return LedgerUpload.objects.get(pk=upload.pk)


def checked(staff, given=None):
    upload = uploads.order_check(staff=staff, upload=brought_in(staff, given))
    work.work_until_idle()
    return LedgerUpload.objects.get(pk=upload.pk)


def taken_in(staff, given=None):
    upload = uploads.order_write(staff=staff, upload=checked(staff, given))
    work.work_until_idle()
    return LedgerUpload.objects.get(pk=upload.pk)


def test_kind_branch_encoding_and_columns_are_found_out(accountant, branch):
    upload = brought_in(accountant)

    found = upload.files.order_by("position")
    assert upload.state == UploadState.MAPPING
    assert [file.kind for file in found] == ["counter_register", "officer_notebook", "account_list"]
    assert {file.branch for file in found} == {branch}
    assert [file.found_encoding for file in found] == ["gbk", "", "utf-8"]
    columns = {c["label"]: c for c in uploads.recognised_in(found[0])[0]["columns"]}
    assert columns["身份证号码"]["field"] == "id_number"
    assert columns["身份证号码"]["witness"] == "both"
    assert "110*************38" in columns["身份证号码"]["examples"]
    assert not LedgerRow.objects.exists()


def test_formulas_saved_without_their_value_are_named_by_row_and_column(accountant):
    rows = [HEADERS[0], *REGISTER[:3]]
    rows[2] = [*rows[2][:-1], "=SUM(A1:A2)"]
    file = brought_in(accountant, [("登记簿.xlsx", as_workbook({"一月": rows}))]).files.get()
    client = Client()
    client.force_login(accountant)

    page = client.get(f"/ledgers/uploads/{file.upload_id}/files/{file.pk}/")

    columns = uploads.recognised_in(file)[0]["columns"]
    assert [(column["label"], column["unworked"]) for column in columns if column["unworked"]] == [
        (HEADERS[0][-1], [3])
    ]
    assert page.context["is_unworked"]
    assert parts.kept_sheets(file)[0].rows[2].unworked == (len(HEADERS[0]),)


def test_what_is_shown_is_what_is_written(accountant):
    upload = checked(accountant)
    shown = list(
        StagedRow.objects.order_by("position").values_list("sheet", "row_number", "outcome", "reason")
    )
    before = (Customer.objects.count(), Household.objects.count(), LedgerFile.objects.count())

    uploads.order_write(staff=accountant, upload=upload)
    work.work_until_idle()

    upload.refresh_from_db()
    written = list(LedgerRow.objects.order_by("pk").values_list("sheet", "row_number", "outcome", "reason"))
    assert before == (0, 0, 0)
    assert upload.state == UploadState.DONE
    assert written == shown
    assert Customer.objects.count() == upload.counts["created"] + upload.counts["review"]
    assert Household.objects.count() == upload.counts["households"] > 0
    assert FactSheet.objects.count() == upload.counts["facts"] > 0
    assert ReviewPair.objects.count() == upload.counts["questions"]
    assert not UploadPart.objects.exclude(kind=PartKind.OTHERS).exists()
    assert not StagedRow.objects.exists()


def test_lines_that_are_no_rows_are_listed_with_their_number_and_reason_for_a_week(accountant):
    dressed = [
        ["柳河信用社登记簿"],
        HEADERS[0],
        *REGISTER[:3],
        [],
        [],
        ["合计", "", "3人"],
        ["咨询13912345678"],
    ]
    file = taken_in(accountant, [("登记簿.csv", as_csv([], dressed))]).files.get()

    lines, number = others.lines_of(file)

    assert number == 6
    assert [(line.number, line.last, str(line.why)) for line in lines] == [
        (1, 1, "title above the headings"),
        (2, 2, "headings"),
        (6, 7, "blank"),
        (8, 8, "total"),
        (9, 9, "note; names nobody"),
    ]
    assert "13912345678" not in lines[-1].cells
    client = Client()
    client.force_login(accountant)
    assert client.get(f"/ledgers/uploads/{file.upload_id}/files/{file.pk}/").context["others"] == lines
    uploads.forget_old(now=timezone.now() + timedelta(days=8))
    assert others.lines_of(file) == ([], 0)


def test_the_browser_writes_what_the_command_writes(accountant, branch):
    upload = taken_in(accountant)
    outcomes = list(LedgerRow.objects.order_by("pk").values_list("row_key", "outcome", "reason"))
    kinds = dict(
        zip(
            [name for name, _ in files()],
            ["counter_register", "officer_notebook", "account_list"],
            strict=True,
        )
    )

    sources = [LedgerSource(name, kinds[name], branch.code, branch.name, body) for name, body in files()]
    again = import_ledgers(sources, as_of=AS_OF)

    assert upload.counts["new_rows"] == len(outcomes)
    assert again.counts["new_rows"] == 0
    assert [row.outcome for row in again.rows] == [outcome for _, outcome, _ in outcomes]


def test_a_registry_that_changed_since_the_preview_is_shown_anew(accountant, branch):
    upload = checked(accountant)
    import_ledgers(
        [
            LedgerSource(
                "other.csv", "counter_register", branch.code, branch.name, as_csv(HEADERS[1], REGISTER[:1])
            )
        ],
        as_of=AS_OF,
    )

    uploads.order_write(staff=accountant, upload=upload)
    work.work_until_idle()

    upload.refresh_from_db()
    assert upload.state == UploadState.READY
    assert "changed" in upload.refusal
    assert LedgerRow.objects.count() == 1
    uploads.order_write(staff=accountant, upload=upload)
    work.work_until_idle()
    upload.refresh_from_db()
    assert upload.state == UploadState.DONE
    assert LedgerRow.objects.filter(outcome=RowOutcome.CREATED, file__run=upload.run).count() < 6


def test_a_zip_with_a_manifest_says_kind_and_branch(accountant, branch):
    manifest = "file,kind,branch_code,branch_name\nregister.csv,counter_register,99000101,柳河信用社\n"
    content = zipped(
        [
            ("six/manifest.csv", manifest),
            ("six/register.csv", as_csv(HEADERS[0], REGISTER)),
            ("six/truth.csv", "a,b\n1,2\n"),
            ("__MACOSX/six/register.csv", "junk"),
        ]
    )

    upload = brought_in(accountant, [("six.zip", content)])

    found = {file.name: file for file in upload.files.all()}
    assert set(found) == {"six/register.csv", "six/truth.csv"}
    assert found["six/register.csv"].is_taken
    assert not found["six/truth.csv"].is_taken


def test_an_archive_that_leads_out_is_refused(accountant):
    with pytest.raises(Unreadable, match="unusual"):
        uploads.bring_in(staff=accountant, files=[("a.zip", zipped([("../a.csv", "x")]))], as_of=AS_OF)

    assert not LedgerUpload.objects.exists()


def test_a_header_typo_gets_a_suggestion(accountant):
    header = ["日期", "客户姓明", *HEADERS[0][2:]]
    upload = brought_in(accountant, [("register.csv", as_csv(header, REGISTER))])

    column = uploads.recognised_in(upload.files.get())[0]["columns"][1]

    assert (column["label"], column["suggestion"], column["field"]) == ("客户姓明", "客户姓名", "name")


def test_a_corrected_column_is_remembered_for_the_branch_and_for_the_command(accountant, branch):
    header = ["时间", "甲", "乙", "丙"]
    rows = [["2005-03-16", f"王大{c}", "石板桥", f"{i}"] for i, c in enumerate("明强伟军", start=1)]
    content = as_csv(header, rows)
    upload = brought_in(accountant, [("register.csv", content)])
    file = upload.files.get()

    uploads.choose_fields(
        staff=accountant, file=file, fields={"": {1: "name", 2: "occupation", 3: "household_number"}}
    )

    assert HeaderMemory.objects.get().fields[1:] == ["name", "occupation", "household_number"]
    again = brought_in(
        accountant, [("register.csv", as_csv(header, [*rows, ["2005-03-17", "李小花", "木匠", "7"]]))]
    )
    columns = uploads.recognised_in(again.files.get())[0]["columns"]
    assert [(c["field"], c["witness"]) for c in columns[2:]] == [
        ("occupation", "remembered"),
        ("household_number", "remembered"),
    ]
    source = LedgerSource("register.csv", "counter_register", branch.code, branch.name, content)
    import_ledgers([source], as_of=AS_OF)
    assert LedgerFile.objects.get().columns[2]["field"] == "occupation"


def test_another_encoding_has_the_file_read_once_more(accountant, branch):
    upload = brought_in(accountant, [("register.csv", as_csv(HEADERS[0], REGISTER, encoding="gb18030"))])
    file = upload.files.get()

    uploads.correct_file(
        staff=accountant, file=file, branch=branch, kind=file.kind, encoding="big5hkscs", is_taken=True
    )
    work.work_until_idle()

    file.refresh_from_db()
    assert file.found_encoding == "big5hkscs"
    assert "姓名" not in str(uploads.recognised_in(file))


def test_nobody_brings_in_ledgers_of_another_branch(accountant):
    other = make_branch(code="99000102", name="青石信用社")

    with pytest.raises(PermissionRefused):
        uploads.bring_in(staff=accountant, files=files(), as_of=AS_OF, branch=other)


def test_a_discarded_upload_leaves_nothing_behind(accountant):
    upload = checked(accountant)

    uploads.discard(staff=accountant, upload=upload)

    upload.refresh_from_db()
    assert upload.state == UploadState.DISCARDED
    assert not StagedRow.objects.exists()
    assert not UploadPart.objects.exists()
    assert not Customer.objects.exists()
