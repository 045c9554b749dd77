"""Small registries that the apps above fill in ``AppConfig.ready``, so that the arrows keep pointing down.

A handler is called in the caller's transaction. The registry knows functions, never the apps they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._entries.values())


ledger_row_handlers = Registry()
"""By ledger kind: ``handler(batch)`` receives the accepted rows of a file and writes what the app above keeps."""

timeline_sources = Registry()
"""``source(staff, customer, households, limit)`` returns events for the customer page's timeline."""

page_cards = Registry()
"""``card(staff, customer, household)`` returns ``(template name, context)`` for the customer page, or None."""
