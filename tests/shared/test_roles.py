"""Database roles: daily work owns nothing, results are insert-only, a mighty role does not start."""

import psycopg2
import pytest
from django.apps import apps
from django.db import connection, models

from coopcrm import embedded
from coopcrm.shared import database
from coopcrm.shared.checks import unfit
from kpi.closing import WRITTEN

pytestmark = pytest.mark.django_db(transaction=True)


def connect(role: str):
    url = embedded.places().database_url(role, connection.settings_dict["NAME"])
    found = psycopg2.connect(url)
    found.autocommit = True
    return found


@pytest.fixture(params=[database.WEB, database.WORKER])
def daily(request):
    opened = connect(request.param)
    with opened.cursor() as cursor:
        yield cursor
    opened.close()


def test_daily_roles_are_not_mighty(daily):
    assert database.mighty_reason(daily) == ""


@pytest.mark.parametrize(
    ("role", "reason"),
    [("postgres", "postgres is a superuser"), ("coopcrm_owner", "coopcrm_owner owns the table ")],
)
def test_a_mighty_role_is_refused(role, reason):
    opened = connect(role)
    with opened.cursor() as cursor:
        assert database.mighty_reason(cursor).startswith(reason)
    opened.close()


def test_a_role_past_row_security_is_refused():
    opened = connect("postgres")
    with opened.cursor() as cursor:
        cursor.execute(
            "DROP ROLE IF EXISTS test_bypass; CREATE ROLE test_bypass BYPASSRLS; SET ROLE test_bypass"
        )
        assert database.mighty_reason(cursor) == "test_bypass bypasses row-level security"
        cursor.execute("RESET ROLE; DROP ROLE test_bypass")
    opened.close()


@pytest.mark.parametrize("table", sorted(database.RESULTS))
def test_results_are_never_updated_or_deleted(daily, table):
    daily.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", [table])
    column = daily.fetchone()[0]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        daily.execute(f"UPDATE {table} SET {column} = {column}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        daily.execute(f"DELETE FROM {table}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        daily.execute(f"TRUNCATE {table}")


def test_every_table_of_results_is_on_the_list():
    """What is computed from inputs carries their digest, and what a closing seals is in its digests: insert-only."""
    computed = {
        model._meta.db_table
        for model in apps.get_models()
        if {"digest", "computed_at"} <= {field.name for field in model._meta.fields}
    }
    sealed = {table for table, _, _ in WRITTEN}

    assert (computed | sealed) - set(database.RESULTS) == set()
    assert len(computed) >= 6


def test_nothing_of_the_business_is_deleted(daily):
    for model in apps.get_models():
        table = model._meta.db_table
        if table not in database.DELETABLE and table not in database.FLEETING:
            daily.execute("SELECT has_table_privilege(%s, 'DELETE')", [table])
            assert (table, daily.fetchone()[0]) == (table, False)


def test_every_listed_table_exists():
    tables = {
        table for model in apps.get_models(include_auto_created=True) for table in [model._meta.db_table]
    }
    listed = {*database.RESULTS, *database.DELETABLE, *database.FLEETING, *database.READ_ONLY} - {
        "django_migrations"
    }

    assert listed - tables == set()


def test_the_daily_roles_may_read_and_write_the_registry(daily):
    for model in apps.get_models():
        if model._meta.db_table not in database.READ_ONLY and isinstance(model._meta.pk, models.AutoField):
            daily.execute("SELECT has_table_privilege(%s, 'SELECT, INSERT')", [model._meta.db_table])
            assert daily.fetchone() == (True,)


def test_a_database_with_the_locale_c_is_unfit():
    opened = connect("postgres")
    with opened.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS test_locale_c")
        cursor.execute("CREATE DATABASE test_locale_c TEMPLATE template0 LOCALE 'C'")
    other = psycopg2.connect(embedded.places().database_url("postgres", "test_locale_c"))
    with other.cursor() as cursor:
        codes = [code for code, _, _ in unfit(cursor)]
    other.close()
    with opened.cursor() as cursor:
        cursor.execute("DROP DATABASE test_locale_c")
    opened.close()

    assert codes == ["shared.E001", "shared.E002"]


def test_commits_that_could_be_lost_are_unfit():
    opened = connect("postgres")
    with opened.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        assert [code for code, _, _ in unfit(cursor)] == ["shared.E004"]
    opened.close()
