"""Row-level security: what the application filter lets through by mistake, the database holds back."""

from __future__ import annotations

import psycopg2
import pytest
from django.apps import apps
from django.db import connection, transaction

from branches.choices import PostCode
from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.database import WEB, WORKER, rights_of
from coopcrm.shared.row_security import OUTSIDE, POLICY, RULES, SHARED_POLICY, apply_policies
from customers.models import Customer, Household, VisitNote
from customers.querysets import NoScope
from tests.access.full_world import make_everything, protected_models, rows_now
from tests.factories import make_branch, make_staff
from tests.roles import as_role

BUSINESS_APPS = ("branches", "customers", "loans", "ratings", "kpi")


def seen(role: str, scope: str) -> dict[str, set]:
    """Keys that a role sees of every protected table in a transaction of its own that announces ``scope``."""
    with as_role(role), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('coopcrm.scope', %s, true)", [scope])
        return rows_now()


def filtered_for(staff: StaffMember) -> dict[str, set]:
    """Keys that ``visible_to`` leaves, read by the owner, whom no policy binds."""
    with acting.for_staff(staff):
        return {
            model._meta.db_table: set(model.objects.visible_to(staff).values_list("pk", flat=True))
            for model in protected_models()
            if hasattr(model.objects.all(), "visible_to")
        }


def test_every_business_table_is_protected_or_says_why_not():
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in BUSINESS_APPS
    }
    apps_outside = tuple(name for name in OUTSIDE if name.endswith("_"))
    outside = {table for table in tables if table in OUTSIDE or table.startswith(apps_outside)}

    assert tables - set(RULES) - outside == set()
    assert set(RULES) & set(OUTSIDE) == set()


@pytest.mark.django_db(transaction=True)
def test_no_foreign_row_is_seen_with_the_application_filter_removed():
    own = make_everything()
    mine = rows_now()
    other = make_everything()
    everything = rows_now()
    theirs = {table: everything[table] - mine[table] for table in mine}
    of_own, of_other = f"{{{own.branch.pk}}}", f"{{{other.branch.pk}}}"
    nothing = {table: set() for table in RULES}

    assert {table for table in RULES if not mine[table] or not theirs[table]} == set(), "rows to hide"
    assert seen(WEB, of_own) == seen(WORKER, of_own) == mine
    assert seen(WEB, of_other) == theirs
    assert seen(WEB, "all") == seen(WORKER, "all") == everything
    assert seen(WEB, f"{{{own.branch.pk},{other.branch.pk}}}") == everything
    assert seen(WEB, "") == seen(WEB, "{}") == seen(WORKER, "{}") == nothing
    assert seen(WORKER, "") == everything

    # Rows follow the branch that manages the household now; what a branch booked or handed in, it keeps seeing.
    for model, pk in ((Household, own.household.pk), (Customer, own.customer.pk)):
        model.objects.filter(pk=pk).update(branch=other.branch)
    left, came = seen(WEB, of_own), seen(WEB, of_other)
    assert own.visit.pk in came["customers_visitnote"] - left["customers_visitnote"]
    assert own.rating.pk in came["ratings_creditrating"] - left["ratings_creditrating"]
    assert own.loan.pk in came["loans_loan"] & left["loans_loan"]

    # The filter and the policy say the same, so that neither hides what the other promises.
    for staff, rows in (
        (make_staff(PostCode.DIRECTOR, own.branch), left),
        (make_staff(PostCode.CASHIER, other.branch), came),
        (make_staff(PostCode.AUDITOR), everything),
        (make_staff(PostCode.ADMINISTRATOR), nothing),
    ):
        filtered = filtered_for(staff)
        assert filtered.pop("branches_export") <= rows["branches_export"], "a list is its taker's own"
        assert filtered.pop("customers_task") <= rows["customers_task"], "a transfer takes open tasks along"
        assert filtered == {table: rows[table] for table in filtered}
        assert len(filtered) >= 18


@pytest.mark.django_db(transaction=True)
def test_no_foreign_row_is_written():
    other, branch = make_everything(), make_branch()
    for model in protected_models():
        table, row = model._meta.db_table, model._base_manager.order_by("pk").first()
        fields = model._meta.concrete_fields
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        insert = f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
        with (
            as_role(WEB),
            acting.using(acting.Acting(actor_id=0, scope=frozenset({branch.pk}))),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            with pytest.raises(Exception, match="row-level security") as refused, transaction.atomic():
                cursor.execute(insert, values)
            assert isinstance(refused.value.__cause__, psycopg2.errors.InsufficientPrivilege), table
            if "UPDATE" in rights_of(table)[WEB]:
                column = fields[-1].column
                cursor.execute(f'UPDATE {table} SET "{column}" = "{column}"')
                assert (table, cursor.rowcount) == (table, 0)
    assert VisitNote.objects.filter(pk=other.visit.pk).exists()


@pytest.mark.django_db
def test_a_list_without_policy_is_found_and_put_right():
    with connection.cursor() as cursor:
        assert apply_policies(cursor) == [], "what stands is left alone"
        cursor.execute("ALTER TABLE loans_loan DISABLE ROW LEVEL SECURITY")
        cursor.execute("DROP POLICY rows_of_the_scope ON customers_visitnote")
        assert apply_policies(cursor) == ["customers_visitnote", "loans_loan"]
        assert apply_policies(cursor) == []


@pytest.mark.django_db
def test_rows_are_not_asked_for_without_a_scope(django_assert_num_queries):
    staff, nobody = make_staff(PostCode.CASHIER), StaffMember.objects.create(username="nobody")
    assert staff.scope.posts
    assert not nobody.scope.posts
    with django_assert_num_queries(0):
        with pytest.raises(NoScope):
            VisitNote.objects.visible_to(nobody)
        with acting.in_request("r-1"), pytest.raises(acting.NobodyActs):
            VisitNote.objects.visible_to(staff)


@pytest.mark.django_db
def test_a_policy_that_the_list_does_not_know_is_taken_off():
    with connection.cursor() as cursor:
        cursor.execute("CREATE POLICY open_to_all ON customers_visitnote FOR SELECT TO PUBLIC USING (true)")
        changed = apply_policies(cursor)
        cursor.execute(
            "SELECT policyname FROM pg_policies WHERE tablename = 'customers_visitnote' ORDER BY 1"
        )
        names = [name for (name,) in cursor.fetchall()]

    assert changed == ["customers_visitnote"]
    assert names == [SHARED_POLICY, POLICY]
