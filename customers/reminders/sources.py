"""What the registry itself reminds of: no contact, expiring documents, birthdays of the best, requests, old facts.

A source is SQL that selects, for one branch on one day, ``household_id, customer_id, owner_id, due_on, key, params,
weight``; the weightiest come first where not all may be opened. Parameters are ``branch``, ``as_of`` and ``lead``.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.choices import PostCode
from customers import registries
from customers.choices import DocumentState, RequestState
from customers.models import FactSheet, IdentityDocument, RightsRequest, Task, VisitNote
from customers.registries import ReminderSource, TaskKind
from customers.tasks.kinds import note_visit

CONTACT, DOCUMENT, BIRTHDAY = "contact", "document", "birthday"
DATA_REQUEST, REVIEW = "data_request", "review"

MANAGER = """
    LEFT JOIN customers_membership m ON m.customer_id = c.id AND m.valid_from <= %(as_of)s
        AND (m.valid_to IS NULL OR m.valid_to > %(as_of)s)
    LEFT JOIN customers_managerassignment a ON a.household_id = m.household_id AND a.valid_from <= %(as_of)s
        AND (a.valid_to IS NULL OR a.valid_to > %(as_of)s)
"""
"""Joins the household ``m`` and the responsible manager ``a`` of a customer ``c``."""

LIVING = "c.state = 'active' AND NOT c.is_locked AND c.merged_into_id IS NULL"

NO_CONTACT = """
    SELECT h.id AS household_id, NULL::bigint AS customer_id, a.staff_id AS owner_id,
        %(as_of)s::date + 14 AS due_on, h.id::text AS key,
        jsonb_build_object('day', to_char(v.last_on, 'YYYY-MM')) AS params,
        %(as_of)s::date - coalesce(v.last_on, h.valid_from) AS weight
    FROM customers_household h
    LEFT JOIN customers_managerassignment a ON a.household_id = h.id AND a.valid_from <= %(as_of)s
        AND (a.valid_to IS NULL OR a.valid_to > %(as_of)s)
    LEFT JOIN LATERAL (
        SELECT max(n.visited_on) AS last_on FROM customers_visitnote n WHERE n.household_id = h.id
    ) v ON true
    WHERE h.branch_id = %(branch)s AND h.valid_to IS NULL
        AND h.valid_from <= %(as_of)s::date - make_interval(months => %(lead)s)
        AND (v.last_on IS NULL OR v.last_on <= %(as_of)s::date - make_interval(months => %(lead)s))
        AND EXISTS (SELECT FROM customers_customer c WHERE c.id = h.head_id AND c.state = 'active' AND NOT c.is_locked)
"""

EXPIRING = f"""
    SELECT m.household_id, c.id AS customer_id, a.staff_id AS owner_id,
        greatest(d.expires_on - 7, %(as_of)s::date + 3) AS due_on, d.id::text AS key,
        jsonb_build_object('day', d.expires_on) AS params, %(as_of)s::date - d.expires_on AS weight
    FROM customers_identitydocument d
    JOIN customers_customer c ON c.id = d.customer_id
    {MANAGER}
    WHERE c.branch_id = %(branch)s AND {LIVING} AND d.state = '{DocumentState.HELD}'
        AND d.expires_on BETWEEN %(as_of)s::date - 365 AND %(as_of)s::date + %(lead)s::int
"""  # noqa: S608 - words of our own

BIRTHDAYS = f"""
    SELECT m.household_id, c.id AS customer_id, a.staff_id AS owner_id, b.day AS due_on,
        c.id || ':' || extract(year FROM b.day) AS key, jsonb_build_object('day', b.day) AS params, best.weight
    FROM ({{best}}) best
    JOIN customers_customer c ON c.id = best.customer_id
    {MANAGER},
    LATERAL (
        SELECT (c.birth_date + make_interval(years => y - extract(year FROM c.birth_date)::int))::date AS day
        FROM unnest(ARRAY[extract(year FROM %(as_of)s::date)::int, extract(year FROM %(as_of)s::date)::int + 1]) y
    ) b
    WHERE c.branch_id = %(branch)s AND {LIVING} AND c.birth_date IS NOT NULL
        AND b.day BETWEEN %(as_of)s::date AND %(as_of)s::date + %(lead)s::int
        AND NOT EXISTS (
            SELECT FROM customers_consent k WHERE k.customer_id = c.id AND k.purpose = 'marketing'
                AND k.decision <> 'given' AND NOT EXISTS (
                    SELECT FROM customers_consent later WHERE later.customer_id = k.customer_id
                        AND later.purpose = k.purpose AND later.decision = 'given'
                        AND (later.decided_at, later.id) > (k.decided_at, k.id)
                )
        )
"""  # noqa: S608 - words of our own

REQUESTS = f"""
    SELECT NULL::bigint AS household_id, c.id AS customer_id, r.owner_id, r.due_on, r.id::text AS key,
        jsonb_build_object('day', r.due_on) AS params, %(as_of)s::date - r.due_on AS weight
    FROM customers_rightsrequest r JOIN customers_customer c ON c.id = r.customer_id
    WHERE c.branch_id = %(branch)s AND r.state = '{RequestState.OPEN}'
        AND r.due_on <= %(as_of)s::date + %(lead)s::int
