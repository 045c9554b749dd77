"""Puts the card and the deed of complaints on the customer's page, and their kind of task into place."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.choices import PostCode
from customers.cases import cards, services
from customers.registries import TaskKind, page_actions, page_cards, task_kinds, timeline_sources


def register() -> None:
    """Called once, when the apps are ready."""
    task_kinds.register(
        services.SOURCE,
        TaskKind(
            _("Complaint or request"),
            "message",
            PostCode.DIRECTOR,
            services.settled,
            may_snooze=False,
            ends_elsewhere=True,
            action=lambda task: (_("Open the case"), reverse("customers:case", args=[task.key])),
        ),
    )
    page_cards.register("customers.cases", cards.case_card, place="side", order=40)
    timeline_sources.register("customers.cases", cards.case_events, kind="contact")
    page_actions.register("customers.take_case", cards.take_action, order=260)
