"""Kinds of tasks that the registry itself knows, and what ends them by itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from customers.registries import TaskKind, task_kinds

ASKED = "asked"
CALL = "call"
VISIT = "visit"
PAPER = "paper"
OTHER = "other"

BY_HAND = (CALL, VISIT, PAPER, ASKED, OTHER)
"""What people choose from when they open a task by hand."""


def register() -> None:
    """Put the registry's own kinds into place."""
    task_kinds.register(CALL, TaskKind(_("Call"), "phone", PostCode.CUSTOMER_MANAGER))
    task_kinds.register(VISIT, TaskKind(_("Visit the household"), "map-pin", PostCode.LOAN_OFFICER))
    task_kinds.register(PAPER, TaskKind(_("Bring or fetch a paper"), "file-text", PostCode.CASHIER))
    task_kinds.register(ASKED, TaskKind(_("Find something out"), "help-circle", PostCode.DIRECTOR))
    task_kinds.register(OTHER, TaskKind(_("Other task"), "list-check", PostCode.DIRECTOR))


def kind_of(code: str) -> TaskKind:
    """The kind behind a code; one that is no longer installed by its code alone."""
    return task_kinds.get(code) or TaskKind(code)
