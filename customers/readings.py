"""Who has read how much: full numbers, shared households, whole numbers searched; the unusual first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Max, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncDate
from django.utils import timezone

from coopcrm.shared import audit
from coopcrm.shared.models import Deed
from customers.reveal import OUTSIDE_BRANCH, RELATIVE, UNUSUAL_A_DAY

DAYS = 30
PEOPLE = 100


@dataclass(frozen=True)
class Reader:
    """One person's readings in a period; ``busiest`` is the most in one day."""

    actor_id: int
    name: str
    numbers: int
    households: int
    searches: int
    refused: int
    outside: int
    relatives: int
    busiest: int
    last_at: datetime

    @property
    def is_unusual(self) -> bool:
        """Own relatives, refusals by the limit, probing of other branches, or over 200 in a day."""
        return bool(self.relatives or self.refused or self.searches > 5 or self.busiest > UNUSUAL_A_DAY)


def start_of(day: date) -> datetime:
    """The first moment of a day."""
    return timezone.make_aware(datetime.combine(day, time.min))


def readers(*, today: date, days: int = DAYS) -> list[Reader]:
    """Everybody who read in the last ``days`` days, the unusual and the busiest first; two queries."""
    since = start_of(today - timedelta(days=days - 1))
    rows = audit.entries().filter(at__gte=since, actor_id__isnull=False)
    rows = rows.annotate(what=KeyTextTransform("what", "new"), signals=KeyTextTransform("signals", "new"))
    read = rows.filter(deed=Deed.READING)
    refused = Q(deed=Deed.REFUSAL, what__isnull=False)
    of_number = Q(deed=Deed.READING) & ~Q(what__in=["search", "shared household"])
    totals = (
        rows.filter(Q(deed=Deed.READING) | refused)
        .order_by()
        .values("actor_id")
        .annotate(
            name=Max("actor_name"),
            numbers=Count("id", filter=of_number),
            households=Count("id", filter=Q(deed=Deed.READING, what="shared household")),
            searches=Count("id", filter=Q(deed=Deed.READING, what="search")),
            refused=Count("id", filter=refused),
            outside=Count("id", filter=Q(signals__contains=OUTSIDE_BRANCH)),
            relatives=Count("id", filter=Q(signals__contains=RELATIVE)),
            last_at=Max("at"),
        )
    )
    by_day = read.order_by().values("actor_id", day=TruncDate("at")).annotate(n=Count("id"))
    busiest: dict[int, int] = {}
    for row in by_day:
        busiest[row["actor_id"]] = max(busiest.get(row["actor_id"], 0), row["n"])
    found = [Reader(**row, busiest=busiest.get(row["actor_id"], 0)) for row in totals]
    found.sort(key=lambda row: (not row.is_unusual, -row.busiest, row.actor_id))
    return found[:PEOPLE]
