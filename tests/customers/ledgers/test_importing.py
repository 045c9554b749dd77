"""Ledgers into the registry: who is joined, what is written, and that twice is once."""

import json
import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from branches.models import Area, Unit
from coopcrm.shared.errors import Refused
from customers.choices import DocumentState, RowOutcome
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import (
    Customer,
    FactSheet,
    Household,
    IdentityDocument,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    Phone,
    ReviewPair,
)
from loans.models import Account
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv

pytestmark = pytest.mark.django_db
AS_OF = date(2015, 3, 31)
AREAS = """county_code,township_code,township,village_code,village
990001,990001101,柳河镇,990001101201,东岗村民委员会
990001,990001101,柳河镇,990001101202,南湾村民委员会
990001,990001102,青石乡,990001102202,李家畈村民委员会
""".encode()
NOTEBOOK = [
    [
        "日期",
        "户主",
        "身份证号",
        "村",
        "组",
        "人口",
        "劳力",
        "承包地(亩)",
        "牲畜",
        "年收入",
        "负债",
        "信用等级",
    ],
    [
        "2010-05-01",
        "王大明",
        "110105194912310038",
        "东岗",
        "三组",
        "4",
        "2",
        "9亩5分",
        "猪3头",
        "3万1",
        "无",
        "优",
    ],
    ["2011-06-01", "赵铁柱", "", "李家畈", "", "5", "", "", "", "", "", ""],
]
ACCOUNTS = [
    ["户名", "账号", "种类", "余额", "证件", "开户日", "状态"],
    ["王大明", "6200000000000011", "活期储蓄", "1,340.03", "110105194912310038", "2004-01-02", "正常"],
    ["李小花", "6.20000E+15", "整存整取一年", "500", "11010519491231002X", "2004-01-02", "正常"],
    ["张国华", "6200000000000037", "农户小额信用贷款", "8000", "待补", "2004-01-02", "睡眠"],
]


def register(rows=REGISTER, **changes):
    given = {
        "name": "register.csv",
        "kind": "counter_register",
        "branch_code": "99000101",
        "branch_name": "柳河信用社",
    }
    return LedgerSource(content=as_csv(HEADERS[0], rows), **(given | changes))


def notebook(rows=None):
    content = as_csv([], rows or NOTEBOOK, encoding="gbk")
    return LedgerSource("notes.csv", "officer_notebook", "99000101", "柳河信用社", content)


def accounts():
    return LedgerSource("accounts.csv", "account_list", "99000102", "青石信用社", as_csv([], ACCOUNTS))


def everything():
    load_areas(AREAS)
    return [register(), notebook(), accounts()]


def test_missing_units_and_areas_are_created():
    import_ledgers(everything(), as_of=AS_OF)

    assert list(Unit.objects.order_by("code").values_list("code", "kind")) == [
        ("990001", "union"),
        ("99000101", "branch"),
        ("99000102", "branch"),
    ]
    assert Area.objects.get(code="990001101201").parent.code == "990001101000"


def test_equal_number_and_name_is_one_customer_across_ledgers():
    result = import_ledgers(everything(), as_of=AS_OF)

    ids = {(row.source_file, row.row_number): row.customer_id for row in result.rows}
    assert ids["register.csv", 2] == ids["notes.csv", 2] == ids["accounts.csv", 2]
    assert ids["register.csv", 3] == ids["accounts.csv", 3]
    assert [row.outcome for row in result.rows if row.source_file == "accounts.csv"][:2] == [
        "matched",
        "matched",
    ]


def test_every_row_is_accounted_for_and_twice_is_once():
    sources = everything()

    first = import_ledgers(sources, as_of=AS_OF)
    counts = [
        model.objects.count() for model in (Customer, IdentityDocument, Phone, LedgerRow, FactSheet, Account)
    ]
    second = import_ledgers(sources, as_of=AS_OF)

    assert len(first.rows) == len(REGISTER) + 2 + 3
    assert second.rows == first.rows
    assert second.pairs == first.pairs
    assert LedgerImport.objects.count() == 1
    assert counts == [
        model.objects.count() for model in (Customer, IdentityDocument, Phone, LedgerRow, FactSheet, Account)
    ]


@pytest.mark.parametrize("header", HEADERS[1:], ids=lambda header: header[1])
def test_other_words_other_order_other_encoding_give_the_same_report(header):
    load_areas(AREAS)
    plain = import_ledgers([register()], as_of=AS_OF)
    order = [7, 5, 3, 1, 0, 2, 4, 6]
    rows = [[row[i] for i in order] for row in REGISTER]
    content = as_csv([], [["柳河信用社登记簿"], [], [header[i] for i in order], *rows], encoding="utf-16")
    dressed = LedgerSource("other.csv", "counter_register", "99000103", "青石信用社", content)

    other = import_ledgers([dressed], as_of=AS_OF)

    assert len(other.rows) == len(plain.rows)
    for mine, theirs in zip(plain.rows, other.rows, strict=True):
        assert theirs.row_number == mine.row_number + 2
        if theirs.outcome == RowOutcome.MATCHED:
            assert theirs.customer_id == mine.customer_id


