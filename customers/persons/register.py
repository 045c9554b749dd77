"""What this room tells the pages of customers: cards, and who settles a disputed number."""

from __future__ import annotations

from customers.persons import selectors, settlements  # noqa: F401 - registers the kind of proposal
from customers.registries import page_cards


def register() -> None:
    """Put the cards on the customer's page."""
    page_cards.register("customers.documents", selectors.documents_card, place="side", order=110)
