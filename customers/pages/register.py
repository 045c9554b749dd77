"""Puts the registry's own cards, actions, badges and events on the pages of customer and household."""

from customers.pages import cards, events
from customers.registries import page_actions, page_badges, page_cards, timeline_sources

BOTH = ("customer", "household")


def register() -> None:
    """Called once, when the apps are ready."""
    page_cards.register("customers.strip", cards.strip_card, place="head", order=100)
    page_cards.register("customers.holdings", cards.holdings_card, place="head", order=200)
    page_cards.register("customers.exposure", cards.exposure_card, order=100, on=("household",))
    page_cards.register("customers.duplicates", cards.duplicates_card, place="side", order=300)
    page_badges.register("customers.state", cards.state_badges, order=900)
    page_actions.register("customers.visit", cards.visit_action, order=100, on=BOTH)
    page_actions.register("customers.facts", cards.facts_action, order=200, on=BOTH)
    page_actions.register("customers.member", cards.member_action, order=300, on=("household",))
    page_actions.register("customers.sheet", cards.sheet_action, order=900)
    page_actions.register(
        "customers.household_sheet", cards.household_sheet_action, order=900, on=("household",)
    )
    tell = timeline_sources.register
    tell("customers.registration", events.registration, kind="record")
    tell("customers.ledger_rows", events.ledger_rows, kind="record")
    tell("customers.visits", events.visits, kind="contact", on=BOTH)
    tell("customers.feedback", events.feedback, kind="contact")
    tell("customers.facts", events.facts_recorded, kind="facts", on=BOTH)
    tell("customers.managers", events.managers_named, kind="household", on=BOTH)
    tell("customers.consents", events.consents_given, kind="privacy")
    tell("customers.sharings", events.sharings_given, kind="privacy", on=BOTH)
    tell("customers.documents", events.documents_and_phones, kind="record")
    tell("customers.statements", events.statements_made, kind="record")
    tell("customers.tasks", events.tasks_ended, kind="contact", on=BOTH)
