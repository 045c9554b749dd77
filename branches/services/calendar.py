"""Deeds on the calendar: public holidays and make-up working days."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from branches import policies
from branches.models import CalendarDay, StaffMember
from coopcrm.shared.errors import Refused, require

LONGEST_HOLIDAY = 31


@transaction.atomic
def mark_days(*, first: date, last: date, kind: str, name: str, by: StaffMember) -> int:
    """Mark the days from ``first`` to ``last`` as a holiday or as make-up working days; returns how many."""
    require(policies.may_keep_calendar(by), _("Administrators and head office keep the calendar."))
    days = (last - first).days + 1
    if days < 1 or days > LONGEST_HOLIDAY:
        raise Refused(
            _("The last day comes on or after the first, at most a month later."), code="calendar_period"
        )
    for number in range(days):
        day = first + timedelta(days=number)
        CalendarDay.objects.update_or_create(day=day, defaults={"kind": kind, "name": name})
    return days


@transaction.atomic
def clear_day(*, day: date, by: StaffMember) -> None:
    """Let a day follow the week again."""
    require(policies.may_keep_calendar(by), _("Administrators and head office keep the calendar."))
    CalendarDay.objects.filter(day=day).delete()
