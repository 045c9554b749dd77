"""Rating a county's households: time of the compiled card, its floors, and equality with the scalar function.

    python -m bench.rating --households 1000000 [--check 1000000] [--json FILE]

The facts are made set-based in a schema of their own, which is dropped at the end. Figures: G10 (rating into a table
with a primary key against a floor of plain SQL), G11 (the same night again) and G12 (every row against ``rate``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

SCHEMA = "bench_rating"
AS_OF = date(2026, 3, 31)
CHUNK = 20_000

# One household in ten has never borrowed, one in twenty lacks a fact, one in five hundred contradicts itself.
MAKE_FACTS = """
CREATE TABLE {schema}.facts AS
SELECT id AS household_id, DATE '{as_of}' AS as_of,
       CASE WHEN d[1] > 0.005 THEN DATE '1950-01-01' + (d[2] * 20000)::int END AS birth_date,
       people::smallint AS population, (d[3] * people)::smallint AS labour,
       round((d[4] * 30)::numeric, 1)::numeric(5, 1) AS residence_years,
       CASE WHEN d[5] > 0.02
            THEN round((people * 22000 * d[6] * 2.6 - 1500)::numeric, 2)::numeric(14, 2) END AS net_income,
       round((people * 22000 * d[7])::numeric, 2)::numeric(14, 2) AS living_expenditure,
       (d[8] * 4)::smallint AS income_sources, wealth::numeric(14, 2) AS assets,
       round((wealth * d[9] * d[9])::numeric, 2)::numeric(14, 2) AS liabilities,
       (CASE WHEN d[10] > 0.7 THEN round((d[10] * 60000)::numeric, 2) ELSE 0 END)::numeric(14, 2) AS guarantees_given,
       CASE WHEN d[11] < 0.1 THEN NULL WHEN d[11] < 0.8 THEN 0 ELSE (d[12] * 110)::int END AS worst_overdue_days_36m,
       d[13] > 0.01 AS repayment_known,
       CASE WHEN d[14] < 0.95 THEN 0 ELSE (d[15] * 45)::int END AS current_overdue_days,
       (ARRAY['clean', 'clean', 'clean', 'clean', 'thin', 'minor', 'not_queried', 'adverse'])[1 + (d[16] * 7)::int]
           AS credit_report,
       round((d[17] * 12)::numeric, 1)::numeric(5, 1) AS deposit_years,
       CASE WHEN d[18] < 0.93
            THEN (ARRAY[5 + (d[19] * 5)::int, 6 + (d[20] * 4)::int, 7 + (d[21] * 3)::int, 8, 6 + (d[22] * 4)::int,
                       5 + (d[23] * 5)::int, 7 + (d[24] * 3)::int])[1:4 + (d[25] * 3)::int]::smallint[]
            ELSE '{{}}'::smallint[] END AS panel_votes,
       2::smallint AS panel_village_reps, (CASE WHEN d[26] > 0.97 THEN 3 ELSE 0 END)::smallint AS panel_vetoes,
       CASE WHEN d[27] > 0.6 THEN ARRAY['AGRI_INSURED', 'LAND_CERT'] WHEN d[27] > 0.4 THEN ARRAY['HONOUR']
            ELSE '{{}}'::text[] END AS bonus,
       CASE WHEN d[28] > 0.95 THEN ARRAY['LEVY_ARREARS'] ELSE '{{}}'::text[] END AS malus,
       CASE WHEN d[29] > 0.99 THEN ARRAY['dishonest_debtor'] WHEN d[29] > 0.988 THEN ARRAY['unheard_of']
            ELSE '{{}}'::text[] END AS flags,
       d[30] > 0.05 AS second_investigator, (d[31] * 400)::int AS info_age_days,
       (CASE WHEN d[32] > 0.9 THEN 12500 ELSE 0 END)::numeric(14, 2) AS other_unsecured,
       22000::numeric(14, 2) AS county_income_ref, 150000::numeric(14, 2) AS county_net_asset_ref
