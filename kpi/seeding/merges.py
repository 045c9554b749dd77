"""Records that were joined: a few possible duplicates, one of them taken back, one that waits for a second person."""

from __future__ import annotations

from branches.choices import PostCode, UnitKind
from branches.models import Post, StaffMember, Unit
from customers.merging.services import merge
from customers.merging.undoing import undo_merge
from customers.models import Customer, Merge, ReviewPair
from customers.review.joining import proposed_survivor

BRANCHES, PER_BRANCH = 3, 3
SAME_CARD = "核对身份证，是同一人。"
SISTERS = "户口簿显示是姐妹两人。"


def seed_merges() -> int:
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
    return Merge.objects.count()


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
