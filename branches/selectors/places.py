"""Reads of areas: villages by name, townships with their coverage, versions of codes, who serves what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils import timezone

from branches import registries
from branches.choices import AreaLevel
from branches.models import Area, AreaService, Unit


def villages() -> QuerySet[Area]:
    """Villages whose code is in force today."""
    return Area.objects.in_force().filter(level=AreaLevel.VILLAGE)


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


@dataclass(frozen=True)
class Coverage:
    """Households in the village register against households the registry knows."""

    area: Area
    registered: int | None
    known: int
    villages: int = 0
    unserved: int = 0
    uncounted: int = 0

    @property
    def percent(self) -> int | None:
        """Known households in percent of the register; None without a count."""
        return round(100 * self.known / self.registered) if self.registered else None


def coverage_of(areas: list[Area]) -> list[Coverage]:
    """Coverage of villages, predecessors counted in: two queries."""
    ids = [area.pk for area in areas]
    before = dict(Area.objects.filter(successor__in=ids).values_list("pk", "successor"))
    known = registries.known_households([*ids, *before])
    for old, new in before.items():
        known[new] = known.get(new, 0) + known.get(old, 0)
    return [Coverage(area, area.registered_households, known.get(area.pk, 0)) for area in areas]


def townships() -> list[Coverage]:
    """Townships in force with their villages added up: three queries."""
    rows = list(Area.objects.in_force().filter(level=AreaLevel.TOWNSHIP).order_by("code"))
    sums: dict[int, dict[str, int]] = {}
    for line in coverage_of(list(villages())):
        total = sums.setdefault(line.area.parent_id, dict.fromkeys(("r", "k", "v", "u", "c"), 0))
        total["r"] += line.registered or 0
        total["k"] += line.known
        total["v"] += 1
        total["u"] += line.area.unit_id is None
        total["c"] += line.registered is None
    none = dict.fromkeys(("r", "k", "v", "u", "c"), 0)
    found = ((row, sums.get(row.pk, none)) for row in rows)
    return [Coverage(row, t["r"] or None, t["k"], t["v"], t["u"], t["c"]) for row, t in found]


def sum_of(lines: list[Coverage]) -> dict[str, int | None]:
    """The union's totals of townships or villages."""
    registered = sum(line.registered or 0 for line in lines)
    known = sum(line.known for line in lines)
    return {
        "registered": registered,
        "known": known,
        "percent": round(100 * known / registered) if registered else None,
        "villages": sum(line.villages for line in lines),
        "unserved": sum(line.unserved for line in lines),
    }


def villages_in(township: Area) -> list[Coverage]:
    """Villages of a township in force, with the unit that serves them."""
    return coverage_of(list(township.children.in_force().select_related("unit").order_by("code")[:1000]))


def villages_of_unit(unit: Unit) -> list[Coverage]:
    """Villages a unit serves today, in the order of their codes."""
    rows = unit.areas.in_force().filter(level=AreaLevel.VILLAGE).select_related("parent").order_by("code")
    return coverage_of(list(rows[:500]))


def unserved_villages() -> list[Coverage]:
    """Villages in force that no unit serves."""
    rows = villages().filter(unit=None).select_related("parent", "unit").order_by("code")
    return coverage_of(list(rows[:500]))


def versions_of(area: Area) -> list[Area]:
    """The codes an area had, has and will have, oldest first: two queries a step, few steps."""
    before, frontier = [], [area.pk]
    while frontier:
        found = list(Area.objects.filter(successor__in=frontier).order_by("valid_from"))
        before, frontier = found + before, [row.pk for row in found]
    after, current = [], area
    while current.successor_id:
        current = Area.objects.get(pk=current.successor_id)
        after.append(current)
    return [*before, area, *after]


def services_of(area: Area) -> QuerySet[AreaService]:
    """Who served an area when, latest first; plans that were dropped are left out."""
    rows = area.services.exclude(valid_to=F("valid_from")).select_related("unit")
    return rows.order_by("-valid_from")


def areas_with_villages(day: date | None = None) -> QuerySet[Area]:
    """Townships in force with their villages, for choosing among them."""
    day = day or timezone.localdate()
    inside = Prefetch("children", Area.objects.in_force(day).order_by("code"), to_attr="villages")
    rows = Area.objects.in_force(day).filter(level=AreaLevel.TOWNSHIP)
    return rows.annotate(village_count=Count("children")).prefetch_related(inside).order_by("code")