def test_one_number_under_two_names_is_never_joined():
    rows = [
        ["2005-03-16", "王大明", "男", "110105194912310038", "东岗村", "13866086809", "存款", "1"],
        ["2005-03-17", "赵铁柱", "男", "110105194912310038", "东岗村", "13866086809", "存款", "2"],
    ]

    result = import_ledgers([register(rows)], as_of=AS_OF)

    assert len({row.customer_id for row in result.rows}) == 2
    states = IdentityDocument.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [DocumentState.HELD, DocumentState.DISPUTED]
    assert ReviewPair.objects.get().rule == "R2"
    assert Customer.objects.filter(identity_conflict=True).count() == 2


def test_two_valid_numbers_are_two_persons_whatever_else_agrees():
    rows = [
        ["2005-03-16", "王大明", "男", "110105194912310038", "东岗村三组", "13866086809", "存款", "1"],
        ["2005-03-16", "王大明", "男", "110105194912310054", "东岗村三组", "13866086809", "存款", "1"],
    ]

    result = import_ledgers([register(rows)], as_of=AS_OF)

    assert len({row.customer_id for row in result.rows}) == 2


def test_a_name_alone_joins_nobody():
    rows = [
        ["2005-03-16", "王大明", "", "", "", "", "存款", "1"],
        ["2006-03-16", "王大明", "", "", "", "", "取款", "2"],
    ]

    result = import_ledgers([register(rows)], as_of=AS_OF)

    assert len({row.customer_id for row in result.rows}) == 2


def test_notebook_row_becomes_a_household_with_facts_it_states():
    result = import_ledgers(everything(), as_of=AS_OF)

    household = Household.objects.get(head__name="王大明")
    sheet = household.fact_sheets.get()
    assert {row.household_id for row in result.rows if row.customer_id == household.head_id} == {household.pk}
    assert (sheet.recorded_on, sheet.population, sheet.labour) == (date(2010, 5, 1), 4, 2)
    assert (sheet.land_mu, sheet.livestock, sheet.liabilities) == (Decimal("9.50"), {"pigs": 3}, 0)
    assert (sheet.gross_income, sheet.net_income, sheet.noted_grade) == (31_000, None, "优")
    silent = Household.objects.get(head__name="赵铁柱").fact_sheets.get()
    assert (silent.population, silent.labour, silent.gross_income, silent.liabilities) == (
        5,
        None,
        None,
        None,
    )


def test_income_is_net_only_where_the_header_says_so():
    rows = [["户主", "村", "年纯收入"], ["王大明", "东岗", "3万"], ["赵铁柱", "李家畈", "2万5"]]

    import_ledgers([notebook(rows)], as_of=AS_OF)

    sheets = FactSheet.objects.order_by("pk").values_list("net_income", "gross_income")
    assert list(sheets) == [(30_000, None), (25_000, None)]


def test_account_list_becomes_accounts_and_a_destroyed_number_does_not():
    import_ledgers(everything(), as_of=AS_OF)

    rows = Account.objects.order_by("pk").values_list("product__name", "product__family", "balance", "state")
    assert list(rows) == [
        ("活期储蓄", "deposit", Decimal("1340.03"), "open"),
        ("农户小额信用贷款", "loan", Decimal(8000), "dormant"),
    ]


def test_raw_rows_are_kept_sealed():
    import_ledgers(everything(), as_of=AS_OF)

    row = LedgerRow.objects.filter(kind="counter_register").earliest("row_number")
    assert json.loads(row.open("raw"))["身份证号码"] == "110105194912310038"
    assert b"110105194912310038" not in bytes(row.raw)


def test_later_file_finds_the_customer_of_an_earlier_run():
    load_areas(AREAS)
    first = import_ledgers([register()], as_of=AS_OF)

    second = import_ledgers([accounts()], as_of=AS_OF)

    assert second.rows[0].customer_id == first.rows[0].customer_id
    assert second.rows[0].outcome == RowOutcome.MATCHED


def test_row_without_a_name_is_refused_and_told():
    rows = [*REGISTER, ["2005-06-01", "", "", "110105194912310046", "东岗村", "", "存款", "5"]]

    result = import_ledgers([register(rows)], as_of=AS_OF)

    assert (result.rows[-1].outcome, result.rows[-1].customer_id) == (RowOutcome.REJECTED, None)


def test_unreadable_file_is_named_and_the_others_are_read():
    broken = register(name="broken.xlsx")
    broken = LedgerSource(
        "broken.xlsx", broken.kind, broken.branch_code, broken.branch_name, b"PK\x03\x04 no"
    )

    result = import_ledgers([broken, register()], as_of=AS_OF)

    assert list(result.unreadable) == ["broken.xlsx"]
    assert len(result.rows) == len(REGISTER)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_write_what_one_writes():
    load_areas(AREAS)
    barrier, results = threading.Barrier(2), []

    def run():
        barrier.wait()
        results.append(import_ledgers([register()], as_of=AS_OF))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results[0].rows == results[1].rows
    assert LedgerRow.objects.count() == len(REGISTER)


