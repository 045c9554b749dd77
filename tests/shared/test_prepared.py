"""Statements that a connection plans once: the same rows before and after a lost connection, and behind a pooler."""

import pytest
from django.db import connection, transaction

from coopcrm.shared.prepared import Prepared

SPOKEN = Prepared("SELECT %(first)s::text || %(second)s::text || %(first)s::text, 7 %% 4")


def kept() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'coopcrm%%'")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_statement_is_planned_once_and_asked_with_other_values(django_assert_num_queries):
    SPOKEN.rows(first="a", second="b")
    before = kept()

    with django_assert_num_queries(1):
        assert SPOKEN.rows(second="'; --", first="%s") == [("%s'; --%s", 3)]
    assert kept() == before


@pytest.mark.django_db
def test_what_was_prepared_outlives_a_transaction_that_is_taken_back():
    with transaction.atomic():
        Prepared("SELECT %(one)s::int + 1").rows(one=1)
        transaction.set_rollback(True)
    assert Prepared("SELECT %(one)s::int + 1").rows(one=2) == [(3,)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_prepares_anew():
    SPOKEN.rows(first="a", second="b")
    connection.close()

    assert SPOKEN.rows(first="a", second="b") == [("aba", 3)]


@pytest.mark.django_db
def test_behind_a_pooler_nothing_is_prepared(settings):
    settings.BEHIND_POOLER = True
    before = kept()

    assert Prepared("SELECT %(one)s::int * 2").rows(one=21) == [(42,)]
    assert kept() == before
