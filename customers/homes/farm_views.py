"""Pages of a farm: what the household works with, added row by row, corrected by a newer row."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers import policies, readings
from customers.choices import FactSource
from customers.homes import charts, farm, farm_forms
from customers.models import Household
from customers.selectors import place
from customers.views import allow, form_page, own_household


def part_of(code: str) -> farm.Part:
    """The part named in an address, or 404."""
    if code not in farm.PARTS:
        raise Http404
    return farm.PARTS[code]


@require_GET
def farm_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole farm of a household with the seasons as a chart."""
    household = own_household(request, pk)
    readings.note_household(request.user, household)
    found = farm.farm_of(household)
    context = {
        "household": household,
        "place": place(household),
        "farm": found,
        "parts": [(code, kind.title, found.rows[code]) for code, kind in farm.PARTS.items()],
        "chart": charts.seasons_chart(found.seasons),
        "may_record": policies.may_record_facts(request.user, household),
    }
    return render(request, "customers/homes/farm.html", context)


@form_page
def farm_row(request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """Add a row, or with ``?row=`` write a newer one in its place."""
    household = own_household(request, pk)
    kind = part_of(part)
    allow(policies.may_record_facts(request.user, household))
    replaced = _row_asked(request, household, part)
    form = farm_forms.row_form(part, household, request.POST or None, replaced)
    if request.method == "POST" and form.is_valid():
        try:
            farm.record_row(
                staff=request.user,
                household=household,
                part=part,
                values=form.values,
                source=form.cleaned_data["source"],
                observed_on=form.cleaned_data["observed_on"],
                as_of=timezone.localdate(),
                replaces=replaced,
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            if not request.htmx:
                messages.success(request, _("Recorded; earlier rows stay with their dates."))
                return redirect(f"{_farm_url(household)}#{part}")
            form, replaced = farm_forms.row_form(part, household), None
            return _part(request, household, part, form=form, said=_("Recorded."))
    if request.htmx:
        return _part(request, household, part, form=form, replaced=replaced)
    context = {
        "form": form,
        "household": household,
        "place": place(household),
        "title": kind.title,
        "part": part,
        "replaced": replaced,
    }
    return render(request, "customers/homes/farm_row.html", context)


def _farm_url(household: Household) -> str:
    """The page of the farm."""
    return reverse("customers:farm", args=[household.pk])


def _row_asked(request: HttpRequest, household: Household, part: str):
    asked = id_in(request.GET.get("row", ""))
    return None if asked is None else get_object_or_404(farm.rows_of(household, part), pk=asked)


def _part(
    request: HttpRequest, household: Household, part: str, *, form=None, replaced=None, said: str = ""
) -> HttpResponse:
    """One part of the farm alone, for the page that is open."""
    context = {
        "household": household,
        "code": part,
        "title": farm.PARTS[part].title,
        "rows": list(farm.rows_of(household, part)),
        "form": form,
        "replaced": replaced,
        "said": said,
        "may_record": True,
    }
    return render(request, "customers/homes/_farm_part.html", context)


@require_POST
@takes()
def farm_row_gone(request: HttpRequest, pk: int, part: str, row: int) -> HttpResponse:
    """Say that something is no longer there."""
    household = own_household(request, pk)
    part_of(part)
    allow(policies.may_record_facts(request.user, household))
    found = get_object_or_404(farm.rows_of(household, part), pk=row)
    today = timezone.localdate()
    try:
        farm.end_row(
            staff=request.user,
            household=household,
            part=part,
            row=found,
            source=FactSource.SAID,
            observed_on=max(today, found.observed_on),
            as_of=today,
        )
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        if request.htmx:
            return _part(
                request, household, part, said=_("It is no longer listed; the row stays in the history.")
            )
        messages.success(request, _("It is no longer listed; the row stays in the history."))
    return redirect(f"{_farm_url(household)}#{part}")
