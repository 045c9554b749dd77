"""Pages of the list of customers, both ways, and the views people have kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Subquery

from branches.models import StaffMember
from coopcrm.shared.paging import id_in
from customers.choices import ListOrder
from customers.lists.columns import readable
from customers.lists.filters import filtered_customers
from customers.models import Customer, ListView
from customers.selectors import PAGE

COLUMNS = {ListOrder.NAME: ("pinyin", False), ListOrder.NEWEST: ("registered_on", True)}
"""By order: the column, and whether it descends; the id follows it."""


@dataclass(frozen=True)
class Page:
    """Rows of the list, and the ids after and before which its neighbours begin; empty at either end."""

    rows: list[Customer]
    after: int | str = ""
    before: int | str = ""


def customer_list(
    staff: StaffMember,
    *,
    filters: Mapping[str, Any],
    order: str = ListOrder.NAME,
    after: str = "",
    before: str = "",
    size: int = PAGE,
) -> Page:
    """Customers the person works with; the cursor is an id, so that no name stands in an address.

    It is the id of a customer the person works with: another's would tell where that name stands in the alphabet.
    """
    rows = readable(filtered_customers(staff, filters))
    backwards = id_in(after) is None and id_in(before) is not None
    if (last := id_in(before if backwards else after)) is not None:
        rows = rows.filter(_beyond(staff, order, last, backwards=backwards))
    found = list(rows.order_by(*_order_by(order, backwards=backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, last is not None)
    return Page(
        found,
        found[-1].pk if found and has_next else "",
        found[0].pk if found and has_previous else "",
    )


def _order_by(order: str, *, backwards: bool) -> list:
    column, descends = COLUMNS[ListOrder(order)]
    falls = descends != backwards
    return [F(name).desc() if falls else F(name).asc() for name in (column, "pk")]


def _beyond(staff: StaffMember, order: str, last: int, *, backwards: bool) -> Q:
    column, descends = COLUMNS[ListOrder(order)]
    falls = "lt" if descends != backwards else "gt"
    place = Subquery(Customer.objects.managed_for(staff).filter(pk=last).values(column))
    beyond = Q(**{f"{column}__{falls}": place}) | Q(**{column: place, f"pk__{falls}": last})
    return Q(**{f"{column}__{falls}e": place}) & beyond  # says twice where the index begins to be read


# -- Views -------------------------------------------------------------------------------------------------------------


def views_for(staff: StaffMember) -> QuerySet[ListView]:
    """A person's own views, and those that the own branches share."""
    mine = Q(owner=staff) | Q(branch__in=staff.scope.branch_ids)
    return ListView.objects.filter(mine).order_by("name", "pk")
