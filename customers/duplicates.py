"""Who might this person be already: what the counter and the API are told, and what goes into the review.

The engine stands in ``matching``: the counter, an import and the night judge alike. The table of handbook §6.3 binds;
what only the weights see is told as a namesake, and becomes a question, never more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet, Value

from customers.matching import live
from customers.matching.judging import ORDER, RULE_WORDS
from customers.matching.live import Claim
from customers.models import Customer, ReviewPair
from customers.review.questions import ask

__all__ = ["RULE_WORDS", "Claim", "Match", "find", "note_for_review", "open_pairs_of"]

NAMESAKE = "NAME"
WEIGHTS = {"CONFLICT": 10.0, "PROBABLE": 8.0, "POSSIBLE": 4.0}
"""Bits of a match whose evidence nobody weighed: a number that another person holds."""


@dataclass(frozen=True)
class Match:
    """A customer who may be the same person, and why; ``weight`` and ``evidence`` are those of the engine."""

    customer: Customer
    outcome: str
    rule: str
    weight: float | None = None
    evidence: dict = field(default_factory=dict)

    @property
    def reason(self) -> Any:
        """The rule in words."""
        return RULE_WORDS[self.rule]

    @property
    def holds_the_number(self) -> bool:
        """Whether the very number is registered already."""
        return self.rule in ("R1", "R1N", "R2")

    @property
    def is_question(self) -> bool:
        """Whether people are asked: by the table, or since the weights reach what an import would join."""
        return self.outcome in WEIGHTS or self.weight is not None


def find(claim: Claim, *, as_of: date, limit: int = 8) -> list[Match]:
    """Customers who may be this person, the likeliest first. Four queries at most, whatever is found."""
    found = [_match(one) for one in live.find(claim, as_of=as_of)]
    order = (*ORDER, NAMESAKE)
    found.sort(key=lambda match: (order.index(match.outcome), -(match.weight or 0.0), match.customer.pk))
    return found[:limit]


def _match(found: live.Found) -> Match:
    """What the table says stands; what the weights alone see is a namesake with evidence."""
    verdict = found.verdict
    if verdict is None:
        return Match(found.customer, NAMESAKE, NAMESAKE)
    outcome = verdict.outcome if verdict.by_table else NAMESAKE
    rule = verdict.rule if verdict.by_table else NAMESAKE
    return Match(found.customer, outcome, rule, verdict.weight, verdict.evidence)


def note_for_review(customer: Customer, matches: Iterable[Match], **evidence: Any) -> None:
    """Put pairs that need a person's eyes into the review queue, once for each pair."""
    pairs = []
    for match in matches:
        if not match.is_question:
            continue
        first, second = sorted((customer.pk, match.customer.pk))
        pairs.append(
            ReviewPair(
                first_id=first,
                second_id=second,
                rule=match.rule,
                outcome=match.outcome if match.outcome in WEIGHTS else "POSSIBLE",
                weight=WEIGHTS[match.outcome] if match.weight is None else match.weight,
                evidence={**match.evidence, **evidence},
            )
        )
    ask(pairs)


def open_pairs_of(customer: Customer) -> QuerySet[ReviewPair]:
    """Undecided pairs a customer belongs to."""
    undecided = ReviewPair.objects.undecided()
    one_of = undecided.filter(first=customer).union(undecided.filter(second=customer)).values("pk")
    return ReviewPair.objects.filter(pk__in=one_of).annotate(mine=Value(customer.pk))
