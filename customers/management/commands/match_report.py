"""Hold what the registry made of imported ledgers against the truth, row by row."""

import csv
from collections.abc import Iterable
from pathlib import Path, PurePath

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.db.models.functions import Coalesce

from customers.choices import ReviewState
from customers.matching import measures
from customers.models import LedgerRow, ReviewPair

COLUMNS = ("source_file", "sheet", "row_number", "person_id")
OPEN = (ReviewState.OPEN, ReviewState.LATER)


class Command(BaseCommand):
    help = "Measure the recognition of ledger rows against a file that says whose row each is."

    def add_arguments(self, parser):
        parser.add_argument(
            "--truth",
            type=Path,
            required=True,
            help="csv: source_file, sheet, row_number, person_id and, if known, errors (separated by semicolons)",
        )

    def handle(self, *, truth, **options):
        persons, errors = read_truth(truth)
        customers, branches = rows_known()
        missing = [row for row in persons if row not in customers]
        found = {row: customers.get(row, ("alone", row)) for row in persons}
        place = {row: branches.get(row) for row in persons}
        self._tell_counts(persons, customers, missing)
        for label, figures in (
            ("pairs", measures.pairwise(persons, found)),
            ("pairs across branches", measures.across(persons, found, place)),
            ("B-cubed", measures.b_cubed(persons, found)),
        ):
            self.stdout.write(
                f"{label}: precision {figures.precision:.4f}, recall {figures.recall:.4f}, F1 {figures.f1:.4f}"
            )
        self.stdout.write(f"customers who mix persons: {len(measures.mixed(persons, found))}")
        self._tell_queue(persons, found)
        self._tell_kinds(measures.by_kind(persons, found, errors))

    def _tell_counts(self, persons: dict, customers: dict, missing: list):
        self.stdout.write(
            f"rows {len(persons)}, persons {len(set(persons.values()))}, not in the registry {len(missing)},"
            f" rows nobody is said to stand in {len(set(customers) - set(persons))}"
        )

    def _tell_queue(self, persons: dict, found: dict):
        figures = measures.queue(persons, found, open_questions())
        share = figures.questions / max(len(persons), 1)
        self.stdout.write(
            f"questions: {figures.questions} ({share:.1%} of rows), missed pairs of customers {figures.missed},"
            f" asked about {figures.share_asked:.1%}"
        )

    def _tell_kinds(self, kinds: Iterable[measures.KindOfError]):
        self.stdout.write(f"{'kind of error':32} {'pairs':>7} {'recall':>7} {'lost':>6}")
        for row in kinds:
            self.stdout.write(f"{row.kind:32} {row.pairs:>7} {row.recall:>7.3f} {row.pairs - row.joined:>6}")


def read_truth(path: Path) -> tuple[dict, dict]:
    """Return whose row each is, and the kinds of error in it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except OSError as refusal:
        raise CommandError(str(refusal)) from refusal
    if not lines or any(column not in lines[0] for column in COLUMNS):
        raise CommandError(f"{path} must have the columns {', '.join(COLUMNS)}.")
    rows = [(line["source_file"], line["sheet"], int(line["row_number"])) for line in lines]
    errors = ([kind for kind in (line.get("errors") or "").split(";") if kind] for line in lines)
    persons = {row: line["person_id"] for row, line in zip(rows, lines, strict=True)}
    return persons, dict(zip(rows, errors, strict=True))


def rows_known() -> tuple[dict, dict]:
    """Return the customer of each imported row, after merges, and its branch."""
    customers, branches = {}, {}
    rows = LedgerRow.objects.annotate(
        whose=Coalesce("customer__merged_into", "customer"), name=F("file__name")
    )
    for name, sheet, number, whose, branch in rows.exclude(whose=None).values_list(
        "name", "sheet", "row_number", "whose", "branch"
    ):
        row = (PurePath(name).name, sheet, number)
        customers[row], branches[row] = whose, branch
    return customers, branches


def open_questions() -> set[frozenset]:
    """Return the pairs of customers that people are asked about."""
    pairs = ReviewPair.objects.filter(state__in=OPEN).values_list("first", "second")
    return {frozenset(pair) for pair in pairs}
