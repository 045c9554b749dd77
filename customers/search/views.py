"""The search box: what was typed comes in the body, what was found goes back as a part of the page or as a page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coopcrm.shared.forms import takes
from customers import policies, sharing
from customers.search.lines import lines_of, options_of
from customers.search.ranking import Found, opened_of_late
from customers.search.ranking import search as find_people
from customers.search.record import note_lookup


@require_http_methods(["GET", "POST"])
@takes("q", "cursor")
def search(request: HttpRequest) -> HttpResponse:
    """Results for the box at the top. What was typed comes in the body: no name or number is in an address or log."""
    if request.method == "GET":  # the way back from a result: what was typed is gone with the body it came in
        return redirect("customers:list")
    text, cursor = request.POST.get("q", ""), request.POST.get("cursor", "")
    found = find_people(request.user, text, cursor=cursor)
    if request.htmx and not found.text:
        found = opened_of_late(request.user)
    if not request.htmx and not cursor and is_the_one(found):
        return redirect("customers:customer", found.hits[0].customer.pk)
    context = {**context_of(request, found), "search_text": text}
    if request.htmx:
        return render(
            request, "customers/search/_box.html", {**context, "options": options_of(context["lines"])}
        )
    return render(request, "customers/search/page.html", context)


def is_the_one(found: Found) -> bool:
    """Whether one customer of one's own was found and nothing else."""
    return len(found.hits) == 1 and found.hits[0].is_own and not (found.villages or found.households)


def context_of(request: HttpRequest, found: Found) -> dict[str, Any]:
    """Lines to show; a number that was looked up in other branches is put on record."""
    foreign = note_lookup(request.user, found)
    return {
        "found": found,
        "lines": lines_of(found, sharing.known_elsewhere(foreign)),
        "advice": advice(found) if found.is_empty else "",
        "may_register": policies.may_register_somewhere(request.user),
    }


def advice(found: Found) -> str:
    """What else can be typed, after nothing was found."""
    if found.typed.household:
        return _(
            "Households are found in your own branches, by their number or that of the household register."
        )
    if found.typed.number:
        return _(
            "An identity number is found whole, by its last six, or from its fourteenth digit on; a phone whole or by"
            " its last four; a day of birth as 19800512; an account whole or by its last four."
        )
    return _(
        "Try fewer letters, the first letters of the pinyin (zgl), the name with its village, the last four of the"
        " phone, the last six of the identity number, or the day of birth (19800512)."
    )
