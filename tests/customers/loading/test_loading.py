"""The first load of a union: checked row by row, written in bulk, the same customers as the counter makes."""

import csv
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from branches.models import Unit
from coopcrm.shared import work
from coopcrm.shared.errors import Refused
from coopcrm.shared.models import AuditEntry, Deed, JobState
from customers.choices import DocumentState, FactSource
from customers.counter.services import applicant, find_or_create
from customers.ledgers.areas import load_areas
from customers.loading import services
from customers.loading.services import load_first, order_load, refusals_of, write_refusals
from customers.models import Customer, IdentityDocument, Phone
from tests.factories import make_branch, make_staff

DAY = date(2026, 3, 31)
HEADER = ["姓名", "身份证号", "手机号", "性别", "出生日期", "村代码", "村", "组", "地址", "机构号", "备注"]
AREAS = """county_code,township_code,township,village_code,village
990001,990001101,柳河镇,990001101201,东岗村民委员会
990001,990001101,柳河镇,990001101202,南湾村民委员会
990001,990001102,青石乡,990001102202,南湾村民委员会
""".encode()
WANG = [
    "王 大明",
    "110105194912310038",
    "138 6608 6809",
    "男",
    "",
    "",
    "东岗",
    "三组",
    "东岗三组5号",
    "B1",
    "x",
]
LI = [
    "李小花",
    "11010519491231002x",
    "13866086808",
    "女",
    "1949-12-31",
    "990001101202",
    "",
    "2",
    "",
    "B1",
    "",
]
CHEN = ["陳桂英", "", "13866086807", "女", "1955-05-05", "990001101201", "", "", "", "B2", ""]
GOOD = [WANG, LI, CHEN]


@pytest.fixture
def ground(db):
    load_areas(AREAS)
    for code, name in (("B1", "柳河信用社"), ("B2", "青石信用社"), ("B3", "县城信用社")):
        make_branch(name, code)


def as_file(folder, rows, name="export.csv", encoding="utf-8"):
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def load(path, **given):
    job = order_load(path, as_of=DAY, **given)
    while work.do_next_order():
        pass
    job.refresh_from_db()
    assert job.state == JobState.DONE, [order.error for order in job.orders.all()]
    return job


def registry():
    return [
        (
            person.name,
            person.name_key,
            person.sex,
            str(person.birth_date),
            person.branch.code,
            person.group_no,
        )
        for person in Customer.objects.order_by("name", "pk").select_related("branch")
    ]


def test_a_clean_row_is_the_customer_whom_the_counter_would_have_made(ground, tmp_path):
    load(as_file(tmp_path, GOOD))
    loaded = Customer.objects.get(name="王 大明")
    paper, phone = loaded.documents.get(), loaded.phones.get()
    IdentityDocument.objects.all().delete()

    staff = make_staff(unit=Unit.objects.get(code="B1"))
    said = {
        "name": WANG[0],
        "id_number": WANG[1],
        "phone": WANG[2],
        "village": loaded.village,
        "group_no": "3",
    }
    made = find_or_create(
        applicant(
            staff=staff, branch=staff.posts.get().unit, as_of=DAY, address=WANG[8], reason="again", **said
        )
    ).customer

    same = "kind name name_key given_key pinyin initials given_pinyin sex birth_date branch village group_no address"
    for name in [*same.split(), "occupation", "state", "registered_on", "registered_at", "identity_conflict"]:
        assert getattr(loaded, name) == getattr(made, name), name
    other = made.documents.get()
    for name in ("kind", "number_key", "tail_key", "core_key", "state", "warning", "recorded_on"):
        assert getattr(paper, name) == getattr(other, name), name
    assert paper.open("number") == other.open("number") == "110105194912310038"
    other = made.phones.get()
    for name in ("kind", "number_key", "tail_key", "is_main", "valid_from"):
        assert getattr(phone, name) == getattr(other, name), name
    assert phone.open("number") == "13866086809"
    assert (loaded.source, loaded.verified_on) == (FactSource.CORE, None)  # nobody has seen the card


def test_a_second_run_and_the_same_people_in_another_file_add_nobody(ground, tmp_path):
    first = load(as_file(tmp_path, GOOD))
    before = registry()

    again = load(as_file(tmp_path, GOOD))
    other = load(as_file(tmp_path, list(reversed(GOOD)), "other.csv"))

    assert again == first
    assert registry() == before
    assert other.result == {"rows": 3, "created": 0, "known": 2, "refused": 1}
    assert refusals_of(other) == [(1, "LIKELY_KNOWN")]  # no number: a file cannot say why it is somebody else


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({0: " "}, "NAME_MISSING"),
        ({1: "110105194912310039"}, "NUMBER_CHECKSUM"),
        ({1: "11010519491231"}, "NUMBER_LENGTH"),
        ({2: "1386608"}, "PHONE_UNFIT"),
        ({3: "?"}, "SEX_UNREADABLE"),
        ({4: "2026-04-01"}, "BIRTH_UNREADABLE"),
        ({5: "990001999999"}, "VILLAGE_UNKNOWN"),
        ({6: "南湾", 9: "B3"}, "VILLAGE_SEVERAL"),
        ({9: "B9"}, "BRANCH_UNKNOWN"),
        ({1: "", 2: "", 4: ""}, "NOTHING_TO_GO_BY"),
        ({0: "刘\ufffd"}, "ENCODING"),
    ],
)
def test_a_row_that_does_not_stand_is_refused_with_the_reason(ground, tmp_path, cells, code):
    row = [cells.get(place, cell) for place, cell in enumerate(WANG)]
    job = load(as_file(tmp_path, [row], f"{code}.csv"))
    assert refusals_of(job) == [(1, code)]
    assert not Customer.objects.exists()


