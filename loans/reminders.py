"""What the banking book reminds people of: fixed deposits that mature soon."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.choices import PostCode
from customers import registries
from customers.models import Task
from customers.registries import ReminderSource, TaskKind
from customers.reminders.sources import LIVING, MANAGER

MATURING = "maturing_deposit"
LEAST_BALANCE = 10_000  # yuan: below it a call costs more than it keeps

DEPOSITS = f"""
    SELECT m.household_id, c.id AS customer_id, a.staff_id AS owner_id, n.day AS due_on,
        k.id || ':' || n.day AS key, jsonb_build_object('day', n.day) AS params, k.balance AS weight
    FROM loans_account k
    JOIN loans_product p ON p.id = k.product_id AND p.term_months IS NOT NULL
    JOIN customers_customer c ON c.id = k.customer_id
    {MANAGER},
    LATERAL (
        SELECT extract(year FROM age(%(as_of)s::date, k.opened_on))::int * 12
            + extract(month FROM age(%(as_of)s::date, k.opened_on))::int AS months
    ) elapsed,
    LATERAL (
        SELECT (k.opened_on + make_interval(
            months => p.term_months * (elapsed.months / p.term_months + 1)
        ))::date AS day
    ) n
    WHERE c.branch_id = %(branch)s AND {LIVING} AND k.state = 'open' AND k.balance >= {LEAST_BALANCE}
        AND k.opened_on <= %(as_of)s AND n.day <= %(as_of)s::date + %(lead)s::int
"""  # noqa: S608 - words of our own


def matured(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """The deposit has matured a week ago: it was renewed or is gone."""
    return tasks.filter(due_on__lt=as_of - timedelta(days=7))


def register() -> None:
    """Called once, when the apps are ready."""
    registries.task_kinds.register(
        MATURING, TaskKind(_("Talk about a deposit"), "coins", PostCode.DIRECTOR, matured, calls=True)
    )
    registries.reminder_sources.register(
        MATURING,
        ReminderSource(
            _("Days before a fixed deposit matures"),
            gettext_noop("A fixed deposit matures on %(day)s: ask what becomes of it."),
            DEPOSITS,
            lead=14,
            rest_days=30,
            most_open=10,
        ),
    )
