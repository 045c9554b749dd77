"""Seeding a county: seconds for a million customers with their accounts, loans, visits and a year of balances.

    python -m bench.seed --customers 1000000 [--day-rows 2.0] [--keep] [--json FILE]

Works in a database of its own on the private servers, dropped at the end unless ``--keep``. ``--day-rows`` is the
number of bookings per active account and month: 12 makes about ten million rows for a million customers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

DATABASE = "coopcrm_bench_seed"
GOAL_SECONDS_PER_MILLION = 300


def main() -> int:
    """Seed once and print each step, the total and the goal; the exit status is 1 when the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.seed", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--day-rows", type=float, default=2.0)
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
    os.environ["COOPCRM_ROLE"] = "owner"
    from coopcrm import embedded

    embedded.attach()
    _own_database(embedded, create=True)
    try:
        figures = _seed(given)
    finally:
        if not given.keep:
            _own_database(embedded, create=False)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(not figures["reached"])


def _own_database(embedded, *, create: bool) -> None:
    import psycopg2
    from django.db import connections

    from coopcrm.shared.database import prepare

    connections.close_all()
    admin = embedded.places().database_url(embedded.SUPERUSER, "postgres")
    connection = psycopg2.connect(admin)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    connection.close()
    if create:
        prepare(admin, database=DATABASE)


def _seed(given: argparse.Namespace) -> dict:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from kpi.seeding import DEMO_AS_OF, DEMO_SEED
    from kpi.seeding.county import seed_county
    from kpi.seeding.plan import Plan

    connection.settings_dict["NAME"] = DATABASE
    call_command("migrate", verbosity=0, interactive=False)
    started = time.perf_counter()
    seed_county(
        Plan(given.customers, DEMO_SEED, DEMO_AS_OF, given.day_rows), lambda line: print(line, flush=True)
    )
    seconds = time.perf_counter() - started
    goal = GOAL_SECONDS_PER_MILLION * max(1.0, given.customers / 1_000_000)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    helper = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    reached = seconds <= goal
    print(
        f"{given.customers:,} customers in {seconds:.1f} s (goal {goal:.0f} s: {'reached' if reached else 'missed'});"
        f" memory {own:.0f} MB, largest helper {helper:.0f} MB"
    )
    return {
        "customers": given.customers,
        "seconds": round(seconds, 1),
        "goal_seconds": goal,
        "reached": reached,
        "memory_mb": round(own),
        "helper_memory_mb": round(helper),
    }


if __name__ == "__main__":
    sys.exit(main())
