"""Close a business date: roll up, classify, rate, contribution, tiers, figures; safe to repeat and to kill."""

from __future__ import annotations

import time
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from coopcrm.shared.errors import DomainError
from coopcrm.shared.models import JobState
from coopcrm.shared.waiting import run_job_and_wait
from kpi.closing import STEPS, order_closing


class Command(BaseCommand):
    help = "Close a business date. Uses the worker that is there, or starts one for the time it takes."

    def add_arguments(self, parser):
        parser.add_argument(
            "--date", type=date.fromisoformat, required=True, help="business date, 2026-03-31"
        )
        parser.add_argument("--until", choices=STEPS, default=STEPS[-1], help="last step to do")

    def handle(self, *, date: date, until: str, **options):
        started = time.monotonic()
        try:
            job = order_closing(as_of=date, until=until)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        run_job_and_wait(job, self._say if options["verbosity"] else lambda line: None)
        if job.state != JobState.DONE:
            raise CommandError(
                f"The closing of {date} ended as {job.get_state_display()}. {job.error}".strip()
            )
        counts = ", ".join(f"{name} {count}" for name, count in sorted(job.result.items())) or "nothing new"
        self._say(f"Closed {date} in {time.monotonic() - started:.1f} s: {counts}")
        for row in job.error_rows.all()[:20]:
            self._say(f"  {row}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
