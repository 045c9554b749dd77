"""The work table: effects and "done" commit together, stages wait, kills are harmless."""

import os
import signal
import subprocess
import time

import pytest
from django.db import connection, transaction

from coopcrm.shared import waiting, work
from coopcrm.shared.models import Job, JobState, OrderState, WorkOrder
from coopcrm.shared.selectors import oldest_open_order_age, progress_of
from coopcrm.shared.work import NewOrder, cancel_job, order_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def effects():
    """A table for effects, and the handlers of the tests in this process."""
    import tests.shared.worker_app  # noqa: F401

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS work_effect (number int, stage int, at timestamptz DEFAULT now())"
        )
        cursor.execute("TRUNCATE work_effect")
        cursor.execute("GRANT ALL ON work_effect TO coopcrm_worker")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE work_effect")


def written() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM work_effect ORDER BY number")
        return [number for (number,) in cursor.fetchall()]


def order_lines(count: int, **fields) -> Job:
    orders = [NewOrder("test_write", key=str(n), payload={"n": n}) for n in range(count)]
    return order_work(kind="test", title="Write lines", orders=orders, **fields)


def test_orders_are_done_once_and_their_counts_are_added_up():
    job = order_lines(5)

    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, job.result, written()) == (JobState.DONE, {"written": 5}, [0, 1, 2, 3, 4])
    assert progress_of(job).percent == 100


def test_a_rolled_back_deed_leaves_no_order():
    with transaction.atomic():
        order_lines(3)
        transaction.set_rollback(True)

    assert (Job.objects.count(), WorkOrder.objects.count()) == (0, 0)


def test_the_same_key_is_the_same_job():
    first = order_lines(2, key="2026-03-31")
    again = order_lines(3, key="2026-03-31")

    work.work_until_idle()

    assert (first.pk, written()) == (again.pk, [0, 1, 2])


def test_a_stage_waits_for_the_stage_before_it():
    orders = [
        NewOrder("test_write", key="b", stage=2, payload={"n": 2}),
        NewOrder("test_broken", key="a", stage=1),
    ]
    job = order_work(kind="test", title="Two stages", orders=orders)

    work.work_until_idle(1)

    job.refresh_from_db()
    assert (job.stage, written()) == (1, [])


def test_what_is_due_before_a_stage_is_done_once_when_it_opens(monkeypatch):
    opened = []
    monkeypatch.setitem(work._stage_hooks, "test", lambda job, stage: opened.append((stage, written())))
    orders = [NewOrder("test_write", key=str(n), stage=n // 2, payload={"n": n}) for n in range(4)]
    order_work(kind="test", title="Write lines", orders=orders)

    work.work_until_idle()

    assert opened == [(1, [0, 1])]


def test_an_order_may_add_orders_of_a_later_stage():
    job = order_work(kind="test", title="Spawn", orders=[NewOrder("test_spawn", key="s")])

    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, written()) == (JobState.DONE, [900, 901, 902])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("test_refuse", "The village has no register."), ("test_broken", "ValueError (worker_app.py:")],
)
def test_an_order_that_keeps_failing_fails_the_job_with_a_readable_reason(kind, text, monkeypatch):
    monkeypatch.setattr(work, "RETRY_SECONDS", -1)
    later = NewOrder("test_write", key="later", stage=1, payload={"n": 1})
    job = order_work(kind="test", title="Fail", orders=[NewOrder(kind, key="x"), later])

    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, job.error[: len(text)], written()) == (JobState.FAILED, text, [])
    assert "110105" not in job.error
    assert set(job.orders.values_list("state", flat=True)) == {OrderState.FAILED, OrderState.CANCELLED}


def test_a_failed_job_is_taken_up_again_under_its_key(monkeypatch):
    monkeypatch.setattr(work, "RETRY_SECONDS", -1)
    orders = [NewOrder("test_refuse", key="x"), NewOrder("test_write", key="y", stage=1, payload={"n": 1})]
    job = order_work(kind="test", key="day", title="Fail", orders=orders)
    work.work_until_idle()
    job.orders.filter(key="x").update(kind="test_write", payload={"n": 0})

    order_work(kind="test", key="day", title="Fail", orders=orders)
    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, written()) == (JobState.DONE, [0, 1])


def test_a_cancelled_job_does_nothing_more():
    job = order_lines(4)
    work.do_next_order()

    cancel_job(job)
    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, written(), progress_of(job).cancelled) == (JobState.CANCELLED, [0], 3)


def test_error_rows_are_kept_and_the_rest_goes_on():
    job = order_work(kind="test", title="Note", orders=[NewOrder("test_note", key="n")])

    work.work_until_idle()

    assert [str(row) for row in job.error_rows.all()] == ["row 3: The number of the card is not valid."]


def test_a_job_without_orders_is_done_at_once():
    assert order_work(kind="test", title="Nothing", orders=[]).state == JobState.DONE


def test_the_oldest_order_tells_its_age():
    assert oldest_open_order_age() is None

    order_lines(1)

    assert 0 <= oldest_open_order_age() < 5


def test_a_worker_that_takes_an_order_again_and_again_and_dies_gives_up():
    job = order_lines(1)
    job.orders.update(attempts=work.MOST_ATTEMPTS)

    work.work_until_idle()

    job.refresh_from_db()
    assert (job.state, written()) == (JobState.FAILED, [])


# -- real workers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker_environment(monkeypatch):
    monkeypatch.setenv("COOPCRM_DATABASE", connection.settings_dict["NAME"])


def start() -> subprocess.Popen:
    waiting.cache.delete(waiting.ALIVE_KEY)
    return waiting.start_worker(concurrency=2, app="tests.shared.worker_app")


def kill(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


@pytest.mark.servers
def test_a_real_worker_does_what_was_ordered(worker_environment):
    worker = start()
    wait_for(waiting.has_worker)
    try:
        job = waiting.run_job_and_wait(order_lines(20))
    finally:
        waiting.stop_worker(worker)

    assert (job.state, written()) == (JobState.DONE, list(range(20)))


@pytest.mark.crash
@pytest.mark.servers
def test_killing_workers_at_any_moment_loses_and_doubles_nothing(worker_environment):
    orders = [
        NewOrder("test_write", key=str(n), stage=n // 10, payload={"n": n, "seconds": 0.15})
        for n in range(30)
    ]
    job = order_work(kind="test", title="Under kills", orders=orders)

    for pause in (2.5, 3.0, 2.8):
        worker = start()
        work.send_wakes(2)
        time.sleep(pause)
        kill(worker)
    worker = start()
    wait_for(waiting.has_worker)
    try:
        job = waiting.run_job_and_wait(job)
    finally:
        waiting.stop_worker(worker)

    assert (job.state, written()) == (JobState.DONE, list(range(30)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(at) FILTER (WHERE stage = 0) < min(at) FILTER (WHERE stage = 1) FROM work_effect"
        )
        assert cursor.fetchone() == (True,)
