"""Figures for Prometheus: requests of all web processes, and the state of work, ledger and backups.

Labels are routes, methods, states and kinds of work: no label ever carries what a person typed or who a person is.
Requests are counted in every process; with several of them ``gunicorn.conf.py`` names the folder they share.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from coopcrm.shared import acting
from coopcrm.shared.selectors import oldest_open_order_age

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15)
OF_THIS_PROCESS = CollectorRegistry()
REQUESTS = Histogram(
    "coopcrm_request_seconds",
    "Requests by route, method and status, and how long they took.",
    ("route", "method", "status"),
    buckets=BUCKETS,
    registry=OF_THIS_PROCESS,
)


def count_request(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; a method nobody knows counts as "other"."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(route or "unknown", known, str(status)).observe(seconds)


@login_not_required
@never_cache
@require_safe
def metrics(request):
    """The figures, for whoever knows the token of COOPCRM_METRICS_TOKEN; without a token the page does not exist."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(text(), content_type=CONTENT_TYPE_LATEST)


def text() -> bytes:
    """Return all figures as Prometheus reads them."""
    requests = OF_THIS_PROCESS
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        requests = CollectorRegistry()
        MultiProcessCollector(requests)
    state = CollectorRegistry()
    state.register(State())
    return generate_latest(requests) + generate_latest(state)


ORDERS = "SELECT state, count(*) FROM shared_workorder WHERE state IN ('queued', 'failed') GROUP BY state"
OPEN_JOBS = "SELECT kind, count(*) FROM shared_job WHERE state IN ('queued', 'running') GROUP BY kind"
FAILED_JOBS = """
    SELECT kind, count(*) FROM shared_job
    WHERE state = 'failed' AND finished_at > now() - interval '1 day' GROUP BY kind
"""
LAST_DONE = """
    SELECT DISTINCT ON (kind) kind, extract(epoch FROM finished_at)::float,
        extract(epoch FROM finished_at - coalesce(started_at, created_at))::float,
        extract(epoch FROM as_of)::float
    FROM shared_job WHERE state = 'done' ORDER BY kind, finished_at DESC
"""
LEDGER = """
    SELECT (SELECT extract(epoch FROM max(sealed_at))::float FROM shared_auditseal),
        (SELECT coalesce(max(number), 0) FROM shared_auditseal)
"""
DATABASE = """
    SELECT pg_database_size(current_database()),
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
"""


class State:
    """What the database says when it is asked: one figure says whether it answered at all."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("coopcrm_database_up", "1 when the database answers.")
        try:
            with acting.as_system("metrics"), transaction.atomic():
                figures = [*_work(), *_jobs(), *_ledger(), *_database()]
        except DatabaseError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from figures


def _rows(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _gauge(name: str, text: str, rows: list[tuple], labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    """A figure by labels; rows are the labels' values and the figure, a row without a figure is left out."""
    gauge = GaugeMetricFamily(f"coopcrm_{name}", text, labels=labels)
    for *values, figure in rows:
        if figure is not None:
            gauge.add_metric([str(value) for value in values], float(figure))
    return gauge


def _work() -> Iterator[Metric]:
    age = oldest_open_order_age() or 0
    yield _gauge("oldest_order_seconds", "How long the oldest order that may be taken has waited.", [(age,)])
    yield _gauge("orders", "Orders that wait or have failed.", _rows(ORDERS), ("state",))


def _jobs() -> Iterator[Metric]:
    kind = ("kind",)
    yield _gauge("open_jobs", "Jobs that wait or run.", _rows(OPEN_JOBS), kind)
    yield _gauge("failed_jobs", "Jobs that failed in the last 24 hours.", _rows(FAILED_JOBS), kind)
    done = _rows(LAST_DONE)
    ended = [(row[0], row[1]) for row in done]
    yield _gauge(
        "last_job_end_seconds", "When the last finished job ended (closing, backup, …).", ended, kind
    )
    took = [(row[0], row[2]) for row in done]
    yield _gauge("last_job_duration_seconds", "How long the last finished job took.", took, kind)
    dates = [(row[0], row[3]) for row in done]
    yield _gauge("last_job_business_date_seconds", "Business date of the last finished job.", dates, kind)


def _ledger() -> Iterator[Metric]:
    ((sealed_at, number),) = _rows(LEDGER)
    yield _gauge("ledger_last_seal_seconds", "When the ledger was last sealed.", [(sealed_at,)])
    yield _gauge("ledger_seals", "How many seals the ledger has.", [(number,)])


def _database() -> Iterator[Metric]:
    ((size, sessions),) = _rows(DATABASE)
    yield _gauge("database_bytes", "Size of the database.", [(size,)])
    yield _gauge("database_sessions", "Sessions of the database.", [(sessions,)])
