"""Comparing the whole registry with itself (G23): seconds for a million customers with two workers.

    python -m bench.matching_scan --customers 1000000 [--workers 2] [--doubles 0.02] [--keep] [--reuse] [--json FILE]

A seeded county knows nobody twice, so some people are written a second time first, as ledgers do it: a share of
``--doubles`` of all, half of them without a number and half with one mistyped, a third under a name that only sounds
the same. They are removed afterwards. Then the nightly job is ordered over everybody, and workers in processes of
their own do it, as in production: names counted, pairs found by joins, weighed by the engine, questions written. A
second scan shows what a night costs in which nothing changed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from datetime import date
from pathlib import Path

from bench.county import seeded_county

DATABASE = "coopcrm_bench_registry"
GOAL_SECONDS = 900
DAY = date(2026, 10, 31)

DOUBLES = """
    INSERT INTO customers_customer (kind, name, name_key, given_key, pinyin, initials, given_pinyin, sex, birth_date,
        branch_id, village_id, group_no, address, occupation, state, identity_conflict, source, registered_on,
        registered_at_id, created_at)
    SELECT kind, name, CASE WHEN c.id %% 3 = 0 THEN left(name_key, 1) || '囗' || substr(name_key, 3) ELSE name_key END,
        given_key, pinyin, initials, given_pinyin, sex, birth_date, branch_id, village_id, group_no, '', '', 'active',
        false, 'ledger', registered_on, registered_at_id, now()
    FROM customers_customer c WHERE c.kind = 'person' AND c.merged_into_id IS NULL AND c.id %% %s = 0 ORDER BY c.id
    RETURNING id
"""


def plant(share: float) -> list[int]:
    """Write a share of the people a second time; returns the new ids."""
    from django.db import connection, transaction

    from coopcrm.shared.fields import draw_ids
    from customers import numbers
    from customers.models import IdentityDocument

    step = max(round(1 / share), 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DOUBLES, [step])
        planted = [pk for (pk,) in cursor.fetchall()]
        texts = [f"41152219800101{number % 10_000:04}" for number in range(len(planted))][::2]
        rows = []
        ids = draw_ids(IdentityDocument, len(texts))
        for pk, text, customer in zip(ids, texts, planted[::2], strict=True):
            row = IdentityDocument(
                pk=pk,
                customer_id=customer,
                kind="ID18",
                **numbers.document_keys("ID18", text)._asdict(),
                state="UNVERIFIED",
                invalid_reason="CHECKSUM",
                recorded_on=DAY,
            )
            row.seal("number", text)
            rows.append(row)
        IdentityDocument.objects.bulk_create(rows, batch_size=5_000)
        cursor.execute("ANALYZE customers_customer, customers_identitydocument")
    return planted


def remove(planted: list[int], scans: list[int]) -> None:
    """Take the doubles and what was asked about them away again."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in (
            ("customers_householdquestion", ("first_id", "second_id")),
            ("customers_reviewpair", ("first_id", "second_id")),
            ("customers_identitydocument", ("customer_id",)),
            ("customers_customer", ("id",)),
        ):
            for column in columns:
                cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [planted])
        cursor.execute("DELETE FROM customers_matchingscan WHERE id = ANY(%s)", [scans])


def work_off() -> None:
    """A worker: does orders until none is left."""
    from django.db import connection

    from coopcrm.shared import acting, work

    connection.close()
    acting.begin_process("bench worker")
    deadline = time.monotonic() + 4 * GOAL_SECONDS
    idle = 0
    while idle < 20 and time.monotonic() < deadline:
        idle = 0 if work.do_next_order() else idle + 1
        if idle:
            time.sleep(0.1)


def scan(workers: int, *, is_full: bool) -> tuple[dict, int]:
    """Order a scan and let workers do it; returns its figures and its id."""
    from django.db import connection

    from customers.matching import nightly
    from customers.models import MatchingScan

    ordered = nightly.order_scan(as_of=DAY, is_full=is_full)
    connection.close()
    started = time.monotonic()
    processes = [multiprocessing.Process(target=work_off) for _ in range(workers)]
    for process in processes:
        process.start()
    while MatchingScan.objects.get(pk=ordered.pk).finished_at is None and any(
        p.is_alive() for p in processes
    ):
        time.sleep(0.05)
    seconds = time.monotonic() - started
    for process in processes:
        process.join()
    found = MatchingScan.objects.get(pk=ordered.pk)
    if found.finished_at is None:
        raise SystemExit("the scan did not end")
    return {"seconds": round(seconds, 2), **found.counts}, ordered.pk


def main() -> int:
    """Print the figures; 1 when the goal for a million, taken in proportion, is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.matching_scan", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--doubles", type=float, default=0.02, help="share of the people written a second time"
    )
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--reuse", action="store_true", help="take the database that an earlier run left")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with seeded_county(DATABASE, given.customers, 1, keep=given.keep, reuse=given.reuse):
        started = time.monotonic()
        planted = plant(given.doubles)
        print(
            f"{len(planted):,} people written a second time in {time.monotonic() - started:.1f} s", flush=True
        )
        scans: list[int] = []
        figures: dict = {"customers": given.customers, "doubles": len(planted), "workers": given.workers}
        try:
            for name, is_full in (("full", True), ("night without news", False)):
                figures[name], pk = scan(given.workers, is_full=is_full)
                scans.append(pk)
                print(f"{name}: {figures[name]}", flush=True)
        finally:
            remove(planted, scans)
    seconds, goal = figures["full"]["seconds"], GOAL_SECONDS * given.customers / 1_000_000
    print(f"{given.customers:,} customers in {seconds:.1f} s; the goal is {goal:.0f} s")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(seconds > goal)


if __name__ == "__main__":
    sys.exit(main())
