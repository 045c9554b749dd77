"""Files into the registry: G7 a register with preview, G8 a clean file into a registry in use, G9 the first load.

Invented people (``bench.exports``) go into a database of their own, G8 and G9 through ``manage.py load_customers``.
Given are seconds on the clock, seconds of the processors (commands, workers and the database's processes), and the
largest memory of our own processes. ``bench.ledgers`` prints them.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.5  # a look takes 8 ms of a processor, which stand in the figures
MEGABYTE = 1 << 20


@dataclass
class Cost:
    """What a deed took; ``database`` is the processors' time of PostgreSQL, ``largest`` and ``all`` are megabytes."""

    seconds: float = 0.0
    processors: float = 0.0
    database: float = 0.0
    largest: float = 0.0
    together: float = 0.0
    _spent: dict[int, tuple[bool, float]] = field(default_factory=dict)

    def look(self, postmaster: int) -> None:
        """Note what every process of ours and of the database has spent and holds by now."""
        together = 0.0
        for pid, is_database in _family(postmaster):
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                self._spent[pid] = (is_database, (int(fields[11]) + int(fields[12])) / TICKS)
                if not is_database:
                    held = _proportional(pid)
                    self.largest, together = max(self.largest, held), together + held
        self.together = max(self.together, together)

    def close(self, before: dict[int, float]) -> None:
        """Add up what was spent since ``before``."""
        for pid, (is_database, spent) in self._spent.items():
            used = spent - before.get(pid, 0.0)
            if is_database:
                self.database += used
            else:
                self.processors += used

    def as_dict(self) -> dict[str, float]:
        """Rounded, for printing and JSON."""
        names = ("seconds", "processors", "database", "largest", "together")
        return {name: round(getattr(self, name), 1) for name in names}


def _proportional(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / MEGABYTE
    return 0.0


def _family(postmaster: int) -> Iterator[tuple[int, bool]]:
    """Processes below us, and those below the database's first process."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    for pid in parents:
        above, steps = pid, 0
        while above in parents and above not in (os.getpid(), postmaster) and steps < 20:
            above, steps = parents[above], steps + 1
        if above == postmaster and pid != postmaster:
            yield pid, True
        elif above == os.getpid():
            yield pid, False


@contextlib.contextmanager
def measured() -> Iterator[Cost]:
    """Measure the block: clock, processors, memory of us, of what we start, and of the database."""
    from coopcrm import embedded

    postmaster = int((embedded.places().postgres / "postmaster.pid").read_text().split()[0])
    start, cost, ended = Cost(), Cost(), threading.Event()
    start.look(postmaster)
    before = {pid: spent for pid, (_, spent) in start._spent.items()}

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            cost.look(postmaster)

    watcher = threading.Thread(target=watch, daemon=True)
    began = time.monotonic()
    watcher.start()
    yield cost
    cost.seconds = time.monotonic() - began
    ended.set()
    watcher.join()
    cost.look(postmaster)
    cost.close(before)


def load(path: Path, *options: str, role: str) -> dict:
    """Run the command; returns its cost."""
    command = [sys.executable, "manage.py", "load_customers", str(path), "--date", "2026-03-31", *options]
    environment = {**os.environ, "COOPCRM_ROLE": role}
    with measured() as cost:
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return cost.as_dict()


def measure_first(folder: Path, count: int) -> dict:
    """G9: load people into the empty registry."""
    from bench import exports

    path = folder / "first.csv"
    exports.write(path, count, seed=1)
    return {"G9": _told(count, load(path, "--first", role="owner"), count)}


def measure_more(folder: Path, count: int) -> dict:
    """G8: load people into a registry in use, with its indexes and an entry in the ledger of deeds for each row.

    Its workers run already, as those of a site do; the command starts within the clock.
    """
    from bench import exports
    from bench.county import rows_in
    from coopcrm.shared import waiting

    path = folder / "later.csv"
    exports.write(path, count, seed=3)
    before = rows_in("customers_customer")["customers_customer"]
    with waiting.some_worker():
        waiting.wait_for_worker(120)
        cost = load(path, role="worker")
    return {"G8": _told(count, cost, before + count)}


def measure_register(folder: Path, count: int) -> dict:
    """G7: a register is read and checked, its plan shown as it is kept for a page, and the plan written."""
    from bench import registers

    path = folder / "register.xlsx"
    registers.write(path, count)
    with measured() as cost:
        _preview_and_commit(path.read_bytes())
    return {"G7": _told(count, cost.as_dict(), None)}


def _preview_and_commit(content: bytes) -> None:
    """What the browser's road does with one file: the plan is kept as plain values, taken up again and written."""
    import json
    from datetime import date

    from django.db import transaction

    from bench import exports
    from customers.choices import LedgerKind
    from customers.ledgers import importing, plans
    from customers.ledgers.areas import area_index
    from customers.ledgers.sources import ImportResult, LedgerSource

    day = date(2016, 3, 31)
    source = LedgerSource(
        "register.xlsx", LedgerKind.COUNTER_REGISTER, exports.branch_code(0), "第1信用社", content
    )
    readings = importing.read_sources(
        [source], area_index(), day, ImportResult(), lambda step, done, total: None
    )
    with transaction.atomic():
        importing.take_lock()
        plan = plans.make_plan(plans.entries_of(readings, importing.ensure_units([source])), as_of=day)
        kept = json.dumps(plan.packed(), default=str)
    with transaction.atomic():
        importing.take_lock()
        plans.write_plan(plans.Plan.unpacked(json.loads(kept)))


def _told(rows: int, cost: dict, expected: int | None) -> dict:
    from bench.county import rows_in

    found = rows_in("customers_customer")["customers_customer"]
    if expected is not None and found != expected:
        raise SystemExit(f"{found:,} customers instead of {expected:,}")
    return {"rows": rows, **cost, "rows_per_second": round(rows / cost["seconds"])}
