"""Which pairs hang together: customers that pairs join, directly or through others."""

from __future__ import annotations

from collections.abc import Iterable


def clusters(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """By customer the lowest id among all that pairs join to it; nearly linear in the number of pairs."""
    leader: dict[int, int] = {}

    def leader_of(one: int) -> int:
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for first, second in pairs:
        low, high = sorted((leader_of(first), leader_of(second)))
        leader[high] = low
    return {one: leader_of(one) for one in list(leader)}
