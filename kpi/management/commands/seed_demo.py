"""Fill an empty database with the demonstration county."""

from __future__ import annotations

import time
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from kpi.seeding import DEMO_AS_OF, DEMO_CUSTOMERS, DEMO_SEED
from kpi.seeding.county import DatabaseInUse, seed_county
from kpi.seeding.plan import Plan


class Command(BaseCommand):
    help = (
        "Fill an empty database with an invented county: units, staff, households, accounts, loans and visits. "
        "Ratios, grades, classes and tiers are left to the closing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--customers", type=int, default=DEMO_CUSTOMERS, help="0 makes units, staff and areas only."
        )
        parser.add_argument(
            "--seed", type=int, default=DEMO_SEED, help="The same seed makes the same county."
        )
        parser.add_argument(
            "--as-of", type=date.fromisoformat, default=DEMO_AS_OF, help="Last day of the history."
        )
        parser.add_argument(
            "--day-rows", type=float, default=2.0, help="Bookings per active account and month, about."
        )
        parser.add_argument(
            "--processes", type=int, default=None, help="Helper processes; chosen by size when not given."
        )

    def handle(
        self, *, customers: int, seed: int, as_of: date, day_rows: float, processes: int | None, **options
    ) -> None:
        if customers < 0:
            raise CommandError("--customers is 0 or more.")
        started = time.perf_counter()
        try:
            seed_county(Plan(customers, seed, as_of, day_rows), self.stdout.write, processes)
        except DatabaseInUse as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{customers:,} customers as of {as_of} in {time.perf_counter() - started:.1f} s")
