"""Importing branch ledgers: seconds for every file of a manifest, rows a second, and a second import that adds nothing.

    python -m bench.ledgers [--data FOLDER] [--json FILE]

``FOLDER`` holds a ``manifest.csv``; without one, ``COOPCRM_ACCEPTANCE_DATA/ledgers`` is read. The import goes through
``manage.py import_ledgers`` on private servers of its own, so that the registry in use is left alone.
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

ROOT = Path(__file__).resolve().parent.parent


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


def main() -> int:
    """Print the figures; 0 also where no ledgers are at hand, which is said."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    data = given.data or Path(os.environ.get("COOPCRM_ACCEPTANCE_DATA", "")) / "ledgers"
    if not (data / "manifest.csv").exists():
        print("No ledgers at hand: name a folder that holds a manifest.csv with --data.")
        return 0
    with tempfile.TemporaryDirectory(prefix="coopcrm-bench-") as folder:
        figures = measure(data, Path(folder))
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
