"""Answers for the load balancer: are we alive, and can we work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from coopcrm.shared.checks import unfit

OLDEST_ORDER_SECONDS = 120


@login_not_required
@never_cache
@require_safe
@transaction.non_atomic_requests
def alive(request):
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
@transaction.non_atomic_requests
def ready(request):
    """200 when work can be done; 503 with the reasons when not."""
    reasons = why_not_ready()
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


def why_not_ready() -> list[str]:
    """Return what keeps this process from working, as short sentences."""
    try:
        reasons = _database_reasons()
    except DatabaseError:
        reasons = ["database: does not answer"]
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        reasons.append("redis: does not answer")
    return reasons


def _database_reasons() -> list[str]:
    with connection.cursor() as cursor:
        reasons = [f"database: {text}" for _, text, _ in unfit(cursor)]
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return [*reasons, "migrations: not all are applied"]
    from coopcrm.shared.selectors import oldest_open_order_age

    age = oldest_open_order_age()
    if age is not None and age > OLDEST_ORDER_SECONDS:
        reasons.append(f"work: the oldest order waits for {age:.0f} seconds; is a worker running?")
    return reasons
