"""The search box: what was typed comes in the body, what was found goes back as a part of the page or as a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from coopcrm.shared.forms import takes
from customers import policies, readings, reveal, sharing
from customers.search.ranking import search as find_people


@require_http_methods(["GET", "POST"])
@takes("q", "cursor")
def search(request: HttpRequest) -> HttpResponse:
    """Results for the box at the top. What was typed comes in the body: no name or number is in an address or log."""
    if request.method == "GET":  # the way back from a result: what was typed is gone with the body it came in
        return redirect("customers:list")
    text, cursor = request.POST.get("q", ""), request.POST.get("cursor", "")
    found = find_people(request.user, text, cursor=cursor)
    if request.htmx and not found.text:
        return HttpResponse()
    if (
        not request.htmx
        and not cursor
        and len(found.hits) == 1
        and found.hits[0].is_own
        and not found.villages
    ):
        return redirect("customers:customer", found.hits[0].customer.pk)
    template = "customers/_results.html" if request.htmx else "customers/search.html"
    foreign = [hit.customer for hit in found.hits if not hit.is_own]
    known = sharing.known_elsewhere(foreign)
    if found.is_whole_number:
        reveal.note_search(request.user, foreign)
    elif found.is_number:
        readings.note_tail_search(len(foreign))
    lines = [(hit, hit.customer.name, known.get(hit.customer.pk)) for hit in found.hits]
    context = {
        "found": found,
        "lines": lines,
        "search_text": text,
        "may_register": policies.may_register_somewhere(request.user),
    }
    return render(request, template, context)
