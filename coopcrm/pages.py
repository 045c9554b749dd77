"""Pages that join several apps."""

from django.shortcuts import render
from django.utils import timezone

from branches.choices import PostCode
from coopcrm import myday


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
