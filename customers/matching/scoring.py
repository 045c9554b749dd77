"""All pairs worth comparing, weighed, the heaviest first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from customers.matching.blocking import Blocks
from customers.matching.comparing import Comparison, Scale, forbidden
from customers.matching.levels import levels_of
from customers.matching.mentions import Mention, Profile
from customers.matching.population import Population
from customers.matching.weights import Weights

Scored = tuple[float, int, int, Comparison]


@dataclass(frozen=True)
class Round:
    """Profiles as they stand after some joins: which pairs meet, what they weigh, and on which scale."""

    profiles: Sequence[Profile]
    pairs: Collection[tuple[int, int]]
    scale: Scale
    scored: list[Scored]


class Scorer:
    """Weighs profiles round by round; pairs that have not changed keep their levels."""

    def __init__(self, mentions: Sequence[Mention], weights: Weights, apart: Collection[frozenset[int]] = ()):
        self.weights, self.mentions = weights, len(mentions)
        self.served = served_by(mentions)
        self._apart = _walls(apart)
        self._levels: dict[tuple[int, int, int, int], dict[str, str]] = {}
        self._blocks = Blocks()
        self._last: Round | None = None

    def round(self, profiles: Sequence[Profile]) -> Round:
        """Weigh the pairs of these profiles; those that are worth a question at least, the heaviest first."""
        if self._last is None or self._last.profiles is not profiles:
            scale = Scale(self.weights, Population.of(profiles), self.mentions)
            pairs = self._blocks.pairs(profiles)
            self._last = Round(profiles, pairs, scale, self._scored(profiles, pairs, scale))
        return self._last

    def _scored(
        self, profiles: Sequence[Profile], pairs: Collection[tuple[int, int]], scale: Scale
    ) -> list[Scored]:
        found = []
        for i, j in pairs:
            levels = self._levels_of(profiles[i], profiles[j])
            if levels:
                comparison = scale.weigh(profiles[i], profiles[j], levels)
                if comparison.weight >= self.weights.ask:
                    found.append((comparison.weight, i, j, comparison))
        return sorted(found, key=lambda pair: (-pair[0], pair[1], pair[2]))

    def are_apart(self, a: Profile, b: Profile) -> bool:
        """Did people find that these are two?"""
        if not self._apart:
            return False
        theirs = {mention.key for mention in b.mentions}
        return any(theirs & self._apart.get(mention.key, set()) for mention in a.mentions)

    def _levels_of(self, a: Profile, b: Profile) -> dict[str, str]:
        """Profiles only grow: their key and size say which they are."""
        key = (a.key, len(a.mentions), b.key, len(b.mentions))
        if key not in self._levels:
            self._levels[key] = (
                {} if self.are_apart(a, b) or forbidden(a, b) else levels_of(a, b, self.served)
            )
        return self._levels[key]


def served_by(mentions: Sequence[Mention]) -> dict[str, str]:
    """Return the township from which most people of each branch come."""
    townships: dict[str, Counter] = defaultdict(Counter)
    for mention in mentions:
        if mention.branch and mention.township:
            townships[mention.branch][mention.township] += 1
    return {branch: counted.most_common(1)[0][0] for branch, counted in townships.items()}


def _walls(apart: Collection[frozenset[int]]) -> dict[int, set[int]]:
    walls: dict[int, set[int]] = defaultdict(set)
    for first, second in map(tuple, apart):
        walls[first].add(second)
        walls[second].add(first)
    return dict(walls)
