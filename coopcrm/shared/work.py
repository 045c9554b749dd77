"""Deeds of the work table: order work, claim it, do it once, watch it, cancel it.

An order is a row written in the transaction that causes the work. A Celery message only wakes a worker; a sweep
finds what no message announced. A worker claims an order in a short transaction that counts the attempt, then locks
the row and commits the effect together with "done". A killed worker's lock ends with its connection, so that the
order is free again and its half-made effect never happened.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth import get_user_model
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from coopcrm.shared import acting, audit
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.models import (
    OPEN_JOB_STATES,
    Deed,
    Job,
    JobErrorRow,
    JobState,
    OrderState,
    Outcome,
    WorkOrder,
)

log = logging.getLogger("coopcrm.work")

MOST_ATTEMPTS = 12  # taken by workers that died
MOST_FAILURES = 3  # ended with an error
CLAIM_SECONDS = 2  # between claiming an order and locking it
RETRY_SECONDS = 3
MOST_WAKE_MESSAGES = 16


@dataclass(frozen=True)
class NewOrder:
    """An order to be written: ``kind`` names the handler, ``payload`` holds ids, codes and dates."""

    kind: str
    key: str = ""
    stage: int = 0
    payload: dict = field(default_factory=dict)


@dataclass
class Work:
    """What a handler is given: its payload, the job's date and parameters, and a place to note errors."""

    order: WorkOrder
    job: Job | None

    @property
    def payload(self) -> dict:
        return self.order.payload

    @property
    def as_of(self) -> date | None:
        return self.job.as_of if self.job else None

    def note_error(self, subject: str, reason: str, **params) -> None:
        """Record one thing that could not be done; the rest of the order goes on."""
        if self.job:
            rows = {"subject": subject[:200], "reason": reason[:300], "reason_params": params}
            JobErrorRow.objects.create(job=self.job, order=self.order, **rows)

    def remember(self, **ids) -> None:
        """Keep with the order whom it changed (ids and days), so that the work can be taken back."""
        self.order.payload |= ids
        self.order.save(update_fields=["payload"])


Handler = Callable[[Work], dict | None]
_handlers: dict[str, Handler] = {}
_as_person: set[str] = set()


def handles(kind: str, *, as_person: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does orders of ``kind``; it may return counts, which the job adds up.

    The system does an order on all branches, for the person who started the job; ``as_person`` lets it touch only
    what that person's posts open at the time of the work.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if as_person:
            _as_person.add(kind)
        return handler

    return register


StageHook = Callable[[Job, int], None]
_stage_hooks: dict[str, StageHook] = {}


def before_stage(kind: str) -> Callable[[StageHook], StageHook]:
    """Register what is done once before a later stage of a job of ``kind`` opens, in the transaction that opens it."""

    def register(hook: StageHook) -> StageHook:
        _stage_hooks[kind] = hook
        return hook

    return register


Address = Callable[[object, Job], str]
_take_backs: dict[str, Address] = {}


def taken_back_at(kind: str, address: Address) -> None:
    """Register where jobs of ``kind`` are taken back: the address for a person, empty when that cannot be."""
    _take_backs[kind] = address


def take_back_address(staff, job: Job) -> str:
    """Where this person takes the job back; empty when it cannot be."""
    address = _take_backs.get(job.kind)
    return address(staff, job) if address else ""


# -- Ordering ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def order_work(
    *,
    kind: str,
    title: str,
    orders: Iterable[NewOrder],
    key: str = "",
    title_params: dict | None = None,
    as_of: date | None = None,
    params: dict | None = None,
    stage_names: Iterable[str] = (),
    started_by=None,
    unit_id: int | None = None,
) -> Job:
    """Write a job with its orders, in the caller's transaction.

    The same kind and key is the same job: what is missing of its orders is added, and what failed or was cancelled
    is taken up again. ``title`` and ``stage_names`` are message ids, translated when shown.
    """
    fields = {
        "title": title,
        "title_params": title_params or {},
        "as_of": as_of,
        "params": params or {},
        "stage_names": list(stage_names),
        "started_by": getattr(started_by, "pk", None),
        "started_by_name": str(started_by) if started_by else "",
        "unit": unit_id,
    }
    job = _existing_or_new(kind, key, fields)
    add_orders(job, orders)
    _take_up_again(job)
    _choose_stage(job)
    return job


