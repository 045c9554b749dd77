"""Cells of rows that were refused or taken back: they go with the person, or when their time is over."""

from datetime import date

import pytest
from django.db import connection
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import audit, work
from coopcrm.shared.models import AuditEntry
from coopcrm.shared.verification import verify
from customers import erasure, rows_of_nobody
from customers.ledgers import undoing
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.models import Customer, LedgerImport, LedgerRow
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.customers.test_personal import leave
from tests.factories import make_branch, make_staff

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 31)
LONG_AGO = timezone.make_aware(timezone.datetime(2010, 5, 1))


def bring_in(branch, rows):
    source = LedgerSource("a.csv", "counter_register", branch.code, branch.name, as_csv(HEADERS[0], rows))
    return import_ledgers([source], as_of=date(2010, 4, 1)).run


@pytest.fixture
def branch():
    load_areas(AREAS)
    return make_branch(code="99000101", name="柳河信用社")


@pytest.fixture
def taken_back(branch):
    """Three rows, one of them about somebody who was known, whose import was taken back."""
    bring_in(branch, REGISTER[:1])
    nameless = [REGISTER[1][0], "", *REGISTER[1][2:]]
    again = [["2006-01-02", *REGISTER[0][1:]], nameless, REGISTER[2]]
    run = bring_in(branch, again)
    undoing.order_undo(staff=make_staff(PostCode.DIRECTOR, branch), run=run, reason="wrong year")
    work.work_until_idle()
    return run


def with_cells(run):
    return {row.row_number for row in LedgerRow.objects.filter(file__run=run) if row.raw}


def long_ago(run):
    LedgerImport.objects.filter(pk=run.pk).update(started_at=LONG_AGO)
    LedgerRow.objects.filter(file__run=run, undone_at__isnull=False).update(undone_at=LONG_AGO)


def test_cells_of_nobody_go_when_their_time_is_over_and_the_ledger_still_verifies(taken_back):
    gone = LedgerRow.objects.get(file__run=taken_back, row_number=4).was_customer
    entries = AuditEntry.objects.filter(subject_id=gone, deed="insert")
    audit.seal_new_entries()

    too_early = rows_of_nobody.erase_due(on=ON)
    long_ago(taken_back)
    emptied = rows_of_nobody.erase_due(on=ON)

    assert (too_early, emptied, rows_of_nobody.erase_due(on=ON)) == (0, 2, 0)
    assert with_cells(taken_back) == {2}  # whose person is still here
    assert entries.exists()
    assert not entries.filter(new__isnull=False).exists()
    audit.seal_new_entries()
    assert verify().findings == []


def test_the_night_empties_them_set_by_set(taken_back, monkeypatch):
    monkeypatch.setattr(rows_of_nobody, "PER_ORDER", 1)
    long_ago(taken_back)

    job = erasure.order_nightly(as_of=ON)
    work.work_until_idle()

    job.refresh_from_db()
    assert job.result["rows emptied"] == 2
    assert with_cells(taken_back) == {2}


def test_what_was_taken_back_goes_with_its_person_and_with_the_same_row_brought_in_anew(taken_back, branch):
    anew = bring_in(branch, [REGISTER[2]])
    for person in Customer.objects.all():
        leave(person)

    erasure.erase_due(on=ON)

    assert with_cells(anew) == set()
    assert with_cells(taken_back) == {3}  # refused: it is nobody's


def test_only_the_worker_may_call_the_function():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('coopcrm_web', %s, 'EXECUTE'),"
            " has_function_privilege('coopcrm_worker', %s, 'EXECUTE')",
            [rows_of_nobody.FUNCTION] * 2,
        )
        assert cursor.fetchone() == (False, True)
