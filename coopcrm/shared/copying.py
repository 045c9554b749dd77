"""COPY into PostgreSQL, ranges of ids drawn before, and constraints put aside while millions of rows come in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

from coopcrm.shared.audit import CHANGES, TRIGGERS, record
from coopcrm.shared.models import Deed


def copy_text(table: str, columns: Sequence[str], text: bytes) -> None:
    """COPY rows that are already in PostgreSQL's text format."""
    if text:
        listed = ", ".join(f'"{column}"' for column in columns)
        with connection.cursor() as cursor:
            cursor.copy_expert(f'COPY "{table}" ({listed}) FROM STDIN', io.BytesIO(text))


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence]) -> int:
    """COPY plain values (None, numbers, dates, text without tabs or line ends); returns how many rows."""
    lines = ["\t".join("\\N" if value is None else str(value) for value in row) for row in rows]
    if lines:
        copy_text(table, columns, ("\n".join(lines) + "\n").encode())
    return len(lines)


def draw_range(model: type[models.Model], count: int) -> int:
    """Reserve ``count`` consecutive ids of a model whose table nobody else writes to; returns the first."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", [table, column])
        first = cursor.fetchone()[0]
        if count > 1:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, first + count - 1]
            )
    return first


@contextmanager
def constraints_put_aside(tables: Sequence[str]) -> Iterator[None]:
    """Drop secondary indexes, exclusion constraints and foreign keys of ``tables``, and make them again as they were.

    Constraint triggers, and those that read what a statement has written, sleep meanwhile; who loads rows that they
    guard asks for their rule once afterwards.

    A foreign key checked once for the whole table, and an index built once from sorted rows, cost a tenth of what
    they cost row by row. Everything happens in the caller's transaction: when it fails, nothing was dropped.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        triggers = _constraint_triggers(cursor, tables)
        for table, name in triggers:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"')
        constraints = _constraints(cursor, tables)
        for table, name, _ in constraints:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        indexes = _indexes(cursor, tables)
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')
        for table, name in triggers:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER "{name}"')


def _constraint_triggers(cursor, tables: Sequence[str]) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal"
        " AND (tgconstraint <> 0 OR tgnewtable IS NOT NULL) AND tgname <> ALL(%s) ORDER BY 1, 2",
        [list(tables), list(TRIGGERS)],
    )
    return cursor.fetchall()


@contextmanager
def ledger_put_aside(tables: Sequence[str], **said) -> Iterator[None]:
    """Load tables without an entry for each row, and leave one entry a table: how many rows came, and what is ``said``.

    For counties of benchmark size and the first load of an empty registry alone (docs/ledger.md). Only the owner can
    do it, in the transaction of the load; when that fails, the triggers were never away.
    """
    with connection.cursor() as cursor:
        for table in tables:
            for name in CHANGES:
                cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER {name}')
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come cannot be altered
        for table in tables:
            for name in CHANGES:
                cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}')
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - a name of our own
            record(Deed.LOAD, table=table, detail={"rows": cursor.fetchone()[0], **said})
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # as in any deed


def _constraints(cursor, tables: Sequence[str]) -> list[tuple[str, str, str]]:
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'x') ORDER BY contype DESC, conname",
        [list(tables)],
    )
    return cursor.fetchall()


def _indexes(cursor, tables: Sequence[str]) -> list[tuple[str, str]]:
    """Indexes that stand alone; those behind primary keys and unique constraints stay."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
        " ORDER BY 1",
        [list(tables)],
    )
    return cursor.fetchall()