@transaction.atomic
def do_at_once(
    *,
    kind: str,
    title: str,
    order: NewOrder,
    started_by,
    key: str = "",
    title_params: dict | None = None,
    params: dict | None = None,
    unit_id: int | None = None,
) -> Job:
    """Do one short order in the caller's transaction and as the caller, and keep it like a job that a worker did."""
    now = timezone.now()
    job = Job.objects.create(
        kind=kind,
        key=key,
        title=title,
        title_params=title_params or {},
        params=params or {},
        state=JobState.RUNNING,
        started_by=started_by.pk,
        started_by_name=str(started_by),
        started_at=now,
        unit=unit_id,
    )
    row = WorkOrder.objects.create(
        job=job,
        kind=order.kind,
        key=order.key,
        payload=order.payload,
        claimed_by=worker_name(),
        claimed_at=now,
    )
    row.result = _handlers[order.kind](Work(order=row, job=job)) or {}
    row.state, row.done_at = OrderState.DONE, timezone.now()
    row.save(update_fields=["result", "state", "done_at"])
    _finish(job)
    return job


def _existing_or_new(kind: str, key: str, fields: dict) -> Job:
    if key:
        Job.objects.bulk_create([Job(kind=kind, key=key, **fields)], ignore_conflicts=True)
        return Job.objects.select_for_update().get(kind=kind, key=key)
    return Job.objects.create(kind=kind, **fields)


def add_orders(job: Job | None, orders: Iterable[NewOrder]) -> int:
    """Add orders to a job; an order whose key the job has already is left out. Returns how many were given."""
    rows = [WorkOrder(job=job, kind=o.kind, key=o.key, stage=o.stage, payload=o.payload) for o in orders]
    WorkOrder.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    wake_workers(len(rows))
    return len(rows)


def _take_up_again(job: Job) -> None:
    again = job.orders.filter(state__in=[OrderState.FAILED, OrderState.CANCELLED])
    again.update(state=OrderState.QUEUED, attempts=0, failures=0, claimed_at=None, not_before=Now(), error="")
    if job.orders.filter(state=OrderState.QUEUED).exists() and not job.is_open:
        job.state, job.finished_at, job.cancel_requested, job.error = JobState.QUEUED, None, False, ""
        job.save(update_fields=["state", "finished_at", "cancel_requested", "error"])


def _choose_stage(job: Job) -> None:
    """Open the first stage with work left; called with the job's row locked or new."""
    first = (
        job.orders.filter(state=OrderState.QUEUED).order_by("stage").values_list("stage", flat=True).first()
    )
    if first is not None and first != job.stage:
        _open_stage(job, first)
    if first is None and job.is_open:
        _finish(job)


def _open_stage(job: Job, stage: int) -> None:
    job.stage, job.stage_since = stage, timezone.now()
    job.save(update_fields=["stage", "stage_since"])


def wake_workers(orders: int) -> None:
    """Wake as many workers as there is work for, after commit; a silent broker delays, it loses nothing."""
    if orders:
        transaction.on_commit(lambda: send_wakes(orders), robust=True)


def send_wakes(orders: int) -> None:
    """Send wake messages now."""
    from kombu.exceptions import OperationalError as BrokerError
    from redis.exceptions import RedisError

    from coopcrm.shared.tasks import wake

    try:
        for _ in range(min(orders, MOST_WAKE_MESSAGES)):
            wake.apply_async(retry=False)
    except (BrokerError, RedisError, OSError) as error:
        log.warning("no worker could be woken: %s; the sweep will", type(error).__name__)


# -- Working -----------------------------------------------------------------------------------------------------------

# An order that is being done is locked: whoever looks for work skips it.
CLAIMABLE = f"""
    FROM shared_workorder w LEFT JOIN shared_job j ON j.id = w.job_id
    WHERE w.state = 'queued' AND w.not_before <= clock_timestamp()
      AND (w.claimed_at IS NULL OR w.claimed_at < clock_timestamp() - interval '{CLAIM_SECONDS} seconds')
      AND (j.id IS NULL OR (j.state IN ('queued', 'running') AND NOT j.cancel_requested AND j.stage = w.stage))
"""
NEXT_ORDER = f"SELECT w.id {CLAIMABLE} AND w.kind = ANY(%s) ORDER BY w.id LIMIT 1 FOR UPDATE OF w SKIP LOCKED"
ANY_ORDER = f"SELECT w.id {CLAIMABLE} LIMIT 1 FOR UPDATE OF w SKIP LOCKED"
CLAIM = """
    UPDATE shared_workorder
    SET attempts = attempts + 1, claimed_by = %s, claimed_at = clock_timestamp()
    WHERE id = %s RETURNING attempts, job_id
"""


