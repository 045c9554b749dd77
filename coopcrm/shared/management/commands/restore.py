"""Restore a backup into the empty database of this installation."""

from __future__ import annotations

import time
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Restore BACKUP into an empty database and an empty folder of files, and compare every table with its "
        "manifest; then bring it up to this version (migrate). Before: manage.py prepare_database."
    )
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("backup", type=Path, help="a folder that manage.py backup has written")
        parser.add_argument("--jobs", type=int, default=2, help="tables restored at the same time")

    def handle(self, *, backup: Path, jobs: int, **options) -> None:
        from coopcrm.shared.backup import BackupError, restore

        started = time.monotonic()
        try:
            manifest = restore(backup, jobs=jobs, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from None
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            f"{rows:,} rows in {len(manifest['tables'])} tables, equal to the backup of {manifest['taken_at']}, "
            f"in {time.monotonic() - started:.1f} s"
        )
