"""Pages that join several apps."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.choices import PostCode
from coopcrm import myday


@require_safe
def home(request):
    """My day: what the signed-in person's post has to do."""
    code = request.user.scope.main_post
    today = timezone.localdate()
    context = {
        "today": today,
        "day": myday.day_of(request.user, today),
        "post": PostCode(code).label if code else "",
    }
    return render(request, "home.html", context)
