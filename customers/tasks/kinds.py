"""Kinds of tasks that the registry itself knows, and what ends them by itself."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from customers.models import Task
from customers.registries import TaskKind, task_kinds

ASKED = "asked"
CALL = "call"
VISIT = "visit"
PAPER = "paper"
OTHER = "other"

BY_HAND = (CALL, VISIT, PAPER, ASKED, OTHER)
"""What people choose from when they open a task by hand."""


def note_visit(task: Task) -> tuple[Any, str] | None:
    """Where a visit of the household is noted."""
    if task.household_id is None:
        return None
    return gettext("Note a visit"), f"{reverse('customers:new-visit')}?household={task.household_id}"


def register() -> None:
    """Put the registry's own kinds into place."""
    task_kinds.register(CALL, TaskKind(_("Call"), "phone", PostCode.CUSTOMER_MANAGER, calls=True))
    task_kinds.register(
        VISIT, TaskKind(_("Visit the household"), "map-pin", PostCode.LOAN_OFFICER, action=note_visit)
    )
    task_kinds.register(PAPER, TaskKind(_("Bring or fetch a paper"), "file-text", PostCode.CASHIER))
    task_kinds.register(ASKED, TaskKind(_("Find something out"), "help-circle", PostCode.DIRECTOR))
    task_kinds.register(OTHER, TaskKind(_("Other task"), "list-check", PostCode.DIRECTOR))


def kind_of(code: str) -> TaskKind:
    """The kind behind a code; one that is no longer installed by its code alone."""
    return task_kinds.get(code) or TaskKind(code)
