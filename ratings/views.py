"""Pages of ratings, contribution and tiers."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import page_of
from customers.models import Household
from customers.readings import note_record
from loans.policies import may_see_provisions
from ratings import overview, policies, services, versions
from ratings.forms import RatingFilter, TierFilter, VersionForm
from ratings.models import CreditRating
from ratings.sheet import Sheet


@require_safe
def rating_list(request):
    """The last rating of each household, with the spread of grades at the last closing."""
    form = RatingFilter(request.GET, staff=request.user)
    given = form.given()
    rows = overview.with_names(overview.narrowed(overview.current_ratings(request.user), given))
    day = overview.last_rated_on()
    spread = overview.spread(request.user, day, given.get("branch")) if day else []
    context = {
        "form": form,
        "page": page_of(request, rows, overview.LIST_ORDER),
        "day": day,
        "spread": spread,
        "households": sum(each["count"] for each in spread),
        "chart": {
            "kind": "bar",
            "y": _("Households"),
            "labels": [str(each["label"]) for each in spread],
            "series": [{"name": _("Households"), "values": [each["count"] for each in spread]}],
            "across": True,
        },
        "is_narrowed": any(given.values()),
        "may_see_provisions": may_see_provisions(request.user),
        "may_see_contribution": policies.may_see_contribution(request.user),
    }
    return render(request, "ratings/list.html", context)


@require_safe
def rating_page(request, pk):
    """One rating explained: points, evidence, caps, limit, what is missing, what would raise it."""
    ratings = CreditRating.objects.visible_to(request.user).select_related(
        "household__head", "household__village", "household__branch", "fact_sheet"
    )
    rating = get_object_or_404(ratings, pk=pk)
    note_record(request.user, rating, rating.household.branch_id)
    versions = overview.versions_of(rating)
    context = {
        "rating": rating,
        "sheet": Sheet(rating, overview.rating_before(rating)),
        "versions": versions,
        "is_latest": versions[0].pk == rating.pk,
        "may_rate": policies.may_rate(request.user, rating.household),
    }
    return render(request, "ratings/sheet.html", context)


@require_POST
@takes()
def rate_now(request, pk):
    """Have one household rated from what is known today, and open the result."""
    household = get_object_or_404(Household.objects.visible_to(request.user), pk=pk)
    if not policies.may_rate(request.user, household):
        raise PermissionDenied(_("Field staff and directors of the managing branch have a household rated."))
    try:
        rating = services.rate_household(household=household, as_of=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        latest = overview.latest_of(household)
        return redirect("ratings:rating", latest.pk) if latest else redirect("ratings:list")
    return redirect("ratings:rating", rating.pk)


@require_safe
def tier_list(request):
    """Customers by contribution, with what it is made of and the whale curve of the branch."""
    if not policies.may_see_contribution(request.user):
        raise PermissionDenied(_("Contribution is for those who look after customers and those who lead."))
    ends = overview.periods(request.user)
    form = TierFilter(request.GET, staff=request.user, periods=ends)
    context = {"form": form, "period_end": None}
    if ends:
        given = form.given()
        end = date.fromisoformat(given["period"]) if given.get("period") else ends[0]
        rows = overview.tiers_in(request.user, end)
        if given.get("branch"):
            rows = rows.filter(branch_id=given["branch"].pk)
        summary = overview.summary_of(rows, staff=request.user, period_end=end, branch=given.get("branch"))
        whale = summary["whale"]
        listed = rows.filter(tier=given["tier"]) if given.get("tier") else rows
        context |= {
            "period_end": end,
            "branch": given.get("branch"),
            "tier": given.get("tier"),
            "tiers": summary["tiers"],
            "whale": whale,
            "whale_chart": _whale_chart(whale) if whale else None,
            "page": page_of(request, overview.with_components(listed), overview.TIER_ORDER),
        }
    return render(request, "ratings/tiers.html", context)


def _whale_chart(whale: dict) -> dict:
    return {
        "kind": "whale",
        "x": _("Share of customers, best first"),
        "y": _("Share of the net contribution"),
        "points": [[float(x), float(y)] for x, y in whale["points"]],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def rules(request, code="scorecard"):
    """Versions of a rule, what waits for a second signature, and the form that proposes the next."""
    if not policies.may_see_rules(request.user):
        raise PermissionDenied(_("The union's desks and audit see the rules."))
    if code not in versions.FAMILIES:
        raise Http404
    family, today = versions.FAMILIES[code], timezone.localdate()
    last, may_change = family.last(), policies.may_change_rules(request.user)
    form = None
    if may_change:
        first = {"data": last.data if last else {}, "valid_from": versions.tomorrow(today)}
        form = VersionForm(request.POST or None, initial=first)
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(_("Head office changes the rules."))
        if form.is_valid():
            try:
                found = versions.propose_version(
                    staff=request.user, family=family, today=today, **form.cleaned_data
                )
            except DomainError as refusal:
                form.add_error(None, explained(refusal))
            else:
                messages.success(request, _("Proposed. Another person of head office confirms it."))
                return redirect("branches:proposal", found.pk)
    tabs = [
        {
            "label": each.title,
            "url": reverse("ratings:rules", args=[each.code]),
            "is_current": each.code == code,
        }
        for each in versions.FAMILIES.values()
    ]
    rows = family.versions().select_related("proposed_by", "confirmed_by")[:50]
    context = {"family": family, "tabs": tabs, "rows": rows, "form": form, "last": last, "today": today}
    return render(request, "ratings/rules.html", context)
