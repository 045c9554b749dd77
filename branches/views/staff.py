"""Pages of staff: who works where, and one person with the posts held."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches import selectors
from branches.models import StaffMember
from branches.views.common import PAGE, allow_posted


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
