"""Which mentions are one person: sure joins first, then links by weight of evidence, and questions for people.

Handbook §6.3 stands above all weights: two valid numbers that differ are two persons (R3), one valid number under two
names that are neither equal nor near is a conflict (R2), and a name alone links nobody. Within these walls a person is
known by everything their mentions say together: a phone in one ledger and a village in another both count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from customers.matching.comparing import Comparison, has_proof
from customers.matching.levels import NAME
from customers.matching.mentions import Mention, Profile
from customers.matching.questions import Question, questions_of
from customers.matching.scoring import Scored, Scorer
from customers.matching.weights import DEFAULT, Weights

ROUNDS = 8
Rival = tuple[float, int, Comparison]


@dataclass
class Links:
    """Mentions by person, the questions between persons, and the comparisons by which mentions were joined."""

    groups: list[list[Mention]]
    questions: list[Question]
    joints: list[Comparison] = field(default_factory=list)


def link(
    mentions: Sequence[Mention], weights: Weights = DEFAULT, *, apart: Collection[frozenset[int]] = ()
) -> Links:
    """Return the persons behind the mentions and the questions that stay open.

    ``apart``: keys of two mentions that people found to be two persons; they never come together, nor are asked about.
    """
    scorer = Scorer(mentions, weights, apart)
    profiles = [Profile(group) for group in _joined_by_number(mentions)]
    joints: list[Comparison] = []
    for _ in range(ROUNDS):
        merged = _merge(profiles, scorer.round(profiles).scored, weights, joints)
        if len(merged) == len(profiles):
            break
        profiles = merged
    return Links([profile.mentions for profile in profiles], questions_of(profiles, scorer), joints)


def _joined_by_number(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Join what R1 joins: equal valid numbers under equal names; registry records stay apart from each other."""
    groups: dict[tuple, list[Mention]] = {}
    for mention in mentions:
        key = (mention.number, mention.name) if mention.number else ("", str(mention.key))
        if mention.customer is not None and any(m.customer is not None for m in groups.get(key, ())):
            key = ("", str(mention.key))
        groups.setdefault(key, []).append(mention)
    return list(groups.values())


def _merge(
    profiles: list[Profile], scored: list[Scored], weights: Weights, joints: list[Comparison]
) -> list[Profile]:
    """Merge the pairs above the threshold, each profile at most once a round, unless a rival comes too close."""
    rivals: dict[int, list[Rival]] = defaultdict(list)
    for weight, i, j, found in scored:
        rivals[i].append((weight, j, found))
        rivals[j].append((weight, i, found))
    taken: dict[int, int] = {}
    for weight, i, j, found in scored:
        if weight < weights.link:
            break
        if i in taken or j in taken or not has_proof(found.levels, weights):
            continue
        floor = weight - weights.margin
        if any(
            _has_rival(profiles, rivals[one], other, floor)
            or _has_namesake(profiles, rivals[one], other, found, weights)
            for one, other in ((i, j), (j, i))
        ):
            continue
        taken[j] = i
        taken[i] = i
        joints.append(found)
    partners: dict[int, list[int]] = defaultdict(list)
    for j, i in taken.items():
        if i != j:
            partners[i].append(j)
    gone = {j for j, i in taken.items() if i != j}
    return [
        Profile(_in_order([profile, *(profiles[j] for j in partners[i])])) if partners[i] else profile
        for i, profile in enumerate(profiles)
        if i not in gone
    ]


def _in_order(profiles: Iterable[Profile]) -> list[Mention]:
    return sorted(
        (m for profile in profiles for m in profile.mentions), key=lambda m: (m.customer is None, m.key)
    )


def _has_rival(profiles: list[Profile], others: list[Rival], partner: int, floor: float) -> bool:
    """Is there another candidate nearly as good who is surely not the same person as the partner?"""
    return any(
        other != partner and its_weight > floor and _are_two(profiles[other], profiles[partner])
        for its_weight, other, _ in others
    )


def _has_namesake(
    profiles: list[Profile], others: list[Rival], partner: int, found: Comparison, weights: Weights
) -> bool:
    """Does somebody else bear the partner's number under a name that fits better (R2)?

    Until people have seen the paper the two stay two, and a row without a number is filed under its own name.
    """
    numbers, rank = profiles[partner].numbers, _rank(found)
    return any(
        other != partner
        and its_weight >= weights.link
        and not numbers.isdisjoint(profiles[other].numbers)
        and _rank(its) < rank
        and has_proof(its.levels, weights)
        for its_weight, other, its in (others if numbers else ())
    )


def _rank(found: Comparison) -> int:
    return NAME.index(found.levels["name"])


def _are_two(a: Profile, b: Profile) -> bool:
    """Two registry records or two valid numbers; one number under two names may well be one person."""
    return (a.customer is not None and b.customer is not None) or bool(
        a.numbers and b.numbers and a.numbers != b.numbers
    )
