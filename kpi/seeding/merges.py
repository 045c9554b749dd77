"""Records that were joined: a few possible duplicates, one of them taken back, one that waits for a second person."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from branches.choices import PostCode, UnitKind
from branches.models import Post, StaffMember, Unit
from customers.merging.services import merge
from customers.merging.undoing import undo_merge
from customers.models import Customer, Merge, ReviewDecision, ReviewPair
from customers.review.joining import proposed_survivor
from kpi.seeding.plan import Plan

BRANCHES, PER_BRANCH = 3, 3
SPREAD_DAYS = 25
SAME_CARD = "核对身份证，是同一人。"
SISTERS = "户口簿显示是姐妹两人。"


def seed_merges(plan: Plan) -> int:
    """Join some pairs of the first branches as their directors do; returns how many merges there are."""
    for branch in Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk")[:BRANCHES]:
        director = _director_of(branch)
        if director is None:
            continue
        pairs = _pairs_of(branch)
        for place, pair in enumerate(pairs):
            row = _join(director, pair)
            if place == 1 and row.is_done:
                undo_merge(staff=director, merge=row, reason=SISTERS)
    _spread_over_weeks(plan)
    return Merge.objects.count()


def _spread_over_weeks(plan: Plan) -> None:
    """They were joined one by one in the weeks before, on the day of the decision where the review has one."""
    end = timezone.make_aware(datetime.combine(plan.as_of, time(16, 40)))
    rows = list(Merge.objects.select_related("pair").order_by("pk"))
    for number, row in enumerate(rows):
        decided = row.pair.decided_at if row.pair and row.pair.decided_at else None
        if decided is None or decided > end:
            decided = end - timedelta(days=2 + 3 * number % SPREAD_DAYS, minutes=37 * number)
            _date_decisions(row.pair, decided)
        row.asked_at, row.done_at = decided, decided if row.done_at else None
        row.undone_at = decided + timedelta(days=1) if row.undone_at else None
    Merge.objects.bulk_update(rows, ["asked_at", "done_at", "undone_at"])


def _date_decisions(pair: ReviewPair | None, day: datetime) -> None:
    if pair is not None:
        ReviewPair.objects.filter(pk=pair.pk).exclude(decided_at=None).update(decided_at=day)
        ReviewDecision.objects.filter(pair=pair).update(decided_at=day)


def _director_of(branch: Unit) -> StaffMember | None:
    rows = Post.objects.filter(unit=branch, code=PostCode.DIRECTOR, valid_to=None).order_by("pk")
    found = rows.select_related("staff").first()
    return found.staff if found else None


def _pairs_of(branch: Unit) -> list[ReviewPair]:
    """Pairs of the branch that nobody has decided: two the machine is nearly sure of, and one with a disputed number."""
    rows = ReviewPair.objects.filter(state="open", first__branch=branch, second__branch=branch).order_by("pk")
    rows = rows.filter(first__merged_into=None, second__merged_into=None).select_related("first", "second")
    likely, disputed = rows.filter(outcome="PROBABLE"), rows.filter(outcome="CONFLICT")
    chosen, people = [], set()
    for pair in [*likely[: 3 * PER_BRANCH], *disputed[:1]]:
        wanted = PER_BRANCH if pair.outcome == "CONFLICT" else PER_BRANCH - 1
        if len(chosen) < wanted and not people & {pair.first_id, pair.second_id}:
            chosen.append(pair)
            people |= {pair.first_id, pair.second_id}
    return chosen


def _join(director: StaffMember, pair: ReviewPair) -> Merge:
    stays = proposed_survivor(pair.first, pair.second)
    other: Customer = pair.second if stays.pk == pair.first_id else pair.first
    return merge(staff=director, survivor=stays, other=other, pair=pair, reason=SAME_CARD)
