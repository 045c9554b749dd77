"""A real worker is killed (-9) while ledgers are read, checked and written; the registry ends as if undisturbed."""

import hashlib
import os
import random
import time
from datetime import date

import pytest
from django.db import connection, transaction

from branches.choices import PostCode
from coopcrm.shared import waiting, work
from coopcrm.shared.models import Job, JobState
from customers.choices import UploadState
from customers.ledgers import uploads
from customers.ledgers.areas import load_areas
from customers.models import LedgerUpload
from tests.crash.test_closing import kill, wait_for, worker  # noqa: F401 - a fixture
from tests.customers.ledgers.fixtures import HEADERS, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.factories import make_branch, make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash, pytest.mark.servers]
KILLS = int(os.environ.get("COOPCRM_KILLS", "0"))
ROWS = 400
SAID = """
    SELECT r.row_number, r.outcome, r.reason, c.name, c.sex, c.birth_date, c.registered_on, h.address,
           (SELECT count(*) FROM customers_phone p WHERE p.customer_id = c.id),
           (SELECT count(*) FROM customers_identitydocument d WHERE d.customer_id = c.id),
           (SELECT min(o.row_number) FROM customers_ledgerrow o WHERE o.customer_id = c.id)
    FROM customers_ledgerrow r JOIN customers_customer c ON c.id = r.customer_id
    LEFT JOIN customers_household h ON h.id = r.household_id ORDER BY r.row_number
"""


def digest() -> tuple[int, str]:
    """What stands in the registry, told without keys."""
    with connection.cursor() as cursor:
        cursor.execute(SAID)
        rows = cursor.fetchall()
    return len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()


def ledger() -> bytes:
    names = [a + b + c for a in "王李张刘陈" for b in "大小国建" for c in "明花强兰"]
    rows = [
        [
            "2005-03-16",
            names[i % len(names)],
            "男",
            "",
            f"柳河镇东岗村{'一二三四五'[i % 5]}组",
            f"1386608{i:04d}",
            "存款",
            "5",
        ]
        for i in range(ROWS)
    ]
    return as_csv(HEADERS[0], rows)


def brought_in(staff) -> LedgerUpload:
    return uploads.bring_in(staff=staff, files=[("登记簿.csv", ledger())], as_of=date(2015, 3, 31))


def go_on(staff, upload: LedgerUpload) -> LedgerUpload:
    """Ask for the step that follows, as the page does."""
    upload = LedgerUpload.objects.get(pk=upload.pk)
    step = {UploadState.MAPPING: uploads.order_check, UploadState.READY: uploads.order_write}.get(
        upload.state
    )
    return step(staff=staff, upload=upload) if step else upload


def undisturbed(staff) -> tuple[int, str]:
    with transaction.atomic():
        upload = brought_in(staff)
        for _ in range(3):
            work.work_until_idle(60)
            upload = go_on(staff, upload)
        found = digest()
        transaction.set_rollback(True)
    return found


@pytest.mark.skipif(not KILLS, reason="COOPCRM_KILLS=10 kills at so many random moments (make crash)")
def test_an_import_killed_at_random_moments_ends_in_the_same_registry(worker):  # noqa: F811 - the fixture
    load_areas(AREAS)
    staff = make_staff(PostCode.ACCOUNTANT, make_branch(code="99000101", name="柳河信用社"))
    expected = undisturbed(staff)
    assert expected[0] == ROWS

    upload = brought_in(staff)
    for _ in range(KILLS):
        process = worker()
        wait_for(waiting.has_worker, "a worker")
        work.send_wakes(2)
        time.sleep(random.uniform(0.0, 0.8))
        kill(process)
        upload = go_on(staff, upload)
    process = worker()
    wait_for(waiting.has_worker, "a worker")
    for _ in range(3):  # the steps that may be left
        waiting.run_job_and_wait(Job.objects.get(pk=upload.job_id))
        upload = go_on(staff, upload)
    waiting.stop_worker(process)

    upload.refresh_from_db()
    assert upload.state == UploadState.DONE
    assert Job.objects.get(pk=upload.job_id).state == JobState.DONE
    assert digest() == expected
