"""How well rows were recognised, measured against the truth: pairs of rows, B-cubed, mixed persons, the queue.

A row is a key of any kind. ``truth`` says whose row it is, ``found`` into which customer it was put; a row that was put
nowhere stands alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

Row = Hashable
Groups = Mapping[Row, Hashable]


@dataclass(frozen=True)
class Agreement:
    """Shares of one: of what was joined how much is right, of what belongs together how much was joined."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @classmethod
    def counted(cls, right: int, joined: int, belonging: int) -> Agreement:
        """From counts of pairs; nothing joined is nothing wrong."""
        return cls(right / joined if joined else 1.0, right / belonging if belonging else 1.0)


def pairs_in(groups: Groups, rows: Iterable[Row]) -> int:
    """Return how many pairs of rows stand in one group."""
    return sum(n * (n - 1) // 2 for n in Counter(groups[row] for row in rows).values())


def pairwise(truth: Groups, found: Groups) -> Agreement:
    """Return precision and recall over all pairs of rows."""
    both = {row: (truth[row], found[row]) for row in truth}
    return Agreement.counted(pairs_in(both, truth), pairs_in(found, truth), pairs_in(truth, truth))


def across(truth: Groups, found: Groups, place: Groups) -> Agreement:
    """Return precision and recall over the pairs of rows that stand in two different places (branches)."""
    both = {row: (truth[row], found[row]) for row in truth}
    counts = []
    for groups in (both, found, truth):
        inside = {row: (groups[row], place[row]) for row in truth}
        counts.append(pairs_in(groups, truth) - pairs_in(inside, truth))
    return Agreement.counted(*counts)


def b_cubed(truth: Groups, found: Groups) -> Agreement:
    """Return the mean over rows: how pure their customer is, and how complete."""
    both = Counter((truth[row], found[row]) for row in truth)
    persons, customers = Counter(truth.values()), Counter(found[row] for row in truth)
    pure = sum(both[truth[row], found[row]] / customers[found[row]] for row in truth)
    complete = sum(both[truth[row], found[row]] / persons[truth[row]] for row in truth)
    rows = max(len(truth), 1)
    return Agreement(pure / rows, complete / rows)


def mixed(truth: Groups, found: Groups) -> list[Hashable]:
    """Return the customers in whom two persons or more were joined."""
    persons: dict[Hashable, set] = defaultdict(set)
    for row in truth:
        persons[found[row]].add(truth[row])
    return [customer for customer, people in persons.items() if len(people) > 1]


@dataclass(frozen=True)
class QueueFigures:
    """What the open questions do: how many they are, how many pairs of customers were missed, how many are asked."""

    questions: int
    missed: int
    asked: int

    @property
    def share_asked(self) -> float:
        """Of the customers that are one person and were left two, the share that people are asked about."""
        return self.asked / self.missed if self.missed else 1.0


def queue(truth: Groups, found: Groups, questions: Collection[frozenset]) -> QueueFigures:
    """Measure questions, which are pairs of customers."""
    customers: dict[Hashable, set] = defaultdict(set)
    for row in truth:
        customers[truth[row]].add(found[row])
    missed = {frozenset(pair) for several in customers.values() for pair in combinations(several, 2)}
    return QueueFigures(len(questions), len(missed), len(missed & set(questions)))


@dataclass(frozen=True)
class KindOfError:
    """True pairs of which one row at least carries an error of this kind."""

    kind: str
    pairs: int
    joined: int

    @property
    def recall(self) -> float:
        """The share of them that was joined."""
        return self.joined / self.pairs


def by_kind(truth: Groups, found: Groups, errors: Mapping[Row, Collection[str]]) -> list[KindOfError]:
    """Return the recall by kind of error, the most lost pairs first; rows without one count as ``clean``."""
    persons: dict[Hashable, list[Row]] = defaultdict(list)
    for row, person in truth.items():
        persons[person].append(row)
    pairs, joined = Counter(), Counter()
    for rows in persons.values():
        for a, b in combinations(rows, 2):
            for kind in {*errors.get(a, ()), *errors.get(b, ())} or {"clean"}:
                pairs[kind] += 1
                joined[kind] += found[a] == found[b]
    kinds = [KindOfError(kind, pairs[kind], joined[kind]) for kind in pairs]
    return sorted(kinds, key=lambda row: (row.joined - row.pairs, row.kind))
