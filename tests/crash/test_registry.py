"""A real worker is killed (-9) while an import is taken back and while the registry is compared with itself."""

import hashlib
import random
import time
from datetime import date

import pytest
from django.db import connection, transaction

from branches.choices import PostCode
from coopcrm.shared import waiting, work
from coopcrm.shared.models import Job, JobState
from customers.ledgers import undoing
from customers.ledgers.areas import load_areas
from customers.ledgers.importing import import_ledgers
from customers.ledgers.sources import LedgerSource
from customers.matching import nightly
from customers.models import LedgerImport, MatchingScan
from tests.crash.test_closing import kill, wait_for, worker  # noqa: F401 - a fixture
from tests.crash.test_ledgers import KILLS, ledger
from tests.customers.ledgers.fixtures import HEADERS, REGISTER, as_csv
from tests.customers.ledgers.test_importing import AREAS
from tests.factories import make_branch, make_customer, make_staff, make_village

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.crash,
    pytest.mark.servers,
    pytest.mark.skipif(not KILLS, reason="COOPCRM_KILLS=10 kills at so many random moments (make crash)"),
]
REGISTRY = ("customer", "household", "membership", "phone", "identitydocument", "statement", "reviewpair")
ASKED = "SELECT first_id, second_id, rule, outcome, weight, state FROM customers_reviewpair ORDER BY 1, 2"
COUNTED = "SELECT kind, word, place, people FROM customers_namecount ORDER BY 1, 2, 3"


def digest_of(*statements) -> str:
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            found.update(repr(cursor.fetchall()).encode())
    return found.hexdigest()


def registry() -> str:
    return digest_of(*(f"SELECT t::text FROM customers_{name} t ORDER BY t.id" for name in REGISTRY))


def killed_in(job: Job, worker) -> bool:  # noqa: F811 - the fixture
    """Whether the job was still open when a worker that was at it was killed."""
    process = worker()
    wait_for(waiting.has_worker, "a worker")
    work.send_wakes(2)
    time.sleep(random.uniform(0.0, 0.8))
    kill(process)
    job.refresh_from_db()
    return job.is_open


def finish(job: Job, worker) -> None:  # noqa: F811 - the fixture
    process = worker()
    wait_for(waiting.has_worker, "a worker")
    waiting.run_job_and_wait(job)
    waiting.stop_worker(process)


def test_an_undo_killed_at_random_moments_ends_in_the_registry_from_before(worker):  # noqa: F811 - the fixture
    load_areas(AREAS)
    branch = make_branch(code="99000101", name="柳河信用社")
    director, day = make_staff(PostCode.DIRECTOR, branch), date(2015, 3, 31)

    def bring_in(content: bytes) -> LedgerImport:
        return import_ledgers(
            [LedgerSource("a.csv", "counter_register", branch.code, branch.name, content)], as_of=day
        ).run

    bring_in(as_csv(HEADERS[0], REGISTER))
    expected, kills = registry(), 0
    while kills < KILLS:
        run = bring_in(ledger())
        undoing.order_undo(staff=director, run=run, reason="drill")
        job = undoing.job_of(run)
        while job.is_open and kills < KILLS:
            kills += 1
            killed_in(job, worker)
        if job.is_open:
            finish(job, worker)
        run.refresh_from_db()
        assert run.undone_at is not None
        assert registry() == expected


def test_a_comparison_killed_at_random_moments_asks_what_an_undisturbed_one_asks(worker):  # noqa: F811
    village, day = make_village(), date(2026, 3, 31)
    names = [a + b + c for a in "王李张刘陈" for b in "大小国建" for c in "明花强兰"]
    for i in range(400):
        born = date(1950 + i % 40, 5, 12)
        make_customer(names[i % len(names)], village=village, birth_date=born, phone=f"1386608{i % 150:04d}")
    with transaction.atomic():
        nightly.order_scan(as_of=day)
        work.work_until_idle(120)
        expected = digest_of(ASKED, COUNTED)
        transaction.set_rollback(True)

    scan = nightly.order_scan(as_of=day)
    job = Job.objects.get(pk=scan.job_id)
    for _ in range(KILLS):
        if not killed_in(job, worker):
            break
    if job.is_open:
        finish(job, worker)

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert MatchingScan.objects.get(pk=scan.pk).finished_at is not None
    assert digest_of(ASKED, COUNTED) == expected
