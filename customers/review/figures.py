"""How the queue fares: what waits where and how long, how people agree with the machine, how long a decision takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Floor
from django.utils import timezone

from branches.models import StaffMember, Unit
from customers.choices import UNDECIDED, PairDecision, ReviewState
from customers.matching.weights import probability
from customers.models import ReviewDecision, ReviewPair
from customers.review.queue import BAND_BITS, HIGHEST_BAND, LOWEST_BAND, OLD_DAYS

LEAST_IN_BAND = 10
ANSWERS = (PairDecision.SAME, PairDecision.DIFFERENT)


@dataclass(frozen=True)
class BranchLine:
    """What waits at a branch: open and to be asked, how much of it long, the oldest; and what it decided."""

    branch: Unit | None
    open: int
    later: int
    old: int
    oldest: datetime | None
    decided: int


@dataclass(frozen=True)
class Band:
    """Decisions whose weight lay between ``low`` and ``high`` bits: how many were the same person, and how many the
    weights expected."""

    low: int
    high: int
    decided: int
    same: int
    expected: float

    @property
    def share(self) -> float:
        return self.same / self.decided

    @property
    def is_small(self) -> bool:
        """Too few to say anything."""
        return self.decided < LEAST_IN_BAND


@dataclass(frozen=True)
class Pace:
    """How long a page stood open before the decision: number, mean and longest, in seconds."""

    decided: int
    mean: float | None
    longest: int | None


def truth() -> QuerySet[ReviewDecision]:
    """The decisions that hold: carried out, not taken back, the last one of each pair."""
    rows = ReviewDecision.objects.standing().filter(decision__in=ANSWERS, decision=F("pair__state"))
    last = rows.order_by("pair", "-pk").distinct("pair").values("pk")
    return ReviewDecision.objects.filter(pk__in=last)


def decisions_as_truth() -> Iterator[tuple[dict[str, str], bool]]:
    """What people decided, to learn from: the levels they were shown, and whether the two are one person."""
    rows = truth().exclude(levels={}).order_by("pk").values_list("levels", "decision")
    for levels, decision in rows.iterator(chunk_size=5000):
        yield levels, decision == PairDecision.SAME


def visible_truth(staff: StaffMember) -> QuerySet[ReviewDecision]:
    """Decisions that hold, about pairs the person sees."""
    return truth().filter(pk__in=ReviewDecision.objects.visible_to(staff).values("pk"))


def by_branch(staff: StaffMember, now: datetime | None = None) -> list[BranchLine]:
    """What waits and was decided, branch by branch; one query for each."""
    now = now or timezone.now()
    old = Q(state=ReviewState.OPEN, created_at__lt=now - timedelta(days=OLD_DAYS))
    rows = ReviewPair.objects.visible_to(staff).order_by().values("branch")
    counts = rows.annotate(
        open=Count("pk", filter=Q(state=ReviewState.OPEN)),
        later=Count("pk", filter=Q(state=ReviewState.LATER)),
        old=Count("pk", filter=old),
        oldest=Min("created_at", filter=Q(state__in=UNDECIDED)),
        decided=Count("pk", filter=Q(state__in=(ReviewState.SAME, ReviewState.DIFFERENT))),
    )
    found = list(counts)
    units = Unit.objects.in_bulk([row["branch"] for row in found if row["branch"]])
    lines = [BranchLine(units.get(row.pop("branch")), **row) for row in found]
    return sorted(lines, key=lambda line: (-line.open, str(line.branch)))


def bands(decisions: QuerySet[ReviewDecision]) -> list[Band]:
    """Decisions by weight in steps of two bits; what lies beyond the ends is counted there. One query."""
    rows = decisions.annotate(band=Floor(F("weight") / float(BAND_BITS))).order_by().values("band")
    counted = rows.annotate(
        n=Count("pk"), same=Count("pk", filter=Q(decision=PairDecision.SAME)), mean=Avg("weight")
    )
    return _bands(list(counted))


def _bands(rows: Iterable[dict]) -> list[Band]:
    totals: dict[int, list[float]] = {}
    for row in rows:
        low = min(max(int(row["band"]) * BAND_BITS, LOWEST_BAND), HIGHEST_BAND)
        total = totals.setdefault(low, [0, 0, 0.0])
        total[0] += row["n"]
        total[1] += row["same"]
        total[2] += row["n"] * probability(row["mean"])
    return [
        Band(low, low + BAND_BITS, int(n), int(same), expected / n)
        for low, (n, same, expected) in sorted(totals.items())
    ]


def pace(decisions: QuerySet[ReviewDecision]) -> Pace:
    """How long decisions take."""
    timed = decisions.exclude(seconds=None)
    found = timed.aggregate(decided=Count("pk"), mean=Avg("seconds"), longest=Max("seconds"))
    return Pace(**found)
