"""Erase what may no longer be kept, or list what would be; the same as every night, for one business date."""

from __future__ import annotations

from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coopcrm.shared.models import JobState
from coopcrm.shared.waiting import run_job_and_wait
from customers import erasure, retention


class Command(BaseCommand):
    help = "Erase persons whose retention is over. Uses the worker that is there, or starts one."

    def add_arguments(self, parser):
        parser.add_argument(
            "--date", type=date.fromisoformat, default=None, help="business date; today when not given"
        )
        parser.add_argument("--list", action="store_true", help="say who would be due, and erase nobody")

    def handle(self, *, date: date | None, list: bool, **options):  # noqa: A002 - the option's word
        as_of = date or timezone.localdate()
        if list:
            self._list(as_of)
            return
        if as_of > timezone.localdate():
            raise CommandError("That day has not come. --list looks ahead.")
        job = erasure.order_erasure(as_of=as_of)
        run_job_and_wait(job, self.stdout.write)
        if job.state != JobState.DONE:
            raise CommandError(f"The erasure ended as {job.get_state_display()}. {job.error}".strip())
        self.stdout.write(f"Erased {job.result.get('erased', 0)} persons as of {as_of}.")

    def _list(self, as_of: date) -> None:
        found = retention.due(on=min(as_of, timezone.localdate()), before=as_of)
        for relation in found:
            self.stdout.write(f"#{relation.person} ended {relation.relation_ended_on} due {relation.due_on}")
        self.stdout.write(f"{len(found)} persons due by {as_of}.")
