"""What the apps above tell the organisation; filled in ``AppConfig.ready``, so that the arrows keep pointing down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

PlaceKeys = Callable[[str], tuple[str, str]]
HouseholdCounts = Callable[[Iterable[int] | None], dict[int, int]]
ClosingObstacle = Callable[[int], str]

AreaFollower = Callable[[Mapping[int, int]], int]

place_keys: list[PlaceKeys] = []
"""``place_keys(name)`` returns pinyin and initials of a place; one function, of the app that knows names."""

household_counts: list[HouseholdCounts] = []
"""``counts(area ids or None)`` returns the known households by village, in one query."""

closing_obstacles: list[ClosingObstacle] = []
"""``obstacle(unit id)`` says in a sentence what must be handed over before the unit closes, or nothing."""

area_followers: list[AreaFollower] = []
"""``follow(successors)`` moves what lies in areas that have ended to the areas they became; returns how many rows."""


def keys_of_place(name: str) -> tuple[str, str]:
    """Pinyin and initials of a place; empty when no app knows names."""
    return place_keys[0](name) if place_keys else ("", "")


def known_households(areas: Iterable[int] | None = None) -> dict[int, int]:
    """Known households by village; of all villages when none are named."""
    return household_counts[0](areas) if household_counts else {}
