"""Tests run requests and orders under the roles of daily work, though the test database belongs to its owner.

The owner may step into the other roles here (never elsewhere): a request is made as the web role, an order is done
as the worker, and row-level security and grants hold in tests as they do outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db import connection
from django.test.client import ClientHandler
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from coopcrm import embedded
from coopcrm.shared import work
from coopcrm.shared.database import OWNER, WEB, WORKER


def let_the_owner_step_into_daily_roles() -> None:
    """Make the owner a member of the roles under which requests and orders are tested."""
    opened = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, "postgres"))
    with opened, opened.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('roles of tests'))")
        cursor.execute(f"GRANT {WEB}, {WORKER} TO {OWNER}")
    opened.close()


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """Run the statements of the block as a database role."""
    connection.ensure_connection()
    _say(f"SET ROLE {role}")
    try:
        yield
    finally:
        _say("RESET ROLE")


def _has_database() -> bool:
    """Whether the test may ask the database; pytest-django answers with an error where it did not say so."""
    try:
        connection.ensure_connection()
    except RuntimeError:
        return False
    return True


def _say(statement: str) -> None:
    """Send a statement past Django's count of queries; one in a broken transaction is not needed any more."""
    raw = connection.connection
    if raw is not None and not raw.closed and raw.info.transaction_status != TRANSACTION_STATUS_INERROR:
        with raw.cursor() as cursor:
            cursor.execute(statement)


def use_daily_roles() -> None:
    """From now on every test client's request runs as the web role and every order as the worker."""
    answer, do = ClientHandler.get_response, work._do

    def answer_as_web(handler, request):
        if not _has_database():
            return answer(handler, request)
        with as_role(WEB):
            return answer(handler, request)

    def do_as_worker(order_id: int, attempts: int) -> None:
        with as_role(WORKER):
            do(order_id, attempts)

    ClientHandler.get_response, work._do = answer_as_web, do_as_worker
