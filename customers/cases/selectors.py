"""Reads of complaints and requests: the queue, the story of one, figures that open to rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.models import StaffMember, Unit
from coopcrm.shared.periods import add_months
from customers import selectors
from customers.choices import CaseCategory, CaseKind, CaseState
from customers.models import Case, Customer

TABS = {
    "open": pgettext_lazy("state of a case", "Open"),
    "late": gettext_lazy("Late"),
    "answered": gettext_lazy("To be told"),
    "closed": pgettext_lazy("state of a case", "Closed"),
    "year": gettext_lazy("In twelve months"),
}
MONTHS_OF_FIGURES = 12


def queue(
    staff: StaffMember, tab: str, *, today: date, category: str = "", kind: str = "", branch: Any = ""
) -> QuerySet[Case]:
    """Cases that the person sees: open ones by the day they are due, closed ones latest first."""
    rows = Case.objects.visible_to(staff).select_related("branch", "customer", "owner")
    for name, value in (("category", category), ("kind", kind), ("branch", branch)):
        if value:
            rows = rows.filter(**{name: value})
    if tab == "closed":
        return rows.filter(state=CaseState.CLOSED)
    if tab == "year":
        return of_the_year(rows, today)
    if tab == "answered":
        return rows.filter(state=CaseState.ANSWERED)
    rows = rows.open()
    return rows.filter(due_on__lt=today) if tab == "late" else rows


def of_the_year(rows: QuerySet[Case], today: date) -> QuerySet[Case]:
    """Complaints and requests of the last twelve months, whatever became of them."""
    since = add_months(today, -MONTHS_OF_FIGURES)
    return rows.exclude(kind=CaseKind.PRAISE).filter(received_on__gt=since)


def name_of(staff: StaffMember, case: Case) -> str:
    """The customer's name as the person may read it; nothing for an anonymous case."""
    return selectors.name_for(staff, case.customer) if case.customer else ""


def open_about(staff: StaffMember, customer: Customer) -> QuerySet[Case]:
    """What a customer still waits for."""
    rows = Case.objects.visible_to(staff).filter(customer=customer).exclude(state=CaseState.CLOSED)
    return rows.select_related("owner").order_by("due_on", "pk")


# -- Figures -----------------------------------------------------------------------------------------------------------


class MedianDays(Aggregate):
    """The middle of a number of days."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class FigureLine:
    """Complaints and requests of one branch or category: received in a year, open, late, median days to the answer."""

    label: Any
    query: str
    received: int
    open: int
    late: int
    median: Decimal | None


def _figures(rows: QuerySet[Case], by: str, today: date) -> dict[Any, dict]:
    took = ExpressionWrapper(F("answered_on") - F("received_on"), DurationField())
    found = (
        rows.values(by)
        .annotate(
            received=Count("pk"),
            waiting=Count("pk", filter=Q(state=CaseState.OPEN)),
            late=Count("pk", filter=Q(state=CaseState.OPEN, due_on__lt=today)),
            median=MedianDays(Extract(took, "epoch"), filter=~Q(answered_on=None)),
        )
        .order_by(by)
    )
    return {row[by]: row for row in found}


def _line(label: Any, query: str, row: dict | None) -> FigureLine:
    row = row or {"received": 0, "waiting": 0, "late": 0, "median": None}
    days = None if row["median"] is None else (Decimal(row["median"]) / 86_400).quantize(Decimal("0.1"))
    return FigureLine(label, query, row["received"], row["waiting"], row["late"], days)


def figures(staff: StaffMember, branches: QuerySet[Unit], *, today: date) -> dict[str, list[FigureLine]]:
    """Complaints and requests of the last twelve months by branch and by category, in three queries."""
    rows = of_the_year(Case.objects.visible_to(staff), today)
    by_branch, by_category = _figures(rows, "branch", today), _figures(rows, "category", today)
    return {
        "branches": [
            _line(unit, f"branch={unit.pk}", by_branch.get(unit.pk)) for unit in branches.order_by("code")
        ],
        "categories": [
            _line(label, f"category={code}", by_category.get(code)) for code, label in CaseCategory.choices
        ],
    }
