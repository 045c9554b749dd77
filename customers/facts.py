"""What is known of a household, field by field: which fields there are and how a new sheet carries earlier values over.

No database here: values, sources and days go in, values, sources and days come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

CORE_FIELDS = (
    "population",
    "labour",
    "gross_income",
    "net_income",
    "living_expenditure",
    "assets",
    "liabilities",
)
OTHER_FIELDS = (
    "residence_years",
    "income_sources",
    "guarantees_given",
    "other_unsecured",
    "credit_report",
    "land_mu",
    "livestock",
    "noted_grade",
    "bonus",
    "malus",
    "flags",
    "second_investigator",
)
FIELDS = CORE_FIELDS + OTHER_FIELDS
UNKNOWN = (None, "")


@dataclass(frozen=True)
class Observed:
    """A value and how it became known: said, document, seen, ledger or core."""

    value: Any
    source: str


@dataclass(frozen=True)
class Sheet:
    """Values by field, and by field ``[source, staff id or None, ISO day observed]``."""

    values: dict[str, Any]
    sources: dict[str, list]

    @property
    def oldest_core_on(self) -> date | None:
        """The day of the oldest core field that is known."""
        days = [self.sources[name][2] for name in CORE_FIELDS if name in self.sources]
        return date.fromisoformat(min(days)) if days else None


def carry_over(
    before: Sheet | None, given: Mapping[str, Observed], *, staff_id: int | None, observed_on: date
) -> Sheet:
    """Put what was observed on top of what was known; an older observation never hides a newer one."""
    values = dict(before.values) if before else {}
    sources = dict(before.sources) if before else {}
    for name, observed in given.items():
        if name not in FIELDS:
            raise KeyError(name)
        if observed.value in UNKNOWN or _is_newer(sources.get(name), observed_on):
            continue
        values[name] = observed.value
        sources[name] = [observed.source, staff_id, observed_on.isoformat()]
    return Sheet(values, sources)


def _is_newer(entry: list | None, observed_on: date) -> bool:
    return bool(entry) and date.fromisoformat(entry[2]) > observed_on
