"""Row-level security: what the application filter lets through by mistake, the database holds back."""

from __future__ import annotations

import psycopg2
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from branches.choices import PostCode

from coopcrm.shared.database import WEB, WORKER
from coopcrm.shared.row_security import OUTSIDE, RULES, apply_policies
from customers.models import Customer, Household
from tests.access.full_world import make_everything, protected_models, rows_now
from tests.factories import make_staff
from tests.roles import as_role

BUSINESS_APPS = ("branches", "customers", "loans", "ratings", "kpi")


def seen(role: str, scope: str) -> dict[str, set]:
    """Keys that a role sees of every protected table in a transaction of its own that announces ``scope``."""
    with as_role(role), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('coopcrm.scope', %s, true)", [scope])
        return rows_now()


def test_every_business_table_is_protected_or_says_why_not():
    undecided = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in BUSINESS_APPS
        and model._meta.db_table not in RULES
        and not any(
            name == model._meta.db_table or (name.endswith("_") and model._meta.db_table.startswith(name))
            for name in OUTSIDE
        )
    ]

    assert undecided == []


@pytest.mark.django_db(transaction=True)
def test_without_the_application_filter_no_foreign_row_is_seen():
    own = make_everything()
    mine = rows_now()
    other = make_everything()
    everything = rows_now()
    theirs = {table: everything[table] - mine[table] for table in mine}
    assert {table for table in RULES if not mine[table] or not theirs[table]} == set()

    of_own, of_other = f"{{{own.branch.pk}}}", f"{{{other.branch.pk}}}"
    nothing = {table: set() for table in RULES}
    assert seen(WEB, of_own) == seen(WORKER, of_own) == mine
    assert seen(WEB, of_other) == theirs
    assert seen(WEB, "all") == seen(WORKER, "all") == everything
    assert seen(WEB, f"{{{own.branch.pk},{other.branch.pk}}}") == everything
    assert seen(WEB, "") == seen(WEB, "{}") == seen(WORKER, "{}") == nothing
    assert seen(WORKER, "") == everything
