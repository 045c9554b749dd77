# ruff: noqa: S608 - names are quoted and checked against the list of computed tables
"""Results are under no trigger: each run leaves count and hash of the rows it wrote in the ledger.

A slice is what one order of a run covers: the rows of a table of one business date and a range of subjects. The entry
names the columns it hashed, so that a column added later does not make an old run look changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db import connection

from coopcrm.shared import audit
from coopcrm.shared.models import AuditEntry, Deed


@dataclass(frozen=True)
class Slice:
    """Rows of ``table`` with ``first_day <= day_column <= last_day`` and ``low <= id_column < high``.

    ``job_id`` leaves those that one job wrote: what somebody has computed on a page meanwhile is a run of its own.
    """

    table: str
    day_column: str
    first_day: date
    last_day: date
    id_column: str
    low: int
    high: int
    job_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.last_day} {self.id_column} {self.low}"


def record_run(part: Slice) -> int:
    """Put count and hash of a slice into the ledger; returns its rows, 0 when the ledger says so already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [part.table],
        )
        said = {
            name: str(value) if isinstance(value, date) else value for name, value in asdict(part).items()
        }
        said["columns"] = cursor.fetchone()[0]
        rows, digest = hash_of_rows(cursor, said)
    said |= {"rows": rows, "digest": digest}
    if not rows or _last_run(part) == said:
        return 0
    audit.record(Deed.RUN, table=part.table, key=part.key, detail=said)
    return rows


def _last_run(part: Slice) -> dict | None:
    runs = AuditEntry.objects.filter(deed=Deed.RUN, table_name=part.table, key=part.key)
    return runs.order_by("-id").values_list("new", flat=True).first()


def hash_of_rows(cursor, said: dict) -> tuple[int, str]:
    """Count and SHA-256 of the rows of a slice as a run described it, whatever the session's settings are."""
    if said["table"] not in audit.COMPUTED:
        raise ValueError(f"{said['table']} is no computed table")
    quote = cursor.db.ops.quote_name if hasattr(cursor, "db") else connection.ops.quote_name
    columns = ", ".join(map(quote, said["columns"]))
    day, subject = quote(said["day_column"]), quote(said["id_column"])
    job_id = said.get("job_id")
    job = quote("job_id") if job_id is not None else "NULL::bigint"
    kept = _say_texts(cursor, ["UTC", "ISO, YMD", "hex"])
    cursor.execute(
        "SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY subject, line), ''),"
        f" 'UTF8')), 'hex') FROM (SELECT {subject} AS subject, ROW({columns})::text AS line"
        f" FROM {quote(said['table'])} WHERE {day} BETWEEN %s AND %s"
        f" AND {subject} >= %s AND {subject} < %s AND (%s::bigint IS NULL OR {job} = %s)) rows_of_run",
        [said["first_day"], said["last_day"], said["low"], said["high"], job_id, job_id],
    )
    rows, digest = cursor.fetchone()
    _say_texts(cursor, kept)
    return rows, digest


def _say_texts(cursor, wanted: Sequence[str]) -> list[str]:
    """Set how times, dates and bytes read as text, and return how they read before.

    The settings are taken back: Django reads the times of the rest of the transaction in the connection's own zone.
    """
    names = ("TimeZone", "DateStyle", "bytea_output")
    cursor.execute("SELECT current_setting(%s), current_setting(%s), current_setting(%s)", names)
    kept = list(cursor.fetchone())
    for name, value in zip(names, wanted, strict=True):
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
    return kept
