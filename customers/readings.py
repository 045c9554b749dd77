"""Who has read how much: numbers, records of other branches, numbers searched; the unusual first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Count, Max, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncDate
from django.utils import timezone

from branches.models import StaffMember
from coopcrm.shared import audit
from coopcrm.shared.models import Deed
from customers import policies
from customers.models import Household, Sharing
from customers.reveal import OUTSIDE_BRANCH, RELATIVE, UNUSUAL_A_DAY

RECORD, TAIL, SHEET, LEDGER_ROW = "record", "end of a number", "sheet", "ledger row"
WITHOUT_NUMBER = ("search", "shared household", RECORD, TAIL, SHEET, LEDGER_ROW)
UNUSUAL_TAILS = 50
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
    records: int
    tails: int
    refused: int
    outside: int
    relatives: int
    busiest: int
    last_at: datetime

    @property
    def is_unusual(self) -> bool:
        """Own relatives, refusals by the limit, probing of other branches, or over 200 in a day."""
        probes = self.searches > 5 or self.tails > UNUSUAL_TAILS
        return bool(self.relatives or self.refused or probes or self.busiest > UNUSUAL_A_DAY)


def note_record(staff: StaffMember, row: models.Model, branch_id: int | None) -> None:
    """Put on record that somebody opened a whole record of a branch where they hold no post: the union's posts do."""
    if not policies.works_at(staff, branch_id):
        audit.record(Deed.READING, subject=row, detail={"what": RECORD})


def note_household(staff: StaffMember, household: Household) -> None:
    """Put on record that somebody reads what another branch has, with the purpose for which it was shared."""
    if policies.may_read_fully(staff, household):
        note_record(staff, household, household.branch_id)
        return
    given = Sharing.objects.filter(household=household, branch__in=staff.scope.branch_ids)
    found = given.on(timezone.localdate()).first()
    purpose = found.purpose if found else ""
    audit.record(Deed.READING, subject=household, purpose=purpose, detail={"what": "shared household"})


def note_sheet(row: models.Model) -> None:
    """Put on record that somebody took a sheet of a customer or a household to the printer."""
    audit.record(Deed.READING, subject=row, purpose="print", detail={"what": SHEET})


def note_tail_search(foreign: int) -> None:
    """Put on record that the end of a number was tried and that people of other branches fitted."""
    if foreign:
        audit.record(Deed.READING, purpose="search", detail={"what": TAIL, "found": foreign})


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
    of_number = Q(deed=Deed.READING) & ~Q(what__in=WITHOUT_NUMBER)
    totals = (
        rows.filter(Q(deed=Deed.READING) | refused)
        .order_by()
        .values("actor_id")
        .annotate(
            name=Max("actor_name"),
            numbers=Count("id", filter=of_number),
            households=Count("id", filter=Q(deed=Deed.READING, what="shared household")),
            searches=Count("id", filter=Q(deed=Deed.READING, what="search")),
            records=Count("id", filter=Q(deed=Deed.READING, what=RECORD)),
            tails=Count("id", filter=Q(deed=Deed.READING, what=TAIL)),
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
