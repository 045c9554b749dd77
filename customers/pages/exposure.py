"""The exposure of a household: what its members have with us and owe together, by member and by product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import registries
from customers.models import FactSheet, Household
from customers.registries import Exposure

COLUMNS = ("deposits", "loans", "overdue", "guarantees")


@dataclass(frozen=True)
class MemberRow:
    """What one person has with us; ``customer_id`` is None for those who have left the household."""

    customer_id: int | None
    name: str
    yuan: dict[str, Decimal]


@dataclass(frozen=True)
class Share:
    """A product's part of a bar 100 long: where it begins and how long it is."""

    product: str
    yuan: Decimal
    start: Decimal
    length: Decimal
    series: int


@dataclass
class Book:
    """The exposure of a household; ``line`` is None without one."""

    rows: list[MemberRow] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=dict)
    products: dict[str, list[Share]] = field(default_factory=dict)
    line: Decimal | None = None
    line_state: str = ""
    line_until: date | None = None
    used: Decimal = Decimal(0)
    free: Decimal = Decimal(0)

    @property
    def used_share(self) -> Decimal:
        """How much of the line is used, of 100."""
        return min(100 * self.used / self.line, Decimal(100)) if self.line else Decimal(0)

    @property
    def is_empty(self) -> bool:
        """Nobody has anything with us."""
        return not self.rows and self.line is None

    def of(self, customer_id: int) -> dict[str, Decimal]:
        """What one person has with us."""
        return next((row.yuan for row in self.rows if row.customer_id == customer_id), {})


def lines_of(staff: StaffMember, household: Household | None, members: Sequence[int]) -> list[Exposure]:
    """What the apps above know of these people, and the guarantees that the household says it has given."""
    told = [line for source in registries.exposures for line in source(staff, household, members)]
    if household is not None and (given := guarantees_of(household)):
        told.append(given)
    return told


def guarantees_of(household: Household) -> Exposure | None:
    """Guarantees for others as they stand on the last fact sheet; of the household, not of one member."""
    rows = FactSheet.objects.filter(household=household).order_by("-recorded_on", "-id")
    given = rows.values_list("guarantees_given", flat=True).first()
    return Exposure("guarantees", given) if given else None


def book(told: Iterable[Exposure], names: dict[int, str]) -> Book:
    """Put what was told into rows by member, sums and shares of products (``names`` in the order of the rows).

    What belongs to the household as a whole stands in the sums alone; what somebody owes who has left it, in a row
    of its own.
    """
    amounts: dict[int | None, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    products: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    found = Book()
    for one in told:
        if one.measure == "line":
            found.line, found.line_state, found.line_until = one.yuan, one.product, one.until
        elif one.measure in ("used", "free"):
            setattr(found, one.measure, one.yuan)
        else:
            totals[one.measure] += one.yuan
            if one.customer_id is not None:
                amounts[one.customer_id if one.customer_id in names else None][one.measure] += one.yuan
                products[one.measure][one.product] += one.yuan
    order = [*(pk for pk in names if pk in amounts), *([None] if None in amounts else [])]
    found.rows = [
        MemberRow(pk, names.get(pk, _("No longer in the household")), dict(amounts[pk])) for pk in order
    ]
    found.totals = dict(totals)
    found.products = {
        measure: shares(products[measure]) for measure in ("deposits", "loans") if products[measure]
    }
    return found


def shares(amounts: dict[str, Decimal]) -> list[Share]:
    """Products as parts of a bar 100 long, the largest first; amounts under nought have no length."""
    total = sum((yuan for yuan in amounts.values() if yuan > 0), Decimal(0))
    found, start = [], Decimal(0)
    ordered = sorted(amounts.items(), key=lambda entry: (-entry[1], entry[0]))
    for number, (product, yuan) in enumerate(ordered):
        length = round(100 * yuan / total, 2) if total and yuan > 0 else Decimal(0)
        found.append(Share(product, yuan, start, length, number % 8 + 1))
        start += length
    return found


def columns() -> list[tuple[str, Any]]:
    """Codes and headings of the measures that stand beside each other."""
    labels = (_("Deposits"), _("Loans"), _("of these overdue"), _("Guarantees given"))
    return list(zip(COLUMNS, labels, strict=True))