FROM (SELECT id, d, 1 + (d[33] * 6)::int AS people, round((d[34] * d[34] * 700000)::numeric, 2) AS wealth
      FROM generate_series(1, {households}) AS id,
           LATERAL (SELECT array_agg(random()) AS d FROM generate_series(1, 34) WHERE id > 0) AS draw
      OFFSET 0) AS made"""

# The floor: a dozen features to a score, a grade and a limit in plain SQL, fenced once, into a table with a key.
FLOOR = """
INSERT INTO {schema}.floor
SELECT household_id, as_of, points, CASE WHEN late > 90 THEN 'C' ELSE mark END,
       CASE WHEN late > 90 THEN 0 WHEN mark = 'AAA' THEN 100000 WHEN mark = 'AA' THEN 60000
            WHEN mark = 'A' THEN 30000 WHEN mark = 'B' THEN 10000 ELSE 0 END
FROM (SELECT p.*, CASE WHEN points >= 90 THEN 'AAA' WHEN points >= 80 THEN 'AA' WHEN points >= 70 THEN 'A'
                       WHEN points >= 60 THEN 'B' ELSE 'C' END AS mark
      FROM (SELECT household_id, as_of, worst_overdue_days_36m AS late,
                   LEAST(population, 4) + LEAST(labour, 4) * 2
                   + CASE WHEN residence_years >= 5 THEN 4 WHEN residence_years >= 1 THEN 2 ELSE 0 END
                   + CASE WHEN net_income > 80000 THEN 12 WHEN net_income > 40000 THEN 8 ELSE 2 END
                   + LEAST(income_sources, 4) + CASE WHEN assets > 300000 THEN 9 WHEN assets > 75000 THEN 5 ELSE 1 END
                   + CASE WHEN liabilities < 30000 THEN 8 WHEN liabilities < 90000 THEN 4 ELSE 0 END
                   + CASE WHEN living_expenditure < 60000 THEN 6 ELSE 2 END
                   + CASE WHEN worst_overdue_days_36m = 0 THEN 14 WHEN worst_overdue_days_36m <= 30 THEN 10 ELSE 0 END
                   + CASE credit_report WHEN 'clean' THEN 6 WHEN 'thin' THEN 4 ELSE 0 END
                   + CASE WHEN deposit_years >= 3 THEN 4 ELSE 1 END
                   + CASE WHEN guarantees_given = 0 THEN 16 ELSE 8 END AS points
            FROM {schema}.facts OFFSET 0) p OFFSET 0) m"""


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
    os.environ.setdefault("COOPCRM_ROLE", "owner")
    from coopcrm import embedded

    embedded.attach()
    import django

    django.setup()


def _timed(cursor, statement: str) -> float:
    started = time.perf_counter()
    cursor.execute(statement)
    return time.perf_counter() - started


def _measure(cursor, households: int, rounds: int) -> dict[str, float]:
    from ratings.compiled import select_ratings
    from ratings.scorecard import RC_1

    select = select_ratings(RC_1, f"{SCHEMA}.facts")
    cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    cursor.execute("SET max_parallel_workers_per_gather = 0")
    cursor.execute("SELECT setseed(0.20260331)")
    figures = {
        "make_facts": _timed(cursor, MAKE_FACTS.format(schema=SCHEMA, as_of=AS_OF, households=households))
    }
    cursor.execute(f"ALTER TABLE {SCHEMA}.facts ADD PRIMARY KEY (household_id)")
    cursor.execute(f"VACUUM ANALYZE {SCHEMA}.facts")
    cursor.execute(
        f"CREATE TABLE {SCHEMA}.floor (household_id bigint, as_of date, points int, grade text, credit int,"
        " PRIMARY KEY (household_id, as_of))"
    )
    for table in ("rated", "copied"):
        cursor.execute(f"CREATE TABLE {SCHEMA}.{table} AS {select} LIMIT 0")
        cursor.execute(f"ALTER TABLE {SCHEMA}.{table} ADD PRIMARY KEY (household_id, as_of)")
    statements = {
        "floor": ("floor", FLOOR.format(schema=SCHEMA)),
        "rate": ("rated", f"INSERT INTO {SCHEMA}.rated {select}"),
        "write_floor": ("copied", f"INSERT INTO {SCHEMA}.copied SELECT * FROM {SCHEMA}.rated"),
    }
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(rounds):
        for name, (table, statement) in statements.items():
            cursor.execute(f"TRUNCATE {SCHEMA}.{table}")
            times[name].append(_timed(cursor, statement))
    figures |= {name: sorted(taken)[len(taken) // 2] for name, taken in times.items()}
    figures["rerun"] = _timed(cursor, f"INSERT INTO {SCHEMA}.rated {select} ON CONFLICT DO NOTHING")
    figures["rerun_rows"] = cursor.rowcount
    return figures


def _differences(bounds: tuple[int, int]) -> tuple[int, int, list[str]]:
    """Rows compared and rows that differ between two household ids."""
    from django.db import connection

    from ratings.scorecard import InvalidFacts, rate

    first, last = bounds
    with connection.cursor() as cursor:
        chosen = f"WHERE household_id >= {first} AND household_id < {last} ORDER BY household_id"
        cursor.execute(f"SELECT * FROM {SCHEMA}.facts {chosen}")
        names = [column.name for column in cursor.description]
        facts = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(f"SELECT * FROM {SCHEMA}.rated {chosen}")
        results = [column.name for column in cursor.description]
        found = [dict(zip(results, row, strict=True)) for row in cursor.fetchall()]
    differing = []
    for given, row in zip(facts, found, strict=True):
        try:
            rating = rate(given)
        except InvalidFacts:
            if row["status"] != "INVALID":
                differing.append(f"{given} {row}")
            continue
        expected = {name: getattr(rating, name) for name in results if name not in ("household_id", "as_of")}
        expected["points"] = [None if value is None else int(value * 10) for value in rating.points.values()]
        for name in ("missing", "knockouts", "soft_caps"):
            expected[name] = list(expected[name])
        if any(row[name] != value for name, value in expected.items()):
            differing.append(f"{given} {row}")
    return len(facts), len(differing), differing[:2]


def _check(households: int, workers: int) -> dict[str, float | int | list[str]]:
    bounds = [(first, min(first + CHUNK, households + 1)) for first in range(1, households + 1, CHUNK)]
    started = time.perf_counter()
    with ProcessPoolExecutor(workers, initializer=_setup) as pool:
        parts = list(pool.map(_differences, bounds))
    return {
        "compared": sum(part[0] for part in parts),
        "differences": sum(part[1] for part in parts),
        "examples": [text for part in parts for text in part[2]][:3],
        "check": time.perf_counter() - started,
    }


def _report(figures: dict, households: int) -> None:
    per_second = households / figures["rate"]
    print(f"Households                                {households:>12,}")
    print(f"Floor: 12 features in plain SQL, keyed    {figures['floor']:>12.2f} s")
    print(f"Floor: copying the finished rows, keyed   {figures['write_floor']:>12.2f} s")
    print(
        f"G10  rating by the card, keyed            {figures['rate']:>12.2f} s  {per_second:,.0f} households/s"
    )
    print(f"G10  over the plain floor (bar 10, aim 4) {figures['rate'] / figures['floor']:>12.2f} x")
    print(f"G11  the same night again, {figures['rerun_rows']} rows new     {figures['rerun']:>12.2f} s")
    if "compared" in figures:
        print(
            f"G12  rows compared with the function      {figures['compared']:>12,}  in {figures['check']:.1f} s"
        )
        print(f"G12  differences                          {figures['differences']:>12,}")
        for example in figures["examples"]:
            print(f"     {example}")


def run(households: int, check: int, workers: int = 2, rounds: int = 3) -> dict:
    """Measure and compare; the schema is gone afterwards."""
    _setup()
    from django.db import connection, connections

    try:
        with connection.cursor() as cursor:
            figures = {"households": households, **_measure(cursor, households, rounds)}
        connections.close_all()
        if check:
            figures |= _check(min(check, households), workers)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return figures


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Rate a county's households and check every row.")
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--check", type=int, default=None, help="rows to compare with the function (all)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=None, help="write the figures there")
    given = parser.parse_args(arguments)
    check = given.households if given.check is None else given.check
    figures = run(given.households, check, given.workers, given.rounds)
    _report(figures, given.households)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=str) + "\n", encoding="utf-8")
    return 1 if figures.get("differences") else 0


if __name__ == "__main__":
    sys.exit(main())
