"""What ratings and tiers tell the registry's pages: cards, timeline, badges and choices of the list."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared.prepared import Prepared
from customers.models import Customer, Household
from customers.querysets import require_scope
from customers.registries import ListFilter, PageBadge, TimelineEvent, Window
from ratings import policies
from ratings.choices import PROMISES, Grade, RatingStatus, Tier
from ratings.models import Contribution, CreditRating, CustomerTier

TREND = 12
LAST_GRADES = Prepared("""
SELECT m.customer_id, r.grade, r.status
FROM customers_membership m
JOIN customers_household h ON h.id = m.household_id AND (%(sees_union)s OR h.branch_id = ANY (%(branches)s))
CROSS JOIN LATERAL (
    SELECT grade, status FROM ratings_creditrating WHERE household_id = h.id ORDER BY as_of DESC, id DESC LIMIT 1
) r
WHERE m.customer_id = ANY (%(customers)s) AND m.valid_to IS NULL
""")
"""``overview.current_ratings`` for the people of one page: every page of the list asks it."""
LAST_TIERS = Prepared("""
SELECT c.id, t.tier
FROM customers_customer c
CROSS JOIN LATERAL (
    SELECT tier FROM ratings_customertier WHERE customer_id = c.id ORDER BY period_end DESC, id DESC LIMIT 1
) t
WHERE c.id = ANY (%(customers)s) AND (%(sees_union)s OR c.branch_id = ANY (%(branches)s))
""")


def rating_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """The household's last rating with grade, limit and what is missing, and how its points went."""
    if household is None:
        return None
    rows = CreditRating.objects.visible_to(staff).filter(household=household).order_by("-as_of", "-id")
    last = list(rows[:TREND])
    if not last:
        return _unrated_card(staff, household)
    by_day = {row.as_of: row.total for row in reversed(last)}
    context = {"rating": last[0], "may_rate": policies.may_rate(staff, household), "household": household}
    return "ratings/_rating_card.html", {**context, "trend": list(by_day.values()) if len(by_day) > 1 else []}


def _unrated_card(staff: StaffMember, household: Household) -> tuple | None:
    if not policies.may_rate(staff, household):
        return None
    return "ratings/_rating_card.html", {"rating": None, "may_rate": True, "household": household}


def grade_badges(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge]:
    """The grade of the household, or how far its rating has come."""
    if household is None:
        return []
    rows = CreditRating.objects.visible_to(staff).filter(household=household).order_by("-as_of", "-id")
    last = rows.values("grade", "status").first()
    if last is None:
        return []
    kind, code = ("grade", last["grade"]) if last["grade"] else ("state", last["status"])
    return [PageBadge(kind=kind, code=code, label="" if last["grade"] else RatingStatus(code).label)]


def standing_badges(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge]:
    """Grade of the household, tier of the person, and what is promised to that tier."""
    badges = grade_badges(staff, customer, household)
    if customer is None or not policies.may_see_contribution(staff):
        return badges
    tier = tier_of(staff, customer)
    if tier is None:
        return badges
    badges.append(PageBadge(kind="tier", code=tier))
    if promise := PROMISES.get(tier):
        badges.append(PageBadge(label=promise, tone="info", icon="star"))
    return badges


def tier_of(staff: StaffMember, customer: Customer) -> str | None:
    """The tier of the last period."""
    rows = CustomerTier.objects.visible_to(staff).filter(customer=customer)
    return rows.order_by("-period_end", "-id").values_list("tier", flat=True).first()


