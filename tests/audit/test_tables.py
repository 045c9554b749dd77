"""Every table is under the ledger's trigger or on a short list that says why not."""

import pytest
from django.db import connection

from coopcrm.shared import audit, database

pytestmark = pytest.mark.django_db


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        )
        return {name for (name,) in cursor.fetchall()}


def triggers() -> dict[str, set[tuple[str, str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = ANY(%s) AND NOT c.relispartition",
            [list(audit.TRIGGERS)],
        )
        found: dict[str, set] = {}
        for table, name, enabled in cursor.fetchall():
            found.setdefault(table, set()).add((name, enabled))
    return found


def test_every_table_is_under_the_trigger_or_listed_as_computed_or_frame():
    assert tables() - set(triggers()) - set(audit.COMPUTED) - set(audit.FRAME) == set()


def test_no_table_is_both():
    assert set(triggers()) & ({*audit.COMPUTED} | {*audit.FRAME}) == set()


def test_the_triggers_cannot_be_switched_off_by_a_session_setting():
    always = {(name, "A") for name in audit.TRIGGERS}

    assert {table: found for table, found in triggers().items() if found != always} == {}


def test_what_is_listed_exists():
    assert ({*audit.COMPUTED} | {*audit.FRAME}) - tables() == set()


def test_computed_tables_are_insert_only_by_grant():
    assert set(audit.COMPUTED) <= set(database.RESULTS)


def test_installing_again_changes_nothing(django_assert_max_num_queries):
    with connection.cursor() as cursor, django_assert_max_num_queries(6):
        audit.install(cursor)
