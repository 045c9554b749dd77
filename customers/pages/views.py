"""The pages of one customer and one household: load within sight, put on record who reads, show what there is."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from customers import forms, policies, readings, sharing
from customers.merging.selectors import stands_for
from customers.models import Customer, Household
from customers.pages import selectors
from customers.pages.forms import TimelineForm
from customers.pages.timeline import Timeline, timeline
from customers.portfolios.selectors import responsible_on
from customers.search.recent import note_opened
from customers.selectors import place
from customers.views import own_household


@require_GET
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole record for the managing branch, the masked card for everybody else."""
    rows = Customer.objects.visible_to(request.user).select_related(
        "branch", "village__parent", "registered_at", "registered_by", "merged_into"
    )
    person = get_object_or_404(rows, pk=pk)
    if person.merged_into_id:
        return redirect("customers:customer", person.merged_into_id)
    if not policies.may_read_fully(request.user, person):
        return _elsewhere(request, person)
    readings.note_record(request.user, person, person.branch_id)
    note_opened(request.user, person.pk)
    page = selectors.customer_page(request.user, person, today=timezone.localdate())
    context = {
        "page": page,
        "person": person,
        "place": place(person),
        "timeline_form": TimelineForm(page="customer"),
        "timeline_url": reverse("customers:customer-timeline", args=[pk]),
    }
    return render(request, "customers/customer.html", context)


def _elsewhere(request: HttpRequest, person: Customer) -> HttpResponse:
    """What is known of a person of another branch, what was asked, and what it shares."""
    context = {
        "card": sharing.known_elsewhere([person])[person.pk],
        "sharing": sharing.sharing_of(request.user, person, timezone.localdate()),
        "asked": sharing.asked(request.user, person),
        "may_ask": policies.may_ask_elsewhere(request.user, person),
        "ask_form": forms.AskForm(auto_id="ask-%s"),
        "transfer_form": forms.TransferForm(auto_id="transfer-%s"),
    }
    return render(request, "customers/masked.html", context)


@require_GET
def household(request: HttpRequest, pk: int) -> HttpResponse:
    """Members, facts with their sources, visits, exposure and managers of a household."""
    found = own_household(request, pk)
    if found.valid_to is not None and (stands := stands_for(found)):
        return redirect("customers:household", stands)
    readings.note_household(request.user, found)
    today = timezone.localdate()
    page = selectors.household_page(request.user, found, today=today)
    sharings = sharing.sharings_of(request.user, found, today)
    asked_for = day_asked(request)
    context = {
        "sharings": [(row, policies.may_end_sharing(request.user, row)) for row in sharings],
        "page": page,
        "household": found,
        "asked_for": asked_for,
        "responsible": responsible_on(found, asked_for) if asked_for else None,
        "place": place(found),
        "timeline_form": TimelineForm(page="household"),
        "timeline_url": reverse("customers:household-timeline", args=[pk]),
    }
    return render(request, "customers/household.html", context)


def day_asked(request: HttpRequest) -> date | None:
    """The day in ``on``; an altered address asks for none."""
    try:
        return parse_date(request.GET.get("on", ""))
    except ValueError:
        return None


# -- Sheets to print ---------------------------------------------------------------------------------------------------


@require_GET
def customer_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's page as a sheet for the file: masked numbers, who printed it and when; the ledger knows of it."""
    rows = Customer.objects.managed_for(request.user)
    person = get_object_or_404(
        rows.select_related("branch", "village__parent", "registered_at", "registered_by"), pk=pk
    )
    readings.note_sheet(person)
    today = timezone.localdate()
    page = selectors.customer_page(request.user, person, today=today)
    context = {"page": page, "person": person, "place": place(person), "today": today}
    return render(request, "customers/pages/customer_sheet.html", context)


@require_GET
def household_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The household's page as a sheet for the file."""
    rows = Household.objects.managed_for(request.user).select_related("branch", "village__parent", "head")
    found = get_object_or_404(rows, pk=pk)
    readings.note_sheet(found)
    today = timezone.localdate()
    page = selectors.household_page(request.user, found, today=today)
    context = {"page": page, "household": found, "place": place(found), "today": today}
    return render(request, "customers/pages/household_sheet.html", context)


# -- Timelines ---------------------------------------------------------------------------------------------------------


@require_POST
def customer_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Part of what happened with a customer: of a kind, a period, with certain words, older than what is shown."""
    rows = Customer.objects.managed_for(request.user).select_related(
        "branch", "registered_at", "registered_by"
    )
    person = get_object_or_404(rows, pk=pk)
    today = timezone.localdate()
    household = selectors.household_of(person, today)
    readings.note_record(request.user, person, person.branch_id)
    form = TimelineForm(request.POST, page="customer")
    found = timeline(request.user, person, [household] if household else [], form.asked(today))
    return _timeline_part(request, form, found, person=person)


@require_POST
def household_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Part of what happened with a household."""
    found = get_object_or_404(Household.objects.managed_for(request.user), pk=pk)
    readings.note_record(request.user, found, found.branch_id)
    form = TimelineForm(request.POST, page="household")
    events = timeline(request.user, None, [found], form.asked(timezone.localdate()))
    return _timeline_part(request, form, events, household=found)


def _timeline_part(request: HttpRequest, form: TimelineForm, found: Timeline, **subject) -> HttpResponse:
    if not request.htmx:
        return render(request, "customers/pages/timeline.html", {"form": form, "timeline": found, **subject})
    is_more = bool(request.POST.get("after"))
    template = "customers/pages/_timeline_more.html" if is_more else "customers/pages/_timeline_list.html"
    return render(request, template, {"timeline": found, "url": request.path})
