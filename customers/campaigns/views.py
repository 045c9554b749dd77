"""Pages of segments and campaigns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches import proposals
from branches.exports.forms import ExportForm
from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import DomainError, Refused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import Keyset, page_of
from customers.campaigns import exports, forms, policies, segments, selectors, services
from customers.choices import CampaignChannel, CampaignOutcome
from customers.lists.columns import badges_of
from customers.lists.filters import in_words
from customers.models import Campaign, CampaignMember, Segment
from customers.policies import DIRECTORS, may_export_customers
from customers.views import allow

form_page = require_http_methods(["GET", "POST"])
CAMPAIGNS = Keyset("campaigns", ("-pk",))
WORK = Keyset("campaign-work", ("outcome", "pk"))
MOVED_DAYS = 31
REASONS = {
    "not_active": gettext_lazy("deceased, closed or merged"),
    "locked": gettext_lazy("locked for the law"),
    "conflict": gettext_lazy("two persons claim one number"),
    "no_consent": gettext_lazy("no consent to offers in force"),
    "other_campaign": gettext_lazy("on the list of another campaign"),
}


# -- Segments ----------------------------------------------------------------------------------------------------------


@require_GET
def segment_list(request: HttpRequest) -> HttpResponse:
    """Segments of the own branch and of the union with their sizes."""
    allow(policies.may_see_segments(request.user))
    context = {"rows": selectors.segments(request.user), "may_plan": policies.may_plan(request.user)}
    return render(request, "customers/campaigns/segments.html", context)


@form_page
def new_segment(request: HttpRequest) -> HttpResponse:
    """Keep filters under a name; they may come with the address from the list of customers."""
    staff = request.user
    allow(policies.may_plan(staff))
    given = forms.filters_from(request.GET, staff)
    form = forms.SegmentForm(request.POST if request.method == "POST" else None, staff=staff, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            segment = segments.make_segment(
                staff=staff,
                name=form.cleaned_data["name"],
                filters=form.codes(),
                branch=forms.branch_for(staff),
            )
        except Refused as refusal:
            form.add_error("name", explained(refusal))
        else:
            messages.success(request, _("The segment is kept and is being counted."))
            return redirect("customers:segment", segment.pk)
    return render(request, "customers/campaigns/segment_form.html", {"form": form})


def own_segment(request: HttpRequest, pk: int) -> Segment:
    """A segment of the person's branches or of the union, or 404."""
    allow(policies.may_see_segments(request.user))
    return get_object_or_404(Segment.objects.visible_to(request.user).select_related("branch"), pk=pk)


@form_page
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Size over time, who came and who went, the filters and their versions; a change of filters."""
    found, staff = own_segment(request, pk), request.user
    may_change = policies.may_change(staff, found) and found.ended_on is None
    present = segments.present_version(found)
    if request.method == "POST":
        allow(may_change)
    form = forms.FiltersForm(
        request.POST if request.method == "POST" else None, staff=staff, initial=present.filters
    )
    if request.method == "POST" and form.is_valid():
        segments.change_filters(staff=staff, segment=found, filters=form.codes())
        messages.success(request, _("The filters are in force; the segment is being counted."))
        return redirect("customers:segment", found.pk)
    days = selectors.days_of(found)
    since = timezone.localdate() - timedelta(days=MOVED_DAYS)
    entered, left = selectors.movements(staff, found, since)
    versions = found.versions.select_related("made_by").order_by("-number")
    context = {
        "segment": found,
        "form": form,
        "may_change": may_change,
        "days": days,
        "latest": days[-1] if days else None,
        "chart": size_chart(days),
        "entered": entered,
        "gone": left,
        "versions": [(version, in_words(staff, version.filters)) for version in versions],
    }
    return render(request, "customers/campaigns/segment.html", context)


def size_chart(days: list) -> dict[str, Any]:
    """Sizes as a chart and as a table."""
    labels = [day.as_of.isoformat() for day in days]
    return {
        "data": {
            "kind": "line",
            "labels": labels,
            "series": [{"name": _("Customers"), "values": [day.size for day in days]}],
            "x": _("Day"),
            "y": _("Customers"),
        },
        "columns": [
            {"label": _("Day")},
            {"label": _("Customers"), "number": True},
            {"label": _("Entered"), "number": True},
            {"label": _("Left"), "number": True},
        ],
        "rows": [(day.as_of.isoformat(), day.size, day.entered, day.gone) for day in days[::-1]],
    }


@require_POST
@takes()
def count_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a segment now, in the background."""
    found = own_segment(request, pk)
    allow(policies.may_change(request.user, found))
    segments.order_count(found, on=timezone.localdate(), by=request.user)
    messages.success(request, _("The segment is being counted."))
    return redirect("customers:segment", found.pk)


@require_POST
@takes()
def end_segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Count it no more."""
    found = own_segment(request, pk)
    allow(policies.may_change(request.user, found))
    segments.end_segment(staff=request.user, segment=found, on=timezone.localdate())
    messages.success(request, _("The segment has ended; its history stays."))
    return redirect("customers:segments")


# -- Campaigns ---------------------------------------------------------------------------------------------------------


@require_GET
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Campaigns of the own branch and of the union."""
    allow(policies.may_see(request.user))
    page = page_of(request, selectors.campaigns(request.user), CAMPAIGNS)
    context = {"page": page, "may_plan": policies.may_plan(request.user)}
    context["may_see_segments"] = policies.may_see_segments(request.user)
    return render(request, "customers/campaigns/campaigns.html", context)


