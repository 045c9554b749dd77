"""The pages of ledgers: the frame stands around each, lines are accounted for, and rows cost no queries."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared import work
from customers.ledgers import undoing, uploads
from customers.ledgers.areas import load_areas
from customers.models import LedgerFile, LedgerRow
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.customers.ledgers.test_uploads import brought_in, checked, taken_in
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


@pytest.fixture
def director(branch, client):
    staff = make_staff(PostCode.DIRECTOR, branch)
    client.force_login(staff)
    return staff


def registers(count):
    """Ledgers of one row each, every one of another person."""
    return [(f"{number}.csv", as_csv(HEADERS[0], [REGISTER[number]])) for number in range(count)]


def page_of(client, name, *args):
    answer = client.get(reverse(f"customers:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_way_to_other_pages_stands_beside_an_upload(director, client):
    upload = brought_in(director, registers(1))

    assert 'class="place"' in page_of(client, "ledger-upload", upload.pk)


def test_lines_that_are_no_rows_are_accounted_for(director, client):
    content = as_csv(HEADERS[0], [*REGISTER[:2], ["合计", *[""] * (len(HEADERS[0]) - 1)]])
    upload = checked(director, [("register.csv", content)])

    shown = page_of(client, "ledger-upload", upload.pk)

    assert (upload.counts["rows"], upload.files.get().row_count) == (2, 4)
    assert "of 4 lines; the others are titles, sums and notes" in shown


def test_who_begins_is_led_to_bringing_ledgers_in(director, client):
    assert page_of(client, "ledgers").count(reverse("customers:new-ledgers")) == 2


def test_an_upload_without_a_readable_file_offers_no_preview(director, client):
    upload = brought_in(director, [("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))])

    shown = page_of(client, "ledger-upload", upload.pk)

    assert "None of the files can be taken in" in shown
    assert reverse("customers:check-ledger-upload", args=[upload.pk]) not in shown


def test_a_wrong_encoding_is_named_and_chosen_anew(director, client):
    upload = brought_in(director, [("register.csv", as_csv(HEADERS[0], REGISTER, encoding="gb18030"))])
    file = upload.files.get()
    given = {"staff": director, "branch": file.branch, "kind": file.kind, "is_taken": True}

    uploads.correct_file(file=file, encoding="utf-8", **given)
    work.work_until_idle()
    refused = page_of(client, "ledger-upload", upload.pk)
    file.refresh_from_db()
    uploads.correct_file(file=file, encoding="gbk", **given)
    work.work_until_idle()

    assert "cannot be read in the encoding that was chosen" in refused
    assert "left out" not in page_of(client, "ledger-upload", upload.pk)


def test_files_that_came_in_before_say_so(director, client):
    taken_in(director, registers(1))

    again = checked(director, registers(1))

    assert "Every row of these files came in before" in page_of(client, "ledger-upload", again.pk)


def test_files_that_were_taken_in_lead_to_their_rows(director, client):
    upload = taken_in(director, registers(1))

    shown = page_of(client, "ledger-upload", upload.pk)

    assert reverse("customers:ledger-file", args=[LedgerFile.objects.get().pk]) in shown


def test_who_takes_an_import_back_sees_how_far_it_is(director, client):
    run = taken_in(director, registers(1)).run
    undoing.order_undo(staff=director, run=run, reason="Wrong branch")

    shown = page_of(client, "undo-ledger-import", run.pk)

    assert reverse("jobs:progress", args=[undoing.job_of(run).pk]) in shown


def test_pages_cost_the_same_with_more_files_and_rows(director, client, django_assert_max_num_queries):
    def costs(upload):
        found = []
        for name, pk in pages(upload):
            page_of(client, name, *pk)
            with django_assert_max_num_queries(40) as asked:
                page_of(client, name, *pk)
            found.append((name, len(asked)))
        return found

    def pages(upload):
        yield "ledger-upload", [upload.pk]
        if upload.run_id is None:
            yield "ledger-upload-file", [upload.pk, upload.files.first().pk]
            return
        file = LedgerFile.objects.filter(run=upload.run).latest("row_count")
        yield "ledger-file", [file.pk]
        yield "ledger-row", [LedgerRow.objects.filter(file=file).first().pk]
        yield "undo-ledger-import", [upload.run_id]
        yield "ledgers", []

    few = brought_in(director, registers(2))
    few_mapping = costs(few)
    few_ready = costs(_checked_again(director, few))
    few_done = costs(_taken_again(director, few))
    rows = as_csv(HEADERS[0], REGISTER[1:4])
    many = brought_in(
        director, [*registers(2), ("all.csv", rows), ("more.csv", as_csv(HEADERS[0], REGISTER[4:6]))]
    )

    assert costs(many) == few_mapping
    assert costs(_checked_again(director, many)) == few_ready
    assert costs(_taken_again(director, many)) == few_done


def _checked_again(staff, upload):
    uploads.order_check(staff=staff, upload=upload)
    work.work_until_idle()
    upload.refresh_from_db()
    return upload


def _taken_again(staff, upload):
    uploads.order_write(staff=staff, upload=upload)
    work.work_until_idle()
    upload.refresh_from_db()
    return upload
