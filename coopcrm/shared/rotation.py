"""Renewing keys while the site works: every sealed value and its digests move to the newest key, range by range.

An app that has a model with sealed numbers registers how the digests follow from the opened text. A range of ids is
one transaction; a row is locked only while it is written. A row that stands under the newest key and whose digests
agree is left alone, so that the same walk is the rotation, its resumption after a kill, and the proof before old keys
retire. Readers need not wait: both keys open and find until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Func, IntegerField, Max, Min
from django.utils.translation import gettext_noop
from psycopg2.extras import execute_values

from coopcrm.shared import crypto, files, work
from coopcrm.shared.fields import SealedRow
from coopcrm.shared.models import Job

KIND = "keys.renew"
ROWS_PER_RANGE = 2_000
TWICE = gettext_noop("Another row holds the same number; decide between them, then renew the keys again.")
COUNTS = (gettext_noop("renewed"), gettext_noop("left as they were"))
CLOSED = gettext_noop("The stored number does not open: it was changed, or its key is missing.")

KeysOf = Callable[[SealedRow, str], dict[str, bytes]]


@dataclass(frozen=True)
class SealedColumn:
    """A sealed column and the function that gives the digests of its text by column."""

    model: type[SealedRow]
    column: str
    keys_of: KeysOf

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def rows(self):
        return self.model._base_manager.exclude(**{self.column: b""})


_columns: dict[str, SealedColumn] = {}


def register(model: type[SealedRow], column: str, keys_of: KeysOf) -> None:
    """Let the values of a column, and the digests that ``keys_of(row, text)`` returns, take part in rotations."""
    _columns[f"{model._meta.db_table}.{column}"] = SealedColumn(model, column, keys_of)


def columns() -> list[SealedColumn]:
    """Every registered column."""
    return list(_columns.values())


@transaction.atomic
def count_by_key() -> dict[str, dict[int, int]]:
    """Return, for every sealed column, how many values stand under which key id."""
    key_id = Func(F("value"), 0, function="get_byte", output_field=IntegerField())
    columns_by_key = {
        name: dict(
            entry.rows.annotate(value=F(entry.column), key_id=key_id)
            .values_list("key_id")
            .annotate(n=Count("pk"))
            .order_by("key_id")
        )
        for name, entry in _columns.items()
    }
    return {**columns_by_key, "files": files.count_by_key()}


@transaction.atomic
def order_rotation(*, purpose: str, started_by=None) -> Job:
    """Order a walk over all sealed values; an open walk of the same purpose is taken up again."""
    return work.order_work(
        kind=KIND,
        key=purpose,
        title=gettext_noop("Renew the keys of sealed numbers"),
        orders=list(_orders()),
        params={"key_id": crypto.writing_id()},
        started_by=started_by,
    )


def _orders() -> Iterator[work.NewOrder]:
    for name, entry in _columns.items():
        ends = entry.model._base_manager.aggregate(first=Min("pk"), last=Max("pk"))
        if ends["first"] is None:
            continue
        for first in range(ends["first"], ends["last"] + 1, ROWS_PER_RANGE):
            payload = {"column": name, "first": first, "last": first + ROWS_PER_RANGE - 1}
            yield work.NewOrder(kind=KIND, key=f"{name}:{first}", payload=payload)
    yield from files.renewal_orders()


@work.handles(KIND)
def _renew(given: work.Work) -> dict[str, int]:
    entry = _columns[given.payload["column"]]
    done = renew_range(entry, given.payload["first"], given.payload["last"])
    for pk, reason in done.left.items():
        given.note_error(f"{entry.table} {pk}", reason)
    return {"renewed": done.renewed, "left_as_they_were": len(done.left)}


@dataclass
class Renewed:
    """How many rows moved to the newest key, and why others could not."""

    renewed: int
    left: dict[int, str]


@transaction.atomic
def renew_range(entry: SealedColumn, first: int, last: int) -> Renewed:
    """Move the rows of one range of ids to the newest key; rows that are there already are not written."""
    left: dict[int, str] = {}
    stale = [row.pk for row in entry.rows.filter(pk__range=(first, last)) if _renewal(entry, row, left)]
    locked = entry.rows.select_for_update(of=["self"]).filter(pk__in=stale).order_by("pk")
    renewals = [found for row in locked if (found := _renewal(entry, row, left))]
    return Renewed(_write(entry, renewals, left), left)


def _renewal(entry: SealedColumn, row: SealedRow, left: dict[int, str]) -> dict[str, bytes | int] | None:
    """Return the new columns of a row, nothing when it stands under the newest key with digests that agree."""
    try:
        text = row.open(entry.column)
    except crypto.CannotOpen:
        left[row.pk] = CLOSED
        return None
    keys = {name: bytes(value) for name, value in entry.keys_of(row, text).items()}
    is_new = bytes(getattr(row, entry.column))[0] == crypto.writing_id()
    if is_new and all(bytes(getattr(row, name)) == value for name, value in keys.items()):
        return None
    sealed = crypto.seal(text, table=entry.table, column=entry.column, row=row.pk)
    return {"id": row.pk, entry.column: sealed, **keys}


def _write(entry: SealedColumn, renewals: list[dict], left: dict[int, str]) -> int:
    """Write the renewals at once; when two rows turn out to hold one number, each on its own."""
    try:
        with transaction.atomic():
            _update(entry, renewals)
        return len(renewals)
    except IntegrityError:
        written = 0
        for renewal in renewals:
            try:
                with transaction.atomic():
                    _update(entry, [renewal])
                written += 1
            except IntegrityError:
                left[renewal["id"]] = TWICE
        return written


def _update(entry: SealedColumn, renewals: list[dict]) -> None:
    if not renewals:
        return
    quote = connection.ops.quote_name
    names = [quote(name) for name in renewals[0]]
    changes = ", ".join(f"{name} = new.{name}" for name in names[1:])
    statement = (
        f"UPDATE {quote(entry.table)} AS old SET {changes}"  # noqa: S608 - names of our own models
        f" FROM (VALUES %s) AS new ({', '.join(names)}) WHERE old.id = new.id"
    )
    with connection.cursor() as cursor, connection.wrap_database_errors:
        execute_values(
            cursor.cursor, statement, [tuple(renewal.values()) for renewal in renewals], page_size=500
        )
