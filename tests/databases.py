"""Test databases are copies of one that was migrated once: for both processes, the browser's site, and the next run.

The migrated one is named by a digest of what makes tables, rows and policies; another digest makes a new one and
removes those that are no longer asked for. The same holds for the demonstration county that browsers are shown: its
digest is that of the whole program and the day, around which its work is dated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import psycopg2
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from coopcrm import embedded
from coopcrm.shared.database import OWNER, prepare
from tests.quick_migrations import quick

MADE_BY = (
    "*/migrations/*.py",
    "*/models/*.py",
    "*/models.py",
    "*/apps.py",
    "*/choices.py",
    "*/purposes.py",
    "customers/*.py",
    "customers/merging/*.py",
    "customers/ledgers/takeback.py",
    "coopcrm/settings.py",
    "coopcrm/shared/**/*.py",
    "requirements/runtime.txt",
)
PREFIX = "migrated_"
PROGRAM = ("branches", "coopcrm", "customers", "kpi", "loans", "ratings", "requirements/runtime.txt")
SEEDED = "seeded_"
Make = Callable[[str], None]


def digest(patterns: Iterable[str] = MADE_BY, more: str = "") -> str:
    """A digest of every file that tables, rows and policies come from, or of other files."""
    found = hashlib.sha256(more.encode())
    for path in sorted({path for pattern in patterns for path in settings.BASE_DIR.glob(pattern)}):
        if ".venv" not in path.parts:
            found.update(f"{path.relative_to(settings.BASE_DIR)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def copy_migrated(name: str) -> None:
    """Make the database ``name`` anew, as a copy of the migrated one."""
    with _server() as cursor:
        template = _migrated(cursor)
        _drop(cursor, name)
        _copy(cursor, name, template)
    prepare(embedded.places().database_url(embedded.SUPERUSER, "postgres"), database=name)


def copy_seeded(name: str, seed: Make) -> None:
    """Make the database ``name`` anew, as a copy of a county that ``seed(database)`` has filled once."""
    patterns = [place if "." in place else f"{place}/**/*.py" for place in PROGRAM]
    template = SEEDED + digest(patterns, str(date.today()))
    with _server("county of tests") as cursor:
        existing = _named(cursor, SEEDED)
        if template not in existing:
            for old in existing:
                _drop(cursor, old)
            copy_migrated(f"unfinished_{template}")
            seed(f"unfinished_{template}")
            _rename(cursor, f"unfinished_{template}", template)
        _drop(cursor, name)
        _copy(cursor, name, template)
    prepare(embedded.places().database_url(embedded.SUPERUSER, "postgres"), database=name)


def drop(name: str) -> None:
    with _server() as cursor:
        _drop(cursor, name)


def _migrated(cursor) -> str:
    template = PREFIX + digest()
    existing = _named(cursor, PREFIX)
    if template not in existing:
        for name in existing:
            _drop(cursor, name)
        _migrate(cursor, template)
    return template


def _migrate(cursor, template: str) -> None:
    """Migrate under another name, so that one half made is not taken for a whole one."""
    connection = connections["default"]
    used, unfinished = connection.settings_dict["NAME"], f"unfinished_{template}"
    _drop(cursor, unfinished)
    test = connection.settings_dict["TEST"]
    connection.settings_dict["TEST"] = {**test, "NAME": unfinished}
    try:
        with quick():
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        connection.settings_dict["TEST"] = test
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = used
    _rename(cursor, unfinished, template)


def _named(cursor, prefix: str) -> set[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return {name for (name,) in cursor.fetchall()}


def _copy(cursor, name: str, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    cursor.execute(statement.format(*map(sql.Identifier, (name, template, OWNER))))


def _rename(cursor, old: str, new: str) -> None:
    cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _drop(cursor, name: str) -> None:
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _server(deed: str = "databases of tests") -> Iterator:
    """A cursor of the superuser; one process at a time does such a deed."""
    opened = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, "postgres"))
    opened.autocommit = True
    try:
        with opened.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [deed])
            yield cursor
    finally:
        opened.close()
