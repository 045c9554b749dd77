"""Print a digest per table of what the closing of a business date wrote; equal rows are equal digests."""

from __future__ import annotations

import hashlib
from datetime import date

from django.core.management.base import BaseCommand

from kpi.closing import digests


class Command(BaseCommand):
    help = "A digest per table of what a closing wrote, without surrogate ids, times and job ids."

    def add_arguments(self, parser):
        parser.add_argument(
            "--date", type=date.fromisoformat, required=True, help="business date, 2026-03-31"
        )

    def handle(self, *, date: date, **options):
        whole = hashlib.sha256()
        for table, (rows, digest) in digests(date).items():
            self.stdout.write(f"{table:28} {rows:>9}  {digest}")
            whole.update(f"{table} {digest}\n".encode())
        self.stdout.write(f"{'all':28} {'':>9}  {whole.hexdigest()}")
