"""Days, months and working days; a period is half-open, ``start <= day < end`` (handbook §0)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


def to_date(value: date | str) -> date:
    """Return a date from a date, a moment or ISO text."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def to_moment(value: datetime | str) -> datetime:
    """Return a moment from a moment or ISO text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def to_time(value: time | datetime | str) -> time:
    """Return a time of day from a time, a moment or ISO text such as ``16:30``."""
    if isinstance(value, datetime):
        return value.time()
    return value if isinstance(value, time) else time.fromisoformat(value)


def add_months(day: date, months: int) -> date:
    """Move by whole months and keep the day, cut to the last day of the month reached."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def completed_years(start: date, day: date) -> int:
    """Whole years from ``start`` to ``day``; whoever is born on 29 February turns on 1 March in common years."""
    return day.year - start.year - ((day.month, day.day) < (start.month, start.day))


@dataclass(frozen=True)
class Period:
    """Days from ``start`` up to, not including, ``end``."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a period ends on or after the day it starts")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(self.days))

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)


def month_of(day: date) -> Period:
    """The calendar month that holds ``day``."""
    first = day.replace(day=1)
    return Period(first, add_months(first, 1))


def quarter_of(day: date) -> Period:
    """The calendar quarter that holds ``day``."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(first, add_months(first, 3))


def is_workday(day: date, holidays: Container[date] = (), extra_workdays: Container[date] = ()) -> bool:
    """Monday to Friday not among the holidays, or any make-up working day (调休上班), handbook §1.7."""
    return day in extra_workdays or (day.weekday() < 5 and day not in holidays)


def next_workday(day: date, holidays: Container[date] = (), extra_workdays: Container[date] = ()) -> date:
    """The first working day after ``day``."""
    day += timedelta(days=1)
    while not is_workday(day, holidays, extra_workdays):
        day += timedelta(days=1)
    return day


def workdays_in(period: Period, holidays: Container[date] = (), extra_workdays: Container[date] = ()) -> int:
    """The number of working days in a period."""
    return sum(is_workday(day, holidays, extra_workdays) for day in period)


def clock_starts_on(
    applied_at: datetime, cutoff: time, holidays: Container[date] = (), extra_workdays: Container[date] = ()
) -> date:
    """The day on which the same-day promise starts to run (handbook §1.7).

    It is the day of the application, or the next working day at or after the cut-off and on days off.
    """
    day = applied_at.date()
    if is_workday(day, holidays, extra_workdays) and applied_at.time() < cutoff:
        return day
    return next_workday(day, holidays, extra_workdays)
