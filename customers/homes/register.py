"""Puts deeds, cards, badges, tasks and the timeline of this room on the pages of customer and household."""

from customers.homes import cards, story, todo
from customers.pages.register import BOTH
from customers.registries import page_actions, page_badges, page_cards, timeline_sources

IN_THE_MENU = ("marriage", "split", "death", "move", "away", "head")


def register() -> None:
    """Called once, when the apps are ready."""
    todo.register()
    for order, deed in enumerate(IN_THE_MENU):
        page_actions.register(
            f"customers.life_{deed}", cards.action_of(deed), order=600 + order, on=("household",)
        )
    page_actions.register("customers.life", cards.life_action, order=620, on=("household",))
    page_cards.register("customers.tree", cards.tree_card, order=60, on=("household",))
    page_cards.register("customers.family", cards.family_card, order=60)
    page_cards.register("customers.life", cards.life_card, place="side", order=150, on=("household",))
    page_cards.register("customers.farm", cards.farm_card, order=150, on=("household",))
    page_badges.register("customers.household_state", cards.badges, order=910, on=("household",))
    page_badges.register("customers.migrant", cards.absence_badge, order=920)
    timeline_sources.register("customers.household_events", story.timeline, kind="household", on=BOTH)
