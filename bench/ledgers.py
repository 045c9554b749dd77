"""Importing branch ledgers: seconds for every file of a manifest, rows a second, and a second import that adds nothing.

    python -m bench.ledgers [--data FOLDER] [--only G7 G8] [--first 1000000] [--json FILE]

Three goals are measured with invented people in a database of their own: G7, a register of 10,000 rows as a workbook
with preview, duplicate report and commit on one clock; G8, a clean csv beside the customers of a registry in use; G9,
the first load of a million. Beside the clock stand the seconds of the processors, because others may use them too.

Then the ledgers at hand are imported: ``FOLDER`` holds a ``manifest.csv``, else ``COOPCRM_ACCEPTANCE_DATA/ledgers``
is read. The import goes through ``manage.py import_ledgers`` on private servers of its own, so that the registry in use
is left alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import exports, loading
from bench.county import seeded_county

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "coopcrm_bench_load"
GOALS = {"G7": ">= 1,800 rows/s", "G8": ">= 8,000 rows/s", "G9": "1,000,000 in <= 90 s, <= 400 MB"}


def manage(*arguments: str, var: Path) -> float:
    """Run a command on the servers under ``var``; returns its seconds."""
    started = time.monotonic()
    environment = {**os.environ, "COOPCRM_VAR": str(var)}
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def outcomes(report: Path) -> Counter:
    """How many rows of a report had which outcome."""
    with report.open(encoding="utf-8", newline="") as file:
        return Counter(row["outcome"] for row in csv.DictReader(file))


def measure(data: Path, var: Path) -> dict:
    """Import twice and compare the reports."""
    manage("migrate", "--verbosity", "0", var=var)
    first, second = var / "first.csv", var / "second.csv"
    seconds = manage("import_ledgers", str(data), "--report", str(first), var=var)
    again = manage("import_ledgers", str(data), "--report", str(second), var=var)
    counts = outcomes(first)
    return {
        "rows": counts.total(),
        "outcomes": dict(counts),
        "first_seconds": round(seconds, 2),
        "rows_per_second": round(counts.total() / seconds),
        "second_seconds": round(again, 2),
        "second_report_equal": first.read_bytes() == second.read_bytes(),
    }


def goals(given: argparse.Namespace) -> dict:
    """G7 to G9 on invented people, in a database of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="coopcrm-bench-") as folder,
        seeded_county(DATABASE, 0, 0, empty=True),
    ):
        exports.lay_ground()
        found = {}
        if "G9" in given.only:
            found |= loading.measure_first(Path(folder), given.first)
        if "G8" in given.only:
            found |= loading.measure_more(Path(folder), given.more)
        if "G7" in given.only:
            found |= loading.measure_register(Path(folder), given.rows)
    for name, figures in found.items():
        print(
            f"{name}  {figures['rows']:>9,} rows {figures['seconds']:>8.1f} s {figures['rows_per_second']:>7,} rows/s"
            f"   processors {figures['processors']} s, database {figures['database']} s,"
            f" largest process {figures['largest']:.0f} MB   {GOALS[name]}"
        )
    return found


def main() -> int:
    """Print the figures; 0 also where no ledgers are at hand, which is said."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--rows", type=int, default=10_000, help="of the register of G7")
    parser.add_argument("--more", type=int, default=100_000, help="rows of G8")
    parser.add_argument("--first", type=int, default=100_000, help="rows of G9; the goal speaks of 1,000,000")
    parser.add_argument("--only", nargs="*", choices=GOALS, default=list(GOALS))
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    reached = goals(given) if given.only else {}
    data = given.data or Path(os.environ.get("COOPCRM_ACCEPTANCE_DATA", "")) / "ledgers"
    if not (data / "manifest.csv").exists():
        print("No ledgers at hand: name a folder that holds a manifest.csv with --data.")
        if given.json:
            given.json.write_text(json.dumps(reached, indent=1) + "\n", encoding="utf-8")
        return 0
    with tempfile.TemporaryDirectory(prefix="coopcrm-bench-") as folder:
        figures = reached | measure(data, Path(folder))
    print(f"Rows                       {figures['rows']:>10,}  {figures['outcomes']}")
    print(
        f"First import               {figures['first_seconds']:>10.1f} s  {figures['rows_per_second']:,} rows/s"
    )
    print(
        f"Second import              {figures['second_seconds']:>10.1f} s  equal: {figures['second_report_equal']}"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(not figures["second_report_equal"])


if __name__ == "__main__":
    sys.exit(main())
