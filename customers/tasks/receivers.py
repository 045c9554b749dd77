"""Answers to news of the organisation."""

from __future__ import annotations

from django.utils import timezone

from coopcrm.shared import acting
from customers.tasks import services


def release_tasks(sender, staff, post, **kwargs) -> None:
    """Somebody no longer holds a post: what they had to do falls to the post."""
    with acting.as_system("tasks of people who have left"):
        services.release_left_behind(on=timezone.localdate())
