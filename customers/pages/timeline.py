"""A timeline of everything that is known to have happened, from all apps, by kind and period, page by page.

A cursor is a day and how many events of that day have been shown: it tells nothing about the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

from branches.models import StaffMember
from customers import registries
from customers.models import Customer, Household

PAGE = 30
MOST_SEARCHED = 400
MOST_OF_A_DAY = 1000


@dataclass(frozen=True)
class Asked:
    """Which part of a timeline somebody wants: one kind or all, from a day on, words that stand in it, a cursor."""

    kind: str = ""
    since: date | None = None
    until: date | None = None
    words: str = ""
    after: str = ""


@dataclass(frozen=True)
class Timeline:
    """Events, latest first, and the cursor of the older ones; empty at the beginning of the story."""

    events: list[registries.TimelineEvent] = field(default_factory=list)
    after: str = ""


def timeline(
    staff: StaffMember,
    customer: Customer | None,
    households: list[Household],
    asked: Asked = Asked(),
    *,
    size: int = PAGE,
) -> Timeline:
    """A page of what happened; one query for each source that tells it, whatever there is to tell."""
    day, shown = _read_cursor(asked.after)
    until = min(filter(None, (day, asked.until)), default=None)
    limit = MOST_SEARCHED if asked.words else shown + size + 1
    window = registries.Window(limit, until, asked.since)
    sources = registries.timeline_sources.chosen("customer" if customer else "household", asked.kind)
    told = [event for source in sources for event in source(staff, customer, households, window)]
    told.sort(key=attrgetter("at"), reverse=True)
    if asked.words:
        told = [event for event in told if _says(event, asked.words)]
    events = told[shown : shown + size]
    is_more = len(told) > shown + size
    return Timeline(events, _cursor(told[: shown + size]) if is_more else "")


def _says(event: registries.TimelineEvent, words: str) -> bool:
    text = f"{event.at:%Y-%m-%d} {event.title} {event.text} {event.who}".casefold()
    return all(word in text for word in words.casefold().split())


def _cursor(shown: list[registries.TimelineEvent]) -> str:
    last = shown[-1].at
    return f"{last:%Y%m%d}-{sum(1 for event in shown if event.at == last)}"


def _read_cursor(text: str) -> tuple[date | None, int]:
    day, _dash, count = text.partition("-")
    try:
        return date.fromisoformat(day), min(int(count), MOST_OF_A_DAY)
    except ValueError:
        return None, 0
