"""What a run of the engine looked like, by appearance of its pairs, and what other weights would have made of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customers.matching.clusters import Links
from customers.matching.learning import Pattern, maximise, met_by_strangers, with_u
from customers.matching.levels import levels_of
from customers.matching.mentions import Mention, Profile
from customers.matching.scoring import served_by
from customers.matching.weights import Weights, probability

MOST_PATTERNS = 2_000
MOST_SAMPLED, MOST_SURE = 2_000, 500
LINKED, ASKED, SURE = "linked", "asked", "sure"


@dataclass(frozen=True)
class Run:
    """Counts of a run: of its links ``expected_wrong`` join two people, of its questions ``expected_missed`` are one.

    ``strangers`` counts what people drawn by chance share, for learning.
    """

    links: int
    questions: int
    expected_wrong: float
    expected_missed: float
    patterns: list[dict[str, Any]]
    strangers: dict[str, dict[str, int]]


def run_of(links: Links, mentions: Sequence[Mention]) -> Run:
    """Sum up what was linked and asked by weight; what the rules of handbook §6.3 decide alone is left out."""
    profiles, served = [Profile([mention]) for mention in mentions[:MOST_SAMPLED]], served_by(mentions)
    asked = [q for q in links.questions if "base" in q.evidence.get("bits", {})]
    pairs = [(LINKED, joint.levels, joint.weight) for joint in links.joints]
    pairs += [(ASKED, question.evidence["levels"], question.weight) for question in asked]
    pairs += [(SURE, levels, 0.0) for levels in _levels_of_sure_pairs(mentions, served)]
    return Run(
        links=len(links.joints),
        questions=len(links.questions),
        expected_wrong=round(sum(1 - probability(joint.weight) for joint in links.joints), 2),
        expected_missed=round(sum(probability(question.weight) for question in asked), 2),
        patterns=_patterns(pairs),
        strangers={k: dict(v) for k, v in met_by_strangers(profiles, served, MOST_SAMPLED).items()},
    )


def run_of_questions(asked: Sequence[tuple[Mapping[str, str], float]]) -> Run:
    """Sum up a run that joined nobody and only asked: levels and weight of each question."""
    return Run(
        links=0,
        questions=len(asked),
        expected_wrong=0.0,
        expected_missed=round(sum(probability(weight) for _, weight in asked), 2),
        patterns=_patterns([(ASKED, levels, weight) for levels, weight in asked]),
        strangers={},
    )


def _patterns(pairs: Iterable[tuple[str, Mapping[str, str], float]]) -> list[dict[str, Any]]:
    counted = Counter(
        (state, tuple(sorted(levels.items())), round(weight, 1)) for state, levels, weight in pairs
    )
    return [
        {"state": state, "levels": dict(levels), "weight": weight, "pairs": number}
        for (state, levels, weight), number in counted.most_common(MOST_PATTERNS)
    ]


def _levels_of_sure_pairs(mentions: Sequence[Mention], served: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows that R1 joins by number and name: they teach how one person's rows agree in everything else."""
    by_number: dict[tuple[str, str], list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.number:
            by_number[mention.number, mention.name].append(mention)
    couples = [group for group in by_number.values() if len(group) > 1][:MOST_SURE]
    return [levels_of(Profile([group[0]]), Profile([group[-1]]), served) for group in couples]


def learned_from(
    run: Mapping[str, Any], before: Weights, decided: Iterable[tuple[Mapping[str, str], bool]], version: str
) -> Weights:
    """Return the weights that a kept run (``patterns``, ``strangers``) and people's decisions teach."""
    patterns = [
        Pattern(
            pattern["levels"],
            pattern["pairs"],
            pattern["weight"] - _in_tables(pattern["levels"], before),
            True if pattern["state"] == SURE else None,
        )
        for pattern in run["patterns"]
    ]
    patterns += [Pattern(levels, 1.0, 0.0, is_same) for levels, is_same in decided]
    tables, _rounds, _matches = maximise(patterns, with_u(before.tables, run["strangers"]))
    return replace(before, version=version, tables=tables)


def _in_tables(levels: Mapping[str, str], weights: Weights) -> float:
    return sum(weights.bits.get(kind, {}).get(level, 0.0) for kind, level in levels.items())


@dataclass(frozen=True)
class Effect:
    """How pairs of a run fare under other weights: before and after, and the wrong links expected after."""

    linked_before: int
    linked_after: int
    asked_before: int
    asked_after: int
    newly_linked: int
    no_longer_linked: int
    expected_wrong: float


def effect(patterns: Iterable[Mapping[str, Any]], before: Weights, after: Weights) -> Effect:
    """Weigh the pairs of a run anew; what a rival or the lack of proof held back stays held back."""
    moves: Counter = Counter()
    wrong = 0.0
    base = math.log2(after.partners / before.partners)
    for pattern in patterns:
        if pattern["state"] == SURE:
            continue
        weight = pattern["weight"] + base + _moved(pattern["levels"], before, after)
        held_back = pattern["state"] == ASKED and pattern["weight"] >= before.link
        state = LINKED if weight >= after.link and not held_back else ASKED if weight >= after.ask else ""
        moves[pattern["state"], state] += pattern["pairs"]
        wrong += pattern["pairs"] * (1 - probability(weight)) if state == LINKED else 0.0
    return Effect(
        linked_before=_sum(moves, [(LINKED, LINKED), (LINKED, ASKED), (LINKED, "")]),
        linked_after=_sum(moves, [(LINKED, LINKED), (ASKED, LINKED)]),
        asked_before=_sum(moves, [(ASKED, LINKED), (ASKED, ASKED), (ASKED, "")]),
        asked_after=_sum(moves, [(LINKED, ASKED), (ASKED, ASKED)]),
        newly_linked=moves[ASKED, LINKED],
        no_longer_linked=moves[LINKED, ASKED] + moves[LINKED, ""],
        expected_wrong=round(wrong, 2),
    )


def _sum(moves: Counter, wanted: Sequence[tuple[str, str]]) -> int:
    return sum(moves[move] for move in wanted)


def _moved(levels: Mapping[str, str], before: Weights, after: Weights) -> float:
    return _in_tables(levels, after) - _in_tables(levels, before)