"""  # noqa: S608 - words of our own

OLD_FACTS = """
    SELECT h.id AS household_id, NULL::bigint AS customer_id, a.staff_id AS owner_id,
        %(as_of)s::date + 30 AS due_on, h.id::text AS key,
        jsonb_build_object('day', to_char(f.recorded_on, 'YYYY-MM')) AS params,
        %(as_of)s::date - f.recorded_on AS weight
    FROM customers_household h
    JOIN LATERAL (
        SELECT s.recorded_on FROM customers_factsheet s WHERE s.household_id = h.id
        ORDER BY s.recorded_on DESC, s.id DESC LIMIT 1
    ) f ON f.recorded_on <= %(as_of)s::date - make_interval(months => %(lead)s)
    LEFT JOIN customers_managerassignment a ON a.household_id = h.id AND a.valid_from <= %(as_of)s
        AND (a.valid_to IS NULL OR a.valid_to > %(as_of)s)
    WHERE h.branch_id = %(branch)s AND h.valid_to IS NULL
"""


def birthdays_sql() -> str:
    """The best customers as the apps above name them, who have a birthday soon."""
    best = " UNION ".join(registries.best_customers)
    return BIRTHDAYS.format(best=best) if best else ""


# -- What ends them by itself ------------------------------------------------------------------------------------------


def contacted(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """The household has been visited since, or is no more."""
    visits = VisitNote.objects.filter(household=OuterRef("household"), visited_on__gte=OuterRef("opened_on"))
    return tasks.filter(Exists(visits) | Q(household__valid_to__isnull=False))


def renewed(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """The document is no longer in use, or is valid for another year."""
    soon = as_of + timedelta(days=366)
    still = IdentityDocument.objects.filter(
        pk=OuterRef("document"), state=DocumentState.HELD, expires_on__lte=soon
    )
    return tasks.annotate(document=Cast("key", BigIntegerField())).filter(~Exists(still))


def past(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """The day is over by a week: nobody congratulates then."""
    return tasks.filter(due_on__lt=as_of - timedelta(days=7))


def answered(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """The request has been answered."""
    still = RightsRequest.objects.filter(pk=OuterRef("request"), state=RequestState.OPEN)
    return tasks.annotate(request=Cast("key", BigIntegerField())).filter(~Exists(still))


def reviewed(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """New facts have been recorded since, or the household is no more."""
    newer = FactSheet.objects.filter(household=OuterRef("household"), recorded_on__gte=OuterRef("opened_on"))
    return tasks.filter(Exists(newer) | Q(household__valid_to__isnull=False))


def register() -> None:
    """Put the registry's own sources and their kinds of tasks into place."""
    kinds = registries.task_kinds
    sources = registries.reminder_sources
    kinds.register(
        CONTACT,
        TaskKind(_("Get in touch"), "phone", PostCode.DIRECTOR, contacted, calls=True, action=note_visit),
    )
    kinds.register(DOCUMENT, TaskKind(_("Ask for the new document"), "id", PostCode.CASHIER, renewed))
    kinds.register(BIRTHDAY, TaskKind(_("Congratulate"), "star", PostCode.DIRECTOR, past, calls=True))
    kinds.register(
        DATA_REQUEST,
        TaskKind(
            _("Answer about data"),
            "shield-check",
            PostCode.ACCOUNTANT,
            answered,
            may_snooze=False,
            ends_elsewhere=True,
            action=lambda task: (_("Open the request"), reverse("customers:right", args=[task.key])),
        ),
    )
    kinds.register(
        REVIEW,
        TaskKind(_("Review the household"), "notebook", PostCode.DIRECTOR, reviewed, action=note_visit),
    )
    sources.register(
        CONTACT,
        ReminderSource(
            _("No contact for so many months"),
            gettext_noop("No visit since %(day)s: get in touch."),
            NO_CONTACT,
            lead=12,
            unit="months",
            rest_days=90,
            most_open=8,
            unknown=gettext_noop("Never visited: get in touch."),
        ),
    )
    sources.register(
        DOCUMENT,
        ReminderSource(
            _("Days before a document expires"),
            gettext_noop("The document expires on %(day)s: ask for the new one."),
            EXPIRING,
            lead=60,
            rest_days=30,
            most_open=15,
        ),
    )
    sources.register(
        BIRTHDAY,
        ReminderSource(
            _("Days before the birthday of the best customers"),
            gettext_noop("Birthday on %(day)s: congratulate."),
            birthdays_sql,
            lead=5,
            rest_days=300,
            most_open=5,
        ),
    )
    sources.register(
        DATA_REQUEST,
        ReminderSource(
            _("Days before a request about data is due"),
            gettext_noop("The request about data is due on %(day)s: answer it."),
            REQUESTS,
            lead=3,
            rest_days=1,
            most_open=50,
        ),
    )
    sources.register(
        REVIEW,
        ReminderSource(
            _("Facts of a household older than so many months"),
            gettext_noop("The facts are of %(day)s: review the household."),
            OLD_FACTS,
            lead=24,
            unit="months",
            rest_days=180,
            most_open=5,
        ),
    )