def worker_name() -> str:
    """Host and process, as the work table names who took an order."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def work_until_idle(seconds: float = 20.0) -> bool:
    """Do orders of the kinds we know until none is free or the time is up. Returns whether work may be left."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not do_next_order():
            return False
    return True


def do_next_order() -> bool:
    """Claim and do one order; False when there is none."""
    claimed = _claim()
    if claimed is None:
        return settle_open_jobs() and do_next_order()
    order_id, attempts, job_id = claimed
    try:
        _do(order_id, attempts)
    except Exception as error:
        _note_failure(order_id, error)
    if job_id is not None:
        settle(job_id)
    return True


@transaction.atomic
def _claim() -> tuple[int, int, int | None] | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ORDER, [list(_handlers)])
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(CLAIM, [worker_name(), row[0]])
        attempts, job_id = cursor.fetchone()
        if job_id is not None:
            cursor.execute(
                "UPDATE shared_job SET state = 'running', started_at = coalesce(started_at, clock_timestamp())"
                " WHERE id = %s AND state = 'queued'",
                [job_id],
            )
    return row[0], attempts, job_id


def _do(order_id: int, attempts: int) -> None:
    """Do one claimed order: its effect and its mark "done" commit together."""
    started = time.monotonic()
    with transaction.atomic():
        mine = Q(pk=order_id, state=OrderState.QUEUED, attempts=attempts, claimed_by=worker_name())
        order = WorkOrder.objects.select_for_update(of=["self"]).filter(mine).first()
        if order is None:  # somebody else took it after a pause of ours
            return
        if attempts > MOST_ATTEMPTS:
            raise WorkerLostError(gettext_noop("Every worker that took this order ended before it was done."))
        with acting.using(_who_does(order)):
            order.result = _handlers[order.kind](Work(order=order, job=order.job)) or {}
        order.state, order.done_at, order.error = OrderState.DONE, timezone.now(), ""
        order.save(update_fields=["result", "state", "done_at", "error"])
    milliseconds = round((time.monotonic() - started) * 1000)
    log.info(
        "done",
        extra={"job": order.job_id, "order": order_id, "kind": order.kind, "milliseconds": milliseconds},
    )


def _who_does(order: WorkOrder) -> acting.Acting:
    """The person who started the job, on all branches or on their own; the order's kind when nobody did."""
    request_id, job = f"order-{order.pk}", order.job
    if job is None or job.started_by is None:
        return acting.Acting(actor_name=order.kind, request_id=request_id, scope=acting.ALL)
    if order.kind not in _as_person:
        return acting.Acting(job.started_by, job.started_by_name, request_id, acting.ALL)
    with acting.for_staff(get_user_model().objects.get(pk=job.started_by), request_id=request_id) as person:
        return person


class WorkerLostError(RuntimeError):
    """An order was taken again and again by workers that ended before it was done."""


def _note_failure(order_id: int, error: Exception) -> None:
    """Give the order back, or fail it when it has failed often enough."""
    log.error("an order failed", exc_info=error, extra={"order": order_id})
    if isinstance(error, OperationalError | InterfaceError):
        connection.close()  # the server went away or was busy: not the order's fault
        _give_back(order_id)
        return
    with transaction.atomic():
        order = WorkOrder.objects.select_for_update().get(pk=order_id)
        if order.state != OrderState.QUEUED:
            return
        order.failures += 1
        order.error = readable(error)
        order.claimed_at = None
        wait = timezone.timedelta(seconds=RETRY_SECONDS * order.failures + random.random())  # noqa: S311
        order.not_before = timezone.now() + wait
        is_final = isinstance(error, WorkerLostError | DomainError)  # what a rule refuses stays refused
        if is_final or order.failures >= MOST_FAILURES:
            order.state = OrderState.FAILED
        order.save(update_fields=["failures", "error", "claimed_at", "not_before", "state"])
        if isinstance(error, PermissionRefused) and order.failures == 1:
            with acting.using(_who_does(order)):
                audit.record(Deed.REFUSAL, detail={"order": order.kind}, outcome=Outcome.REFUSED)


