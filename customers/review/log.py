"""The log of decisions: who, when, and what evidence was shown; rows are only ever added."""

from __future__ import annotations

from customers.models import ReviewDecision, ReviewPair


def entry(pair: ReviewPair, decision: str, **more) -> ReviewDecision:
    """An unsaved line of the log with the evidence as it stands."""
    return ReviewDecision(
        pair=pair,
        decision=decision,
        rule=pair.rule,
        outcome=pair.outcome,
        weight=pair.weight,
        levels=pair.levels,
        weights=pair.weights_version,
        **more,
    )


def write(pair: ReviewPair, decision: str, **more) -> ReviewDecision:
    """Keep a decision with the evidence that was shown."""
    row = entry(pair, decision, **more)
    row.save(force_insert=True)
    return row
