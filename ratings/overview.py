"""What the pages of ratings and contribution show: the list, the spread of grades, tiers and the whale curve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import RowNumber
from redis.exceptions import RedisError

from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.money import rounded
from coopcrm.shared.paging import Keyset
from customers.models import Household
from ratings.choices import Grade, RatingStatus, Tier
from ratings.models import Contribution, CreditRating, CustomerTier

LIST_ORDER = Keyset("ratings", ("household_id", "id"))
TIER_ORDER = Keyset("tiers", ("rank", "id"))
CURVE_POINTS = 60
PERIODS_SHOWN = 24
PERIODS = """
WITH RECURSIVE found AS (
    (SELECT period_end FROM ratings_customertier ORDER BY period_end DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT t.period_end FROM ratings_customertier t WHERE t.period_end < found.period_end
            ORDER BY t.period_end DESC LIMIT 1)
    FROM found WHERE found.period_end IS NOT NULL
)
SELECT period_end FROM found WHERE period_end IS NOT NULL LIMIT %(most)s
"""
"""From one period to the one before it by the index: a period holds a row for every customer."""
COMPONENTS = ("deposit_spread", "loan_interest", "loan_ftp_cost", "risk_cost", "operating_cost", "fee_income")


def last_rated_on() -> date | None:
    """The last business date on which households were rated in bulk, in any branch."""
    days = CreditRating.objects.order_by("-as_of").values_list("as_of", flat=True)
    with acting.on_all_branches():
        return days.filter(job_id__isnull=False).first() or days.first()


def current_ratings(staff: StaffMember) -> QuerySet[CreditRating]:
    """The last rating of each household that a person sees, found by the index of the household's ratings."""
    of_household = CreditRating.objects.filter(household=OuterRef("household"))
    last = of_household.order_by("-as_of", "-id").values("pk")[:1]
    return CreditRating.objects.visible_to(staff).filter(pk=Subquery(last))


def narrowed(rows: QuerySet[CreditRating], given: Mapping) -> QuerySet[CreditRating]:
    """Apply the choices above the list."""
    for name in ("status", "grade"):
        if given.get(name):
            rows = rows.filter(**{name: given[name]})
    if given.get("branch"):
        rows = rows.filter(household__branch=given["branch"])
    if given.get("village"):
        rows = rows.filter(household__village__name__startswith=given["village"])
    return rows


def with_names(rows: QuerySet[CreditRating]) -> QuerySet[CreditRating]:
    """Load what a line of the list shows, in the same query."""
    return rows.select_related("household__head", "household__village", "household__branch")


def spread(staff: StaffMember, day: date, branch=None) -> list[dict]:
    """Households by grade on a bulk rating's day; those without a grade by their status."""
    rows = CreditRating.objects.visible_to(staff).filter(as_of=day)
    if branch:
        rows = rows.filter(branch_id=branch.pk)
    counts = rows.order_by().values("grade", "status").annotate(count=Count("household", distinct=True))
    found: dict[str, int] = {}
    for row in counts:
        key = row["grade"] or row["status"]
        found[key] = found.get(key, 0) + row["count"]
    codes = [*Grade.choices, *[c for c in RatingStatus.choices if c[0] in ("PENDING_PANEL", "INCOMPLETE")]]
    total = sum(found.values())
    return [
        {
            "code": code,
            "label": label,
            "count": found.get(code, 0),
            "share": Decimal(found.get(code, 0)) / total,
        }
        for code, label in codes
        if total
    ]


def latest_of(household: Household) -> CreditRating | None:
    """The last rating of a household."""
    return CreditRating.objects.filter(household=household).order_by("-as_of", "-id").first()


def rating_before(rating: CreditRating) -> CreditRating | None:
    """The rating of an earlier day, or the one that this one superseded; only such as were scored."""
    earlier = Q(as_of__lt=rating.as_of) | Q(as_of=rating.as_of, pk__lt=rating.pk)
    rows = CreditRating.objects.filter(earlier, household=rating.household_id).exclude(base=None)
    return rows.select_related("fact_sheet").order_by("-as_of", "-id").first()


def versions_of(rating: CreditRating, limit: int = 24) -> list[CreditRating]:
    """Ratings of the same household, the last one first."""
    return list(CreditRating.objects.filter(household=rating.household_id).order_by("-as_of", "-id")[:limit])


