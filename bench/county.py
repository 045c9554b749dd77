"""A seeded county in a database of its own, for benchmarks that need a whole book."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def seeded_county(
    database: str,
    customers: int,
    day_rows: float,
    *,
    keep: bool = False,
    empty: bool = False,
    reuse: bool = False,
) -> Iterator[None]:
    """Make the database, seed it and drop it at the end; this process and its children work in it meanwhile.

    ``empty`` leaves the tables without rows; ``reuse`` takes the database that an earlier run kept, migrates it and
    leaves it there.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
    os.environ["COOPCRM_ROLE"] = "owner"
    os.environ["COOPCRM_DATABASE"] = database
    os.environ["COOPCRM_REDIS_PREFIX"] = database
    os.environ.setdefault("COOPCRM_LOG_LEVEL", "WARNING")
    from coopcrm import embedded

    embedded.attach()
    if not reuse:
        _drop(embedded, database)
    try:
        _seed(embedded, database, None if empty or reuse else customers, day_rows)
        yield
    finally:
        if not (keep or reuse):
            _drop(embedded, database)


def _drop(embedded, database: str) -> None:
    import psycopg2
    from django.db import connections

    connections.close_all()
    connection = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    connection.close()


def _seed(embedded, database: str, customers: int | None, day_rows: float) -> None:
    from coopcrm.shared.database import prepare

    prepare(embedded.places().database_url(embedded.SUPERUSER, "postgres"), database=database)
    import django

    django.setup()
    from django.core.management import call_command

    from coopcrm.shared import acting
    from kpi.seeding import DEMO_AS_OF, DEMO_SEED
    from kpi.seeding.county import seed_county
    from kpi.seeding.plan import Plan

    acting.begin_process("bench")
    call_command("migrate", verbosity=0, interactive=False)
    if customers is not None:
        seed_county(Plan(customers, DEMO_SEED, DEMO_AS_OF, day_rows), lambda line: print(line, flush=True))


def rows_in(*tables: str) -> dict[str, int]:
    """How many rows some tables hold."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found