def test_a_number_under_two_names_is_refused_in_the_file_and_against_the_registry(ground, tmp_path):
    job = load(as_file(tmp_path, [WANG, ["赵铁柱", *WANG[1:]], WANG]))
    assert job.result == {"rows": 3, "created": 1, "known": 1, "refused": 1}
    later = load(as_file(tmp_path, [["孙强", *WANG[1:]]], "later.csv"))
    assert refusals_of(job) == [(2, "NUMBER_TAKEN")]
    assert refusals_of(later) == [(1, "NUMBER_TAKEN")]
    assert [person.name for person in Customer.objects.all()] == ["王 大明"]


def test_refused_rows_come_back_as_they_stood_each_with_its_reason(ground, tmp_path):
    bad = ["=cmd", "123", "", "", "", "", "", "", 'two\nlines "quoted"', "B1", ""]
    path = as_file(tmp_path, [WANG, bad, LI], encoding="gb18030")
    job = load(path)
    assert write_refusals(job, tmp_path / "refused.csv") == 1
    with (tmp_path / "refused.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][:2] == ["'=cmd", "123"]
    assert rows[1][8] == 'two\nlines "quoted"'
    assert rows[1][-2:] == ["3", "The number has the wrong length."]


def test_a_load_killed_between_stretches_ends_in_the_same_registry(ground, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "RECORDS_A_STRETCH", 1)
    path = as_file(tmp_path, [*GOOD, WANG])
    job = order_load(path, as_of=DAY)
    assert work.do_next_order()
    assert Customer.objects.count() == 1

    job = load(path)  # the same command again

    assert job.result == {"rows": 4, "created": 3, "known": 1, "refused": 0}
    assert [row[0] for row in registry()] == sorted(row[0] for row in GOOD)


def test_a_file_that_changed_meanwhile_is_not_read_on(ground, tmp_path):
    path = as_file(tmp_path, GOOD)
    job = order_load(path, as_of=DAY)
    as_file(tmp_path, [WANG])
    while work.do_next_order():
        pass
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert not Customer.objects.exists()


def test_what_cannot_be_loaded_is_refused_before_anything_is_written(ground, tmp_path):
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04 a workbook")
    (tmp_path / "quote.csv").write_bytes('姓名,机构号\n"'.encode() + b"x\n" * 600_000)
    (tmp_path / "names.csv").write_text("代码,机构号\n1,B1\n", encoding="utf-8")
    (tmp_path / "branch.csv").write_text("姓名\n王大明\n", encoding="utf-8")
    for name in ("book", "quote", "names", "branch"):
        with pytest.raises(Refused):
            order_load(tmp_path / f"{name}.csv", as_of=DAY)


@pytest.mark.django_db(transaction=True)
def test_the_first_load_is_one_deed_with_one_entry_a_table(tmp_path):
    load_areas(AREAS)
    for code in ("B1", "B2"):
        make_branch(f"{code}信用社", code)
    path = as_file(tmp_path, [*GOOD, WANG, ["赵铁柱", *WANG[1:]], ["坏", "1", *WANG[2:]]])
    indexes = _indexes()

    job = load_first(path, as_of=DAY, processes=0)

    assert job.result == {"rows": 6, "created": 3, "known": 1, "refused": 2}
    assert refusals_of(job) == [(5, "NUMBER_TAKEN"), (6, "NUMBER_LENGTH")]
    assert _indexes() == indexes
    assert load_first(path, as_of=DAY, processes=0) == job
    paper = IdentityDocument.objects.get(customer__name="李小花")
    assert (paper.open("number"), paper.state) == ("11010519491231002X", DocumentState.HELD)
    assert Phone.objects.get(customer__name="陳桂英").open("number") == "13866086807"
    entries = AuditEntry.objects.filter(deed=Deed.LOAD).order_by("id")
    assert {entry.table_name: entry.new["rows"] for entry in entries} == {
        "customers_customer": 3,
        "customers_identitydocument": 2,
        "customers_phone": 3,
    }
    assert {entry.new["file"] for entry in entries} == {job.params["digest"]}
    with pytest.raises(Refused):
        load_first(as_file(tmp_path, GOOD, "next.csv"), as_of=DAY, processes=0)


def _indexes() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename LIKE 'customers_%' ORDER BY 1")
        return cursor.fetchall()


def test_the_command_says_what_it_did_and_writes_the_refused_rows_beside(
    ground, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(
        "customers.management.commands.load_customers.run_job_and_wait", lambda job, say: load_all()
    )
    path = as_file(tmp_path, [WANG, ["坏", "1", *WANG[2:]]])
    call_command("load_customers", str(path), date=DAY)
    told = capsys.readouterr().out
    assert "rows 2, created 1, known 0, refused 1" in told
    assert "备注" in told
    assert (tmp_path / "export.refused.csv").exists()


def load_all():
    while work.do_next_order():
        pass
