"""After each request's session is known: has it ended, is its owner really in, what must be done first?"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _

from branches.signin import marks, second_factor
from branches.signin.policies import always_needs_second_factor
from branches.signin.signals import session_ended

OPEN_BEFORE = frozenset(
    {
        "sign-out",
        "sign-in-password",
        "sign-in-second-factor",
        "sign-in-again",
        "sign-in-state",
        "sign-in-stay",
        "look:language",
        "look:theme",
        "healthz",
        "readyz",
    }
)
"""Views that answer to somebody who has signed in and has something to do first."""
API = "/api/"


class Gate:
    """Lets a signed-in person through, to the step that is still missing, or back to the door."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not is_unattended(request):
            request.session.touch()
        if request.htmx and response.status_code == 302 and is_door(response.headers["Location"]):
            return HttpResponse(
                status=204, headers={"HX-Trigger": "session-ended"}
            )  # the page keeps what it shows
        return response

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        if not request.user.is_authenticated or getattr(view, "answers_everybody", False):
            return None
        if request.session.get(marks.POSTS) != marks.posts_digest(request.user):
            return self._turn_away(request, "posts", _("Your posts have changed. Please sign in again."))
        step = None if request.resolver_match.view_name in OPEN_BEFORE else missing_step(request)
        return None if step is None else self._ask_for(request, step)

    def _ask_for(self, request, step: str) -> HttpResponse:
        if step == "sign-in":
            return self._turn_away(request, "means", _("Please sign in again, with your second factor."))
        if request.path.startswith(API):
            return JsonResponse(_problem(403), status=403, content_type="application/problem+json")
        return redirect(step)

    def _turn_away(self, request, reason: str, text: str) -> HttpResponse:
        staff = request.user
        logout(request)
        session_ended.send(sender=type(self), request=request, staff=staff, by=staff, reason=reason, count=1)
        if request.path.startswith(API):
            return JsonResponse(_problem(401), status=401, content_type="application/problem+json")
        messages.warning(request, text)
        return redirect(settings.LOGIN_URL)


def is_door(location: str) -> bool:
    """Whether an answer sends to the sign-in page; a part of a page must not be replaced by it."""
    return location.partition("?")[0] == resolve_url(settings.LOGIN_URL)


def is_unattended(request: HttpRequest) -> bool:
    """Whether a page asked by itself; that keeps no session open."""
    match = request.resolver_match
    return match is not None and match.view_name in settings.UNATTENDED_VIEWS


def missing_step(request: HttpRequest) -> str | None:
    """Return the name of the page that must be done first, or None when everything is in place."""
    staff = request.user
    if staff.first_password_until is not None:
        return "sign-in-password"
    means = request.session.get(marks.MEANS)
    if means == marks.SECOND_FACTOR:
        return None
    if means == marks.REGISTERED_DEVICE and not always_needs_second_factor(staff):
        return None
    return "sign-in" if second_factor.is_enrolled(staff) else "sign-in-second-factor"


def _problem(status: int) -> dict:
    return {
        "type": "about:blank",
        "title": "Sign in",
        "status": status,
        "code": "sign_in_incomplete",
        "detail": _("Sign in again in the browser."),
    }
