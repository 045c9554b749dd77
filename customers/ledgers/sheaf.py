"""New rows of many tables as plain text for COPY: made once, kept sealed between preview and commit, written in one go.

Rows carry keys that were drawn when they were made, so that what is sealed in them binds to the row they become.
Protected tables take no COPY from a worker's role: the text goes into a temporary table and from there into its own.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})
SIGNS = re.compile(r"[\\\t\n\r\x00]")
Encode = Callable[[Any], str]


@dataclass
class Table:
    """Rows of one table: its columns, the moment columns that the database fills, and a line of text for each row."""

    name: str
    columns: list[str]
    filled: list[str]
    skips_known: bool
    lines: list[str] = field(default_factory=list)


@dataclass
class Sheaf:
    """Rows on their way into the database, table by table in the order in which they are written."""

    tables: list[Table] = field(default_factory=list)

    def add(self, rows: Sequence[models.Model], *, skips_known: bool = False) -> None:
        """Add rows of one model; ``skips_known`` leaves out what a unique constraint holds already."""
        if not rows:
            return
        table, told = _table_for(rows[0], skips_known)
        encoders = [(f.attname, encoder_of(f)) for f in told]
        for row in rows:
            values = row.__dict__
            table.lines.append("\t".join([encode(values[name]) for name, encode in encoders]))
        self.tables.append(table)

    def add_values(self, model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of one model given by attribute, all under the same names; what is not given is as in a new row.

        The bulk form of :meth:`add`: no object for each row, and what all rows share is written out once.
        """
        if not rows:
            return
        usual = model(**rows[0])
        table, told = _table_for(usual, skips_known=False)
        given = [(f.attname, encoder_of(f)) for f in told if f.attname in rows[0]]
        shared = [f for f in told if f.attname not in rows[0]]
        table.columns = [f.column for f in told if f.attname in rows[0]] + [f.column for f in shared]
        end = "".join("\t" + encoder_of(f)(getattr(usual, f.attname)) for f in shared)
        for row in rows:
            table.lines.append("\t".join([encode(row[name]) for name, encode in given]) + end)
        self.tables.append(table)

    def count(self, model: type[models.Model]) -> int:
        """How many rows of a model there are."""
        return sum(len(table.lines) for table in self.tables if table.name == model._meta.db_table)

    def write(self) -> None:
        """Insert everything, in the caller's transaction."""
        with connection.cursor() as cursor:
            for number, table in enumerate(self.tables):
                _write(cursor, table, f"sheaf_{number}")

    def packed(self) -> list[list]:
        """The sheaf as plain values for JSON."""
        return [
            [table.name, table.columns, table.filled, table.skips_known, "\n".join(table.lines)]
            for table in self.tables
        ]

    @classmethod
    def unpacked(cls, said: Iterable[list]) -> Sheaf:
        """The sheaf that :meth:`packed` made."""
        return cls([Table(*rest, lines.split("\n")) for *rest, lines in said])


def _table_for(row: models.Model, skips_known: bool) -> tuple[Table, list[models.Field]]:
    """An empty table for rows like this one, and the fields that their lines tell."""
    fields = [f for f in row._meta.concrete_fields if not f.generated]
    filled = [f for f in fields if getattr(f, "auto_now_add", False)]
    left = [f for f in fields if isinstance(getattr(row, f.attname), DatabaseDefault)]
    left += [f for f in fields if f.primary_key and row.pk is None]
    told = [f for f in fields if f not in filled and f not in left]
    columns = [f.column for f in told]
    return Table(row._meta.db_table, columns, [f.column for f in filled], skips_known), told


def _write(cursor, table: Table, temporary: str) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, table.columns))
    into = ", ".join(map(quote, [*table.columns, *table.filled]))
    moments = "".join(", statement_timestamp()" for _ in table.filled)
    known = " ON CONFLICT DO NOTHING" if table.skips_known else ""
    target = quote(table.name)
    # Names of our own models alone; what comes from people is the text of the copy.
    cursor.execute(
        f"CREATE TEMP TABLE {temporary} ON COMMIT DROP AS SELECT {columns} FROM {target} LIMIT 0"  # noqa: S608
    )
    cursor.copy_expert(f"COPY {temporary} FROM STDIN", io.StringIO("\n".join(table.lines) + "\n"))
    cursor.execute(f"INSERT INTO {target} ({into}) SELECT {columns}{moments} FROM {temporary}{known}")  # noqa: S608
    cursor.execute(f"DROP TABLE {temporary}")


# --- values as COPY reads them ---------------------------------------------------------------------------------------


def encoder_of(kind: models.Field) -> Encode:
    """How a field's values are written; NULL is told apart from an empty text."""
    if isinstance(kind, models.BinaryField):
        return lambda value: NULL if value is None else "\\\\x" + bytes(value).hex()
    if isinstance(kind, models.JSONField):
        return lambda value: (
            NULL
            if value is None
            else json.dumps(value, ensure_ascii=False, cls=kind.encoder).translate(ESCAPES)
        )
    if isinstance(kind, ArrayField):
        return lambda value: NULL if value is None else _array(value).translate(ESCAPES)
    if isinstance(kind, models.CharField | models.TextField):
        return lambda value: NULL if value is None else escaped(str(value))
    if isinstance(kind, models.BooleanField):
        return lambda value: NULL if value is None else "t" if value else "f"
    return lambda value: NULL if value is None else str(value)


def escaped(text: str) -> str:
    """A text as COPY reads it; most hold nothing that it would take for a sign of its own."""
    return text.translate(ESCAPES) if SIGNS.search(text) else text


def _array(values: Sequence) -> str:
    quoted = ('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
