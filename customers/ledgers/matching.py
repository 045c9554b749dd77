"""Which mentions are one person: the sure joins, and the pairs that people look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as one ledger row or one registry record names them; ``customer`` is set for the latter."""

    key: int
    name: str
    sound: str = ""
    customer: int | None = None
    aliases: frozenset[str] = frozenset()
    number: str = ""
    cleaned: str = ""
    prefix: str = ""
    suffix: str = ""
    guess: str = ""
    tail: str = ""
    phones: frozenset[str] = frozenset()
    village: str = ""
    township: str = ""
    group: int | None = None
    birth: date | None = None
    birth_precision: str = ""
    sex: str = ""
    spouse: str = ""
    head: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Two mentions that may be one person: the rule, its outcome, the weight and the evidence."""

    first: int
    second: int
    rule: str
    outcome: str
    weight: float
    evidence: dict = field(default_factory=dict)


@dataclass
class Links:
    """Mentions by person, and the questions between persons."""

    groups: list[list[Mention]]
    questions: list[Question]


class Groups:
    """Persons as growing sets of mentions; two registry records never end in one set."""

    def __init__(self, mentions: Sequence[Mention]):
        self._parent = list(range(len(mentions)))
        self._record = [mention.customer for mention in mentions]

    def find(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, a: int, b: int) -> bool:
        """Join two sets; False when both hold a registry record already."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        if self._record[a] is not None and self._record[b] is not None and self._record[a] != self._record[b]:
            return False
        a, b = min(a, b), max(a, b)
        self._parent[b] = a
        self._record[a] = self._record[a] if self._record[a] is not None else self._record[b]
        return True


def link(mentions: Sequence[Mention]) -> Links:
    """Join what handbook §6.3 R1 joins: equal valid numbers under equal names."""
    groups = Groups(mentions)
    by_number: dict[str, list[int]] = defaultdict(list)
    for index, mention in enumerate(mentions):
        if mention.number:
            by_number[mention.number].append(index)
    questions = []
    for same in by_number.values():
        first_of: dict[str, int] = {}
        for index in same:
            if mentions[index].name in first_of:
                groups.join(first_of[mentions[index].name], index)
            else:
                first_of[mentions[index].name] = index
        questions += _different_names(mentions, list(first_of.values()))
    sets: dict[int, list[Mention]] = defaultdict(list)
    for index, mention in enumerate(mentions):
        sets[groups.find(index)].append(mention)
    return Links(list(sets.values()), questions)


def _different_names(mentions: Sequence[Mention], same: list[int]) -> list[Question]:
    found = []
    for i, a in enumerate(same):
        for b in same[i + 1 :]:
            near = bool(mentions[a].sound) and mentions[a].sound == mentions[b].sound
            rule, outcome, weight = ("R1N", "PROBABLE", 8.0) if near else ("R2", "CONFLICT", 10.0)
            found.append(
                Question(mentions[a].key, mentions[b].key, rule, outcome, weight, {"number": "equal"})
            )
    return found
