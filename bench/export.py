"""Lists that leave the house: a whole registry as CSV and as a workbook, sealed on disk while it is made.

    python -m bench.export --customers 1000000 [--keep] [--json FILE]

G16: rows a second as CSV and by how much the process grows; G17: rows a second as a workbook. Measured are the rows
of the list of customers on their way from a cursor of the server through the writer into the sealed file: without
numbers (the columns of the page's list), and with the masked numbers that a list without a choice of columns carries.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.county import seeded_county
from bench.registry import DATABASE as KEPT

DATABASE = "coopcrm_bench_export"
PLAIN = ["pk", "name", "sex", "birth_date", "branch__code", "branch__name", "village__name", "group_no"]
PLAIN += ["registered_on", "verified_on"]
MEGABYTE = 1024**2


def resident_bytes() -> int:
    """Memory of this process in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


class Watched:
    """Rows on their way; notes how many there were and how large the process grew."""

    def __init__(self, rows: Iterator) -> None:
        self.rows, self.count, self.largest = rows, 0, resident_bytes()

    def __iter__(self) -> Iterator:
        for row in self.rows:
            self.count += 1
            if not self.count % 20_000:
                self.largest = max(self.largest, resident_bytes())
            yield row


def measured(kind: str, rows: Iterator, columns: list[str]) -> dict:
    """Write rows into a sealed file and say how fast and how large."""
    from django.db import transaction

    from branches.exports.services import WRITERS
    from coopcrm.shared import files, lists

    mark = lists.Mark(1, "bench", "bench", datetime.now(UTC), "bench")
    watched, before = Watched(rows), resident_bytes()
    started, worked = time.perf_counter(), time.process_time()
    with transaction.atomic():
        stored = files.store_pieces(
            WRITERS[kind](mark, columns, watched), owner=1, kind=kind, purpose="export"
        )
    seconds = time.perf_counter() - started
    return {
        "rows": watched.count,
        "rows_per_second": round(watched.count / seconds),
        "seconds": round(seconds, 1),
        "processor_seconds": round(time.process_time() - worked, 1),
        "megabytes": round(stored.size / MEGABYTE, 1),
        "grown_megabytes": round(max(0, watched.largest - before) / MEGABYTE, 1),
    }


def main() -> int:
    """Print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.export", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--reuse", action="store_true", help="take the county that bench.registry kept")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures: dict = {"customers": given.customers}
    with (
        tempfile.TemporaryDirectory() as folder,
        seeded_county(
            KEPT if given.reuse else DATABASE,
            given.customers,
            1,
            keep=given.keep,
            reuse=given.reuse,
        ),
    ):
        from django.conf import settings
        from django.db import connection

        from customers.exports import FIELDS, rows_with_numbers
        from customers.models import Customer

        settings.MEDIA_ROOT = folder
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customers_customer, customers_identitydocument, customers_phone")
        people = Customer.objects.current().order_by("pinyin", "pk")
        plain = people.values_list(*PLAIN)
        deeds = {
            "G16 csv": ("csv", lambda: plain.iterator(chunk_size=5000), PLAIN),
            "G16 csv with masked numbers": (
                "csv",
                lambda: rows_with_numbers(people, in_full=False),
                [*FIELDS, "document_number", "phone"],
            ),
            "G17 xlsx": ("xlsx", lambda: plain.iterator(chunk_size=5000), PLAIN),
        }
        for name, (kind, rows, columns) in deeds.items():
            figures[name] = measured(kind, rows(), columns)
            print(f"{name}: {figures[name]}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
