"""Why the machine put a pair before people: steps with their bits, the rule of the handbook, and the two lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers import duplicates
from customers.matching import explain, weights
from customers.models import MatchingRule, ReviewPair

OUTCOME_WORDS = {
    "SAME": _("one person; joined by the machine"),
    "PROBABLE": _("probably one person; people decide"),
    "POSSIBLE": _("possibly one person; people decide"),
    "CONFLICT": _("one number, two names: no new credit until the paper has been seen"),
    "DIFFERENT": _("two valid numbers are two persons; never joined by the machine"),
}
RULES = {"NAME": "R8", "HAND": "R8"}
"""Beyond the table the last rule holds; the weights, or a person, asked all the same."""

ADVICE = {
    "R2": _("Look at the identity card of both: whose name stands on the card with this number?"),
    "R3": _("Two valid numbers: look at both cards. A slip may pass the check, and families share a phone."),
    "R4": _("Look at the card: which of the two numbers is copied wrongly?"),
    "R4N": _("Look at the card: both the number and the name as they stand there."),
    "R5": _("The number is not valid on either side: take it anew from the card."),
}


@dataclass(frozen=True)
class Line:
    """A line across the plot: the weight from which the machine joins, or asks."""

    label: Any
    value: float


@dataclass(frozen=True)
class Reasons:
    """Everything that the page says about why."""

    steps: list[explain.Step]
    bars: list[dict[str, Any]]
    lines: tuple[Line, Line]
    chance: float
    rule: str
    rule_words: Any
    outcome_words: Any
    advice: Any
    version: str
    is_weighed: bool

    @property
    def chance_percent(self) -> int:
        """Of a hundred pairs like this one, how many are expected to be one person."""
        return percent(self.chance)


def reasons_of(pair: ReviewPair) -> Reasons:
    """Why the pair stands in the queue."""
    judged_by = weights_of(pair)
    return Reasons(
        steps=explain.steps(pair),
        bars=explain.waterfall(pair),
        lines=(
            Line(_("asked from here"), judged_by.ask),
            Line(_("linked by machine from here"), judged_by.link),
        ),
        chance=weights.probability(pair.weight),
        rule=RULES.get(pair.rule, pair.rule),
        rule_words=rule_words(pair),
        outcome_words=OUTCOME_WORDS.get(pair.outcome, pair.outcome),
        advice=ADVICE.get(pair.rule, ""),
        version=pair.weights_version,
        is_weighed=is_weighed(pair),
    )


def weights_of(pair: ReviewPair) -> weights.Weights:
    """The version of the weights that judged a pair; those that travel with the product where it is none of ours."""
    row = MatchingRule.objects.filter(version=pair.weights_version).first()
    return weights.Weights.from_payload(row.version, row.data) if row else weights.DEFAULT


def is_weighed(pair: ReviewPair) -> bool:
    """Whether the weight says how likely it is: not where a rule about numbers decides (R2, R3)."""
    return pair.outcome in ("PROBABLE", "POSSIBLE")


def percent(share: float) -> int:
    """Whole percent, never all or nothing: no evidence is certain."""
    return min(99, max(1, round(100 * share)))


def expected(pair: ReviewPair) -> int | None:
    """Of a hundred pairs like this one, how many are expected to be one person; None where a rule decides."""
    return percent(weights.probability(pair.weight)) if is_weighed(pair) else None


def rule_words(pair: ReviewPair) -> Any:
    """The rule that comes closest, in words."""
    if pair.rule == "NAME":
        return _("names and other evidence")
    if pair.rule == "HAND":
        return _("joined by hand")
    return duplicates.RULE_WORDS.get(pair.rule, pair.rule)


def telling(levels: Mapping[str, str]) -> list[Any]:
    """What was found, in words, for a line of the queue: the weightiest kinds first."""
    found = [
        (abs(weights.DEFAULT.bits[kind].get(levels[kind], 0.0)), words[levels[kind]])
        for kind, words in explain.WORDS.items()
        if levels.get(kind) in words
    ]
    return [words for _bits, words in sorted(found, key=lambda one: -one[0])[:3]]
