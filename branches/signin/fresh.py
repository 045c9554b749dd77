"""Sensitive deeds ask again: ``@fresh_sign_in(minutes=5)`` on a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account.internal.flows.reauthentication import suspend_request
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from branches.signin import marks


def fresh_sign_in(minutes: float = 5) -> Callable:
    """Let a view answer only to somebody who proved who they are within so many minutes.

    Otherwise the page that asks again stands between; what was typed is kept (sealed, in the session) and goes on
    from there by itself.
    """

    def around(view: Callable) -> Callable:
        @wraps(view)
        def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if marks.is_fresh(request, minutes):
                return view(request, *args, **kwargs)
            return suspend_request(request, reverse("sign-in-again"))

        return answer

    return around
