"""Puts tags on the customer's page, its timeline and the list of customers."""

from customers.registries import list_filters, page_cards, timeline_sources
from customers.tags import rules, selectors


def register() -> None:
    """Called once, when the apps are ready."""
    rules.register()
    page_cards.register("customers.tags", selectors.tags_card, place="head", order=300)
    timeline_sources.register("customers.tags", selectors.tag_events, kind="record")
    list_filters.register("tag", selectors.TAG_FILTER)
    list_filters.register("land", selectors.LAND_FILTER)
    list_filters.register("animals", selectors.ANIMALS_FILTER)