# -- contribution ------------------------------------------------------------------------------------------------------


def periods(staff: StaffMember) -> list[date]:
    """Ends of the periods for which tiers stand in any branch, the last one first."""
    with acting.on_all_branches(), connection.cursor() as cursor:
        cursor.execute(PERIODS, {"most": PERIODS_SHOWN})
        return [end for (end,) in cursor.fetchall()]


def tiers_in(staff: StaffMember, period_end: date) -> QuerySet[CustomerTier]:
    """Tiers of a period that a person sees; of several results for a customer the last one counts."""
    newer = CustomerTier.objects.filter(
        customer=OuterRef("customer"), period_end=OuterRef("period_end"), pk__gt=OuterRef("pk")
    )
    return CustomerTier.objects.ranked_for(staff).filter(~Exists(newer), period_end=period_end)


def with_components(rows: QuerySet[CustomerTier]) -> QuerySet[CustomerTier]:
    """Add the components of each contribution, in the same query."""
    made_of = Contribution.objects.filter(customer=OuterRef("customer"), period_end=OuterRef("period_end"))
    last = made_of.order_by("-id")
    found = {name: Subquery(last.values(name)[:1]) for name in COMPONENTS}
    return rows.select_related("customer__village", "customer__branch").annotate(**found)


def summary_of(rows: QuerySet[CustomerTier], *, staff: StaffMember, period_end: date, branch=None) -> dict:
    """Counts by tier and the whale curve, kept until a tier is computed anew: for a million customers it takes long."""
    newest = CustomerTier.objects.aggregate(newest=Max("pk"))["newest"]
    branches = "all" if staff.scope.sees_union else "-".join(map(str, sorted(staff.scope.branch_ids)))
    key = f"tiers:{period_end}:{branch.pk if branch else branches}:{newest}"
    try:
        return cache.get_or_set(key, lambda: _summary(rows), timeout=24 * 60 * 60)
    except RedisError:  # without the cache the page only takes longer
        return _summary(rows)


def _summary(rows: QuerySet[CustomerTier]) -> dict:
    return {"tiers": by_tier(rows), "whale": whale_of(rows)}


def by_tier(rows: QuerySet[CustomerTier]) -> list[dict]:
    """Customers and contribution by tier in force, best first."""
    grouped = rows.order_by().values("tier").annotate(count=Count("id"), total=Sum("contribution"))
    found = {row["tier"]: row for row in grouped}
    empty = {"count": 0, "total": Decimal(0)}
    customers = sum(row["count"] for row in found.values())
    return [{"code": code, **_counts(found.get(code, empty), customers)} for code in Tier.values]


def _counts(row: Mapping, customers: int) -> dict:
    share = Decimal(row["count"]) / customers if customers else None
    return {"count": row["count"], "total": row["total"], "share": share}


def whale_of(rows: QuerySet[CustomerTier]) -> dict | None:
    """The whale curve of some customers, cut to a drawable number of points (handbook §3.3).

    Cumulated in the database, best first, ties by id. None where the net total is not positive.
    """
    order = [F("contribution").desc(), F("customer_id").asc()]
    ranked = rows.order_by().annotate(
        place=Window(RowNumber(), order_by=order), running=Window(Sum("contribution"), order_by=order)
    )
    sums = rows.order_by().aggregate(n=Count("id"), total=Sum("contribution"))
    n, total = sums["n"], sums["total"] or Decimal(0)
    if not n or total <= 0:
        return None
    top = -(-n // 10)
    wanted = sorted({1, top, n, *(max(1, n * step // CURVE_POINTS) for step in range(1, CURVE_POINTS + 1))})
    peak = ranked.order_by("-running", "place").values_list("place", "running").first()
    points = dict(ranked.filter(place__in=[*wanted, peak[0]]).values_list("place", "running"))
    curve = [(Decimal(place) / n, rounded(points[place] / total, 4)) for place in sorted(points)]
    return {
        "n": n,
        "total": total,
        "points": [(Decimal(0), Decimal(0)), *curve],
        "top10_share": rounded(points[top] / total, 4),
        "peak_share": rounded(peak[1] / total, 4),
        "peak_rank": peak[0],
    }
