"""Who calls the API and how often: read before the framework's views, so it knows none of them."""

from __future__ import annotations

import logging
import time
from collections import Counter

from django.core.cache import cache
from rest_framework import authentication
from rest_framework.throttling import BaseThrottle

log = logging.getLogger("coopcrm.api")


class Authentication(authentication.SessionAuthentication):
    """The browser's session; an anonymous caller is told 401, not 403."""

    def authenticate_header(self, request) -> str:
        return 'Session realm="coopcrm"'


class Throttle(BaseThrottle):
    """So many calls a minute per person or address, counted in Redis; while Redis is away, in this process."""

    per_minute = 600
    per_minute_anonymous = 60
    per_minute_without_redis = 120
    window = 60
    local: Counter = Counter()

    def allow_request(self, request, view) -> bool:
        user = request.user
        known = bool(user and user.is_authenticated)
        who = f"p{user.pk}" if known else f"a{self.get_ident(request)}"
        most = self.per_minute if known else self.per_minute_anonymous
        window = int(time.time()) // self.window
        try:
            key = f"api:{who}:{window}"
            cache.add(key, 0, timeout=self.window * 2)
            count = cache.incr(key)
        except Exception:  # any failure of the cache: count here, and do not turn the caller away for it
            log.warning("The call counter is kept in this process: the cache does not answer.")
            count, most = self._count_here(who, window), min(most, self.per_minute_without_redis)
        return count <= most

    def _count_here(self, who: str, window: int) -> int:
        for key in [key for key in self.local if key[1] != window]:
            del self.local[key]
        self.local[who, window] += 1
        return self.local[who, window]

    def wait(self) -> float:
        return self.window - time.time() % self.window
