"""The queue: whose pairs they are, in which order they stand, what hangs together, how far the day has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.choices import ProposalState
from branches.models import Proposal, StaffMember
from coopcrm.shared.paging import Keyset
from customers.choices import PairDecision, ReviewState
from customers.models import Customer, ReviewDecision, ReviewPair

PROPOSAL_KIND = "customers.pair"
ORDER = ("-priority", "cluster", "id")
KEYSET = Keyset("review", ORDER)
PAGE = 40
OLD_DAYS, FRESH_DAYS = 30, 7

BAND_BITS, LOWEST_BAND, HIGHEST_BAND = 2, -6, 14
BANDS = tuple(str(low) for low in range(LOWEST_BAND, HIGHEST_BAND + 1, BAND_BITS))

OPEN, CONFIRM, LATER, DECIDED = "open", "confirm", "later", "decided"
TABS = {
    OPEN: pgettext_lazy("state of a pair", "Open"),
    CONFIRM: _("Wait for a second person"),
    LATER: _("To be asked"),
    DECIDED: _("Decided"),
}
MINE, ALL = "mine", "all"
AGES = {"week": _("of the last 7 days"), "month": _("older than 30 days")}


@dataclass(frozen=True)
class Filters:
    """What part of the queue is looked at; stands in the address as codes."""

    tab: str = OPEN
    whose: str = MINE
    rule: str = ""
    age: str = ""
    branch: int = 0
    band: str = ""

    def query(self, **changes: str) -> str:
        """The filters as they stand in an address, without those that say nothing."""
        values = {"tab": self.tab, "whose": self.whose, "rule": self.rule, "age": self.age, **changes}
        values |= {"branch": self.branch, "band": self.band}
        plain = {"tab": OPEN, "whose": MINE, "rule": "", "age": "", "branch": 0, "band": ""}
        told = {name: value for name, value in values.items() if value != plain[name]}
        return f"?{urlencode(told)}" if told else ""


@dataclass(frozen=True)
class Group:
    """Pairs that hang together, and the customers they join."""

    cluster: int
    pairs: list[ReviewPair]
    people: list[Customer] = field(default_factory=list)

    @property
    def is_single(self) -> bool:
        return len(self.pairs) == 1


def visible_pairs(staff: StaffMember) -> QuerySet[ReviewPair]:
    """Pairs the person sees, but for those whose two records have become one otherwise."""
    first, second = (Coalesce(F(f"{side}__merged_into"), F(f"{side}__id")) for side in ("first", "second"))
    rows = ReviewPair.objects.visible_to(staff).annotate(root_a=first, root_b=second)
    return rows.filter(~Q(root_a=F("root_b")) | ~Q(state__in=(ReviewState.OPEN, ReviewState.LATER)))


def waiting_proposals() -> QuerySet[Proposal]:
    """Proposals about a pair that wait for a second person, for a sub-query."""
    rows = Proposal.objects.filter(kind=PROPOSAL_KIND, subject_table=ReviewPair._meta.db_table)
    return rows.filter(state=ProposalState.OPEN, expires_at__gt=timezone.now(), subject_id=OuterRef("pk"))


def in_tab(rows: QuerySet[ReviewPair], tab: str) -> QuerySet[ReviewPair]:
    """Pairs of a tab."""
    if tab == DECIDED:
        return rows.filter(state__in=(ReviewState.SAME, ReviewState.DIFFERENT))
    if tab == LATER:
        return rows.filter(state=ReviewState.LATER)
    waits = Exists(waiting_proposals())
    return rows.undecided().filter(waits) if tab == CONFIRM else rows.filter(~waits, state=ReviewState.OPEN)


def whose(rows: QuerySet[ReviewPair], staff: StaffMember, code: str) -> QuerySet[ReviewPair]:
    """Those that the person's branches know best, and those nobody has looked at yet; or all that they see."""
    if code == ALL or staff.scope.sees_union:
        return rows
    return rows.filter(Q(branch__in=staff.scope.branch_ids) | Q(branch=None))


def in_band(low: int) -> Q:
    """Pairs whose weight lies in a band; the lowest and the highest hold what lies beyond."""
    above = Q() if low <= LOWEST_BAND else Q(weight__gte=low)
    return above if low >= HIGHEST_BAND else above & Q(weight__lt=low + BAND_BITS)


def queue(staff: StaffMember, filters: Filters) -> QuerySet[ReviewPair]:
    """The pairs of the queue as narrowed."""
    rows = in_tab(whose(visible_pairs(staff), staff, filters.whose), filters.tab)
    if filters.band:
        rows = rows.filter(in_band(int(filters.band)))
    if filters.branch:
        rows = rows.filter(branch=filters.branch)
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    now = timezone.now()
    if filters.age == "month":
        rows = rows.filter(created_at__lt=now - timedelta(days=OLD_DAYS))
    if filters.age == "week":
        rows = rows.filter(created_at__gte=now - timedelta(days=FRESH_DAYS))
    return rows


