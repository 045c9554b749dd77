# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""How long data are kept, whose relation has ended, and whose data may be erased on a day (handbook §6.6).

The relation ends with the last account, loan or line, or with the last contact where there was none. Identity records
stay ``identity_years`` from then, records of transactions ``transaction_years`` from the last one; the later day
counts. Candidates are persons who asked for deletion (locked), who died or whose record was closed: nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from coopcrm.shared.errors import Refused
from customers import registries
from customers.choices import RuleKey
from customers.models import Customer, PrivacyRule


def figure(key: str, *, on: date) -> int:
    """A figure of privacy in force on a day."""
    rows = PrivacyRule.objects.filter(key=key, valid_from__lte=on).order_by("-valid_from")
    value = rows.values_list("value", flat=True).first()
    if value is None:
        raise Refused(f"No privacy rule {key} is in force on {on}.", code="no_rule")
    return value


def figures(*, on: date) -> dict[str, int]:
    """Every figure of privacy in force on a day, in one query."""
    rows = PrivacyRule.objects.filter(valid_from__lte=on).order_by("key", "-valid_from").distinct("key")
    return dict(rows.values_list("key", "value"))


def years(key: str, day: str) -> str:
    """SQL of an interval: the years that a rule in force on a day gives."""
    return (
        f"make_interval(years => (SELECT r.value::int FROM customers_privacyrule r WHERE r.key = '{key}'"
        f" AND r.valid_from <= {day} ORDER BY r.valid_from DESC LIMIT 1))"
    )


LEAVING = "c.is_locked OR c.state IN ('closed', 'deceased')"


def relations_sql(who: str, day: str) -> str:
    """SQL that selects ``person, is_open, relation_ended_on, due_on`` of the customers ``c`` that ``who`` allows.

    ``who`` and ``day`` are SQL of our own; values travel as parameters.
    """
    products = (
        " UNION ALL ".join(registries.relation_ends) or "SELECT NULL::bigint, false, NULL::date WHERE false"
    )
    return f"""
    WITH leaving AS (
        SELECT c.id, greatest(c.registered_on, c.verified_on, c.deceased_on, l.relation_ended_on) AS last_day
        FROM customers_customer c
        LEFT JOIN customers_personlock l ON l.customer_id = c.id AND l.lifted_on IS NULL
        WHERE c.state NOT IN ('merged', 'erased') AND ({who})
    ), products AS (
        SELECT p.person, bool_or(p.is_open) AS is_open, max(p.last_day) AS last_day
        FROM ({products}) AS p(person, is_open, last_day) GROUP BY p.person
    )
    SELECT v.id AS person, coalesce(p.is_open, false) AS is_open,
        greatest(v.last_day, p.last_day) AS relation_ended_on,
        greatest((greatest(v.last_day, p.last_day) + {years(RuleKey.IDENTITY_YEARS, day)})::date,
                 (p.last_day + {years(RuleKey.TRANSACTION_YEARS, day)})::date) AS due_on
    FROM leaving v LEFT JOIN products p ON p.person = v.id
    """


@dataclass(frozen=True)
class Relation:
    """How a person stands: whether something is open, when the relation ended, when erasure is due."""

    person: int
    is_open: bool
    relation_ended_on: date
    due_on: date


def relation_of(customer: Customer, *, on: date) -> Relation:
    """How the relation with one person stands on a day."""
    with connection.cursor() as cursor:
        cursor.execute(relations_sql("c.id = %(person)s", "%(day)s"), {"person": customer.pk, "day": on})
        return Relation(*cursor.fetchone())


def due(*, on: date, before: date | None = None, limit: int | None = None) -> list[Relation]:
    """Whose erasure is due by rules in force ``on`` a day: up to that day, or up to ``before`` to look ahead."""
    sql = f"SELECT * FROM ({relations_sql(LEAVING, '%(day)s')}) d WHERE NOT d.is_open AND d.due_on <= %(before)s"
    sql += " ORDER BY d.due_on, d.person" + (f" LIMIT {int(limit)}" if limit else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": on, "before": before or on})
        return [Relation(*row) for row in cursor.fetchall()]
