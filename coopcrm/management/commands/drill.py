"""The restore drill: a backup comes back into an empty server of its own, and people can work there again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared import backup

HOLD = "from coopcrm import embedded; embedded.attach(); print('up', flush=True); input(); embedded.detach()"
# What ties a process to the servers in use; the drill has servers of its own.
TIED = (
    "DATABASE_",
    "REDIS_",
    "COOPCRM_VAR",
    "COOPCRM_DATABASE",
    "COOPCRM_MEDIA",
    "COOPCRM_ROLE",
    "COOPCRM_HOSTS",
)


class Command(BaseCommand):
    help = (
        "Restore BACKUP (or a fresh one) into an empty private PostgreSQL, compare rows, contents and seals with its "
        "manifest, sign in and open ten customers. Touches nothing that is in use; needs room for a second database."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("backup", type=Path, nargs="?", help="a folder that manage.py backup has written")
        parser.add_argument("--folder", type=Path, help="where the second database lies meanwhile")

    def handle(self, *, backup: Path | None, folder: Path | None, **options) -> None:
        place = Path(tempfile.mkdtemp(prefix="coopcrm-drill-", dir=folder)).resolve()
        try:
            self._drill(place, backup)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _drill(self, place: Path, given: Path | None) -> None:
        with self._step("Backup, its files checked"):
            try:
                made = given.resolve() if given else backup.make(place / "backups")
                steps = _steps_of(made)
            except backup.BackupError as error:
                raise CommandError(str(error)) from None
        environment = _own_servers(place)
        started = time.monotonic()
        with _servers(environment):
            for title, role, command in steps:
                with self._step(title):
                    self._manage(command, {**environment, "COOPCRM_ROLE": role})
        self.stdout.write(f"Back after {time.monotonic() - started:.1f} s, equal to the backup.")

    def _manage(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{command[0]} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
        for line in done.stdout.strip().splitlines()[-1:]:
            self.stdout.write(f"    {line}")

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.stdout.write(f"{title}: {time.monotonic() - started:.1f} s")
        self.stdout.flush()


def _steps_of(made: Path) -> list[tuple[str, str, list[str]]]:
    """Title, role and command of each step."""
    seal = backup.read_manifest(made)["last_seal"]
    expected = ["--expect", f"{seal['number']}:{seal['digest']}"] if seal else []
    return [
        ("Restore into an empty server", "owner", ["restore", str(made)]),
        ("Seals of the ledger", "worker", ["verify_audit", *expected]),
        ("Signing in and opening customers", "web", ["look_around"]),
    ]


def _own_servers(place: Path) -> dict[str, str]:
    """The environment of processes that use private servers below ``place`` with the keys in use."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(TIED)}
    return {
        **kept,
        "COOPCRM_VAR": str(place / "var"),
        "COOPCRM_MEDIA": str(place / "media"),
        "COOPCRM_KEYS": str(settings.COOPCRM_KEYS),
        "COOPCRM_STATIC": str(settings.STATIC_ROOT),
        "COOPCRM_LOG_LEVEL": "ERROR",
    }


@contextmanager
def _servers(environment: dict[str, str]) -> Iterator[None]:
    """Private servers that stay up until the end of the block."""
    holder = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-c", HOLD],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if holder.stdout.readline() != "up\n":
            raise CommandError("The servers of the drill did not start.")
        yield
    finally:
        holder.communicate("\n", timeout=120)
