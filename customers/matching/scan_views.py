"""The page of comparisons of the registry: what they found, and the order for one more."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from customers.matching import nightly, policies, scan_selectors
from customers.views import allow, form_page


@form_page
@takes("who")
def scans(request: HttpRequest) -> HttpResponse:
    """The last comparisons; head office orders one more."""
    allow(policies.may_see_scans(request.user))
    may_order = policies.may_order_scan(request.user)
    if request.method == "POST":
        allow(may_order)
        return _order(request)
    lines = scan_selectors.lines()
    last = next((line for line in lines if line.scan.finished_at), None)
    context = {
        "lines": lines,
        "last": last,
        "roads": scan_selectors.roads_of(last.scan) if last else [],
        "may_order": may_order,
        "households_url": reverse("customers:household-questions"),
        "under_way": nightly.is_under_way(),
    }
    return render(request, "customers/matching/scans.html", context)


def _order(request: HttpRequest) -> HttpResponse:
    is_full = request.POST.get("who") == "all"
    try:
        scan = nightly.order_scan(as_of=timezone.localdate(), is_full=is_full, started_by=request.user)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("customers:scans")
    messages.success(request, _("The comparison is ordered."))
    return redirect("jobs:job", scan.job_id)
