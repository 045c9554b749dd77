"""Reads of units, staff and areas that end in plain values or models."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from branches.choices import AreaLevel, UnitKind
from branches.models import Area, Post, StaffMember, Unit


def branches_of(staff: StaffMember) -> QuerySet[Unit]:
    """Branches whose rows the person works with; all of them for head office and audit."""
    branches = Unit.objects.filter(kind=UnitKind.BRANCH)
    return branches if staff.scope.sees_union else branches.filter(pk__in=staff.scope.branch_ids)


def posts_on(day) -> QuerySet[Post]:
    """Posts in force on a day."""
    return Post.objects.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


def villages() -> QuerySet[Area]:
    """Villages whose code is in force today."""
    return Area.objects.filter(level=AreaLevel.VILLAGE, valid_to=None)


def villages_like(typed: str, *, branch_ids: frozenset[int] = frozenset(), limit: int = 8) -> list[Area]:
    """Villages whose name, pinyin or initials begin with what was typed, those of the given branches first."""
    key = typed.strip().lower().replace(" ", "").replace("'", "")
    if not key:
        return []
    matches = Q(name__startswith=typed.strip()) | Q(pinyin__startswith=key) | Q(initials__startswith=key)
    rows = villages().filter(matches).select_related("parent", "unit").order_by("pinyin", "id")
    found = list(rows[: limit * 4])
    found.sort(key=lambda area: branch_of(area) not in branch_ids)
    return found[:limit]


def branch_of(area: Area) -> int | None:
    """The branch that serves an area, when one is named."""
    return area.unit.branch_id_of if area.unit else None


def staff_at(unit: Unit) -> list[Post]:
    """Posts held today at a unit and at the units below it."""
    today = timezone.localdate()
    below = Q(unit=unit) | Q(unit__parent=unit)
    return list(
        posts_on(today)
        .filter(below)
        .select_related("staff", "unit")
        .order_by("unit__code", "code", F("staff"))
    )


@dataclass(frozen=True)
class Branch:
    """A unit with the units below it and how many people hold a post there today."""

    unit: Unit
    people: int
    below: list[Branch]


def unit_tree() -> list[Branch]:
    """All open units as a tree, with the number of people per unit, in two queries."""
    today = timezone.localdate()
    counts = dict(posts_on(today).values_list("unit").annotate(n=Count("staff", distinct=True)))
    children: dict[int | None, list[Unit]] = {}
    for row in Unit.objects.filter(closed_on=None).order_by("code"):
        children.setdefault(row.parent_id, []).append(row)

    def grown(parent_id: int | None) -> list[Branch]:
        return [Branch(row, counts.get(row.pk, 0), grown(row.pk)) for row in children.get(parent_id, [])]

    return grown(None)


def townships() -> list[Area]:
    """Townships in force, with the number of their villages."""
    rows = Area.objects.filter(level=AreaLevel.TOWNSHIP, valid_to=None)
    return list(rows.annotate(village_count=Count("children")).order_by("code"))


def page_of_posts(rows: QuerySet[Post], after: str, size: int) -> dict:
    """Posts by unit and rank; the cursor is the id of the last post shown."""
    rows = rows.order_by("unit_id", "code", "pk")
    if after.isdecimal() and (last := Post.objects.filter(pk=int(after)).first()):
        later = Q(unit_id__gt=last.unit_id) | Q(unit_id=last.unit_id, code__gt=last.code)
        rows = rows.filter(later | Q(unit_id=last.unit_id, code=last.code, pk__gt=last.pk))
    found = list(rows[: size + 1])
    return {"rows": found[:size], "after": found[size - 1].pk if len(found) > size else ""}
