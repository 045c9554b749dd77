"""What the organisation asks of the registry: known households by village, and what a closing branch leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import Count
from django.utils.translation import ngettext

from customers.models import Household


def households_by_village(areas: Iterable[int] | None = None) -> dict[int, int]:
    """Households in force by village, of the villages named or of all; counts alone, one query."""
    rows = Household.objects.filter(valid_to=None, village__isnull=False)
    if areas is not None:
        rows = rows.filter(village__in=list(areas))
    return dict(rows.order_by().values_list("village").annotate(n=Count("pk")))


def follow_areas(successors: Mapping[int, int]) -> int:
    """Let people and households live under what their village's code became; returns how many rows moved."""
    moved = 0
    with connection.cursor() as cursor:
        for table in ("customers_household", "customers_customer"):
            cursor.execute(
                f"UPDATE {table} t SET village_id = m.new FROM unnest(%s::bigint[], %s::bigint[]) AS m(old, new)"  # noqa: S608 - names of our own
                " WHERE t.village_id = m.old",
                [list(successors), list(successors.values())],
            )
            moved += cursor.rowcount
    return moved


def managed_households(unit: int) -> str:
    """Why a branch cannot close yet: the households it manages; empty when there are none."""
    count = Household.objects.filter(branch=unit, valid_to=None).count()
    if not count:
        return ""
    words = ngettext(
        "%(count)d household is managed here. Hand it over to another branch first.",
        "%(count)d households are managed here. Hand them over to another branch first.",
        count,
    )
    return words % {"count": count}
