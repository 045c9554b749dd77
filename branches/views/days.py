"""The calendar's page: a year at a glance, its holidays and make-up working days."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from branches import forms, policies, selectors
from branches.services import calendar as services
from branches.views.common import allow, allow_posted, refused, today, typed
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes

FIRST_YEAR, LAST_YEAR = 1990, 2100


def _year(request: HttpRequest) -> int:
    given = typed(request, "year", 4)
    year = int(given) if given.isascii() and given.isdecimal() else today().year
    return min(max(year, FIRST_YEAR), LAST_YEAR)


def _page_of(year: int) -> str:
    return f"{reverse('branches:calendar')}?year={year}"


@require_http_methods(["GET", "POST"])
def year(request: HttpRequest) -> HttpResponse:
    """A year; who keeps the calendar marks days."""
    allow_posted(request)
    may_keep = policies.may_keep_calendar(request.user)
    if request.method == "POST":
        allow(may_keep)
    form = forms.CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count = services.mark_days(by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            refused(form, refusal, "last")
        else:
            messages.success(request, _("%(count)s days are marked.") % {"count": count})
            return redirect(_page_of(form.cleaned_data["first"].year))
    shown = _year(request)
    context = {
        "view": selectors.year_view(shown, today()),
        "form": form,
        "may_keep": may_keep,
        "may_import": policies.may_import(request.user),
        "before": shown - 1,
        "after": shown + 1,
        "is_ahead": shown >= today().year,
    }
    return render(request, "branches/calendar.html", context)


@require_POST
@takes("day")
def clear_day(request: HttpRequest) -> HttpResponse:
    """Let a day follow the week again."""
    allow(policies.may_keep_calendar(request.user))
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        messages.error(request, _("This is no day of the calendar."))
        return redirect("branches:calendar")
    services.clear_day(day=day, by=request.user)
    messages.success(request, _("The day follows the week again."))
    return redirect(_page_of(day.year))
