"""What every page's frame shows."""

from django.conf import settings


def frame(request) -> dict:
    """Values of the page frame: whether this is a demonstration."""
    return {"is_demonstration": settings.DEMONSTRATION}
