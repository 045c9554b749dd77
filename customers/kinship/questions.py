"""Putting the question before people whether two live in one household: once for a pair, never about one household."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from customers.models import HouseholdQuestion, Membership

BATCH = 2_000


@dataclass(frozen=True)
class Ask:
    """Two customers, how much speaks for one household, and the evidence."""

    one: int
    other: int
    weight: float
    evidence: dict = field(default_factory=dict)


def ask(pairs: Iterable[Ask]) -> int:
    """Write what is new; three queries whatever their number. Returns how many questions were put.

    Pairs that were ever asked, and people who live together already, are left alone.
    """
    wanted = {(min(p.one, p.other), max(p.one, p.other)): p for p in pairs if p.one != p.other}
    if not wanted:
        return 0
    people = {pk for pair in wanted for pk in pair}
    home = dict(
        Membership.objects.filter(customer__in=people, valid_to=None).values_list("customer", "household")
    )
    firsts = {first for first, _second in wanted}
    known = set(HouseholdQuestion.objects.filter(first__in=firsts).values_list("first_id", "second_id"))
    rows = [
        HouseholdQuestion(first_id=first, second_id=second, weight=pair.weight, evidence=pair.evidence)
        for (first, second), pair in sorted(wanted.items())
        if (first, second) not in known and not (first in home and home[first] == home.get(second))
    ]
    HouseholdQuestion.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)
