# ruff: noqa: S608 - table names come from the models and are quoted
"""Reads of the ledger: lists by cursor, a person's story, rows as they stood on a day, the state of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from branches.ledger.words import Change, column_in_words, table_in_words, value_in_words
from coopcrm.shared import audit
from coopcrm.shared.models import AuditEntry, AuditSeal, Deed
from coopcrm.shared.paging import Keyset
from coopcrm.shared.verification import seals_between

LIST = Keyset("audit", ("-id",))
SEALS = Keyset("seals", ("-number",))
CHECKED_SEALS = 50
MOST_UNDONE = 2000
SIGN_INS = (Deed.SIGN_IN, Deed.SIGN_IN_FAILED, Deed.SIGN_OUT, Deed.SESSION_ENDED)
TABS = {
    "all": None,
    "readings": (Deed.READING, Deed.EXPORT),
    "refusals": (Deed.REFUSAL,),
    "sign_ins": SIGN_INS,
}


def entries_of(tab: str) -> QuerySet[AuditEntry]:
    """The ledger, or those of its deeds that a tab shows."""
    deeds = TABS.get(tab)
    return audit.entries().filter(deed__in=deeds) if deeds else audit.entries()


def names_of(entries: list[AuditEntry]) -> dict[int, str]:
    """The persons of the registry whom entries are about, in one query."""
    model = audit.subject_model()
    ids = {entry.subject_id for entry in entries if entry.subject_id}
    return {row.pk: str(row) for row in model.objects.filter(pk__in=ids)} if ids and model else {}


def story_of(person_id: int, rows: dict[str, list[int]], *, before: datetime) -> QuerySet[AuditEntry]:
    """Every change and reading that touches a person, up to a moment: by the person, and by rows that belong to it."""
    about = Q(subject_id=person_id)
    for table, keys in rows.items():
        about |= Q(table_name=table, key__in=[str(key) for key in keys])
    return audit.entries().filter(about, at__lt=before)


@dataclass(frozen=True)
class RowThen:
    """One row as it stood on a day."""

    title: str
    values: list[Change]


def rows_then(person_id: int, *, before: datetime) -> list[RowThen]:
    """The person's own row and what hung on it at a moment: today's rows with every later change undone."""
    rows = dict(_rows_now(person_id))
    later = audit.entries().filter(
        subject_id=person_id, at__gte=before, deed__in=["insert", "update", "delete"]
    )
    for entry in later.order_by("-id")[:MOST_UNDONE]:
        place = (entry.table_name, entry.key)
        if entry.deed == Deed.INSERT:
            rows[place] = None
        else:
            rows[place] = {**(rows.get(place) or {}), **(entry.old or {})}
    return [_then(*place, row) for place, row in rows.items() if row is not None]


def _rows_now(person_id: int):
    """Rows of audited tables that name the person, as JSON; a query each."""
    with connection.cursor() as cursor:
        for table, model in sorted(audit.audited_models().items(), key=lambda pair: pair[0]):
            if column := audit.subject_column(model):
                quote = connection.ops.quote_name
                key = quote(model._meta.pk.column)
                cursor.execute(
                    f"SELECT {key}, to_json(t) FROM {quote(table)} t WHERE {quote(column)} = %s ORDER BY {key}"
                    " LIMIT 100",
                    [person_id],
                )
                for pk, row in cursor.fetchall():
                    yield (table, str(pk)), row


def _then(table: str, key: str, row: dict) -> RowThen:
    shown = [
        Change(column_in_words(table, name), "", value_in_words(table, name, value))
        for name, value in row.items()
        if value not in (None, "", False) and name != "id"
    ]
    return RowThen(f"{table_in_words(table)} #{key}", shown)


@dataclass(frozen=True)
class ChainState:
    """How the chain stands: the latest seal, what is not sealed yet and since when, and seals that do not follow."""

    last: AuditSeal | None
    unsealed: int
    unsealed_since: datetime | None
    broken: list[int]


MOST_COUNTED = 10_000


def chain_state() -> ChainState:
    """The latest seals recomputed from one another; entries themselves are read by ``verify_audit``."""
    seals = AuditSeal.objects.using(audit.reading_alias())
    last = seals.defer("leaves").order_by("-number").first()
    upto = last.to_position if last else 0
    waiting = audit.entries().filter(position__gte=upto)
    if last:
        waiting = waiting.filter(at__gte=last.sealed_at - timedelta(days=1))
    ages = sorted(waiting.values_list("at", flat=True)[:MOST_COUNTED])
    broken = []
    if last:
        before = None
        for seal in seals_between(audit.reading_alias(), last.number - CHECKED_SEALS, last.number):
            if before is not None and not (
                seal.follows(before) and seal.computed(before.digest) == seal.digest
            ):
                broken.append(seal.number)
            before = seal
    return ChainState(last, len(ages), ages[0] if ages else None, broken)
