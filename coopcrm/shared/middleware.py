"""Around every request: an id, one log line, the actor's name for the ledger, no caching behind sign-in."""

from __future__ import annotations

import logging
import re
import time
import uuid

from django.utils.cache import add_never_cache_headers

from coopcrm.shared import acting, audit
from coopcrm.shared.errors import noting_refusals
from coopcrm.shared.metrics import count_request
from coopcrm.shared.models import Deed, Outcome

log = logging.getLogger("coopcrm.requests")
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
QUIET_ROUTES = frozenset({"healthz", "readyz", "metrics"})


class RequestLog:
    """Give the request an id (the proxy's when well-formed), return it, and log one line."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        with acting.in_request(request.id):
            started = time.perf_counter()
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request.id
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            self._log(request, response, time.perf_counter() - started)
        return response

    def _log(self, request, response, seconds: float) -> None:
        route = request.resolver_match.route if request.resolver_match else ""
        count_request(route=route, method=request.method, status=response.status_code, seconds=seconds)
        if route in QUIET_ROUTES and response.status_code == 200:
            return
        fields = {"method": request.method, "route": route, "status": response.status_code}
        log.info("request", extra={**fields, "milliseconds": round(seconds * 1000, 1)})


class Actor:
    """Say who acts (``acting``) and what their posts open; answers to signed-in people are stored by no cache."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        with acting.for_staff(request.user, request_id=request.id):
            with noting_refusals() as refusals:
                response = self.get_response(request)
            _record_refusal(request, response.status_code, refusals)
        add_never_cache_headers(response)
        return response


def _record_refusal(request, status: int, refusals: list[str]) -> None:
    """Write into the ledger what was refused, after the view's own transaction has been rolled back.

    A row that is missing or foreign (404) is recorded alike: that is how somebody looks who tries numbers. So is a
    page's answer 400, which no form of ours leads to; a program that misspells a parameter of the API means no harm.
    """
    match = request.resolver_match
    if match is None:
        return
    is_tried = status == 403 or (status == 404 and match.kwargs)
    is_altered = status == 400 and not request.path.startswith("/api/")
    if not (refusals or is_tried or is_altered):
        return
    detail = {"route": match.route, "method": request.method, "status": status}
    detail["arguments"] = {name: str(value)[:60] for name, value in match.kwargs.items()}
    if refusals:
        detail["codes"] = sorted(set(refusals))
    audit.record(Deed.REFUSAL, detail=detail, outcome=Outcome.REFUSED)
