"""Ranges as PostgreSQL knows them, for constraints without overlap."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, IntegerRangeField
from django.db.models import Func, IntegerField, Q


class DateRange(Func):
    """``daterange(from, to)``: half-open, an open end means "until further notice"."""

    function = "daterange"
    output_field = DateRangeField()


class SecondOfDay(Func):
    """Seconds since midnight of a time of day."""

    template = "(EXTRACT(epoch FROM %(expressions)s))::integer"
    output_field = IntegerField()


class IntegerRange(Func):
    """``int4range(from, to)``: half-open."""

    function = "int4range"
    output_field = IntegerRangeField()


def in_force(day) -> Q:
    """Rows with ``valid_from`` and ``valid_to`` whose period holds a day."""
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gt=day))
