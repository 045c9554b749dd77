"""New rows by statements that are put together once for each model.

``Model.save`` builds its INSERT anew for every row, which costs the processor more than running it. What every
registration writes is written here: all rows in one message to the database, in the order in which they are given.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from django.db import connections, models, router
from django.db.models.expressions import DatabaseDefault

LEFT_TO_THE_TABLE = "DEFAULT"
AS_THEY_ARE: dict[type[models.Field], type] = {
    models.CharField: str,
    models.TextField: str,
    models.ForeignKey: int,
    models.BooleanField: bool,
    models.BigAutoField: int,
}
"""Of most fields a value of this very type needs no preparation, and nothing stays nothing."""


class _Place(NamedTuple):
    """A field, what stands for it in the statement, and the type whose values it takes as they are."""

    field: models.Field
    mark: str
    plain: type | None


class _Shape(NamedTuple):
    """How rows of a model are inserted: the statement up to its values, and each field with its place among them."""

    head: str
    key: str
    places: tuple[_Place, ...]


def insert(*rows: models.Model) -> None:
    """Insert new rows, their values prepared as ``save`` prepares them; no signal is sent.

    A row alone may be given its primary key by its table; several have theirs already (``fields.draw_keys``).
    """
    alias = router.db_for_write(type(rows[0]))
    connection = connections[alias]
    is_numbered = all(row.pk is not None for row in rows)
    if not is_numbered and len(rows) > 1:
        raise ValueError("Several rows are inserted together when each has its primary key.")
    statements, values = [], []
    for row in rows:
        shape = _shape_of(type(row), alias)
        marks = [_mark(row, place, values, connection) for place in shape.places]
        statements.append(f"{shape.head} ({', '.join(marks)})")
    returning = "" if is_numbered else f" RETURNING {_shape_of(type(rows[0]), alias).key}"
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements) + returning, values)
        if not is_numbered:
            rows[0].pk = cursor.fetchone()[0]
    for row in rows:
        row._state.adding, row._state.db = False, alias


@cache
def _shape_of(model: type[models.Model], alias: str) -> _Shape:
    connection, meta = connections[alias], model._meta
    quoted = connection.ops.quote_name
    fields = [field for field in meta.local_concrete_fields if not field.generated]
    places = [
        _Place(field, _placeholder(field, connection), AS_THEY_ARE.get(type(field))) for field in fields
    ]
    columns = ", ".join(quoted(field.column) for field in fields)
    head = f"INSERT INTO {quoted(meta.db_table)} ({columns}) VALUES"
    return _Shape(head, quoted(meta.pk.column), tuple(places))


def _placeholder(field: models.Field, connection) -> str:
    return field.get_placeholder(None, None, connection) if hasattr(field, "get_placeholder") else "%s"


def _mark(row: models.Model, place: _Place, values: list[Any], connection) -> str:
    """What stands for a field among the values of the statement; its value is added to ``values``."""
    field, mark, plain = place
    if plain is not None:
        value = row.__dict__.get(field.attname)
        if type(value) is plain or (value is None and not field.primary_key):
            values.append(value)
            return mark
    value = field.pre_save(row, True)
    if value is None and field.primary_key:
        return LEFT_TO_THE_TABLE
    if isinstance(value, DatabaseDefault):
        del row.__dict__[field.attname]  # read from the table when somebody asks
        return LEFT_TO_THE_TABLE
    values.append(field.get_db_prep_save(value, connection))
    return mark
