"""Which pairs are worth comparing: those that share a name, a sound, a phone, a number or a part of one, or a home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from customers.matching.mentions import Profile

LARGEST_BLOCK = 400


def block_keys(profile: Profile) -> set[tuple]:
    keys: set[tuple] = set()
    for mention in profile.mentions:
        keys.add(("name", mention.name))
        keys.add(("letters", "".join(sorted(mention.name))))
        keys |= {("name", alias) for alias in mention.aliases}
        keys |= {("sound", mention.sound)} if mention.sound else set()
        keys |= {("phone", phone) for phone in mention.phones}
        keys |= {("number", mention.number)} if mention.number else set()
        start, end = (mention.number or mention.prefix)[:14], (mention.number or mention.suffix)[-12:]
        keys |= {("start", start)} if len(start) == 14 else set()
        keys |= {("end", end)} if len(end) == 12 else set()
        keys |= (
            {("typed", mention.cleaned), ("number", mention.guess)}
            if mention.cleaned and not mention.number
            else set()
        )
        keys.add(("home", mention.name[:1], mention.village)) if mention.village else None
    return keys - {("number", "")}


def pairs_of(profiles: Sequence[Profile]) -> set[tuple[int, int]]:
    """Return the pairs worth comparing: those that share a block."""
    blocks: dict[tuple, list[int]] = defaultdict(list)
    for index, profile in enumerate(profiles):
        for key in block_keys(profile):
            blocks[key].append(index)
    return {
        pair
        for members in blocks.values()
        if len(members) <= LARGEST_BLOCK
        for pair in combinations(members, 2)
    }