def grouped(pairs: Iterable[ReviewPair]) -> list[Group]:
    """Neighbours in the queue that hang together; a pair that nobody has placed stands alone."""
    found = []
    for _key, some in groupby(pairs, key=lambda pair: pair.cluster or -pair.pk):
        together = sorted(some, key=lambda pair: (-pair.weight, pair.pk))
        people = {side.pk: side for pair in together for side in (pair.first, pair.second)}
        found.append(Group(together[0].cluster, together, [people[pk] for pk in sorted(people)]))
    return found


def with_sides(rows: QuerySet[ReviewPair]) -> QuerySet[ReviewPair]:
    """With both customers, their villages and branches."""
    sides = [
        f"{side}__{part}" for side in ("first", "second") for part in ("branch", "village", "merged_into")
    ]
    return rows.select_related(*sides, "decided_by", "branch")


def next_pair(staff: StaffMember, filters: Filters, after: ReviewPair) -> int | None:
    """The pair that follows in the queue; the first of all when none follows, None when the queue is empty."""
    rows = queue(staff, filters).exclude(pk=after.pk).order_by(*ORDER)
    later = rows.filter(_beyond(after, descending="lt", ascending="gt"))
    return later.values_list("pk", flat=True).first() or rows.values_list("pk", flat=True).first()


def neighbours(staff: StaffMember, filters: Filters, pair: ReviewPair) -> tuple[int | None, int | None]:
    """The pairs before and after in the queue."""
    rows = queue(staff, filters).exclude(pk=pair.pk)
    back = [column[1:] if column.startswith("-") else f"-{column}" for column in ORDER]
    before = rows.filter(_beyond(pair, descending="gt", ascending="lt")).order_by(*back)
    after = rows.filter(_beyond(pair, descending="lt", ascending="gt")).order_by(*ORDER)
    return before.values_list("pk", flat=True).first(), after.values_list("pk", flat=True).first()


def _beyond(pair: ReviewPair, *, descending: str, ascending: str) -> Q:
    same = Q(priority=pair.priority)
    in_cluster = same & Q(cluster=pair.cluster)
    return (
        Q(**{f"priority__{descending}": pair.priority})
        | (same & Q(**{f"cluster__{ascending}": pair.cluster}))
        | (in_cluster & Q(**{f"pk__{ascending}": pair.pk}))
    )


@dataclass(frozen=True)
class Counts:
    """How many pairs stand in each tab, and of the open ones by rule and by age."""

    tabs: dict[str, int]
    rules: dict[str, int]
    ages: dict[str, int]


def counts(staff: StaffMember, filters: Filters) -> Counts:
    """Counts of the queue, in two queries."""
    now = timezone.now()
    rows = whose(visible_pairs(staff), staff, filters.whose).annotate(waits=Exists(waiting_proposals()))
    decided = Q(state__in=(ReviewState.SAME, ReviewState.DIFFERENT))
    undecided = Q(state__in=(ReviewState.OPEN, ReviewState.LATER))
    tabs = rows.aggregate(
        open=Count("pk", filter=Q(state=ReviewState.OPEN, waits=False)),
        confirm=Count("pk", filter=undecided & Q(waits=True)),
        later=Count("pk", filter=Q(state=ReviewState.LATER)),
        decided=Count("pk", filter=decided),
        week=Count(
            "pk",
            filter=Q(state=ReviewState.OPEN, waits=False, created_at__gte=now - timedelta(days=FRESH_DAYS)),
        ),
        month=Count(
            "pk",
            filter=Q(state=ReviewState.OPEN, waits=False, created_at__lt=now - timedelta(days=OLD_DAYS)),
        ),
    )
    by_rule = rows.filter(state=ReviewState.OPEN, waits=False).order_by("rule").values_list("rule")
    ages = {code: tabs.pop(code) for code in AGES}
    return Counts(tabs, dict(by_rule.annotate(n=Count("pk"))), ages)


@dataclass(frozen=True)
class Progress:
    """How far the person has come today: decided, and how many that leaves of what was there."""

    done: int
    left: int

    @property
    def total(self) -> int:
        return self.done + self.left


def done_today(staff: StaffMember) -> int:
    """Pairs about which the person has said something today that they have not taken back."""
    today = ReviewDecision.objects.filter(
        decided_by=staff, decided_at__date=timezone.localdate(), undone_by=None
    )
    return today.exclude(decision=PairDecision.UNDONE).values("pair").distinct().count()
