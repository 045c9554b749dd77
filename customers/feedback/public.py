"""The page behind a one-time link: for anybody who holds it, without sign-in, cookie or script.

The link is the whole authority: nothing that a browser adds by itself (a session) speaks for the answer, so there is no
request to forge. A request that another site sends is refused all the same.
"""

from __future__ import annotations

from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language_info
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from branches.signin.origin import address_of
from coopcrm.shared import acting, crypto
from coopcrm.shared.counting import count
from customers.feedback import services
from customers.feedback.forms import AnswerForm
from customers.feedback.occasions import occasion

WINDOW = 600
MOST_IN_WINDOW, MOST_WITHOUT_REDIS = 60, 20
ACTOR = "a customer, by link"


def for_everybody(view):
    """A page for whoever holds a link: in the language asked for, not kept, not indexed, not too often."""

    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.user.is_authenticated:  # the staff's own browser does not answer for a customer
            return page(request, "staff", status=403)
        if is_too_often(request):
            return page(request, "often", status=429)
        with acting.using(acting.Acting(actor_name=ACTOR, request_id=request.id)):
            return view(request, *args, **kwargs)

    return never_cache(login_not_required(csrf_exempt(in_language(shown))))


def in_language(view):
    """Speak the language in ``?l=``, else the one the browser asks for; no cookie remembers it."""

    @wraps(view)
    def spoken(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        chosen = request.GET.get("l", "")
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return spoken


def is_too_often(request: HttpRequest) -> bool:
    """Whether one address asks more often than people do; the address itself is not kept."""
    caller = crypto.keyed("feedback_caller", address_of(request) or "").hex()
    number, in_redis = count(f"feedback:{caller}", window=WINDOW)
    return number > (MOST_IN_WINDOW if in_redis else MOST_WITHOUT_REDIS)


def page(request: HttpRequest, what: str, *, status: int = 200, **context) -> HttpResponse:
    """One of the public pages: ``answer``, ``thanks``, ``ended``, ``often``, ``staff``."""
    languages = [get_language_info(code) for code, _name in settings.LANGUAGES]
    shown = {"what": what, "languages": languages, **context}
    return render(request, "customers/feedback/public.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
@sensitive_post_parameters()
@sensitive_variables()
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The questions, and the one answer. A link that was used, has ended or never was reads alike."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return page(request, "ended", status=403)
    asked = services.asked_by(token)
    if asked is None:
        return page(request, "ended", status=410)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        origin = services.origin_of(
            address_of(request) or "", request.headers.get("User-Agent", ""), timezone.localtime()
        )
        services.answer(token, **form.cleaned_data, origin=origin)
        language = translation.get_language()
        return redirect(f"{reverse('customers:feedback-thanks')}?l={language}")
    found = occasion(asked.occasion)
    status = 422 if form.errors else 200
    question = found.question if found else None
    return page(request, "answer", status=status, asked=asked, question=question, form=form)


@require_safe
@for_everybody
def thanks(request: HttpRequest) -> HttpResponse:
    """Where an answer leads; the link has left the address bar."""
    return page(request, "thanks")