@form_page
def new_campaign(request: HttpRequest) -> HttpResponse:
    """Plan a campaign."""
    staff, today = request.user, timezone.localdate()
    allow(policies.may_plan(staff))
    start = {
        "starts_on": today,
        "ends_on": today + timedelta(days=30),
        "segment": request.GET.get("segment", ""),
    }
    form = forms.CampaignForm(request.POST if request.method == "POST" else None, staff=staff, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = services.plan_campaign(staff=staff, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, explained(refusal))
        else:
            return redirect("customers:campaign", campaign.pk)
    return render(request, "customers/campaigns/campaign_form.html", {"form": form})


def own_campaign(request: HttpRequest, pk: int) -> Campaign:
    """A campaign of the person's branches or of the union, or 404."""
    allow(policies.may_see(request.user))
    return get_object_or_404(selectors.campaigns(request.user).select_related("version"), pk=pk)


@require_GET
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Goal and words, progress by branch and person, and what it changed."""
    found, staff, today = own_campaign(request, pk), request.user, timezone.localdate()
    may_change = policies.may_change(staff, found)
    rows = selectors.members(staff, found)
    contacted = rows.filter(is_holdout=False)
    plans = policies.may_see_segments(staff)
    context: dict[str, Any] = {
        "campaign": found,
        "may_change": may_change,
        "plans": plans,
        "progress": selectors.progress(rows),
        "branches": selectors.progress_by(rows, "branch") if staff.scope.sees_union else [],
        "people": [] if staff.scope.sees_union else selectors.progress_by(contacted, "assigned_to"),
        "left_out": [
            (REASONS[reason], found.left_out[reason])
            for reason in services.LEFT_OUT
            if reason in found.left_out
        ],
        "waiting": proposals.waiting_about(staff, found),
        "stop_form": forms.StopForm(auto_id="stop-%s"),
        "extend_form": forms.ExtendForm(auto_id="extend-%s"),
        "may_export": found.is_running and may_export_customers(staff),
    }
    if plans and found.drawn_on:
        with acting.on_all_branches():  # sums of both sides; a branch's own few would say too little
            context["results"] = selectors.results(found, as_of=today)
    if plans and found.drawn_on is None:
        present = segments.present_version(found.segment)
        counted, left_out = services.sieve(found, present, on=today)
        context |= {
            "expected": counted.count(),
            "expected_out": [(REASONS[r], n) for r, n in left_out.items()],
        }
    if context["may_export"]:
        given = {"campaign": str(found.pk)}
        context["export_form"] = ExportForm(kind=exports.LIST, staff=staff, given=given)
    return render(request, "customers/campaigns/campaign.html", context)


@require_POST
@takes()
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw the list, or ask for the second signature."""
    found = own_campaign(request, pk)
    allow(policies.may_change(request.user, found))
    try:
        proposal = services.start_campaign(staff=request.user, campaign=found, on=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        if proposal is None:
            messages.success(request, _("The list is drawn; it waits for those who contact."))
        else:
            messages.success(request, _("The list is long: a second person signs before it is drawn."))
    return redirect("customers:campaign", found.pk)


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a campaign early."""
    return _ended(request, pk, forms.StopForm, services.stop_campaign, {"on": timezone.localdate()})


@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a campaign more time."""
    return _ended(request, pk, forms.ExtendForm, services.extend_campaign, {})


def _ended(request: HttpRequest, pk: int, form_class, deed, more: dict[str, Any]) -> HttpResponse:
    found = own_campaign(request, pk)
    allow(policies.may_change(request.user, found))
    form = form_class(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
        return redirect("customers:campaign", found.pk)
    try:
        deed(staff=request.user, campaign=found, **form.cleaned_data, **more)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    return redirect("customers:campaign", found.pk)


@require_GET
def work(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom to contact, with the talking points and a button for each outcome; what was noted can be corrected."""
    found, staff, today = own_campaign(request, pk), request.user, timezone.localdate()
    everybody, contacted = staff.scope.holds(*DIRECTORS), "contacted" in request.GET
    rows = selectors.work_list(staff, found, on=today, everybody=everybody, contacted=contacted)
    page = page_of(request, rows, WORK, size=25)
    badges = badges_of(staff, [member.customer_id for member in page.rows])
    lines = [
        (member, badges.get(member.customer_id, []), _may_note(staff, found, member)) for member in page.rows
    ]
    context = {
        "campaign": found,
        "page": page,
        "lines": lines,
        "outcomes": CampaignOutcome.choices,
        "mine": not everybody,
        "contacted": contacted,
        "tabs": [
            {"label": _("To contact"), "url": "?", "is_current": not contacted},
            {"label": _("Contacted"), "url": "?contacted=1", "is_current": contacted},
        ],
        "calls": found.is_running and not contacted and found.channel == CampaignChannel.CALL,
    }
    return render(request, "customers/campaigns/work.html", context)


def _may_note(staff: StaffMember, campaign: Campaign, member: CampaignMember) -> bool:
    is_open = campaign.is_running and member.outcome != CampaignOutcome.NEVER
    return is_open and policies.may_note(staff, member)


@require_POST
def outcome(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what came of contacting somebody."""
    allow(policies.may_see(request.user))
    rows = CampaignMember.objects.visible_to(request.user).select_related("customer", "campaign")
    member = get_object_or_404(rows, pk=pk)
    allow(policies.may_note(request.user, member))
    form = forms.OutcomeForm(request.POST)
    if form.is_valid():
        try:
            services.note_outcome(staff=request.user, member=member, **form.cleaned_data)
        except DomainError as refusal:
            messages.error(request, explained(refusal))
        else:
            said = member.customer.name, dict(CampaignOutcome.choices)[form.cleaned_data["outcome"]]
            messages.success(request, _("%(name)s: %(outcome)s.") % {"name": said[0], "outcome": said[1]})
    else:
        messages.error(request, _("Choose what came of it."))
    return redirect("customers:campaign-work", member.campaign_id)
