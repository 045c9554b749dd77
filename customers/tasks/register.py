"""Puts kinds of tasks, their card and deed on the pages of customer and household, and listens for leavers."""

from __future__ import annotations

from branches.signals import post_ended
from customers.pages.register import BOTH
from customers.registries import page_actions, page_cards
from customers.tasks import cards, kinds, receivers


def register() -> None:
    """Called once, when the apps are ready."""
    kinds.register()
    page_cards.register("customers.tasks", cards.tasks_card, place="side", order=50, on=BOTH)
    page_actions.register("customers.new_task", cards.new_task_action, order=250, on=BOTH)
    post_ended.connect(receivers.release_tasks, dispatch_uid="customers.tasks")
