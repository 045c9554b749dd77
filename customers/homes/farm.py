"""The farm of a household: rows with a source and a day, what holds now, and the sums that ratings read.

A row is never changed: a correction replaces it, and what was sold or given up ends with a row that says so. Land and
livestock of the present rows flow into the fact sheet with the source and the day of what was written last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import Case, F, Sum, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared.errors import require
from customers import policies, services
from customers.facts import Observed
from customers.homes.choices import Tenure
from customers.models import (
    AnimalCount,
    CropSeason,
    FactSheet,
    Household,
    Labour,
    LandParcel,
    Machine,
    Membership,
)

SHOWN_YEARS = 4


@dataclass(frozen=True)
class Part:
    """A kind of rows: its model, its heading, the fields a person fills in, and the order they are shown in."""

    model: type[models.Model]
    title: Any
    fields: tuple[str, ...]
    order: tuple[str, ...]
    relations: tuple[str, ...] = ()


PARTS: dict[str, Part] = {
    "land": Part(
        LandParcel,
        gettext_lazy("Land"),
        ("name", "mu", "tenure", "has_certificate", "village"),
        ("tenure", "name", "pk"),
        ("village",),
    ),
    "crops": Part(
        CropSeason,
        gettext_lazy("Crops"),
        (
            *("year", "season", "crop", "mu"),
            *("expected_yield", "actual_yield", "expected_income", "actual_income"),
        ),
        ("-year", "-season", "crop", "pk"),
    ),
    "animals": Part(AnimalCount, gettext_lazy("Animals"), ("kind", "heads", "value"), ("kind", "pk")),
    "machines": Part(
        Machine, gettext_lazy("Machines"), ("kind", "built_year", "value", "is_shared"), ("kind", "pk")
    ),
    "labour": Part(
        Labour,
        gettext_lazy("Livelihood"),
        ("customer", "work", "place", "months_away"),
        ("pk",),
        ("customer",),
    ),
}


# -- Reads -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Farm:
    """The present state of a farm: rows by part, sums, and the seasons for a chart. Amounts in yuan, areas in mu."""

    rows: dict[str, list] = field(default_factory=dict)
    land_mu: Decimal | None = None
    seasons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(self.rows.values())


def rows_of(household: Household, part: str) -> models.QuerySet:
    """Present rows of a part in their order."""
    kind = PARTS[part]
    rows = kind.model.objects.present().filter(household=household)
    return rows.select_related("recorded_by", *kind.relations).order_by(*kind.order)


def farm_of(household: Household) -> Farm:
    """The farm as it is known to be now, in five queries."""
    rows = {part: list(rows_of(household, part)) for part in PARTS}
    return Farm(rows, farmed_mu(rows["land"]), seasons_of(rows["crops"]))


def farmed_mu(parcels: list[LandParcel]) -> Decimal | None:
    """What the household farms: own and leased land, without what it leases out; None when no parcel is known."""
    if not parcels:
        return None
    return sum((row.mu for row in parcels if row.tenure != Tenure.LEASED_OUT), Decimal(0))


def seasons_of(crops: list[CropSeason]) -> list[dict[str, Any]]:
    """Area and income by season of the last years, the earliest first; an income nobody knows is None."""
    sums: dict[tuple[int, str], dict[str, Any]] = {}
    last = max((row.year for row in crops), default=0)
    for row in crops:
        if row.year <= last - SHOWN_YEARS:
            continue
        label = f"{row.year} {row.get_season_display()}"
        found = sums.setdefault(
            (row.year, row.season),
            {"label": label, "mu": Decimal(0), "expected_income": None, "actual_income": None},
        )
        found["mu"] += row.mu
        for name in ("expected_income", "actual_income"):
            if (value := getattr(row, name)) is not None:
                found[name] = (found[name] or Decimal(0)) + value
    return [sums[key] for key in sorted(sums)]


# -- Deeds -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_row(
    *,
    staff: StaffMember,
    household: Household,
    part: str,
    values: Mapping[str, Any],
    source: str,
    observed_on: date,
    as_of: date,
    replaces: models.Model | None = None,
) -> models.Model:
    """Write a row of the farm, in the place of an earlier one when ``replaces`` is given."""
    household = _checked(staff, household, observed_on, as_of)
    kind = PARTS[part]
    require(
        part != "labour" or _is_member(household, values.get("customer"), observed_on),
        _("Choose a member of the household."),
        code="not_a_member",
    )
    if replaces is not None:
        replaces = _present(kind, household, replaces.pk)
    row = kind.model.objects.create(
        household=household,
        source=source,
        observed_on=observed_on,
        recorded_by=staff,
        replaces=replaces,
        **{name: values[name] for name in kind.fields if name in values},
    )
    _into_facts(staff, household, part, source=source, observed_on=observed_on, as_of=as_of)
    return row


@transaction.atomic
def end_row(
    *,
    staff: StaffMember,
    household: Household,
    part: str,
    row: models.Model,
    source: str,
    observed_on: date,
    as_of: date,
) -> models.Model:
    """Say that something is no longer there: sold, given back, given up."""
    household = _checked(staff, household, observed_on, as_of)
    kind = PARTS[part]
    row = _present(kind, household, row.pk)
    ended = kind.model.objects.create(
        household=household,
        source=source,
        observed_on=observed_on,
        recorded_by=staff,
        replaces=row,
        is_gone=True,
        **{name: getattr(row, name) for name in kind.fields},
    )
    _into_facts(staff, household, part, source=source, observed_on=observed_on, as_of=as_of)
    return ended


def _checked(staff: StaffMember, household: Household, observed_on: date, as_of: date) -> Household:
    require(
        policies.may_record_facts(staff, household),
        _("Facts are recorded by the officers, the accountant and the director of the managing branch."),
    )
    require(
        observed_on <= as_of,
        _("The observation lies in the future. Check the date."),
        code="observed_in_future",
    )
    return Household.objects.select_for_update(of=["self"]).get(pk=household.pk)


def _present(kind: Part, household: Household, pk: int) -> models.Model:
    row = kind.model.objects.present().filter(household=household, pk=pk).first()
    require(row, _("Somebody has changed this row meanwhile. Look at it again."), code="changed_meanwhile")
    return row


def _is_member(household: Household, customer, day: date) -> bool:
    rows = Membership.objects.filter(household=household, customer=customer)
    return customer is not None and rows.exists()


def _into_facts(
    staff: StaffMember,
    household: Household,
    part: str,
    *,
    source: str,
    observed_on: date,
    as_of: date,
) -> FactSheet | None:
    """Let ratings see the sums that mean the same in a fact sheet: land farmed, animals by kind."""
    if part == "land":
        observed = {"land_mu": Observed(_land(household), source)}
    elif part == "animals":
        observed = {"livestock": Observed(_livestock(household), source)}
    else:
        return None
    return services.record_facts(
        staff=staff, household=household, observed=observed, observed_on=observed_on, as_of=as_of
    )


def _land(household: Household) -> Decimal:
    counted = Case(When(tenure=Tenure.LEASED_OUT, then=Decimal(0)), default=F("mu"))
    rows = LandParcel.objects.present().filter(household=household)
    return rows.aggregate(mu=Sum(counted, output_field=models.DecimalField()))["mu"] or Decimal(0)


def _livestock(household: Household) -> dict[str, int | float]:
    heads: dict[str, Decimal] = defaultdict(Decimal)
    for row in AnimalCount.objects.present().filter(household=household):
        heads[row.kind] += row.heads
    return {
        kind: int(number) if number == int(number) else float(number)
        for kind, number in sorted(heads.items())
        if number
    }