def contribution_card(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> tuple | None:
    """The customer's tier and what the contribution is made of."""
    if customer is None or not policies.may_see_contribution(staff):
        return None
    found = (
        Contribution.objects.visible_to(staff)
        .filter(customer=customer)
        .order_by("-period_end", "-id")
        .first()
    )
    if found is None:
        return None
    tier = CustomerTier.objects.filter(customer=customer, period_end=found.period_end).order_by("-id").first()
    steps = [
        {"label": _("Deposits"), "value": found.deposit_spread},
        {"label": _("Loan interest"), "value": found.loan_interest},
        {"label": _("Funding"), "value": -found.loan_ftp_cost},
        {"label": _("Risk"), "value": -found.risk_cost},
        {"label": _("Work"), "value": -found.operating_cost},
        {"label": _("Fees"), "value": found.fee_income},
    ]
    context = {"contribution": found, "tier": tier, "steps": steps, "customer": customer}
    return "ratings/_contribution_card.html", context | {"of_household": _of_household(household, found)}


def _of_household(household: Household | None, found: Contribution) -> Decimal | None:
    """The sum of the members' contributions of the same period; None for a person alone."""
    if household is None:
        return None
    members = household.memberships.filter(valid_to=None).values("customer")
    rows = Contribution.objects.filter(customer__in=members, period_end=found.period_end)
    last = rows.order_by("customer_id", "-id").distinct("customer_id").values_list("contribution", flat=True)
    return sum(last, Decimal(0))


def ratings_made(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Ratings of the household that changed grade, status or limit."""
    rows = CreditRating.objects.visible_to(staff).filter(household__in=households).order_by("as_of", "id")
    events, before = [], None
    for row in rows:
        said = (row.grade, row.status, row.limit)
        if before is None or said != (before.grade, before.status, before.limit):
            events.append(_event(row, before))
        before = row
    return window.cut(events)


def _event(row: CreditRating, before: CreditRating | None) -> TimelineEvent:
    now = f"{row.grade} {row.total or ''}".strip() if row.grade else str(row.get_status_display())
    if before and before.grade and before.grade != row.grade:
        title = _("Rated %(now)s, was %(before)s") % {"now": now, "before": before.grade}
    else:
        title = _("Rated %(now)s") % {"now": now} if row.grade else _("Rating: %(now)s") % {"now": now}
    text = "" if row.limit is None else _("limit ¥ %(limit)s") % {"limit": f"{row.limit:,}"}
    return TimelineEvent(row.as_of, title, text, icon="award", url=reverse("ratings:rating", args=[row.pk]))


def tier_moves(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Periods in which the customer's tier changed."""
    if not policies.may_see_contribution(staff):
        return []
    rows = CustomerTier.objects.visible_to(staff).filter(customer=customer).order_by("period_end", "id")
    events, before = [], None
    for row in rows:
        if before is not None and row.tier != before:
            title = _("Tier now %(now)s, before %(before)s") % {
                "now": row.get_tier_display(),
                "before": Tier(before).label,
            }
            events.append(TimelineEvent(row.period_end, title, icon="coins"))
        before = row.tier
    return window.cut(events)


# -- the list of customers ---------------------------------------------------------------------------------------------


def grades(staff: StaffMember, ids: Iterable[int]) -> tuple:
    """The grade of each customer's household."""
    found = LAST_GRADES.rows(customers=list(ids), **_within(staff))
    return _("Grade"), {pk: ("grade", grade) if grade else ("state", status) for pk, grade, status in found}


def tiers(staff: StaffMember, ids: Iterable[int]) -> tuple:
    """The tier of each customer in the last period."""
    found = LAST_TIERS.rows(customers=list(ids), **_within(staff))
    return _("Tier"), {pk: ("tier", tier) for pk, tier in found}


def _within(staff: StaffMember) -> dict[str, Any]:
    """What ``visible_to`` opens, as values of a statement."""
    scope = require_scope(staff)
    return {"sees_union": scope.sees_union, "branches": sorted(scope.branch_ids)}


def with_grade(rows: QuerySet[Customer], grade: str) -> QuerySet[Customer]:
    """Customers whose household's last rating has this grade or status."""
    same = CreditRating.objects.filter(
        household__memberships__customer=OuterRef("pk"), household__memberships__valid_to=None
    )
    newer = CreditRating.objects.filter(household=OuterRef("household"), pk__gt=OuterRef("pk"))
    last = same.filter(~Exists(newer))
    return rows.filter(
        Exists(last.filter(grade=grade) if grade in Grade.values else last.filter(status=grade))
    )


def with_tier(rows: QuerySet[Customer], tier: str) -> QuerySet[Customer]:
    """Customers of a tier in the last period."""
    end = CustomerTier.objects.order_by("-period_end").values("period_end")[:1]
    return rows.filter(
        Exists(CustomerTier.objects.filter(customer=OuterRef("pk"), tier=tier, period_end=end))
    )


GRADE_FILTER = ListFilter(
    gettext_lazy("Grade"), lambda: [*Grade.choices, *RatingStatus.choices[2:]], with_grade
)
TIER_FILTER = ListFilter(gettext_lazy("Tier"), lambda: list(Tier.choices), with_tier)
