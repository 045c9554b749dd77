"""One judgement for every road: the table of handbook §6.3 first, then what the weights see beyond it.

The table's outcome binds. Where it sees nothing (R8) the engine may still put a question; it never joins, and never
asks against R3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from customers.identity import MatchJudgement, Record, compare_records
from customers.matching.comparing import compare, has_proof
from customers.matching.mentions import Profile
from customers.matching.population import Population
from customers.matching.questions import rule_of
from customers.matching.weights import DEFAULT, Weights

ORDER = ("SAME", "CONFLICT", "PROBABLE", "POSSIBLE")
CONFLICT_BITS = 10.0
NAME_DIFFERS = -8.0


RULE_WORDS = {
    "R1": _("same number, same name"),
    "R1N": _("same number, name sounds or looks alike"),
    "R2": _("same number, another name"),
    "R3": _("same name and phone, but two valid numbers"),
    "R4": _("same name, number differs in one character"),
    "R4N": _("name sounds or looks alike, number differs in one character"),
    "R5": _("same name, same invalid number"),
    "R6": _("same name and birth date, same phone or village"),
    "R7": _("same name, same phone"),
    "R7N": _("name sounds or looks alike, same birth date, same phone or village"),
    "NAME": _("same name, same village"),
}


@dataclass(frozen=True)
class Verdict:
    """What two records are to each other: the rule, its outcome, the weight that orders it, and the evidence."""

    rule: str
    outcome: str
    weight: float
    evidence: dict = field(default_factory=dict)
    by_table: bool = True


def by_table(mine: Iterable[Record], theirs: Iterable[Record]) -> MatchJudgement:
    """The strongest judgement of the table over all numbers of both sides; R3 over any weaker rule."""
    others = list(theirs)
    told = [compare_records(one, other) for one in mine for other in others]
    strong = [judged for judged in told if judged.outcome in ORDER]
    if strong:
        return min(strong, key=lambda judged: ORDER.index(judged.outcome))
    return next((judged for judged in told if judged.rule == "R3"), told[0])


def judge(
    table: MatchJudgement, a: Profile, b: Profile, population: Population, weights: Weights = DEFAULT
) -> Verdict | None:
    """Join the table and the weights; None when nobody need look."""
    if table.rule == "R3":
        return None
    found = compare(a, b, population, weights)
    if table.outcome in ORDER:
        if found is None:
            levels = {"name": "another", "number": "equal"}
            bits = {"name": NAME_DIFFERS, "number": CONFLICT_BITS}
            evidence = {"levels": levels, "bits": bits, "weights": weights.version}
            return Verdict(table.rule, table.outcome, CONFLICT_BITS + NAME_DIFFERS, evidence)
        return Verdict(table.rule, table.outcome, round(found.weight, 2), found.evidence)
    if found is None or found.weight < weights.link or not has_proof(found.levels, weights):
        return None
    return Verdict(rule_of(found.levels), "POSSIBLE", round(found.weight, 2), found.evidence, by_table=False)
