"""A real worker is killed (-9) in every step of a closing, after the effect and before the commit."""

import os
import random
import signal
import time
from datetime import date

import pytest
from django.db import connection

from coopcrm.shared import waiting, work
from coopcrm.shared.models import Job, JobState
from kpi import closing
from kpi.seeding import DEMO_AS_OF
from kpi.seeding.county import seed_county
from kpi.seeding.plan import Plan
from loans.services import last_completed_month

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash, pytest.mark.servers]

KINDS = [
    "months",
    "branch_days",
    "classes",
    "ratings",
    "contribution",
    "plan_tiers",
    "tiers",
    "kpis",
    "union",
]
KINDS = [kind for kind in KINDS if kind != "plan_tiers"]
WHOLE_WORKER = (
    "ratings",
    "kpis",
)  # the others lose the process that held the order, and the worker starts a new one
RESULTS = [table for table, _, _ in closing.WRITTEN]
RANDOM_KILLS = int(os.environ.get("COOPCRM_KILLS", "0"))


@pytest.fixture
def county(monkeypatch):
    """A small county, cut into several ranges a step."""
    for name in ("ACCOUNTS", "LOANS", "HOUSEHOLDS", "CUSTOMERS", "RANKS"):
        monkeypatch.setattr(closing, name, 150)
    seed_county(Plan(600, 5, DEMO_AS_OF), lambda line: None)
    for table in [*RESULTS, "loans_creditline"]:
        run(f"DROP TABLE IF EXISTS kept_{table}", f"CREATE TABLE kept_{table} AS TABLE {table}")
    yield
    for table in [*RESULTS, "loans_creditline"]:
        run(f"DROP TABLE kept_{table}")


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def forget_the_closing() -> None:
    """Put the county back to the evening before."""
    Job.objects.all().delete()
    for table in RESULTS:
        run(f"TRUNCATE {table}", f"INSERT INTO {table} SELECT * FROM kept_{table}")
    run("UPDATE loans_creditline l SET state = k.state FROM kept_loans_creditline k WHERE k.id = l.id")


def undisturbed(as_of: date) -> dict:
    job = closing.order_closing(as_of=as_of)
    work.work_until_idle(120)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    found = closing.digests(as_of)
    forget_the_closing()
    return found


@pytest.fixture
def worker(monkeypatch, tmp_path):
    """Start a real worker on the tests' database; call it again for the next one."""
    monkeypatch.setenv("COOPCRM_DATABASE", connection.settings_dict["NAME"])
    monkeypatch.setenv("COOPCRM_CRASH", str(tmp_path))
    started = []

    def start():
        waiting.cache.delete(waiting.ALIVE_KEY)
        started.append(waiting.start_worker(concurrency=2, app="tests.crash.worker_app"))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            kill(process)


def kill(process) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    nudged = 0.0
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        if time.monotonic() - nudged > 2:
            work.sweep()  # what beat does every twenty seconds
            nudged = time.monotonic()
        time.sleep(0.05)


def finish(job: Job, worker) -> Job:
    process = worker()
    wait_for(waiting.has_worker, "a worker")
    try:
        return waiting.run_job_and_wait(job)
    finally:
        waiting.stop_worker(process)


def test_a_closing_killed_in_every_step_ends_in_the_same_rows(county, worker, tmp_path):
    expected = undisturbed(DEMO_AS_OF)
    job = closing.order_closing(as_of=DEMO_AS_OF)

    process = None
    for kind in KINDS:
        armed, reached = (tmp_path / f"closing.{kind}.{word}" for word in ("armed", "reached"))
        armed.touch()
        process = process or worker()
        wait_for(reached.exists, kind)
        if kind in WHOLE_WORKER:
            kill(process)
            process = None
        else:
            os.kill(int(reached.read_text()), signal.SIGKILL)
    if process:
        kill(process)
    job = finish(job, worker)

    assert job.state == JobState.DONE
    assert closing.digests(DEMO_AS_OF) == expected
    assert expected["loans_accountmonth"][0] > 0
    assert last_completed_month(DEMO_AS_OF) == date(2026, 10, 1)


@pytest.mark.skipif(not RANDOM_KILLS, reason="COOPCRM_KILLS=20 kills at so many random moments (make crash)")
def test_a_closing_killed_at_random_moments_ends_in_the_same_rows(county, worker):
    expected = undisturbed(DEMO_AS_OF)
    job = closing.order_closing(as_of=DEMO_AS_OF)

    for _ in range(RANDOM_KILLS):
        process = worker()
        wait_for(waiting.has_worker, "a worker")
        work.send_wakes(2)
        time.sleep(random.uniform(0.0, 0.5))
        kill(process)
    job = finish(job, worker)

    assert job.state == JobState.DONE
    assert closing.digests(DEMO_AS_OF) == expected
