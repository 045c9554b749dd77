"""Import branch ledgers named by manifests; asks nothing and may be repeated."""

import csv
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coopcrm.shared.errors import DomainError
from customers.ledgers.importing import import_ledgers
from customers.ledgers.manifests import load_areas_beside, sources_in
from customers.ledgers.sources import ImportResult

ROWS = ("source_file", "sheet", "row_number", "outcome", "customer_id", "household_id", "reason")
PAIRS = ("source_file_a", "sheet_a", "row_a", "source_file_b", "sheet_b", "row_b", "weight")


class Command(BaseCommand):
    help = "Import the ledgers of a manifest.csv, or of a folder that holds one, into the registry."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--report", type=Path, help="write a line per data row to this csv file")
        parser.add_argument(
            "--review", type=Path, help="write the pairs of rows in question to this csv file"
        )
        parser.add_argument("--date", type=date.fromisoformat, help="business date (default: today)")

    def handle(self, *, paths, report, review, **options):
        started = time.monotonic()
        as_of = options["date"] or timezone.localdate()
        try:
            load_areas_beside(paths)
            result = import_ledgers(sources_in(paths), as_of=as_of)
        except (OSError, DomainError) as refusal:
            raise CommandError(str(refusal)) from refusal
        if report:
            write_table(report, ROWS, [[getattr(row, name) for name in ROWS] for row in result.rows])
        if review:
            write_table(
                review, PAIRS, [[*pair.first, *pair.second, round(pair.weight, 3)] for pair in result.pairs]
            )
        self._tell(result, time.monotonic() - started)
        if result.unreadable:
            raise CommandError("; ".join(f"{name}: {reason}" for name, reason in result.unreadable.items()))

    def _tell(self, result: ImportResult, seconds: float):
        counts = ", ".join(f"{name} {count}" for name, count in result.counts.items())
        self.stdout.write(f"ledgers: {counts}, questions {len(result.pairs)} ({seconds:.1f} s)")


@contextmanager
def _opened(path: Path):
    if str(path) == "-":
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file


def write_table(path: Path, header, rows) -> None:
    """Write a csv in UTF-8; an unknown id is an empty cell."""
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
