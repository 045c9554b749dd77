"""Run by test_crash.py on servers of its own: do a job while worker, PostgreSQL and Redis are killed in turn."""

import json
import os
import signal
import sys
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
os.environ["COOPCRM_ROLE"] = "owner"

import django
import psutil

from coopcrm import embedded

embedded.attach()
django.setup()

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection
from redis.exceptions import RedisError

from coopcrm.shared import waiting, work
from coopcrm.shared.models import Job, OrderState, WorkOrder
from tests.quick_migrations import quick

ORDERS, STAGES = 90, 3
KILL_EVERY = 8  # orders: the seven kills fall while work is left, however fast the machine


def server(part: str) -> psutil.Process:
    var = str(embedded.places().var)
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if any(var in argument for argument in line) and any(part in argument for argument in line):
                return process
        except psutil.Error:
            continue
    raise LookupError(part)


def still_open(job_id: int) -> bool:
    """Ask as a patient person would: again, when the database is away."""
    try:
        work.settle(job_id)
        if work.has_claimable():
            work.send_wakes(4)
        return Job.objects.get(pk=job_id).is_open
    except (DatabaseError, InterfaceError, RedisError):
        connection.close()
        return True


def done_of(job_id: int) -> int:
    """How many orders are done; none is known while the database is away."""
    try:
        return WorkOrder.objects.filter(job=job_id, state=OrderState.DONE).count()
    except (DatabaseError, InterfaceError):
        connection.close()
        return 0


def main() -> None:
    with quick():
        call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE work_effect (number int, stage int, at timestamptz DEFAULT now())")
        cursor.execute("GRANT ALL ON work_effect TO coopcrm_worker")
    orders = [
        work.NewOrder("test_write", key=str(n), stage=n * STAGES // ORDERS, payload={"n": n, "seconds": 0.1})
        for n in range(ORDERS)
    ]
    job = work.order_work(kind="test", title="Under kills", orders=orders)
    worker = waiting.start_worker(2, app="tests.shared.worker_app")
    kills = iter(["postgres", "worker", "redis", "postgres", "worker", "redis", "postgres"])
    next_kill = KILL_EVERY
    deadline = time.monotonic() + float(sys.argv[1])
    while still_open(job.pk) and time.monotonic() < deadline:
        if done_of(job.pk) >= next_kill and (victim := next(kills, None)):
            if victim == "worker":
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
                worker = waiting.start_worker(2, app="tests.shared.worker_app")
            else:
                server("-D" if victim == "postgres" else "unixsocket:").kill()
            next_kill += KILL_EVERY
        time.sleep(0.1)
    waiting.stop_worker(worker)
    job.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(number ORDER BY number) FROM work_effect")
        print(
            json.dumps(
                {"state": job.state, "numbers": cursor.fetchone()[0], "unused_kills": len(list(kills))}
            )
        )


main()
connection.close()
embedded.detach()
