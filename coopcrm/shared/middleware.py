"""Around every request: an id, one log line, the actor's name for the ledger, no caching behind sign-in."""

from __future__ import annotations

import logging
import re
import time
import uuid

from django.utils.cache import add_never_cache_headers

from coopcrm.shared.logs import actor_id, request_id

log = logging.getLogger("coopcrm.requests")
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
QUIET_ROUTES = frozenset({"healthz", "readyz"})


class RequestLog:
    """Give the request an id (the proxy's when well-formed), return it, and log one line."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        id_token, actor_token = request_id.set(request.id), actor_id.set(None)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request.id
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            self._log(request, response, time.perf_counter() - started)
            return response
        finally:
            request_id.reset(id_token)
            actor_id.reset(actor_token)

    def _log(self, request, response, seconds: float) -> None:
        route = request.resolver_match.route if request.resolver_match else ""
        if route in QUIET_ROUTES and response.status_code == 200:
            return
        fields = {"method": request.method, "route": route, "status": response.status_code}
        log.info("request", extra={**fields, "milliseconds": round(seconds * 1000, 1)})


class Actor:
    """Note who acts, for the log and the ledger; answers to signed-in people are never stored by caches."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            actor_id.set(request.user.pk)
        response = self.get_response(request)
        if request.user.is_authenticated:
            add_never_cache_headers(response)
        return response
