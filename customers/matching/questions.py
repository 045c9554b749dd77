"""What is asked of people: pairs that the weights leave open, conflicts, and valid numbers that look wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from customers.matching.levels import best_name_level, levels_beside
from customers.matching.mentions import Profile
from customers.matching.names import NEAR
from customers.matching.scoring import Scorer

QUEUE_SHARE, FEWEST = 0.045, 20
"""People are asked about at most so many pairs a mention, the likeliest; conflicts are always put to them."""

NUMBER_DOUBT = 5.0
"""Bits against two valid numbers being one person's: one of them a relative's, or a slip that passes the check."""

CONFLICT, CONFLICT_OF_STRANGERS = 8.0, 2.0
INSIDE_NUMBERS = ("number", "birth", "sex")


@dataclass(frozen=True, slots=True)
class Question:
    """Two mentions that may be one person: the rule, its outcome, the weight and the evidence."""

    first: int
    second: int
    rule: str
    outcome: str
    weight: float
    evidence: dict = field(default_factory=dict)


def questions_of(profiles: Sequence[Profile], scorer: Scorer) -> list[Question]:
    """Return what people are asked about these profiles: the likeliest first, and no more than they can answer."""
    open_ones = [
        Question(
            profiles[i].key,
            profiles[j].key,
            rule_of(found.levels),
            outcome_of(found.levels),
            round(weight, 2),
            found.evidence,
        )
        for weight, i, j, found in scorer.round(profiles).scored
    ]
    open_ones += _doubtful_numbers(profiles, scorer)
    open_ones.sort(key=lambda question: (-question.weight, question.first, question.second))
    conflicts = _conflicts(profiles, scorer)
    room = max(round(QUEUE_SHARE * scorer.mentions) - len(conflicts), 0)
    records = {profile.key for profile in profiles if profile.customer is not None}
    asked = conflicts + open_ones[: max(room, FEWEST)]
    return [question for question in asked if not {question.first, question.second} <= records]


def _doubtful_numbers(profiles: Sequence[Profile], scorer: Scorer) -> list[Question]:
    """Two valid numbers are never linked (R3), but where all else agrees one may be a relative's: people look."""
    this, found = scorer.round(profiles), []
    for i, j in sorted(this.pairs):
        a, b = profiles[i], profiles[j]
        if not a.numbers or not b.numbers or a.numbers & b.numbers:
            continue
        name = best_name_level(a, b)
        if name not in NEAR:
            continue
        levels = {"name": name} | levels_beside(a, b, scorer.served, without=INSIDE_NUMBERS)
        comparison = this.scale.weigh(a, b, levels)
        weight = round(comparison.weight - NUMBER_DOUBT, 2)
        if weight >= scorer.weights.ask and not scorer.are_apart(a, b):
            evidence = comparison.evidence
            evidence["levels"] = levels | {"number": "both valid"}
            evidence["bits"] |= {"number": -NUMBER_DOUBT}
            found.append(Question(a.key, b.key, "R3", "DIFFERENT", weight, evidence))
    return found


def rule_of(levels: dict[str, str]) -> str:
    """Return the rule of handbook §6.3 that comes closest to the evidence."""
    number, same_name = levels.get("number", ""), levels["name"] == "equal"
    place = levels.get("phone") in {"mobile", "landline"} or levels.get("place") in {
        "group",
        "village",
        "another group",
    }
    if number == "equal":
        return "R1N"
    if number in {"one slip", "swapped digits", "repaired", "end lost", "fifteen digits", "masked"}:
        return "R4" if same_name else "R4N"
    if number == "equal as typed":
        return "R5"
    if levels.get("birth") == "day" and place:
        return "R6" if same_name else "R7N"
    return "R7" if levels.get("phone") in {"mobile", "landline"} else "NAME"


def outcome_of(levels: dict[str, str]) -> str:
    """PROBABLE or POSSIBLE, as the rule says."""
    return "PROBABLE" if rule_of(levels) in {"R1N", "R4", "R5", "R6"} else "POSSIBLE"


def _conflicts(profiles: Sequence[Profile], scorer: Scorer) -> list[Question]:
    """One valid number under two names: people look at the paper."""
    by_number: dict[str, list[Profile]] = defaultdict(list)
    for profile in profiles:
        for number in profile.numbers:
            by_number[number].append(profile)
    return [
        _conflict(a, b)
        for claimants in by_number.values()
        for a, b in combinations(claimants, 2)
        if not scorer.are_apart(a, b)
    ]


def _conflict(a: Profile, b: Profile) -> Question:
    level = best_name_level(a, b)
    rule, outcome = ("R1N", "PROBABLE") if level in NEAR else ("R2", "CONFLICT")
    weight = CONFLICT if level else CONFLICT_OF_STRANGERS
    levels = {"number": "equal", "name": level or "another"}
    return Question(a.key, b.key, rule, outcome, weight, {"levels": levels})
