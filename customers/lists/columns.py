"""Columns of the list of customers: those of the registry, and those of the apps above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, in_force
from coopcrm.shared.periods import completed_years
from coopcrm.shared.templatetags.look import badge
from customers import masking, registries
from customers.choices import Sex
from customers.models import Customer, ManagerAssignment, Phone

NONE = "–"


READ = (
    *("name", "pinyin", "sex", "birth_date", "group_no", "occupation", "state", "registered_on"),
    "verified_on",
)
"""What the columns show of the card; it has three times as much."""


def readable(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers with what the columns show; of branch and village their names alone."""
    places = {
        "branch_name": F("branch__name"),
        "village_name": F("village__name"),
        "township_name": F("village__parent__name"),
    }
    return rows.annotate(**places).only(*READ)


@dataclass(frozen=True)
class Column:
    """A column: its heading, and the text of a customer; ``is_shown`` when nothing else was chosen."""

    label: Any
    text: Callable[[Customer], Any]
    is_shown: bool = True
    desk_only: bool = False


def _day(value: Any) -> str:
    return value.isoformat() if value else ""


def _village(one: Customer) -> str:
    return f"{one.village_name} · {one.township_name}" if one.township_name else one.village_name or ""


def _age(customer: Customer) -> Any:
    return completed_years(customer.birth_date, timezone.localdate()) if customer.birth_date else ""


OWN: dict[str, Column] = {
    "sex": Column(_("Sex"), lambda one: Sex(one.sex).label if one.sex else "", desk_only=True),
    "born": Column(_("Born on"), lambda one: _day(one.birth_date)),
    "age": Column(_("Age"), _age, is_shown=False),
    "village": Column(_("Village"), _village),
    "group": Column(_("Group"), lambda one: one.group_no, is_shown=False),
    "branch": Column(_("Branch"), lambda one: one.branch_name),
    "occupation": Column(_("Occupation"), lambda one: one.occupation, is_shown=False),
    "state": Column(_("State"), lambda one: one.get_state_display(), is_shown=False),
    "registered": Column(_("Registered on"), lambda one: _day(one.registered_on), desk_only=True),
    "verified": Column(_("Last verified on"), lambda one: _day(one.verified_on), is_shown=False),
}
FROM_ABOVE_HIDDEN = frozenset({"customers.manager", "customers.phone"})
LABELS = {
    "customers.manager": _("Manager"),
    "customers.phone": _("Phone"),
    "ratings.grades": _("Grade"),
    "ratings.tiers": _("Tier"),
}


def columns_for(staff: StaffMember) -> dict[str, Column]:
    """Every column a person may choose, by code; those of the registries have no text of their own."""
    own = {
        code: column for code, column in OWN.items() if code != "branch" or len(staff.scope.branch_ids) != 1
    }
    above = {
        name: Column(LABELS.get(name, name), str, is_shown=name not in FROM_ABOVE_HIDDEN)
        for name, _function in registries.list_columns.items()
    }
    return {**own, **above}


def shown_by_default(staff: StaffMember) -> list[str]:
    """Codes of the columns that a list shows when nothing was chosen."""
    return [code for code, column in columns_for(staff).items() if column.is_shown]


@dataclass(frozen=True)
class Cell:
    """One cell: a text, or a badge as ``(kind, code)``."""

    label: Any
    text: Any = ""
    badge: tuple[str, str] | None = None
    desk_only: bool = False
    html: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    customer: Customer
    cells: list[Cell]


def table(
    staff: StaffMember, people: Sequence[Customer], codes: Sequence[str]
) -> tuple[list[Cell], list[Row]]:
    """Headings and rows of the columns asked for: one query for each column of the apps above."""
    known = columns_for(staff)
    chosen = [code for code in codes if code in known] or shown_by_default(staff)
    ids = [person.pk for person in people]
    above = {
        code: registries.list_columns.get(code)(staff, ids) for code in chosen if ids and code not in OWN
    }
    heads = [
        Cell(str(above[code][0] if code in above else known[code].label), desk_only=known[code].desk_only)
        for code in chosen
    ]
    drawn: dict[tuple[str, str], str] = {}  # a page has a hundred badges of a dozen kinds
    rows = []
    for person in people:
        cells = []
        for code, head in zip(chosen, heads, strict=True):
            found = above[code][1].get(person.pk) if code in above else OWN[code].text(person)
            is_badge = isinstance(found, tuple)
            text = "" if is_badge else (NONE if found in (None, "") else found)
            if is_badge and found not in drawn:
                drawn[found] = render_to_string("components/badge.html", badge(*found))
            html = drawn[found] if is_badge else ""
            cells.append(Cell(head.label, text, found if is_badge else None, head.desk_only, html))
        rows.append(Row(person, cells))
    return heads, rows


def badges_of(staff: StaffMember, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """The badges (grade, tier, ...) of some customers, for lists of another kind: one query for each."""
    found: dict[int, list[tuple[str, str]]] = {pk: [] for pk in ids}
    for name, column in registries.list_columns.items():
        if name in FROM_ABOVE_HIDDEN or not ids:
            continue
        for pk, value in column(staff, ids)[1].items():
            if isinstance(value, tuple) and pk in found:
                found[pk].append(value)
    return found


# -- Two columns that need a query of their own ------------------------------------------------------------------------


def managers(staff: StaffMember, ids: Sequence[int]) -> tuple[Any, dict[int, str]]:
    """Who manages the household of each customer."""
    today = timezone.localdate()
    rows = ManagerAssignment.objects.filter(
        in_force(today), household__memberships__customer__in=ids, household__memberships__valid_to=None
    )
    names = rows.values_list("household__memberships__customer", "staff__full_name")
    return LABELS["customers.manager"], {pk: name or str(_("the director's post")) for pk, name in names}


def phones(staff: StaffMember, ids: Sequence[int]) -> tuple[Any, dict[int, str]]:
    """The phone noted last, masked."""
    rows = Phone.objects.filter(customer__in=ids, valid_to=None).order_by("pk")
    return LABELS["customers.phone"], {
        row.customer_id: masking.mask_phone(row.open("number")) for row in rows
    }


def register_own_columns() -> None:
    """Offer the columns that need a query."""
    registries.list_columns.register("customers.manager", managers)
    registries.list_columns.register("customers.phone", phones)
