"""Files that people send in are read in a child process with little memory and time; refusals say what to do."""

import io
import time
from datetime import date, datetime

import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from coopcrm.shared.errors import DomainError
from coopcrm.shared.uploads import Unreadable, process
from coopcrm.shared.uploads.handlers import MOST_READ
from coopcrm.shared.uploads.refusals import TEXTS, refusal_for
from coopcrm.shared.uploads.sheets import Row, SheetName, records, stream


def workbook(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_keep_their_kinds_on_the_way_from_the_child():
    moment = datetime(2026, 3, 31, 10, 42)
    content = workbook(
        ("一月", [["姓名", 12, 0.5, True], [], [moment, date(2026, 3, 31), "00123"]]), ("空", [])
    )

    assert list(stream(content)) == [
        SheetName("一月"),
        Row(1, ("姓名", 12, 0.5, "TRUE")),
        Row(3, (moment, datetime(2026, 3, 31), "00123")),
        SheetName("空"),
    ]


def test_sheet_may_be_left_after_its_first_rows():
    rows = stream(b"a,b\n" + b"1,2\n" * 150_000)
    first = [next(rows) for _ in range(3)]
    rows.close()

    assert first == [SheetName("", "utf-8"), Row(1, ("a", "b")), Row(2, ("1", "2"))]


def test_table_is_read_by_the_words_of_its_header():
    content = "村,编码\n孙家村,411522101201\n\n王家村,\n".encode("gb18030")

    found = [(row.number, row["村"], row["编码"]) for row in records(content, ["编码"], what="Areas lack")]

    assert found == [(2, "孙家村", "411522101201"), (4, "王家村", "")]
    with pytest.raises(DomainError, match="Areas lack: 户数"):
        list(records(content, ["户数"], what="Areas lack"))


def test_reader_that_runs_too_long_is_ended():
    started = time.monotonic()

    with pytest.raises(Unreadable) as refusal:
        list(stream(b"a,b\n" * 190_000, seconds=0.02))

    assert refusal.value.code == "too_slow"
    assert time.monotonic() - started < 5


def test_child_knows_nothing_of_the_process_that_started_it(monkeypatch):
    seen = {}
    start = process.subprocess.Popen

    def popen(*arguments, **options):
        seen.update(options)
        return start(*arguments, **options)

    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setattr(process.subprocess, "Popen", popen)
    list(stream(b"a,b\n1,2\n"))

    assert (seen["env"], seen["close_fds"]) == ({}, True)


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_every_refusal_is_a_sentence_in_every_language(code, language):
    with translation.override(language):
        text = str(refusal_for(code))

    assert "%" not in text
    assert text[-1] in ".。"


def test_a_request_larger_than_any_file_is_refused_in_words():
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    head = {"content_type": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(MOST_READ + 1)}

    answer = client.generic("POST", "/sign-in/", b"--x--", **head)

    assert answer.status_code == 400
    assert "nothing of it was kept" in answer.content.decode()
