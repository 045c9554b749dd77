"""Puts the task of asking into place, and lets the deeds of the review be found by their kinds."""

from __future__ import annotations

from customers.review import asking, services  # noqa: F401 - registers what two people sign


def register() -> None:
    """Called once, when the apps are ready."""
    asking.register()
