"""Weights learned from a book: nobody says which mentions are one person, the evidence says it of itself.

``u`` is counted among pairs drawn at random, who are two people but for one in thousands. ``m`` is found by expectation
and maximisation over the pairs that share a block: with the weights as they are each pair has its odds of being one
person, and counted by these odds the levels of one person's pairs give the next weights, until they stand still. What
people decided counts as certain. Levels that a book rarely shows stay near where they began.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from customers.matching.blocking import pairs_of
from customers.matching.comparing import Scale, forbidden
from customers.matching.levels import evidence_levels, levels_of
from customers.matching.mentions import Mention, Profile
from customers.matching.population import Population
from customers.matching.scoring import served_by
from customers.matching.weights import DEFAULT, Level, Table, Weights, probability

ROUNDS = 12
STILL = 0.001
RANDOM_PAIRS = 20_000
STRIDES = (101, 211, 401, 809, 1601, 3203, 6421, 12809)
PRIOR_M, PRIOR_U = 50.0, 2_000.0
"""As if so many pairs had been seen before the book was opened."""

LEAST = 1e-7
Levels = Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """Pairs of one appearance: their levels, how many they are, and the bits that no table holds (rarity, base)."""

    levels: Levels
    pairs: float
    beside: float
    is_known: bool | None = None


@dataclass(frozen=True)
class Learned:
    """The weights a book teaches, in how many rounds, and what they expect of its pairs."""

    weights: Weights
    rounds: int
    matches: float
    compared: int


def learn(
    mentions: Sequence[Mention],
    start: Weights = DEFAULT,
    *,
    version: str,
    decided: Iterable[tuple[Levels, bool]] = (),
) -> Learned:
    """Learn a version from mentions and from what people decided (levels, is one person)."""
    profiles = [Profile([mention]) for mention in mentions]
    served = served_by(mentions)
    shares = shares_at_random(profiles, served, start)
    start = replace(start, version=version, tables=shares)
    patterns = patterns_of(profiles, served, start)
    patterns += [Pattern(levels, 1.0, 0.0, is_same) for levels, is_same in decided]
    tables, rounds, matches = maximise(patterns, start.tables)
    partners = 2 * matches / max(len(mentions), 1)
    return Learned(
        replace(start, tables=tables, partners=max(partners, 0.01)),
        rounds,
        matches,
        int(sum(pattern.pairs for pattern in patterns)),
    )


def shares_at_random(
    profiles: Sequence[Profile], served: Mapping[str, str], start: Weights
) -> dict[str, Table]:
    """Return the tables with ``u`` counted among strangers drawn as by chance; ``m`` stays as it was."""
    return with_u(start.tables, met_by_strangers(profiles, served))


def met_by_strangers(
    profiles: Sequence[Profile], served: Mapping[str, str], pairs: int = RANDOM_PAIRS
) -> dict[str, Counter]:
    """Count the levels that strangers reach, kind of evidence by kind."""
    seen: dict[str, Counter] = defaultdict(Counter)
    for a, b in islice(strangers(profiles, pairs), pairs):
        for kind, level in evidence_levels(a, b, served).items():
            seen[kind][level] += 1
    return seen


def with_u(tables: Mapping[str, Table], seen: Mapping[str, Mapping[str, float]]) -> dict[str, Table]:
    """Return the tables with ``u`` as strangers show it."""
    return {
        kind: {
            name: replace(level, u=_shared(seen.get(kind, {}), name, level.u, PRIOR_U))
            for name, level in table.items()
        }
        for kind, table in tables.items()
    }


def strangers(profiles: Sequence[Profile], pairs: int) -> Iterator[tuple[Profile, Profile]]:
    """Yield pairs far apart in the book, by strides that are prime, so that the same book teaches the same.

    People of one name are left out: too likely one person to speak for strangers.
    """
    total = len(profiles)
    rounds = min(len(STRIDES), pairs // max(total, 1) + 1) if total > 1 else 0
    for stride in STRIDES[:rounds]:
        for i in range(0, total, max(total * rounds // pairs, 1)):
            a, b = profiles[i], profiles[(i * 7 + stride) % total]
            if a is not b and not a.names & b.names:
                yield a, b


def _shared(seen: Mapping[str, float], name: str, before: float, prior: float) -> float:
    total = sum(seen.values())
    return max((seen.get(name, 0.0) + prior * before) / (total + prior), LEAST)


def patterns_of(profiles: Sequence[Profile], served: Mapping[str, str], weights: Weights) -> list[Pattern]:
    """Return the pairs that share a block, by appearance; what the walls keep apart is known to be two persons."""
    scale = Scale(weights, Population.of(profiles), len(profiles))
    found: Counter = Counter()
    for i, j in pairs_of(profiles):
        a, b = profiles[i], profiles[j]
        levels = levels_of(a, b, served)
        if not levels or forbidden(a, b):
            continue
        comparison = scale.weigh(a, b, levels)
        in_tables = sum(weights.bits[kind][level] for kind, level in levels.items())
        found[tuple(levels.items()), round(comparison.weight - in_tables)] += 1
    return [Pattern(dict(levels), pairs, float(beside)) for (levels, beside), pairs in found.items()]


def maximise(patterns: Sequence[Pattern], tables: Mapping[str, Table]) -> tuple[dict[str, Table], int, float]:
    """Return tables whose ``m`` explains the patterns best, the rounds it took, and the matches expected."""
    first, matches = {kind: dict(table) for kind, table in tables.items()}, 0.0
    now, rounds = first, 0
    for rounds in range(1, ROUNDS + 1):  # noqa: B007 - told afterwards
        seen: dict[str, Counter] = defaultdict(Counter)
        matches = 0.0
        bits = {kind: {name: level.bits for name, level in table.items()} for kind, table in now.items()}
        for pattern in patterns:
            share = pattern.pairs * _odds(pattern, bits)
            matches += share
            for kind, level in pattern.levels.items():
                seen[kind][level] += share
        then = {kind: _with_m(table, seen[kind]) for kind, table in first.items()}
        moved = max((abs(then[k][n].m - table[n].m) for k, table in now.items() for n in table), default=0.0)
        now = then
        if moved < STILL:
            break
    return now, rounds, matches


def _odds(pattern: Pattern, bits: Mapping[str, Mapping[str, float]]) -> float:
    if pattern.is_known is not None:
        return float(pattern.is_known)
    return probability(
        pattern.beside + sum(bits[kind].get(level, 0.0) for kind, level in pattern.levels.items())
    )


def _with_m(table: Table, seen: Counter) -> dict[str, Level]:
    return {
        name: replace(level, m=min(_shared(seen, name, level.m, PRIOR_M), 1.0))
        for name, level in table.items()
    }


def gain(before: Weights, after: Weights) -> dict[str, dict[str, float]]:
    """Return by how many bits each level moved from one version to another, where it moved."""
    moved = {
        kind: {
            name: round(bits - before.bits.get(kind, {}).get(name, 0.0), 2)
            for name, bits in table.items()
            if not math.isclose(bits, before.bits.get(kind, {}).get(name, 0.0), abs_tol=0.005)
        }
        for kind, table in after.bits.items()
    }
    return {kind: table for kind, table in moved.items() if table}