def _give_back(order_id: int) -> None:
    try:
        later = timezone.now() + timezone.timedelta(seconds=1)
        mine = WorkOrder.objects.filter(pk=order_id, state=OrderState.QUEUED)
        mine.update(claimed_at=None, not_before=later)
    except DatabaseError:
        connection.close()  # the claim runs out by itself
        time.sleep(1)


def readable(error: Exception) -> str:
    """What people may read of an error: refusals in full, of anything else the kind and the place."""
    if isinstance(error, DomainError | WorkerLostError):
        return str(error)
    trace, place = error.__traceback__, ""
    while trace is not None:
        name = os.path.basename(trace.tb_frame.f_code.co_filename)
        place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} ({place})"


# -- Jobs as a whole ---------------------------------------------------------------------------------------------------


@transaction.atomic
def settle(job_id: int) -> bool:
    """Open the next stage when the present one is finished, end the job when all are; safe to call at any time.

    Returns whether a stage was opened.
    """
    open_in_stage = (
        "SELECT 1 FROM shared_workorder w JOIN shared_job j ON j.id = w.job_id"
        " WHERE j.id = %s AND w.state = 'queued' AND w.stage = j.stage AND NOT j.cancel_requested LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(open_in_stage, [job_id])
        if cursor.fetchone():
            return False
    job = Job.objects.select_for_update().get(pk=job_id)
    if not job.is_open:
        return False
    if job.cancel_requested or job.orders.filter(state=OrderState.FAILED).exists():
        _cancel_queued(job)
    left = job.orders.filter(state=OrderState.QUEUED)
    next_stage = left.order_by("stage").values_list("stage", flat=True).first()
    if next_stage is None:
        _finish(job)
    elif next_stage != job.stage:
        if hook := _stage_hooks.get(job.kind):
            hook(job, next_stage)
        _open_stage(job, next_stage)
        wake_workers(left.filter(stage=next_stage).count())
        return True
    return False


def _cancel_queued(job: Job) -> None:
    """Cancel the orders nobody is doing; one that is being done is locked and ends by itself."""
    free = job.orders.filter(state=OrderState.QUEUED).select_for_update(skip_locked=True, of=["self"])
    ids = list(free.values_list("pk", flat=True))
    WorkOrder.objects.filter(pk__in=ids).update(state=OrderState.CANCELLED)


def _finish(job: Job) -> None:
    failed = job.orders.filter(state=OrderState.FAILED).order_by("pk").first()
    if failed:
        job.state, job.error = JobState.FAILED, failed.error
    elif job.cancel_requested:
        job.state = JobState.CANCELLED
    else:
        job.state = JobState.DONE
    job.result = _sum_of_results(job)
    job.finished_at = timezone.now()
    job.save(update_fields=["state", "error", "result", "finished_at"])
    log.info("job %s", job.state, extra={"job": job.pk, "kind": job.kind})


def _sum_of_results(job: Job) -> dict:
    """Add up the counts that the orders returned."""
    total: dict = {}
    for result in (
        job.orders.filter(state=OrderState.DONE).exclude(result={}).values_list("result", flat=True)
    ):
        for name, value in result.items():
            if isinstance(value, int) and not isinstance(value, bool):
                total[name] = total.get(name, 0) + value
            else:
                total[name] = value
    return total


@transaction.atomic
def cancel_job(job: Job) -> None:
    """Ask a job to stop: what is being done ends, what waits is cancelled."""
    Job.objects.filter(pk=job.pk, state__in=OPEN_JOB_STATES).update(cancel_requested=True)
    transaction.on_commit(lambda: settle(job.pk))


@transaction.atomic
def has_claimable() -> bool:
    """Whether an order waits that a worker may take now."""
    with connection.cursor() as cursor:
        cursor.execute(ANY_ORDER)
        return cursor.fetchone() is not None


def settle_open_jobs() -> bool:
    """Settle every open job (a worker may have died before it could); whether one of them moved on."""
    ids = Job.objects.filter(state__in=OPEN_JOB_STATES).order_by("pk").values_list("pk", flat=True)
    return sum(settle(job_id) for job_id in ids) > 0


def sweep() -> None:
    """Find what no message announced: orders whose worker died, orders written while the broker was away."""
    settle_open_jobs()
    if has_claimable():
        send_wakes(MOST_WAKE_MESSAGES)
