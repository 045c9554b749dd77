"""A whole closing over real workers: seconds by step, memory of the workers, the same day again, and its floor.

    python -m bench.closing --customers 1000000 [--day-rows 12] [--workers 2] [--keep] [--json FILE]

Works in a database of its own. The floor (G20) is the same statements in plain SQL in the same run: one connection,
every step as one range over the whole book, no work table and no workers. G11's rule is the same day again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from bench.county import rows_in, seeded_county

DATABASE = "coopcrm_bench_closing"
BOOK = ("customers_customer", "customers_household", "loans_account", "loans_accountday", "loans_loan")
ALL_IDS = {"low": 0, "high": 2**62}


class Memory(threading.Thread):
    """The largest resident size of a process and its children, in megabytes, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.largest, self.ended = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            self.largest = max([self.largest, *map(resident, family_of(self.pid))])


def family_of(pid: int) -> list[int]:
    """A process and all below it."""
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        for task in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            try:
                queue += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def close(day, workers: int) -> dict:
    """Close a day by the command, with workers of its own; seconds as a whole and by step."""
    environment = {**os.environ, "COOPCRM_ROLE": "worker", "COOPCRM_WORKERS": str(workers)}
    command = [sys.executable, "manage.py", "close_day", "--date", str(day)]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    memory = Memory(process.pid)
    memory.start()
    if process.wait():
        raise SystemExit("the closing failed")
    seconds = time.perf_counter() - started
    memory.ended.set()
    return {"seconds": round(seconds, 1), "largest_process_mb": round(memory.largest), **steps(day)}


def steps(day) -> dict:
    """Seconds of each step and the counts of the job."""
    from django.db import connection

    from coopcrm.shared.models import Job
    from kpi.closing import STAGES

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.stage, extract(epoch FROM max(w.done_at) - min(w.claimed_at)) FROM shared_workorder w"
            " JOIN shared_job j ON j.id = w.job_id WHERE j.kind = 'closing' AND j.as_of = %s GROUP BY 1 ORDER BY 1",
            [day],
        )
        by_step = {STAGES[stage]: round(float(seconds), 1) for stage, seconds in cursor.fetchall()}
    return {"steps": by_step, "written": Job.objects.get(kind="closing", as_of=day).result}


def forget_the_closing(day) -> None:
    """Take away what the closing wrote, so that the floor starts where it started."""
    from django.db import connection

    from kpi.services import first_day_of_book

    first = first_day_of_book(day)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM loans_accountmonth WHERE month >= %s", [first])
        cursor.execute(
            "TRUNCATE kpi_branchday, loans_loanclassification, ratings_creditrating, ratings_contribution,"
            " ratings_customertier, kpi_kpisnapshot, kpi_scorecard"
        )
        cursor.execute("VACUUM ANALYZE loans_accountmonth")


def floor(day) -> dict:
    """The statements of each step over the whole book on one connection, in seconds."""
    from django.db import connection, transaction

    from branches.models import Unit
    from kpi import services
    from kpi.indicators import context_for
    from loans.services import classify_loans, roll_up_months
    from ratings import selectors
    from ratings.services import assign_tiers, compute_contributions, rate_households

    period_end = context_for(day, None)["period_end"]
    branches = list(Unit.objects.filter(kind="branch"))
    first = services.first_day_of_book(day)

    def roll_up() -> None:
        roll_up_months(**ALL_IDS, as_of=day)
        for branch in branches:
            services.add_branch_days(branch_id=branch.pk, as_of=day, first_day=first)

    def figures() -> None:
        for branch in branches:
            services.snapshot_unit(unit=branch, as_of=day)
        services.snapshot_union(union=services.union_of_units(), as_of=day)

    deeds = {
        "roll_up": roll_up,
        "classes": lambda: classify_loans(**ALL_IDS, as_of=day, levels=selectors.levels_before()),
        "ratings": lambda: rate_households(**ALL_IDS, as_of=day, card=selectors.card_in_force(day)),
        "contribution": lambda: compute_contributions(
            **ALL_IDS, period_end=period_end, rule=selectors.contribution_rule(day)
        ),
        "tiers": lambda: assign_tiers(
            after=0, upto=2**62, period_end=period_end, rule=selectors.tier_rule(day)
        ),
        "kpis": figures,
    }
    seconds = {}
    for name, deed in deeds.items():
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
            deed()
        seconds[name] = round(time.perf_counter() - started, 1)
        print(f"  floor {name}: {seconds[name]} s", flush=True)
    return {"seconds": round(sum(seconds.values()), 1), "steps": seconds}


def main() -> int:
    """Close, close again, and run the floor; the exit status is 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.closing", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--day-rows", type=float, default=12.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, given.day_rows, keep=given.keep):
        from kpi.seeding import DEMO_AS_OF

        figures = {"customers": given.customers, "workers": given.workers, "rows": rows_in(*BOOK)}
        print(figures["rows"], flush=True)
        figures["first"] = close(DEMO_AS_OF, given.workers)
        print("first", figures["first"], flush=True)
        figures["again"] = close(DEMO_AS_OF, given.workers)
        print("again", figures["again"], flush=True)
        forget_the_closing(DEMO_AS_OF)
        figures["floor"] = floor(DEMO_AS_OF)
    figures["ratio_to_floor"] = round(figures["first"]["seconds"] / figures["floor"]["seconds"], 2)
    figures["ratio_again"] = round(figures["again"]["seconds"] / figures["first"]["seconds"], 2)
    reached = figures["ratio_to_floor"] <= 3 and figures["first"]["largest_process_mb"] <= 600
    figures["reached"] = reached
    print(
        f"closing {figures['first']['seconds']} s, {figures['ratio_to_floor']}x its floor (G20: at most 3x), largest"
        f" process {figures['first']['largest_process_mb']} MB (at most 600), again {figures['ratio_again']}x"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=str) + "\n", encoding="utf-8")
    return int(not reached)


if __name__ == "__main__":
    sys.exit(main())
