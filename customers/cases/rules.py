"""By when a case is answered, and when it goes to the next level (handbook §7.2). Plain values, no clock."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from coopcrm.shared.periods import next_workday
from customers.choices import CaseCategory

WORKING_DAYS: dict[str, int] = {
    CaseCategory.MACHINE: 3,
    CaseCategory.WAITING: 5,
    CaseCategory.MANNERS: 5,
    CaseCategory.ACCOUNT: 5,
    CaseCategory.FEES: 7,
    CaseCategory.CREDIT: 10,
    CaseCategory.PRIVACY: 10,
    CaseCategory.CONDUCT: 10,
    CaseCategory.OTHER: 10,
}
"""Working days for an answer, counted from the day after the case was received."""

DIRECTORS_DAYS = 3
"""Working days that the director has once a case is late, before it goes to head office."""


def after_workdays(
    day: date, days: int, holidays: Container[date] = (), extra_workdays: Container[date] = ()
) -> date:
    """The day that lies so many working days after ``day``."""
    for _step in range(days):
        day = next_workday(day, holidays, extra_workdays)
    return day


def due_day(
    received_on: date, category: str, holidays: Container[date] = (), extra_workdays: Container[date] = ()
) -> date:
    """The last day for the answer."""
    return after_workdays(received_on, WORKING_DAYS[category], holidays, extra_workdays)


def level_on(
    day: date, due_on: date, holidays: Container[date] = (), extra_workdays: Container[date] = ()
) -> int:
    """How far an open case is to be escalated on ``day``: 0, 1 once it is late, 2 three working days later.

    By hand: due Friday 2026-03-27. On Monday the 30th it is the director's, after Wednesday, on the 2nd of April,
    head office's.
    """
    if day <= due_on:
        return 0
    return 2 if day > after_workdays(due_on, DIRECTORS_DAYS, holidays, extra_workdays) else 1
