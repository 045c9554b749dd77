"""How common names are among the people at hand, and where surnames live: what a shared name or village is worth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from customers.matching import weights
from customers.matching.mentions import Profile


@dataclass(frozen=True)
class Population:
    """How common names are among the people at hand, and where surnames live."""

    people: int
    carriers: dict[str, int]
    surnames: dict[str, int]
    given: dict[str, int]
    homes: dict[tuple[str, str], int]

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Population:
        """Count the names of profiles; a person counts once for each of their names."""
        carriers, surnames, given, homes = Counter(), Counter(), Counter(), Counter()
        for profile in profiles:
            carriers.update(profile.names)
            surnames.update({name[:1] for name in profile.names})
            given.update({name[1:] for name in profile.names})
            homes.update({(name[:1], village) for name in profile.names for village in profile.villages})
        return cls(len(profiles), carriers, surnames, given, homes)

    def name_weight(self, name: str) -> float:
        """Return the bits against a stranger of the same name: those we know of, and those we must expect."""
        mine = self.carriers[name]
        others = (self.surnames[name[:1]] - mine) * (self.given[name[1:]] - mine)
        expected = others / max(self.people, 1)
        return weights.UNSEEN - math.log2(max(self.carriers[name] - 1, 1) + expected)

    def village_weight(self, name: str, village: str) -> float:
        """Return the bits that a shared village is worth: little where half the village has the surname."""
        seen = self.homes[name[:1], village] + weights.HOME_PRIOR * weights.HOME_WEIGHT
        at_home = seen / (self.surnames[name[:1]] + weights.HOME_WEIGHT)
        return min(weights.PLACE["village"], -math.log2(at_home))
