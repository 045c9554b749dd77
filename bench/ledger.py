"""What the ledger of deeds costs: a load and single writes with and without its trigger, sealing, verifying.

    python -m bench.ledger --rows 1000000 [--keep] [--json FILE]

Works in a database of its own. Loads COPY rows of customers with every column filled as in a registry, into the real
table with its constraints and indexes; the floor is the same load in the same run with the trigger taken away. Goals:
at most 40 s more per million rows loaded, 0.1 ms more per single write, a million entries verified in 30 s.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATABASE = "coopcrm_bench_ledger"
LOAD_SECONDS, WRITE_MILLISECONDS, VERIFY_SECONDS = 40.0, 0.1, 30.0
SINGLE_WRITES = 4000
ROUNDS = 4
COLUMNS = (
    "kind name name_key given_key pinyin initials sex birth_date branch_id group_no address occupation state"
    " identity_conflict source registered_on registered_at_id verified_on created_at"
)


def rows_text(count: int, branch: int) -> bytes:
    """COPY text of ``count`` persons."""
    out = io.StringIO()
    for n in range(count):
        out.write(
            f"person\t张桂兰{n % 9973}\t张桂兰{n % 9973}\t桂兰\tzhangguilan\tzgl\tF\t1975-03-0{n % 9 + 1}\t{branch}\t3"
            f"\t河南省光山县白雀园镇张家村 3 组 {n % 99} 号\t种植\tactive\tf\tdocument\t2019-01-01\t{branch}"
            "\t2026-01-01\t2026-01-01 00:00:00+08\n"
        )
    return out.getvalue().encode()


def timed(deed) -> float:
    started = time.perf_counter()
    deed()
    return time.perf_counter() - started


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process on this machine has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    """The measurements, on one connection of the owner.

    Beside seconds of the clock it takes the seconds of processor time of the database's process, which other work on
    the machine does not lengthen.
    """

    def __init__(self, rows: int) -> None:
        from django.db import connection

        from branches.models import Unit

        self.connection, self.rows = connection, rows
        self.branch = Unit.objects.create(code="1", name="县联社", kind="union").pk
        self.text = rows_text(rows, self.branch)

    def run(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def load(self) -> tuple[float, float]:
        """Seconds of one COPY of all rows and its commit, by the clock and of the processor."""
        columns = ", ".join(COLUMNS.split())

        def copy() -> None:
            with self.connection.cursor() as cursor:
                cursor.copy_expert(f"COPY customers_customer ({columns}) FROM STDIN", io.BytesIO(self.text))

        pid = self.connection.connection.info.backend_pid
        before = processor_seconds(pid)
        return timed(copy), processor_seconds(pid) - before

    def single_writes(self) -> float:
        """Median milliseconds of one UPDATE of one column in a transaction that is open already."""
        taken = []
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT min(id) FROM customers_customer")
            first = cursor.fetchone()[0]
            cursor.execute("BEGIN")
            for n in range(SINGLE_WRITES):
                parameters = [f"新村 {n} 号 {time.monotonic()}", first + n % self.rows]
                statement = "UPDATE customers_customer SET address = %s WHERE id = %s"
                taken.append(timed(lambda s=statement, p=parameters: cursor.execute(s, p)))
            cursor.execute("COMMIT")
        return statistics.median(taken) * 1000

    def without_trigger(self, deed) -> float:
        for name in ("coopcrm_ledger", "coopcrm_ledger_insert"):
            self.run(f"ALTER TABLE customers_customer DISABLE TRIGGER {name}")
        try:
            return deed()
        finally:
            for name in ("coopcrm_ledger", "coopcrm_ledger_insert"):
                self.run(f"ALTER TABLE customers_customer ENABLE ALWAYS TRIGGER {name}")

    def empty(self) -> None:
        self.run("TRUNCATE customers_customer, shared_auditentry CASCADE")


def measure(rows: int) -> dict:
    """Load and write with and without the trigger in turn, then seal and verify."""
    from coopcrm.shared import audit
    from coopcrm.shared.verification import verify

    bench, loads, writes = Bench(rows), {"with": [], "without": []}, {"with": [], "without": []}
    for _ in range(2):
        bench.empty()
        loads["without"].append(bench.without_trigger(bench.load))
        bench.empty()
        loads["with"].append(bench.load())
        print(f"  load without, with the trigger: {loads['without'][-1]}, {loads['with'][-1]}", flush=True)
    for _ in range(ROUNDS):
        writes["without"].append(bench.without_trigger(bench.single_writes))
        writes["with"].append(bench.single_writes())
    pid = bench.connection.connection.info.backend_pid
    sealing = timed(lambda: [None for _ in iter(audit.seal_new_entries, 0)])
    used = processor_seconds(pid) + time.process_time()
    report, verifying = None, 0.0

    def run() -> None:
        nonlocal report
        report = verify(using="default", results=False)

    verifying = timed(run)
    used = processor_seconds(pid) + time.process_time() - used
    clock = {name: min(seconds for seconds, _ in taken) for name, taken in loads.items()}
    processor = {name: min(seconds for _, seconds in taken) for name, taken in loads.items()}
    figures = {
        "rows": rows,
        "load_without_s": round(clock["without"], 1),
        "load_with_s": round(clock["with"], 1),
        "load_cost_s_per_million": round((clock["with"] - clock["without"]) / rows * 1e6, 1),
        "load_cost_processor_s_per_million": round(
            (processor["with"] - processor["without"]) / rows * 1e6, 1
        ),
        "write_without_ms": round(min(writes["without"]), 3),
        "write_with_ms": round(min(writes["with"]), 3),
        "write_cost_ms": round(min(writes["with"]) - min(writes["without"]), 3),
        "entries": report.entries,
        "seals": report.seals,
        "sealing_s": round(sealing, 1),
        "verifying_s": round(verifying, 1),
        "verifying_s_per_million": round(verifying / report.entries * 1e6, 1),
        "verifying_processor_s_per_million": round(used / report.entries * 1e6, 1),
        "found": len(report.findings),
        "bytes_per_entry": size_of("shared_auditentry") // max(1, report.entries),
        **verified_alone(),
    }
    figures["reached"] = (
        figures["load_cost_s_per_million"] <= LOAD_SECONDS
        and figures["write_cost_ms"] <= WRITE_MILLISECONDS
        and figures["verifying_s_per_million"] <= VERIFY_SECONDS
        and not figures["found"]
    )
    return figures


def size_of(table: str) -> int:
    """Bytes of a partitioned table with its indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s::regclass)", [table]
        )
        return int(cursor.fetchone()[0])


def verified_alone() -> dict:
    """Seconds of the script without our code, over a dump of the same ledger."""
    from django.db import connection

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.csv" for name in ("entries", "seals")]
        queries = ("SELECT * FROM shared_auditentry", "SELECT * FROM shared_auditseal ORDER BY number")
        for path, query in zip(files, queries, strict=True):
            with path.open("w", encoding="utf-8") as file, connection.cursor() as cursor:
                cursor.copy_expert(f"COPY ({query}) TO STDOUT CSV HEADER", file)
        command = [sys.executable, "scripts/verify_ledger.py", *map(str, files)]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        with files[0].open(newline="", encoding="utf-8") as file:
            entries = sum(1 for _ in csv.reader(file)) - 1
    return {
        "script_s": round(seconds, 1),
        "script_s_per_million": round(seconds / entries * 1e6, 1),
        "script_exit": done.returncode,
    }


def main() -> int:
    """Print the figures; the exit status is 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    from bench.county import seeded_county

    with seeded_county(DATABASE, 0, 1.0, keep=given.keep, empty=True):
        figures = measure(given.rows)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(not figures["reached"])


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    sys.exit(main())
