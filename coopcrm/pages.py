"""Pages that join several apps."""

from django.shortcuts import render


def home(request):
    """What the signed-in person's post opens."""
    return render(request, "home.html", {"scope": request.user.scope})
