"""Reads of the calendar and of opening hours: is it a working day, is a counter open."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from branches.choices import DayKind, Weekday
from branches.models import CalendarDay, OpeningException, OpeningHours, Unit, in_force
from branches.opening import Stretch, Week, is_open_at, stretches_on
from coopcrm.shared import periods


@dataclass(frozen=True)
class DaysOff:
    """Public holidays and make-up working days of a stretch of time."""

    holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()


def days_off(first: date, last: date) -> DaysOff:
    """Holidays and make-up working days from ``first`` to ``last``, both counted; one query."""
    rows = CalendarDay.objects.filter(day__gte=first, day__lte=last).values_list("day", "kind")
    found = list(rows)
    return DaysOff(
        frozenset(day for day, kind in found if kind == DayKind.HOLIDAY),
        frozenset(day for day, kind in found if kind == DayKind.EXTRA_WORKDAY),
    )


def is_working_day(day: date) -> bool:
    """Whether a day is a working day of the union (handbook §1.7)."""
    known = days_off(day, day)
    return periods.is_workday(day, known.holidays, known.extra_workdays)


def next_working_day(day: date) -> date:
    """The first working day after ``day``; holidays of the following 60 days are known."""
    known = days_off(day, day + timedelta(days=60))
    return periods.next_workday(day, known.holidays, known.extra_workdays)


def working_days(first: date, last: date) -> int:
    """The number of working days from ``first`` to ``last``, both counted."""
    known = days_off(first, last)
    period = periods.Period(first, last + timedelta(days=1))
    return periods.workdays_in(period, known.holidays, known.extra_workdays)


# -- Hours of units ----------------------------------------------------------------------------------------------------


def weeks_of(units: Iterable[Unit], first: date, last: date | None = None) -> dict[int, Week]:
    """Hours of units in force on ``first``, with the exceptions until ``last``, in two queries.

    A unit without hours of its own has those of the unit above it, up to the union; exceptions are never inherited.
    Pass the units above along with ``units``, or read them with ``select_related("parent__parent")``.
    """
    chains = {unit.pk: _chain(unit) for unit in units}
    wanted = {pk for chain in chains.values() for pk in chain}
    own: dict[int, dict[int, list[Stretch]]] = {}
    for row in OpeningHours.objects.filter(in_force(first), unit__in=wanted).order_by("opens"):
        own.setdefault(row.unit_id, {}).setdefault(row.weekday, []).append(Stretch(row.opens, row.closes))
    differing: dict[int, dict[date, tuple[Stretch, ...]]] = {}
    days = Q(day__gte=first, day__lte=last or first)
    for row in OpeningException.objects.filter(days, unit__in=list(chains)):
        hours = () if row.is_closed else (Stretch(row.opens, row.closes),)
        differing.setdefault(row.unit_id, {})[row.day] = hours
    return {
        pk: Week(
            {
                day: tuple(stretches)
                for day, stretches in next((own[one] for one in chain if one in own), {}).items()
            },
            differing.get(pk, {}),
        )
        for pk, chain in chains.items()
    }


def _chain(unit: Unit) -> list[int]:
    chain, current = [], unit
    while current is not None:
        chain.append(current.pk)
        current = current.parent
    return chain


def week_of(unit: Unit, day: date) -> Week:
    """Hours of one unit in force on a day."""
    return weeks_of([unit], day)[unit.pk]


def is_open(unit: Unit, at: datetime) -> bool:
    """Whether a unit is open at a moment.

    Closed units are not open. A day that differs decides by itself; otherwise public holidays are closed and other
    days follow the week of the unit, or of the unit above it; a make-up working day has the hours of Monday.
    """
    local = timezone.localtime(at) if timezone.is_aware(at) else at
    day = local.date()
    if unit.is_closed_on(day) or (unit.opened_on is not None and unit.opened_on > day):
        return False
    known = days_off(day, day)
    return is_open_at(local, week_of(unit, day), known.holidays, known.extra_workdays)


def hours_on(unit: Unit, day: date) -> tuple[Stretch, ...]:
    """When a unit is open on a day; empty when it is closed."""
    known = days_off(day, day)
    return stretches_on(day, week_of(unit, day), known.holidays, known.extra_workdays)


@dataclass(frozen=True)
class HoursLine:
    """One weekday of a unit's page."""

    weekday: int
    label: str
    stretches: tuple[Stretch, ...]
    is_today: bool = False


def hours_lines(week: Week, today: date) -> list[HoursLine]:
    """The seven days of a week for a page."""
    return [
        HoursLine(day, str(label), tuple(week.by_weekday.get(day, ())), day == today.isoweekday())
        for day, label in Weekday.choices
    ]


def own_hours(unit: Unit, day: date) -> bool:
    """Whether the unit has hours of its own on a day, not those of the unit above."""
    return unit.opening_hours.filter(in_force(day)).exists()


# -- A year ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayCell:
    """One day of the year view."""

    day: date
    is_work: bool
    kind: str = ""
    name: str = ""
    is_today: bool = False


@dataclass(frozen=True)
class MonthView:
    """A month as weeks of seven places; None stands for days of other months."""

    first: date
    weeks: list[list[DayCell | None]]
    working_days: int


@dataclass(frozen=True)
class YearView:
    """A year with its marked days and what it lacks."""

    year: int
    months: list[MonthView]
    marked: list[CalendarDay]
    working_days: int


def year_view(year: int, today: date) -> YearView:
    """The twelve months of a year with holidays and make-up days; one query."""
    rows = {row.day: row for row in CalendarDay.objects.filter(day__year=year).order_by("day")}
    months = [_month(year, number, rows, today) for number in range(1, 13)]
    return YearView(year, months, list(rows.values()), sum(month.working_days for month in months))


def _month(year: int, number: int, rows: dict[date, CalendarDay], today: date) -> MonthView:
    holidays = {day for day, row in rows.items() if row.kind == DayKind.HOLIDAY}
    extra = {day for day, row in rows.items() if row.kind == DayKind.EXTRA_WORKDAY}

    def cell(day: date) -> DayCell | None:
        if day.month != number:
            return None
        row = rows.get(day)
        works = periods.is_workday(day, holidays, extra)
        return DayCell(day, works, row.kind if row else "", row.name if row else "", day == today)

    weeks = [
        [cell(day) for day in week]
        for week in calendar.Calendar(firstweekday=0).monthdatescalendar(year, number)
    ]
    working = sum(1 for week in weeks for one in week if one and one.is_work)
    return MonthView(date(year, number, 1), weeks, working)
