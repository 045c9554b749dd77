"""When a counter is open: arithmetic on weekdays, stretches of hours and days that differ. No database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise

from coopcrm.shared.periods import is_workday

MONDAY = 1
STRETCH = re.compile(r"(\d{1,2})(?:[:：.](\d{2}))?\s*[-–—~～至]\s*(\d{1,2})(?:[:：.](\d{2}))?")
SEPARATORS = re.compile(r"[,;，；、\s]+")


@dataclass(frozen=True, order=True)
class Stretch:
    """Open from ``opens`` up to, not including, ``closes``."""

    opens: time
    closes: time

    def __contains__(self, at: time) -> bool:
        return self.opens <= at < self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M}"


@dataclass(frozen=True)
class Week:
    """Hours of a unit: stretches by ISO weekday, and days that differ (an empty tuple is closed)."""

    by_weekday: Mapping[int, tuple[Stretch, ...]] = field(default_factory=dict)
    exceptions: Mapping[date, tuple[Stretch, ...]] = field(default_factory=dict)


class HoursUnclear(ValueError):
    """What was typed is no list of stretches; ``reason`` is FORMAT, ORDER or OVERLAP."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_hours(text: str) -> tuple[Stretch, ...]:
    """Read ``8:00-12:00, 14:00-17:30`` (any dash, full-width signs too); empty text is a closed day.

    Worked by hand: ``8-12、14：00～17：30`` → 08:00–12:00 and 14:00–17:30. Raises ``HoursUnclear``.
    """
    found = []
    left = SEPARATORS.sub(" ", STRETCH.sub(lambda match: found.append(match) or " ", text)).strip()
    if left:
        raise HoursUnclear("FORMAT")
    stretches = sorted(_stretch(*match.groups()) for match in found)
    for before, after in pairwise(stretches):
        if after.opens < before.closes:
            raise HoursUnclear("OVERLAP")
    return tuple(stretches)


def _stretch(hour: str, minute: str | None, end_hour: str, end_minute: str | None) -> Stretch:
    try:
        opens, closes = time(int(hour), int(minute or 0)), time(int(end_hour), int(end_minute or 0))
    except ValueError as error:
        raise HoursUnclear("FORMAT") from error
    if closes <= opens:
        raise HoursUnclear("ORDER")
    return Stretch(opens, closes)


def hours_text(stretches: Sequence[Stretch]) -> str:
    """The stretches as ``parse_hours`` reads them."""
    return ", ".join(f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in stretches)


def stretches_on(
    day: date, week: Week, holidays: frozenset[date], extra_workdays: frozenset[date]
) -> tuple[Stretch, ...]:
    """When a unit is open on a day.

    A day that differs decides by itself. Otherwise public holidays are closed, other days follow the week, and a
    make-up working day on which the week is closed has the hours of Monday.
    """
    if day in week.exceptions:
        return week.exceptions[day]
    if day in holidays:
        return ()
    own = tuple(week.by_weekday.get(day.isoweekday(), ()))
    if not own and day in extra_workdays:
        return tuple(week.by_weekday.get(MONDAY, ()))
    return own


def is_open_at(at: datetime, week: Week, holidays: frozenset[date], extra_workdays: frozenset[date]) -> bool:
    """Whether a unit is open at a moment of local time."""
    return any(at.time() in one for one in stretches_on(at.date(), week, holidays, extra_workdays))


def working_days_between(
    first: date, last: date, holidays: frozenset[date], extra_workdays: frozenset[date]
) -> int:
    """Working days from ``first`` to ``last``, both counted (handbook §1.7)."""
    days = (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
    return sum(is_workday(day, holidays, extra_workdays) for day in days)
