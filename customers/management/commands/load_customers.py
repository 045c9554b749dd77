"""Load customers from a clean csv of any size: the first load of a union, or an export of a core banking system."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from branches.models import Unit
from coopcrm.shared.errors import DomainError
from coopcrm.shared.models import Job, JobState
from coopcrm.shared.waiting import run_job_and_wait
from customers.loading import services
from customers.loading.columns import unknown_in


class Command(BaseCommand):
    help = (
        "Load customers from a csv. A killed load is taken up by the same command; a second one adds nothing."
    )
    requires_system_checks = []  # they open every page's code; the worker and the web server were checked by then

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--branch", help="code of the branch, where the file has no such column")
        parser.add_argument("--date", type=date.fromisoformat, help="business date (default: today)")
        parser.add_argument(
            "--refused", type=Path, help="where refused rows go (default: beside the file, ….refused.csv)"
        )
        parser.add_argument(
            "--first",
            action="store_true",
            help="the registry is empty: all or nothing, indexes afterwards (COOPCRM_ROLE=owner)",
        )
        parser.add_argument("--processes", type=int, default=2, help="that check and seal, with --first")

    def handle(
        self, *, file: Path, branch: str | None, refused: Path | None, first: bool, processes: int, **options
    ):
        started = time.monotonic()
        given = {"as_of": options["date"] or timezone.localdate(), "branch": self._branch(branch)}
        file = file.resolve()
        try:
            if first:
                job = services.load_first(file, **given, processes=processes, progress=self._progress)
            else:
                job = services.order_load(file, **given)
                run_job_and_wait(job, self.stdout.write)
                job.refresh_from_db()
        except (OSError, DomainError) as refusal:
            raise CommandError(str(refusal)) from refusal
        if job.state != JobState.DONE:
            raise CommandError(f"The load ended as {job.get_state_display()}. {job.error}".strip())
        self._tell(job, refused or file.with_suffix(".refused.csv"), time.monotonic() - started)

    def _branch(self, code: str | None) -> Unit | None:
        if code is None:
            return None
        if unit := Unit.objects.filter(code=code).first():
            return unit
        raise CommandError(f"No branch has the code {code}.")

    def _progress(self, done: int, total: int) -> None:
        if done % 50_000 < services.RECORDS_A_STRETCH:
            self.stdout.write(f"{done:,} of {total:,} rows")

    def _tell(self, job: Job, refused: Path, seconds: float) -> None:
        counts = ", ".join(
            f"{name} {job.result.get(name, 0):,}" for name in ("rows", "created", "known", "refused")
        )
        rate = job.result.get("rows", 0) / max(seconds, 0.001)
        self.stdout.write(f"customers: {counts} ({seconds:.1f} s, {rate:,.0f} rows/s)")
        if left := unknown_in(job.params["header"]):
            self.stdout.write(f"columns that are not read: {', '.join(left)}")
        if services.write_refusals(job, refused):
            self.stdout.write(f"refused rows with their reasons: {refused}")
