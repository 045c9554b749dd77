"""What is asked of people: pairs that the weights leave open, conflicts, and valid numbers that look wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from customers.matching import weights
from customers.matching.blocking import pairs_of
from customers.matching.levels import NEAR, best_name_level, phone_level, place_level
from customers.matching.mentions import Profile
from customers.matching.scoring import scored_pairs


@dataclass(frozen=True, slots=True)
class Question:
    """Two mentions that may be one person: the rule, its outcome, the weight and the evidence."""

    first: int
    second: int
    rule: str
    outcome: str
    weight: float
    evidence: dict = field(default_factory=dict)


def questions_of(profiles: Sequence[Profile]) -> list[Question]:
    asked = [
        Question(
            profiles[i].key,
            profiles[j].key,
            rule_of(found.levels),
            outcome_of(found.levels),
            round(weight, 2),
            found.evidence,
        )
        for weight, i, j, found in scored_pairs(profiles)
    ]
    asked += _conflicts(profiles) + _doubtful_numbers(profiles)
    records = {profile.key for profile in profiles if profile.customer is not None}
    return [question for question in asked if not {question.first, question.second} <= records]


def _doubtful_numbers(profiles: Sequence[Profile]) -> list[Question]:
    """Two valid numbers under one name and one phone are never linked (R3), but may be worth a look at the paper."""
    found = []
    for i, j in sorted(pairs_of(profiles)):
        a, b = profiles[i], profiles[j]
        if not a.numbers or not b.numbers or a.numbers & b.numbers or not a.names & b.names:
            continue
        levels = {
            "name": "equal",
            "phone": phone_level(a, b),
            "place": place_level(a, b),
            "number": "both valid",
        }
        if levels["phone"] == "mobile" and not levels["place"].startswith("another"):
            found.append(Question(a.key, b.key, "R3", "DIFFERENT", weights.R3_QUESTION, {"levels": levels}))
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
    if number in {"one slip", "repaired", "end lost", "fifteen digits"}:
        return "R4" if same_name else "R4N"
    if number == "equal as typed":
        return "R5"
    if levels.get("birth") == "day" and place:
        return "R6" if same_name else "R7N"
    return "R7" if levels.get("phone") in {"mobile", "landline"} else "NAME"


def outcome_of(levels: dict[str, str]) -> str:
    """PROBABLE or POSSIBLE, as the rule says."""
    return "PROBABLE" if rule_of(levels) in {"R1N", "R4", "R5", "R6"} else "POSSIBLE"


def _conflicts(profiles: Sequence[Profile]) -> list[Question]:
    """One valid number under two names: people look at the paper."""
    by_number: dict[str, list[Profile]] = defaultdict(list)
    for profile in profiles:
        for number in profile.numbers:
            by_number[number].append(profile)
    found = []
    for claimants in by_number.values():
        for a, b in combinations(claimants, 2):
            level = best_name_level(a, b)
            near = level in NEAR
            rule, outcome = ("R1N", "PROBABLE") if near else ("R2", "CONFLICT")
            weight = 10.0 + weights.NAME.get(level, -8.0)
            found.append(
                Question(
                    a.key,
                    b.key,
                    rule,
                    outcome,
                    weight,
                    {"levels": {"number": "equal", "name": level or "another"}},
                )
            )
    return found
