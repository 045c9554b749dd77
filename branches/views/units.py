"""Pages of units: the tree, and one unit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from branches import selectors
from branches.models import Unit
from branches.views.common import PAGE, allow_posted


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """The union, its branches and what reports to them."""
    allow_posted(request)
    return render(request, "branches/units.html", {"tree": selectors.unit_tree()})


@require_safe
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: people, villages, units below."""
    allow_posted(request)
    found = get_object_or_404(Unit.objects.select_related("parent"), pk=pk)
    context = {
        "unit": found,
        "posts": selectors.staff_at(found),
        "below": found.children.order_by("code"),
        "areas": found.areas.filter(valid_to=None).select_related("parent").order_by("code")[:PAGE],
    }
    return render(request, "branches/unit.html", context)
