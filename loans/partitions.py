"""Months of the big tables: account days and account months live in one partition per month."""

from __future__ import annotations

from datetime import date

from django.db import connection


def ensure_months(first_day: date, last_day: date) -> None:
    """Make sure that a partition exists for every month from ``first_day`` to ``last_day``.

    Call it before rows of these days are written; a row without a partition is refused by the database.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coopcrm_ensure_months(%s, %s)", [first_day, last_day])
