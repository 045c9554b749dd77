"""Pages of areas: townships, villages, and which branch serves them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from branches import selectors
from branches.models import Area
from branches.views.common import PAGE, allow_posted


@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    """Townships, and the villages whose name or pinyin begins with what was typed."""
    allow_posted(request)
    typed = request.GET.get("q", "")[:40].replace("\x00", "")
    rows = (
        selectors.villages_like(typed, branch_ids=request.user.scope.branch_ids, limit=PAGE) if typed else []
    )
    townships = [] if typed else selectors.townships()
    return render(request, "branches/areas.html", {"typed": typed, "rows": rows, "townships": townships})


@require_safe
def area(request: HttpRequest, pk: int) -> HttpResponse:
    """An area, what lies in it and the codes it had."""
    allow_posted(request)
    found = get_object_or_404(Area.objects.select_related("parent", "unit", "successor"), pk=pk)
    context = {"area": found, "children": found.children.select_related("unit").order_by("code")[:500]}
    return render(request, "branches/area.html", context)
