"""Two people weighed: the levels they reach and the bits these are worth, within walls that no weight climbs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from customers.matching.levels import levels_of
from customers.matching.mentions import Profile
from customers.matching.names import is_near
from customers.matching.population import Population
from customers.matching.weights import DEFAULT, PROOF, Weights

AT_HOME = ("group", "village", "another group")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The odds in bits that two profiles are one person, the level each kind of evidence reached, and its bits.

    ``bits["base"]`` is where the sum begins: two mentions drawn at random.
    """

    weight: float
    levels: dict[str, str]
    bits: dict[str, float]
    version: str

    @property
    def evidence(self) -> dict:
        """What a pair keeps of the comparison, for the page that explains it."""
        rounded = {kind: round(bits, 2) for kind, bits in self.bits.items()}
        return {"levels": self.levels, "bits": rounded, "weights": self.version}


def forbidden(a: Profile, b: Profile) -> bool:
    """R3, R2 and two registry records: what no weight overrules."""
    if a.customer is not None and b.customer is not None:
        return True
    if not a.numbers or not b.numbers:
        return False
    if a.numbers != b.numbers:
        return True
    return any(not is_near(x, y) for x in a.mentions if x.number for y in b.mentions if y.number)


@dataclass(frozen=True)
class Scale:
    """A version of the weights laid against the people at hand; ``mentions`` are those among which pairs are sought."""

    weights: Weights
    population: Population
    mentions: int
    _rarities: dict[str, float] = field(default_factory=dict, repr=False, compare=False)
    _homes: dict[tuple[str, str], float] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def base(self) -> float:
        """Return the odds in bits that two mentions drawn at random are one person."""
        return math.log2(self.weights.partners / max(self.mentions, 2))

    def weigh(self, a: Profile, b: Profile, levels: dict[str, str]) -> Comparison:
        """Return what the levels of a pair are worth among these people."""
        table = self.weights.bits
        bits = {"base": self.base} | {kind: table[kind][level] for kind, level in levels.items()}
        names = (a.names & b.names) or (a.names | b.names)
        rarity = self.population.surname_rarity if levels["name"] == "married style" else self._rarity
        bits["name"] += min(map(rarity, names)) - self._usual_name
        if levels.get("place") in AT_HOME:
            villages = a.villages & b.villages
            at_home = max(self._home_rarity(n, v) for n in names for v in villages)
            bits["place"] += min(at_home - self._usual_place, 0.0)
        return Comparison(sum(bits.values()), levels, bits, self.weights.version)

    def _rarity(self, name: str) -> float:
        """Names are weighed pair by pair, but counted once."""
        if name not in self._rarities:
            self._rarities[name] = self.population.rarity(name)
        return self._rarities[name]

    def _home_rarity(self, name: str, village: str) -> float:
        if (name, village) not in self._homes:
            self._homes[name, village] = self.population.home_rarity(name, village)
        return self._homes[name, village]

    @cached_property
    def _usual_name(self) -> float:
        return self._usual("name", ("equal",))

    @cached_property
    def _usual_place(self) -> float:
        return self._usual("place", AT_HOME)

    def _usual(self, kind: str, levels: tuple[str, ...]) -> float:
        """Return the rarity that the table of the weights takes for granted."""
        return -math.log2(sum(self.weights.tables[kind][level].u for level in levels))


def compare(
    a: Profile,
    b: Profile,
    population: Population,
    weights: Weights = DEFAULT,
    served: Mapping[str, str] = MappingProxyType({}),
) -> Comparison | None:
    """Weigh two profiles among all people of a population; None when their names are two names."""
    levels, scale = levels_of(a, b, served), Scale(weights, population, population.people)
    return scale.weigh(a, b, levels) if levels else None


def has_proof(levels: dict[str, str], weights: Weights = DEFAULT) -> bool:
    """Something beside the name and the branch must agree: they link nobody, nor does a place in a list.

    What both share with half of the book, sex and branch, adds to a proof and is none. That one lives where the other's
    branch is says where people live, and is one where the names are the very same.
    """
    proofs = {kind: level for kind, level in levels.items() if kind != "name" and level != "next line"}
    told = {kind for kind, level in proofs.items() if weights.bits[kind][level] > 0.0}
    if not told - {"sex", "branch"} and not _is_at_home(levels):
        return False
    return sum(max(weights.bits[kind][level], 0.0) for kind, level in proofs.items()) > PROOF


def _is_at_home(levels: dict[str, str]) -> bool:
    return levels.get("branch") == "branch at home" and levels["name"] == "equal"
