"""What the work table says about itself: progress, ages, lists for people."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q, QuerySet

from coopcrm.shared.models import Job, OrderState
from coopcrm.shared.work import CLAIMABLE

WAITING_SINCE = "min(greatest(w.not_before, w.created_at, j.stage_since))"
NOT_AT_WORK = "(w.claimed_at IS NULL OR w.claimed_at < clock_timestamp() - interval '300 seconds')"
OLDEST_ORDER = f"SELECT extract(epoch FROM clock_timestamp() - {WAITING_SINCE}) {CLAIMABLE} AND {NOT_AT_WORK}"  # noqa: S608


@dataclass(frozen=True)
class Progress:
    """Orders of a job by state; ``at_work`` are being done now."""

    total: int
    done: int
    failed: int
    cancelled: int
    at_work: int

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.total if self.total else 0


def progress_of(job: Job) -> Progress:
    """Count the orders of a job in one query."""
    state = {
        "total": Count("pk"),
        "done": Count("pk", filter=Q(state=OrderState.DONE)),
        "failed": Count("pk", filter=Q(state=OrderState.FAILED)),
        "cancelled": Count("pk", filter=Q(state=OrderState.CANCELLED)),
        "at_work": Count("pk", filter=Q(state=OrderState.QUEUED, claimed_at__isnull=False)),
    }
    return Progress(**job.orders.aggregate(**state))


def oldest_open_order_age() -> float | None:
    """Seconds for which the oldest order that could be taken has waited; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_ORDER)
        age = cursor.fetchone()[0]
    return None if age is None else float(age)


def jobs_visible_to(staff) -> QuerySet[Job]:
    """Jobs a person may watch: all for posts that see the union, else one's own and those of one's branches."""
    if staff.scope.sees_union:
        return Job.objects.all()
    return Job.objects.filter(Q(started_by=staff.pk) | Q(unit__in=staff.scope.branch_ids))
