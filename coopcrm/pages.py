"""Pages that join several apps."""

from django.shortcuts import render

from branches.choices import PostCode


def home(request):
    """What the signed-in person's post opens."""
    code = request.user.scope.main_post
    return render(request, "home.html", {"post": PostCode(code).label if code else ""})
