"""Pages of the organisation: who works where, and which branch serves which village."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from branches import selectors
from branches.models import Area, StaffMember, Unit

PAGE = 100


def allow_posted(request: HttpRequest) -> None:
    """The organisation is open to everybody who holds a post."""
    if not request.user.scope.posts:
        raise PermissionDenied(_("You hold no post today. Ask the administrator."))


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


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """Everybody with a post today, by unit."""
    allow_posted(request)
    rows = selectors.posts_on(timezone.localdate()).select_related("staff", "unit")
    after = request.GET.get("after", "")
    page = selectors.page_of_posts(rows, after, PAGE)
    return render(request, "branches/staff.html", {"page": page})


@require_safe
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One person and the posts held, latest first."""
    allow_posted(request)
    found = get_object_or_404(StaffMember, pk=pk)
    posts = found.posts.select_related("unit", "stands_in_for").order_by("-valid_from", "-pk")
    return render(
        request, "branches/member.html", {"member": found, "posts": posts, "today": timezone.localdate()}
    )
