"""Figures of the branches: the whole month made anew, one day more, and the dashboard that reads them.

    python -m bench.kpi --customers 1000000 [--day-rows 12] [--keep] [--json FILE]

G13: a month's days rolled up and every indicator of every branch, against plain SQL that only totals branches and
averages customers over the same rows. G14: one day added to the branches' days. G15: the dashboard of head office,
which reads summary rows alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench.county import rows_in, seeded_county

DATABASE = "coopcrm_bench_kpi"
BOOK = ("customers_customer", "loans_account", "loans_accountday")
CALLS = 60
MOST_QUERIES = 12

FLOOR_MONTH = """
    CREATE TEMPORARY TABLE floor_of_the_month AS
    WITH stood AS (
        SELECT d.*, lead(day, 1, %(end)s) OVER (PARTITION BY account_id ORDER BY day) - day AS days
        FROM loans_accountday d WHERE day >= %(start)s AND day < %(end)s
    ), customers AS (
        SELECT a.customer_id, a.branch_id, sum(s.balance * s.days) / 30 AS adb, sum(s.fees) AS fees,
            sum(s.counter_count + s.atm_count + s.mobile_count) AS transactions, sum(s.interest) AS interest
        FROM stood s JOIN loans_account a ON a.id = s.account_id GROUP BY a.customer_id, a.branch_id
    )
    SELECT branch_id, sum(adb) AS deposits, sum(fees) AS fees, sum(transactions) AS transactions,
        count(*) FILTER (WHERE adb >= 50000) AS high_end, count(*) AS customers
    FROM customers GROUP BY branch_id
"""
FLOOR_DAY = """
    SELECT a.branch_id, sum(d.balance), sum(d.credit), sum(d.debit), sum(d.fees) FROM loans_accountday d
    JOIN loans_account a ON a.id = d.account_id WHERE d.day = %(day)s GROUP BY a.branch_id
"""


def seconds(deed: Callable[[], object]) -> float:
    started = time.perf_counter()
    deed()
    return round(time.perf_counter() - started, 4)


def measure(as_of) -> dict:
    """All figures of one county."""
    from django.db import connection

    from branches.models import Unit
    from coopcrm.shared.periods import month_of
    from kpi import closing, services
    from loans.selectors import id_ranges
    from loans.services import prepare_months, roll_up_months

    branches = list(Unit.objects.filter(kind="branch"))
    month = month_of(as_of)
    first = services.first_day_of_book(as_of)
    evening_before = as_of - timedelta(days=1)
    prepare_months(as_of)

    def statement(words: str, **parameters) -> Callable[[], None]:
        def run() -> None:
            with connection.cursor() as cursor:
                cursor.execute(words, parameters)

        return run

    def add_days(day) -> Callable[[], None]:
        def run() -> None:
            for branch in branches:
                services.add_branch_days(branch_id=branch.pk, as_of=day, first_day=first)

        return run

    def roll_up() -> None:
        for low, high in id_ranges("loans_account", closing.ACCOUNTS):
            roll_up_months(low=low, high=high, as_of=as_of)

    def indicators() -> None:
        for branch in branches:
            services.snapshot_unit(unit=branch, as_of=as_of)
        services.snapshot_union(union=services.union_of_units(), as_of=as_of)

    figures = {
        "floor_month": seconds(statement(FLOOR_MONTH, start=month.start, end=month.end)),
        "floor_day": seconds(statement(FLOOR_DAY, day=as_of)),
        "days_before": seconds(add_days(evening_before)),
        "day_added": seconds(add_days(as_of)),
        "roll_up": seconds(roll_up),
    }
    job = closing.order_closing(as_of=as_of, until="tiers")
    from coopcrm.shared import work

    figures["other_steps"] = seconds(lambda: work.work_until_idle(3600))
    job.refresh_from_db()
    figures["indicators"] = seconds(indicators)
    figures["month"] = round(figures["days_before"] + figures["roll_up"] + figures["indicators"], 2)
    return {**figures, **dashboard()}


def dashboard() -> dict:
    """Seconds and queries of the dashboard as head office sees it, one client."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import override_settings

    from branches.models import StaffMember
    from branches.signin import marks

    staff = StaffMember.objects.filter(posts__code="head_office").first()
    plain_files = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    override_settings(STORAGES=plain_files).enable()  # names of files are not what is measured
    client = Client(SERVER_NAME="localhost")
    client.force_login(staff)
    session = client.session
    session[marks.MEANS] = marks.SECOND_FACTOR  # signing in is not what is measured
    session.save()
    client.get("/figures/")
    queries: list[str] = []

    def count(execute, statement, parameters, many, context):
        queries.append(statement)
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(count):
        status = client.get("/figures/").status_code
    times = sorted(seconds(lambda: client.get("/figures/")) for _ in range(CALLS))
    return {
        "dashboard_status": status,
        "dashboard_queries": len(queries),
        "dashboard_p50_ms": round(statistics.median(times) * 1000),
        "dashboard_p95_ms": round(times[int(len(times) * 0.95)] * 1000),
    }


def main() -> int:
    """Print every figure beside its goal; the exit status is 1 when one is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.kpi", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--day-rows", type=float, default=12.0)
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, given.day_rows, keep=given.keep):
        from kpi.seeding import DEMO_AS_OF

        figures = {"customers": given.customers, "rows": rows_in(*BOOK), **measure(DEMO_AS_OF)}
    scale = max(given.customers / 1_000_000, 0.01)
    checks = {
        "G13 month against its floor (at most 2x)": figures["month"] <= 2 * figures["floor_month"],
        "G14 one day (at most 5 s a million)": figures["day_added"] <= max(1.0, 5 * scale),
        "G15 dashboard queries (at most 12)": figures["dashboard_queries"] <= MOST_QUERIES,
        "G15 dashboard p95 (at most 50 ms)": figures["dashboard_p95_ms"] <= 50,
    }
    figures["checks"] = checks
    for name, value in figures.items():
        print(f"{name}: {value}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=str) + "\n", encoding="utf-8")
    return int(not all(checks.values()))


if __name__ == "__main__":
    sys.exit(main())
