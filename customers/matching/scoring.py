"""All pairs worth comparing, weighed, the heaviest first."""

from __future__ import annotations

from collections.abc import Sequence

from customers.matching import weights
from customers.matching.blocking import pairs_of
from customers.matching.comparing import Comparison, compare, forbidden
from customers.matching.mentions import Profile
from customers.matching.population import Population


def scored_pairs(profiles: Sequence[Profile]) -> list[tuple[float, int, int, Comparison]]:
    """Return the compared pairs, the heaviest first."""
    population, scored = Population.of(profiles), []
    for i, j in pairs_of(profiles):
        if not forbidden(profiles[i], profiles[j]) and (
            found := compare(profiles[i], profiles[j], population)
        ):
            scored.append((found.weight, i, j, found))
    return sorted((s for s in scored if s[0] >= weights.ASK), key=lambda pair: (-pair[0], pair[1], pair[2]))
