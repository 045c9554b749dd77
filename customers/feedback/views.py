"""Pages of staff: the slip that asks a customer, what customers said, and who asks whom."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from coopcrm.shared.errors import Refused
from coopcrm.shared.forms import takes
from coopcrm.shared.paging import Keyset, page_of
from customers.feedback import forms, policies, qr, selectors, services
from customers.feedback.occasions import label_of, occasion
from customers.views import allow

ANSWERS = Keyset("answers", ("-given_on", "-pk"))
SIGNALS = {
    selectors.FEW_ASKED: gettext_lazy("asks few"),
    selectors.ALL_HAPPY: gettext_lazy("asks few, all of them satisfied"),
    selectors.ONE_AFTER_THE_OTHER: gettext_lazy("many answers within half an hour"),
    selectors.ONE_ORIGIN: gettext_lazy("many answers from one device"),
}


def link_of(request: HttpRequest, token: str) -> str:
    """The whole address of a one-time link, under the name by which customers reach the site."""
    path = reverse("customers:feedback-answer", args=[token])
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_POST
@takes()
@never_cache
def invite(request: HttpRequest, code: str, key: int) -> HttpResponse:
    """The slip of one contact, to print or to show: the link is in this answer and nowhere else."""
    found = occasion(code)
    served = found.served(request.user, str(key)) if found else None
    if found is None or served is None:
        raise Http404
    allow(policies.may_invite(request.user, served.customer))
    try:
        issued = services.invite(
            served=served, occasion=code, key=str(key), on=timezone.localdate(), by=request.user
        )
    except Refused as refusal:
        messages.info(request, str(refusal))
        return redirect("customers:customer", served.customer.pk)
    link = link_of(request, issued.token)
    context = {
        "customer": served.customer,
        "invitation": issued.invitation,
        "occasion": found,
        "link": link,
        "drawing": qr.drawing_of(link),
    }
    return render(request, "customers/feedback/slip.html", context)


@require_GET
def opinions(request: HttpRequest) -> HttpResponse:
    """Satisfaction and recommendation of twelve months; for those who answer for them, the answers too."""
    staff, today = request.user, timezone.localdate()
    allow(policies.may_see_ratings(staff))
    rows = selectors.answers_of_year(staff, today)
    reads = policies.may_read_words(staff)
    context: dict[str, Any] = {
        "as_of": today,
        "reads": reads,
        "may_check": policies.may_check_asking(staff),
        "total": selectors.total(rows),
        "months": month_chart(selectors.by_month(rows, today)),
        "branches": selectors.by_branch(rows) if staff.scope.sees_union else [],
    }
    if reads:
        form = forms.AnswersForm(request.GET or None, staff=staff)
        given = form.cleaned_data if form.is_bound and form.is_valid() else {}
        page = page_of(request, selectors.answers(rows, given), ANSWERS)
        context |= {"form": form, "page": page, "lines": [(row, _occasion(row)) for row in page.rows]}
        context["people"] = [] if staff.scope.sees_union else selectors.by_person(rows)
    else:
        context["own"] = selectors.total(rows.filter(invitation__staff=staff))
    return render(request, "customers/feedback/opinions.html", context)


def _occasion(row) -> Any:
    return label_of(row.invitation.occasion) if row.invitation else ""


def month_chart(months: list[tuple[date, selectors.Score]]) -> dict[str, Any]:
    """Satisfaction by month as a chart and as a table; months with too few answers are gaps."""
    labels = [date_format(month, "Y-m") for month, _score in months]
    values = [None if score.csat is None else float(round(score.csat * 100, 1)) for _month, score in months]
    rows = [
        (label, "–" if value is None else f"{value} %", score.n)
        for label, value, (_month, score) in zip(labels, values, months, strict=True)
    ]
    return {
        "has_values": any(value is not None for value in values),
        "data": {
            "kind": "line",
            "labels": labels,
            "series": [{"name": _("Satisfied, %"), "values": values}],
            "x": _("Month"),
            "y": _("Satisfied, %"),
        },
        "columns": [
            {"label": _("Month")},
            {"label": _("Satisfied"), "number": True},
            {"label": _("Answers"), "number": True},
        ],
        "rows": rows,
    }


@require_GET
def asking(request: HttpRequest) -> HttpResponse:
    """Who asks how many of those they met, and what is strange about the answers: for head office and audit."""
    allow(policies.may_check_asking(request.user))
    lines = selectors.asking(timezone.localdate())
    shown = [(line, [SIGNALS[signal] for signal in line.signals]) for line in lines]
    return render(
        request,
        "customers/feedback/asking.html",
        {"lines": shown, "strange": sum(bool(s) for _l, s in shown)},
    )
