"""``make bench``: every benchmark in turn, its figures printed and gathered in one JSON file.

    make bench                                  sizes that end in a few minutes
    make bench ARGS="--size 1000000"            the sizes of a county union
    make bench ARGS="--only rating ledgers"     some of them

Each benchmark is a module of its own (``python -m bench.rating --help``), starts or attaches to the private servers,
works in a database or schema of its own, and prints its floor from the same run where a ratio is asked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What to run, with the option that sets its size; a benchmark without one has a size of its own.
BENCHMARKS: dict[str, str | None] = {
    "rating": "--households",
    "seed": "--customers",
    "closing": "--customers",
    "kpi": "--customers",
    "ledger": "--rows",
    "counter": "--customers",
    "registry": "--customers",
    "paint": "--customers",
    "export": "--customers",
    "twins": None,
    "ledgers": None,
    "matching": None,
    "rotation": None,
    "access": "--customers",
}


def machine() -> dict[str, str | int | None]:
    """What the figures were measured on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def run(name: str, size: int) -> dict:
    """Run one benchmark as a process of its own and return its figures; a failure is a figure too."""
    option = BENCHMARKS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        sized = [option, str(size)] if option else []
        command = [sys.executable, "-m", f"bench.{name}", *sized, "--json", str(out)]
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        figures = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    return {"exit": code, "seconds": round(time.monotonic() - started, 1), "figures": figures}


def main() -> int:
    """Run the chosen benchmarks; the exit status is 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--size", type=int, default=100_000, help="customers or households")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json")
    given = parser.parse_args()
    results = {}
    for name in given.only:
        print(f"\n== {name} ==", flush=True)
        results[name] = run(name, given.size)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "size": given.size, "benchmarks": results}
    given.json.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8"
    )
    print(f"\nFigures: {given.json}")
    return int(any(result["exit"] for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
