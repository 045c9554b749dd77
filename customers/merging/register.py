"""What this room tells the rest: relations, the queue of second signatures, cards and actions."""

from __future__ import annotations

from customers.merging import cards, confirming, relations  # noqa: F401 - registers what two people sign
from customers.registries import PAGES, page_actions, page_cards, timeline_sources


def register() -> None:
    """Put relations, cards and actions into place."""
    relations.register_own_relations()
    page_cards.register("customers.joined", cards.joined_card, place="side", order=120)
    page_cards.register(
        "customers.joined_household", cards.joined_household_card, place="side", order=120, on=("household",)
    )
    page_actions.register("customers.join", cards.join_action, order=850, on=("household",))
    timeline_sources.register("customers.merges", cards.merges_told, kind="record", on=PAGES)
