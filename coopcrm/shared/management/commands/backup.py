"""Write a backup: database, uploaded files, and a manifest of what was in them."""

from __future__ import annotations

import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared import backup


class Command(BaseCommand):
    help = (
        "Write a backup into a new folder below TARGET, which must lie on an encrypted disk, apart from the keys. "
        "The keys are no part of it."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("target", type=Path, help="folder of all backups, closed to other users")
        parser.add_argument("--keep", type=int, default=0, help="how many backups stay; 0 keeps all")
        parser.add_argument("--jobs", type=int, default=2, help="tables dumped at the same time")

    def handle(self, *, target: Path, keep: int, jobs: int, **options) -> None:
        started = time.monotonic()
        try:
            made = backup.make(target, keep=keep, jobs=jobs, say=self.stdout.write)
        except backup.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{made} in {time.monotonic() - started:.1f} s")
