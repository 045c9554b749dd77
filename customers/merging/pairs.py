"""Pairs and marriages name two people in the order of their ids: what joining records does to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

from branches.models import StaffMember
from customers.merging.choices import MergeState
from customers.models import Customer, HouseholdQuestion, Marriage, Merge, ReviewDecision, ReviewPair

Before = dict[int, dict[str, Any]]
BY_HAND = "HAND"


def of_two(one: Customer, other: Customer) -> tuple[int, int]:
    """The two ids in order."""
    first, second = sorted((one.pk, other.pk))
    return first, second


def decide(
    survivor: Customer, other: Customer, *, state: str, staff: StaffMember, pair: ReviewPair | None = None
) -> ReviewPair:
    """Keep for ever what people decided about these two; the pair is written when there was none."""
    first, second = of_two(survivor, other)
    decided = {"state": state, "decided_by": staff, "decided_at": timezone.now()}
    if pair is None or (pair.first_id, pair.second_id) != (first, second):
        hand = {"rule": BY_HAND, "outcome": "POSSIBLE"}
        pair, _is_new = ReviewPair.objects.get_or_create(first_id=first, second_id=second, defaults=hand)
    if pair.state != state:
        for name, value in decided.items():
            setattr(pair, name, value)
        pair.save(update_fields=list(decided))
        _keep(pair, staff)
    return pair


def _keep(pair: ReviewPair, staff: StaffMember) -> None:
    """Every decision about a pair is kept for ever, with what was known of it."""
    ReviewDecision.objects.create(
        pair=pair,
        decision=pair.state,
        decided_by=staff,
        rule=pair.rule,
        outcome=pair.outcome,
        weight=pair.weight,
        levels=pair.levels,
        weights=pair.weights_version,
    )


def point_pairs(model: type[Model], source: Customer, target: Customer) -> tuple[Before, list[int]]:
    """Let pairs of ``source`` with others be pairs of ``target``; returns values before, and what stays.

    ``model`` names two people in the order of their ids. A pair stays where ``target`` and the other person are a pair
    already, that of the two themselves, and one with a record that was joined before.
    """
    rows = model.objects.select_for_update(of=["self"]).filter(Q(first=source) | Q(second=source))
    known = model.objects.filter(Q(first=target) | Q(second=target)).values_list("first", "second")
    beside = {target.pk, *(pk for pair in known for pk in pair)}
    joined = set(Customer.objects.filter(merged_into__in=[source, target]).values_list("pk", flat=True))
    before: Before = {}
    stays = []
    for pair in rows.order_by("pk"):
        third = pair.second_id if pair.first_id == source.pk else pair.first_id
        if third in beside or third in joined:
            stays += [] if third == target.pk else [pair.pk]
            continue
        before[pair.pk] = {"state": pair.state, "decided_by": pair.decided_by_id}
        _name(pair, source.pk, target.pk)
    return before, stays


def _name(pair: Any, source: int, target: int) -> None:
    """Write ``target`` where ``source`` stands; the two change places when that is their order."""
    first, second = (target if pk == source else pk for pk in (pair.first_id, pair.second_id))
    if first > second:
        first, second = second, first
        if isinstance(pair, ReviewPair):
            pair.first_row_id, pair.second_row_id = pair.second_row_id, pair.first_row_id
    pair.first_id, pair.second_id = first, second
    fields = ["first", "second"]
    if isinstance(pair, ReviewPair):
        pair.placed_at = None  # the review looks again who knows the two
        fields += ["first_row", "second_row", "placed_at"]
    pair.save(update_fields=fields)


def give_pairs_back(model: type[Model], before: Before, source: Customer, target: Customer) -> None:
    """Let pairs that came to ``source`` be pairs of ``target`` again, where they are still pairs of ``source``.

    A pair by which people have joined ``source`` to the other one meanwhile stays; what was known of ``target`` and
    that person is written anew.
    """
    rows = model.objects.select_for_update(of=["self"]).filter(
        Q(first=source) | Q(second=source), pk__in=list(before)
    )
    for pair in rows.order_by("pk"):
        third = pair.second_id if pair.first_id == source.pk else pair.first_id
        low, high = sorted((third, target.pk))
        if third == target.pk or model.objects.filter(first=low, second=high).exists():
            continue
        if isinstance(pair, ReviewPair) and Merge.objects.filter(pair=pair, state=MergeState.DONE).exists():
            _write_anew(pair, low, high, before[pair.pk])
        else:
            _name(pair, source.pk, target.pk)


def _write_anew(pair: ReviewPair, first: int, second: int, before: dict[str, Any]) -> None:
    decided_at = timezone.now() if before["decided_by"] else None
    ReviewPair.objects.create(
        first_id=first,
        second_id=second,
        rule=pair.rule,
        outcome=pair.outcome,
        weight=pair.weight,
        state=before["state"],
        decided_by_id=before["decided_by"],
        decided_at=decided_at,
    )


def point_marriages(model: type[Model], source: Customer, target: Customer) -> tuple[Before, list[int]]:
    """Let marriages of ``source`` be marriages of ``target``; one on whose days ``target`` is married already stays."""
    rows = model.objects.select_for_update().filter(Q(first=source) | Q(second=source))
    before: Before = {}
    stays = []
    for marriage in rows.order_by("pk"):
        third = marriage.second_id if marriage.first_id == source.pk else marriage.first_id
        others = model.objects.filter(Q(first=target) | Q(second=target))
        if third == target.pk or any(_meet(marriage, one) for one in others):
            stays.append(marriage.pk)
            continue
        before[marriage.pk] = {"first_id": marriage.first_id, "second_id": marriage.second_id}
        marriage.first_id, marriage.second_id = sorted((third, target.pk))
        marriage.save(update_fields=["first", "second"])
    return before, stays


def _meet(one: Marriage, other: Marriage) -> bool:
    """Whether two marriages were in force on one day, or name the same couple without days."""
    (a, b), (c, d) = ((row.valid_from or date.min, row.valid_to or date.max) for row in (one, other))
    return max(a, c) < min(b, d)


def give_marriages_back(model: type[Model], before: Before, source: Customer, target: Customer) -> None:
    """Let marriages that came to ``source`` be marriages of ``target`` again."""
    rows = model.objects.select_for_update().filter(Q(first=source) | Q(second=source), pk__in=list(before))
    for marriage in rows.order_by("pk"):
        third = marriage.second_id if marriage.first_id == source.pk else marriage.first_id
        marriage.first_id, marriage.second_id = sorted((third, target.pk))
        marriage.save(update_fields=["first", "second"])


@dataclass(frozen=True)
class Couples:
    """A table whose rows name two people: how its rows come to the survivor, and how they return."""

    model: type[Model]
    point: Callable[[type[Model], Customer, Customer], tuple[Before, list[int]]]
    give_back: Callable[[type[Model], Before, Customer, Customer], None]

    @property
    def label(self) -> str:
        """The relation under which a merge remembers them."""
        return f"{self.model._meta.label}.first"


COUPLES = (
    Couples(Marriage, point_marriages, give_marriages_back),
    Couples(ReviewPair, point_pairs, give_pairs_back),
    Couples(HouseholdQuestion, point_pairs, give_pairs_back),
)
