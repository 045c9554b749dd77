"""Ranges as PostgreSQL knows them, for constraints without overlap."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db.models import Func


class DateRange(Func):
    """``daterange(from, to)``: half-open, an open end means "until further notice"."""

    function = "daterange"
    output_field = DateRangeField()
