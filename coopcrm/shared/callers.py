"""Who calls the API and how often: read before the framework's views, so it knows none of them."""

from __future__ import annotations

import time

from django.conf import settings
from rest_framework import authentication
from rest_framework.throttling import BaseThrottle

from coopcrm.shared.counting import count


class Authentication(authentication.SessionAuthentication):
    """The browser's session; an anonymous caller is told 401, not 403."""

    def authenticate_header(self, request) -> str:
        return 'Session realm="coopcrm"'


class Throttle(BaseThrottle):
    """So many calls a minute per person or address, counted in Redis; while Redis is away, in this process."""

    per_minute = settings.API_CALLS_A_MINUTE
    per_minute_anonymous = 60
    per_minute_without_redis = 120
    window = 60

    def allow_request(self, request, view) -> bool:
        user = request.user
        known = bool(user and user.is_authenticated)
        who = f"p{user.pk}" if known else f"a{self.get_ident(request)}"
        most = self.per_minute if known else self.per_minute_anonymous
        number, in_redis = count(f"api:{who}", window=self.window)
        return number <= (most if in_redis else min(most, self.per_minute_without_redis))

    def wait(self) -> float:
        return self.window - time.time() % self.window
