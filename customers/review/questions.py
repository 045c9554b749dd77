"""Putting questions before people: new ones, richer evidence, and decided ones that new evidence opens again.

Everybody who finds that two customers may be one person (the counter, a ledger, the nightly look through the registry)
asks here, so that a question is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.expressions import RawSQL

from customers.choices import PairDecision, ReviewState
from customers.models import ReviewDecision, ReviewPair
from customers.review.log import entry

BITS_TO_ASK_AGAIN = 6.0
"""By how much the evidence must outweigh what people saw when they said "different persons" (64 to 1)."""

BATCH = 2000


@dataclass(frozen=True)
class Asked:
    """How many questions are new, how many got weightier evidence, how many decided ones are asked again."""

    new: int
    weightier: int
    again: int


@transaction.atomic(savepoint=False)
def ask(pairs: Sequence[ReviewPair]) -> Asked:
    """Put unsaved pairs before people, set-based.

    A pair that is known keeps its place; weightier evidence replaces what stood there. "Different persons" is
    remembered: the pair is asked again when its weight is ``BITS_TO_ASK_AGAIN`` above that of the decision.
    """
    if not pairs:
        return Asked(0, 0, 0)
    known = _known(pairs)
    fresh, weightier, again = [], [], []
    for pair in pairs:
        before = known.get((pair.first_id, pair.second_id))
        if before is None:
            fresh.append(pair)
        elif before.state == ReviewState.DIFFERENT:
            if pair.weight >= before.weight + BITS_TO_ASK_AGAIN:
                again.append(_renewed(before, pair))
        elif before.is_undecided and pair.weight > before.weight:
            weightier.append(_renewed(before, pair))
    ReviewPair.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    _reopen(again)
    fields = ["rule", "outcome", "weight", "evidence", "first_row", "second_row", "placed_at"]
    ReviewPair.objects.bulk_update(weightier, fields, batch_size=BATCH)
    ReviewPair.objects.bulk_update(again, [*fields, "state", "decided_by", "decided_at"], batch_size=BATCH)
    return Asked(len(fresh), len(weightier), len(again))


def _known(pairs: Sequence[ReviewPair]) -> dict[tuple[int, int], ReviewPair]:
    sides = [[pair.first_id for pair in pairs], [pair.second_id for pair in pairs]]
    same = RawSQL(
        "SELECT p.id FROM customers_reviewpair p JOIN unnest(%s::bigint[], %s::bigint[]) AS u (a, b)"
        " ON p.first_id = u.a AND p.second_id = u.b",
        sides,
    )
    rows = ReviewPair.objects.select_for_update().filter(pk__in=same)
    return {(row.first_id, row.second_id): row for row in rows}


def _renewed(before: ReviewPair, pair: ReviewPair) -> ReviewPair:
    before.rule, before.outcome, before.weight = pair.rule, pair.outcome, pair.weight
    said = {"said": before.evidence["said"]} if "said" in before.evidence else {}
    before.evidence = {**said, **pair.evidence}
    before.first_row_id = pair.first_row_id or before.first_row_id
    before.second_row_id = pair.second_row_id or before.second_row_id
    before.placed_at = None
    return before


def _reopen(pairs: Sequence[ReviewPair]) -> None:
    for pair in pairs:
        pair.state, pair.decided_by, pair.decided_at = ReviewState.OPEN, None, None
    rows = [entry(pair, PairDecision.AGAIN) for pair in pairs]
    ReviewDecision.objects.bulk_create(rows, batch_size=BATCH)
