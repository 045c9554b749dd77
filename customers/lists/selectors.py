"""Reads of the list of customers: which rows, which page of them, and what the apps above tell of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from branches.models import StaffMember
from coopcrm.shared.paging import id_in
from customers import registries
from customers.models import Customer
from customers.selectors import PAGE, Page


def customer_list(staff: StaffMember, *, filters: dict[str, Any], after: str = "", size: int = PAGE) -> Page:
    """Customers the person works with, by pinyin; the cursor is an id, so that no name stands in an address.

    It is the id of a customer the person works with: another's would tell where that name stands in the alphabet.
    """
    rows = filtered_customers(staff, filters)
    if (number := id_in(after)) is not None:
        last = Customer.objects.managed_for(staff).filter(pk=number).values("pinyin")
        rows = rows.filter(Q(pinyin__gt=Subquery(last)) | Q(pinyin=Subquery(last), pk__gt=number))
    found = list(rows.select_related("village__parent", "branch").order_by("pinyin", "pk")[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else "")


def filtered_customers(staff: StaffMember, filters: dict[str, Any]) -> QuerySet[Customer]:
    """Customers the person works with, narrowed by branch, village and what the apps above offer."""
    return narrowed(Customer.objects.managed_for(staff).current(), filters)


def narrowed(rows: QuerySet[Customer], filters: dict[str, Any]) -> QuerySet[Customer]:
    """Customers narrowed by the filters of the list, whoever asks: segments are counted by the system too."""
    if filters.get("branch"):
        rows = rows.filter(branch=filters["branch"])
    if filters.get("village"):
        rows = rows.filter(village=filters["village"])
    for name, narrowing in registries.list_filters.items():
        if filters.get(name):
            rows = narrowing.narrow(rows, filters[name])
    return rows


@dataclass(frozen=True)
class ListRow:
    """A line of the customer list: the customer, and by heading the badges of the apps above."""

    customer: Customer
    badges: list[tuple[Any, tuple[str, str] | None]]


def with_columns(staff: StaffMember, people: list[Customer]) -> tuple[list[Any], list[ListRow]]:
    """Headings of the apps above, and the rows with their badges: one query per column."""
    ids = [person.pk for person in people]
    columns = [column(staff, ids) for column in registries.list_columns] if ids else []
    rows = [
        ListRow(person, [(heading, values.get(person.pk)) for heading, values in columns])
        for person in people
    ]
    return [heading for heading, _values in columns], rows
