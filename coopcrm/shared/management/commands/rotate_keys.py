"""Renew the keys of sealed numbers while the site works; later, retire the old ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared import audit, crypto, rotation
from coopcrm.shared.models import Deed, JobState
from coopcrm.shared.waiting import run_job_and_wait

SETTLING_SECONDS = 2 * crypto.LOOK_AGAIN_SECONDS


class Command(BaseCommand):
    help = (
        "Move every sealed number to the newest key, in ranges, while the site works; safe to kill and to repeat. "
        "First: manage.py make_keys --next, and the folder of keys copied to every host."
    )

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only count values by key")
        parser.add_argument(
            "--retire",
            action="store_true",
            help="a day later: look at every value once more, then keep the old keys for the ledger alone",
        )

    def handle(self, *, dry_run: bool, retire: bool, **options) -> None:
        if wrong := crypto.check_keys():
            raise CommandError(" ".join(wrong))
        if dry_run:
            self._count()
            return
        if not retire:
            self._take_into_use()
        self._walk("retire" if retire else "rotate")
        self._count()
        audit.record(Deed.KEY_ROTATION, detail={"key_id": crypto.writing_id(), "retired": retire})
        if retire:
            retired = self._renamed(crypto.retire_old, "every *.key but the newest pair to *.retired")
            self._say(f"Retired: {', '.join(retired) or 'nothing'}.")

    def _take_into_use(self) -> None:
        taken = self._renamed(crypto.take_next_into_use, "*.next to *.key")
        if taken:
            self._say(f"In use from now on: {', '.join(taken)}.")
            time.sleep(SETTLING_SECONDS)  # until every process has looked at the folder again

    def _renamed(self, rename: Callable[[Path], list[str]], what: str) -> list[str]:
        try:
            return rename(settings.COOPCRM_KEYS)
        except PermissionError:
            raise CommandError(
                f"{settings.COOPCRM_KEYS} is read-only here: rename {what} as its owner, then run this again."
            ) from None
        except OSError as error:
            raise CommandError(f"{settings.COOPCRM_KEYS}: {error.strerror}; rename {what} by hand.") from None

    def _walk(self, purpose: str) -> None:
        started = time.monotonic()
        name = f"{purpose} {crypto.writing_id()} {time.time_ns()}"
        job = rotation.order_rotation(purpose=name)
        run_job_and_wait(job, self._say)
        for row in job.error_rows.all()[:20]:
            self._say(f"  {row}")
        if job.state != JobState.DONE or job.result.get("left_as_they_were"):
            raise CommandError(f"Not every value stands under the newest key. {job.error}".strip())
        self._say(f"{job.result.get('renewed', 0)} values renewed in {time.monotonic() - started:.1f} s.")

    def _count(self) -> None:
        for name, counts in rotation.count_by_key().items():
            found = ", ".join(f"{n} under key {key_id}" for key_id, n in counts.items()) or "none"
            self._say(f"{name}: {found}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