def test_reasons_are_told_in_words():
    import_ledgers(everything(), as_of=AS_OF)

    row = LedgerRow.objects.get(kind="counter_register", row_number=5)
    assert row.reason == "SCIENTIFIC"
    assert row.reason_in_words == "number destroyed by a spreadsheet: six digits left"


def test_import_as_a_job_does_what_the_command_does(tmp_path):
    from coopcrm.shared.work import do_next_order
    from customers.ledgers.jobs import order_import

    (tmp_path / "areas.csv").write_bytes(AREAS)
    (tmp_path / "register.csv").write_bytes(register().content)
    (tmp_path / "broken.csv").write_bytes("天气,很好\n".encode())
    (tmp_path / "manifest.csv").write_text(
        "file,kind,branch_code,branch_name\n"
        "register.csv,counter_register,99000101,柳河信用社\nbroken.csv,account_list,99000101,柳河信用社\n",
        encoding="utf-8",
    )

    job = order_import([tmp_path], as_of=AS_OF)
    while do_next_order():
        pass

    job.refresh_from_db()
    assert (job.state, job.result["rows"]) == ("done", len(REGISTER))
    assert [row.subject for row in job.error_rows.all()] == ["broken.csv"]


def test_commands_write_the_report_and_the_questions(tmp_path, capsys):
    from django.core.management import call_command

    (tmp_path / "areas.csv").write_bytes(AREAS)
    (tmp_path / "register.csv").write_bytes(register().content)
    (tmp_path / "manifest.csv").write_text(
        "file,kind,branch_code,branch_name\nregister.csv,counter_register,99000101,柳河信用社\n",
        encoding="utf-8",
    )
    report, review = tmp_path / "rows.csv", tmp_path / "pairs.csv"

    call_command("import_areas", tmp_path / "areas.csv")
    call_command("import_ledgers", tmp_path, report=report, review=review, date=AS_OF)

    lines = report.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "source_file,sheet,row_number,outcome,customer_id,household_id,reason"
    assert len(lines) == 1 + len(REGISTER)
    assert lines[1].startswith("register.csv,,2,review,")
    assert review.read_text(encoding="utf-8").startswith(
        "source_file_a,sheet_a,row_a,source_file_b,sheet_b,row_b,weight"
    )
    assert "6 created, 0 renamed, 0 unchanged" in capsys.readouterr().out


def test_files_of_one_name_in_two_folders_stay_two(tmp_path):
    from customers.ledgers.manifests import sources_in

    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "register.csv").write_bytes(register().content)
    (tmp_path / "manifest.csv").write_text(
        "file,kind,branch_code,branch_name\n"
        "north/register.csv,counter_register,99000101,柳河信用社\n"
        "south/register.csv,counter_register,99000102,青石信用社\n",
        encoding="utf-8",
    )

    result = import_ledgers(sources_in([tmp_path]), as_of=AS_OF)

    assert {row.source_file for row in result.rows} == {"register.csv"}
    files = LedgerFile.objects.order_by("name").values_list("name", "branch__code", "row_count")
    assert list(files) == [
        ("north/register.csv", "99000101", len(REGISTER)),
        ("south/register.csv", "99000102", len(REGISTER)),
    ]


def test_manifest_without_a_branch_is_refused(tmp_path):
    from customers.ledgers.manifests import sources_in

    (tmp_path / "register.csv").write_bytes(register().content)
    (tmp_path / "manifest.csv").write_text(
        "file,kind,branch_code,branch_name\nregister.csv,counter_register,,\n", encoding="utf-8"
    )

    with pytest.raises(Refused, match="branch_code, branch_name"):
        sources_in([tmp_path])


@pytest.mark.parametrize(
    "line",
    [
        "990001,,柳河镇,990001101201,东岗村",
        "990001,990001101,柳河镇,,东岗村",
        "990001101,990001101,柳河镇,990001101201,东岗村",
    ],
)
def test_areas_that_are_not_nested_are_refused(line):
    with pytest.raises(Refused, match="no county, township and village"):
        load_areas(AREAS + f"{line}\n".encode())
    assert not Area.objects.exists()


def test_areas_take_a_new_name_and_a_new_village():
    load_areas(AREAS)
    later = (
        AREAS.decode().replace("南湾村民委员会", "南坡村民委员会")
        + "990001,990001102,青石乡,990001102203,新村\n"
    )

    loaded = load_areas(later.encode())

    assert (loaded.created, loaded.renamed, loaded.unchanged) == (1, 1, 5)
    assert Area.objects.get(code="990001101202").name == "南坡村民委员会"
