"""Reads of units, staff and areas that end in plain values or models."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
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
