"""How common names are among the people at hand, and where surnames live: what a shared name or village is worth."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from customers.matching.mentions import Profile

HOME_WEIGHT = 10.0
"""Before a surname's homes are counted it is taken to live where everybody lives, as if ten people had been seen."""

USUAL_HOME = 1 / 60
"""Where nobody counted the people of villages, one of sixty lives in each."""

UNSEEN, NEIGHBOURS = 0.2, 0.01
"""A name is never rarer than this many further carriers: among all these people, and within one village.

Villages call their children alike, so namesakes live closer together than chance would have it.
"""


@dataclass(frozen=True)
class Population:
    """Counts over people: names, surnames, given names, surnames by village; characters of given names, villagers.

    ``letters`` and ``settled`` are the sums of the last two; where those were not counted the rest stands alone.
    """

    people: int
    carriers: dict[str, int]
    surnames: dict[str, int]
    given: dict[str, int]
    homes: dict[tuple[str, str], int]
    characters: dict[str, int] = field(default_factory=dict)
    villagers: dict[str, int] = field(default_factory=dict)
    letters: int = 0
    settled: int = 0

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Population:
        """Count the names of profiles; a person counts once for each of their names."""
        counted: tuple[dict, ...] = tuple(defaultdict(int) for _ in range(6))
        carriers, surnames, given, characters, homes, villagers = counted
        for profile in profiles:
            villages = profile.villages
            for name in profile.names:
                surname, own = name[:1], name[1:]
                carriers[name] += 1
                surnames[surname] += 1
                given[own] += 1
                for character in own:
                    characters[character] += 1
                for village in villages:
                    homes[surname, village] += 1
            for village in villages:
                villagers[village] += 1
        sums = sum(characters.values()), sum(villagers.values())
        return cls(
            len(profiles),
            *(dict(found) for found in (carriers, surnames, given, homes, characters, villagers)),
            *sums,
        )

    def share_of_name(self, name: str) -> float:
        """Return the share of other people who are called so: the mean of what is counted and what is to be expected.

        The two people who are compared do not count themselves.
        """
        people = max(self.people, 2)
        counted = max(self.carriers.get(name, 0) - 2, 0) / people
        return max((counted + self.expected_share(name)) / 2, UNSEEN / people)

    def expected_share(self, name: str) -> float:
        """Return how common a name should be by how common its surname and its given name are."""
        people = max(self.people, 2)
        mine = self.carriers.get(name, 0)
        surname = (max(self.surnames.get(name[:1], 0) - mine, 0) + 1) / (people + 1)
        given = max(self.given.get(name[1:], 0) - mine, 0) / people
        return surname * ((given + self._share_of_characters(name[1:])) / 2 if self.letters else given)

    def _share_of_characters(self, given: str) -> float:
        share = 1.0
        for character in given:
            share *= (max(self.characters.get(character, 0) - 2, 0) + 1) / (self.letters + 1)
        return share

    def rarity(self, name: str) -> float:
        """Return minus the binary logarithm of a name's share: the bits that sharing it is worth."""
        return -math.log2(self.share_of_name(name))

    def surname_rarity(self, name: str) -> float:
        """Return the bits that a shared surname is worth, of a woman known by the family she was born into."""
        family = name[-2:-1] if name[-1:] == "氏" else name[:1]
        return -math.log2((self.surnames.get(family, 0) + 1) / (max(self.people, 2) + 1))

    def home_rarity(self, name: str, village: str) -> float:
        """Return the bits that a shared village is worth: little where half the village has the surname."""
        usual = (self.villagers.get(village, 0) + 1) / (self.settled + 1) if self.settled else USUAL_HOME
        seen = max(self.homes.get((name[:1], village), 0) - 2, 0) + HOME_WEIGHT * usual
        at_home = seen / (max(self.surnames.get(name[:1], 0) - 2, 0) + HOME_WEIGHT)
        namesakes = self.share_of_name(name) * max(self.people, 2)
        return -math.log2(min(max(at_home, NEIGHBOURS / namesakes), 1.0))
