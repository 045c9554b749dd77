"""Rows written since a merge: to which of the two they belong when it is taken back.

Known is what a row says itself: the account, loan or ledger row that it belongs to, or a number that one of the two had
before. Where nothing says it, people are asked row by row; unless they say otherwise it stays with the survivor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from customers.merging import moving
from customers.merging.choices import AWAY, MergeKind, MergeState, MoveKind, Side
from customers.merging.relations import relation, relations
from customers.models import Customer, Household, Merge, MergeMove
from customers.registries import MergeRelation

NUMBERED = "number_key"
MERGED_INTO = "customers.Customer.merged_into"


@dataclass(frozen=True)
class Later:
    """One row written since: its relation, to whom it belongs, and whether that is known."""

    relation: MergeRelation
    row: models.Model
    side: str
    is_known: bool

    @property
    def key(self) -> tuple[str, int]:
        return self.relation.label, self.row.pk

    @property
    def field(self) -> str:
        """The name of its question on the page."""
        return f"{self.relation.label}-{self.row.pk}"


def target_of(merge: Merge) -> type[models.Model]:
    """What was joined."""
    return Customer if merge.kind == MergeKind.CUSTOMER else Household


def chain(merge: Merge) -> list[Merge]:
    """The merge and those that joined its survivor further, as they stand now."""
    found = [merge]
    while (later := _next(found[-1])) is not None:
        found.append(later)
    return found


def _next(merge: Merge) -> Merge | None:
    side = {"other": merge.survivor_id} if merge.survivor_id else {"other_household": merge.household_id}
    return Merge.objects.filter(state=MergeState.DONE, **side).first()


def end_of(merge: Merge) -> int:
    """Where the rows are now: the living end of the chain."""
    last = chain(merge)[-1]
    return last.survivor_id or last.household_id


@dataclass(frozen=True)
class Station:
    """A survivor along the chain, where rows of the other record may stand: what was kept on the way stays there.

    ``through`` are the later links on the way there: what they moved, and the highest ids when they were made.
    """

    pk: int
    through: list[tuple[dict[str, set[int]], dict[str, int]]]

    def has_come(self, pk: int, label: str) -> bool:
        """Not what the survivor of a later link had before it: the row came with the link, or was written after."""
        return all(pk in moved.get(label, ()) or pk > marks.get(label, 0) for moved, marks in self.through)


def stations(merge: Merge) -> list[Station]:
    """The survivors along the chain, beginning with the merge's own."""
    links = chain(merge)
    through = [(_moved([link]), link.marks) for link in links[1:]]
    return [
        Station(link.survivor_id or link.household_id, through[:place]) for place, link in enumerate(links)
    ]


def written_since(merge: Merge) -> list[Later]:
    """Rows written on the survivor's side since the merge, each with its side, as it is known or supposed."""
    moved, others = _moved([merge]), came_otherwise(merge)
    created = _moved([merge], MoveKind.CREATED)
    found: list[Later] = []
    for station in stations(merge):
        rows = moving.pointing_at(target_of(merge), station.pk, after=merge.marks)
        for label, ids in rows.items():
            not_asked = {*moved.get(label, ()), *others.get(label, ()), *created.get(label, ())}
            later = [pk for pk in ids if pk not in not_asked and station.has_come(pk, label)]
            found += _judged(merge, relation(label), later, moved)
    return found


def came_otherwise(merge: Merge) -> dict[str, set[int]]:
    """By relation the rows that came to the end of the chain later by a merge that is not part of it.

    A row that was taken back out of the chain and came again with its own record belongs to that record; so does the
    record itself.
    """
    side = "survivor" if merge.kind == MergeKind.CUSTOMER else "household"
    ends = [station.pk for station in stations(merge)]
    rows = Merge.objects.filter(state=MergeState.DONE, pk__gt=merge.pk, **{f"{side}__in": ends})
    links = list(rows.exclude(pk__in=[link.pk for link in chain(merge)]))
    found = _moved(links)
    found.setdefault(MERGED_INTO, set()).update(link.other_id for link in links if link.other_id)
    return found


def _moved(links: Iterable[Merge], *kinds: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    rows = MergeMove.objects.filter(merge__in=list(links), kind__in=kinds or AWAY)
    for label, ids in rows.values_list("relation", "ids"):
        found.setdefault(label, set()).update(ids)
    return found


def _judged(merge: Merge, one: MergeRelation, ids: list[int], moved: dict[str, set[int]]) -> list[Later]:
    """The rows of one relation with their sides; a fixed number of queries."""
    if not ids:
        return []
    references = _references(one)
    rows = one.model._base_manager.filter(pk__in=ids).order_by("pk")
    theirs = _numbers(one, moved)
    found = []
    for row in rows:
        side = _side_of(row, references, moved, merge.marks)
        if side is None and theirs and bytes(getattr(row, NUMBERED)) in theirs:
            side = Side.OTHER
        found.append(Later(one, row, side or Side.SURVIVOR, side is not None))
    return found


def _references(one: MergeRelation) -> list[tuple[str, str]]:
    """Columns of the model that lead to rows that move as well, with the relation by which those do."""
    by_model: dict[Any, str] = {
        each.model: each.label for each in relations(one.target) if each.model is not one.target
    }
    return [
        (field.attname, by_model[field.related_model])
        for field in one.model._meta.concrete_fields
        if field.is_relation and field.related_model in by_model and field.related_model is not one.model
    ]


def _side_of(
    row: models.Model, references: list[tuple[str, str]], moved: dict[str, set[int]], marks: dict[str, int]
) -> str | None:
    """The side of what the row belongs to; None where that was written since as well, or there is none."""
    for column, label in references:
        pk = getattr(row, column)
        if pk is None:
            continue
        if pk in moved.get(label, ()):
            return Side.OTHER
        if pk <= marks.get(label, 0):
            return Side.SURVIVOR
    return None


def _numbers(one: MergeRelation, moved: dict[str, set[int]]) -> set[bytes]:
    """Keyed digests of numbers that came with the other record."""
    names = {field.name for field in one.model._meta.concrete_fields}
    if NUMBERED not in names:
        return set()
    rows = one.model._base_manager.filter(pk__in=moved.get(one.label, ()))
    return {bytes(key) for key in rows.values_list(NUMBERED, flat=True) if key}
