"""Small registries that the apps above fill in ``AppConfig.ready``, so that the arrows keep pointing down.

A handler is called in the caller's transaction. The registry knows functions, never the apps they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


class Registry:
    """Named functions in the order in which they were registered."""

    def __init__(self) -> None:
        self._entries: dict[str, Callable[..., Any]] = {}

    def register(self, name: str, function: Callable[..., Any]) -> None:
        """Add ``function`` under ``name``; a name taken by another function is an error."""
        if self._entries.get(name, function) is not function:
            raise ValueError(f"{name} is registered already.")
        self._entries[name] = function

    def get(self, name: str) -> Callable[..., Any] | None:
        """The function of that name, or None."""
        return self._entries.get(name)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and functions in order."""
        return iter(self._entries.items())

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._entries.values())


ledger_row_handlers = Registry()
"""By ledger kind: ``handler(batch)`` receives the accepted rows of a file and writes what the app above keeps."""

timeline_sources = Registry()
"""``source(staff, customer, households, limit)`` returns ``TimelineEvent``s for the customer page, latest first."""

page_cards = Registry()
"""``card(staff, customer, household)`` returns ``(template name, context)`` for the customer page, or None."""

number_finders = Registry()
"""``finder(digits)`` returns ``[(customer id, reason in words)]`` for a number typed into the search (accounts)."""

list_columns = Registry()
"""``column(staff, customer ids)`` returns ``(heading, {customer id: (badge kind, code)})`` for a list, in one query."""

list_filters = Registry()
"""By query parameter: ``ListFilter`` by which the list of customers can be narrowed."""

number_readers = Registry()
"""By code: ``reader(customer, pk)`` returns ``(sealed row, kind in words)`` of one number of a customer, or None."""

exposures = Registry()
"""``exposure(staff, household)`` returns ``[(label, yuan)]`` for the household's page."""

personal_tables = Registry()
"""By model label: the ``PersonalTable`` that says what a copy shows of it and what an erasure takes (``personal``)."""

relation_ends = Registry()
"""SQL that selects ``person, is_open, last_day`` of products and obligations, for the persons in ``leaving``."""

judgements = Registry()
"""``judgement(staff, customer, household)`` returns ``[(words, address)]`` of decisions that a person may question."""


handover_facts = Registry()
"""``weigh(household ids)`` returns ``{household id: HandoverFacts}`` for the list of a handover, set-based."""


@dataclass(frozen=True)
class HandoverFacts:
    """What a household owes (yuan), and whether one of its loans is overdue or worse than special mention."""

    exposure: Decimal = Decimal(0)
    has_problem_loan: bool = False


@dataclass(frozen=True)
class ListFilter:
    """A choice above the list of customers: its label, its codes with labels, and how it narrows a queryset."""

    label: Any
    choices: Callable[[], list[tuple[str, Any]]]
    narrow: Callable[[Any, str], Any]


@dataclass(frozen=True)
class TimelineEvent:
    """One line of a customer's timeline: ``icon`` names a drawing of the sprite, ``url`` what opens, ``link`` how."""

    at: date
    title: Any
    text: Any = ""
    icon: str = "clock"
    url: str = ""
    link: Any = ""
    who: str = ""
