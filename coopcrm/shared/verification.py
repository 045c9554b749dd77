# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Recomputes every seal of the ledger and names the place of whatever was changed since.

The chain of seals is walked first: each seal's digest covers the one before it, its figures and its leaves (id and
hash of each entry). Then every entry is read once and compared with its leaf, and its content with its digest.
Results of the closing are compared with the counts and hashes that their runs left in the ledger.
"""

from __future__ import annotations

import bisect
import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import DatabaseError, connections, transaction

from coopcrm.shared import audit
from coopcrm.shared.audit_sql import DIGEST_OF_PAYLOAD, LEAF_OF_ENTRY
from coopcrm.shared.results import hash_of_rows

LAST_ID = 2**63 - 1
LEAF = 24  # bytes: id and the first half of the SHA-256
FETCHED = 20_000
MICROSECONDS = "(extract(epoch FROM {})*1000000)::bigint"


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where: ``place`` is machine-readable (``entry 17``, ``seal 3``, ``table loans_loan``)."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass
class Report:
    """What was read and what was found."""

    seals: int = 0
    entries: int = 0
    unsealed: int = 0
    runs: int = 0
    last_seal: str = ""
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: str, text: str) -> None:
        self.findings.append(Finding(place, text))


@dataclass(frozen=True)
class Seal:
    """A seal as stored, with the leaves of its entries."""

    number: int
    sealed_at: int
    from_position: int
    to_position: int
    after_id: int
    upto_id: int
    rows: int
    leaves: bytes
    digest: bytes

    def computed(self, before: bytes) -> bytes:
        """The digest that follows from the seal before and this seal's own figures and leaves."""
        figures = [
            self.number,
            self.sealed_at,
            self.from_position,
            self.to_position,
            self.after_id,
            self.upto_id,
            self.rows,
            "",
        ]
        return hashlib.sha256(before + "\n".join(map(str, figures)).encode() + self.leaves).digest()

    def follows(self, before: Seal | None) -> bool:
        """Whether it begins where the one before ends."""
        if before is None:
            return (self.number, self.from_position, self.after_id) == (1, 0, 0)
        if before.upto_id < LAST_ID:
            start = (before.from_position, before.to_position, before.upto_id)
            return (self.from_position, self.to_position, self.after_id) == start
        return (self.from_position, self.after_id) == (before.to_position, 0)


class Chain:
    """The seals in memory, and the leaf found for each entry on its way through the ledger."""

    def __init__(self) -> None:
        self.seals: list[Seal] = []
        self.places: list[tuple[int, int]] = []  # where each seal ends: position and id
        self.found: list[bytearray] = []
        self.upto = 0

    def add(self, seal: Seal) -> None:
        self.seals.append(seal)
        self.places.append((seal.to_position - 1, seal.upto_id))
        self.found.append(bytearray())
        self.upto = max(self.upto, seal.to_position)

    def place_of(self, position: int, entry: int) -> int:
        """The number in the list of the seal that an entry falls under."""
        index = bisect.bisect_left(self.places, (position, 0))
        seal = self.seals[index]
        if seal.upto_id < LAST_ID:  # several seals share a range of positions: find the one of this id
            last = bisect.bisect_right(self.places, (seal.to_position - 1, LAST_ID))
            index = bisect.bisect_left(self.places, (seal.to_position - 1, entry), index, last)
        return index


def verify(*, using: str = "default", results: bool = True, expected: str = "") -> Report:
    """Read the whole ledger once and return what does not agree with its seals.

    ``expected`` is ``number:digest`` of a seal printed on paper: a chain that was cut or made anew lacks it.
    """
    report = Report()
    with transaction.atomic(using=using):
        chain = _walk_chain(using, report, expected)
        _compare_entries(using, chain, report)
        if results:
            _compare_results(using, report)
        _look_for_missing_triggers(using, report)
    return report


# -- The chain ---------------------------------------------------------------------------------------------------------


_SEALS = (
    f"SELECT number, {MICROSECONDS.format('sealed_at')}, from_position, to_position, after_id, upto_id, rows, leaves,"
    " digest FROM shared_auditseal WHERE number BETWEEN %s AND %s ORDER BY number"
)


def seals_between(alias: str, first: int, last: int) -> list[Seal]:
    """Some seals in order of their numbers."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_SEALS, [first, last])
        return [_as_seal(row) for row in cursor.fetchall()]


def _as_seal(row: tuple) -> Seal:
    *figures, leaves, digest = row
    return Seal(*figures, bytes(leaves), bytes(digest))


def _seals(alias: str) -> Iterator[Seal]:
    yield from map(_as_seal, _streamed(alias, "seals", _SEALS, 200, [-LAST_ID, LAST_ID]))


def _streamed(alias: str, name: str, query: str, size: int, parameters: Iterable = ()) -> Iterator[tuple]:
    """Rows of a query by a cursor in the server, so that memory does not grow with the ledger."""
    connection = connections[alias]
    connection.ensure_connection()
    with connection.connection.cursor(name=f"ledger {name}") as cursor:
        cursor.itersize = size
        cursor.execute(query, tuple(parameters) or None)
        yield from cursor


def _walk_chain(alias: str, report: Report, expected: str) -> Chain:
    chain, before, on_paper = Chain(), None, not expected
    for seal in _seals(alias):
        place = f"seal {seal.number}"
        if before is not None and seal.number != before.number + 1:
            report.find(f"seal {before.number + 1}", "is missing from the chain")
        elif not seal.follows(before):
            report.find(place, "does not begin where the one before ends")
        if seal.computed(before.digest if before else b"") != seal.digest:
            report.find(place, "its digest does not follow from the seal before and its own content")
        if len(seal.leaves) != LEAF * seal.rows:
            report.find(place, "holds another number of entries than it says")
        chain.add(seal)
        before = seal
        report.seals += 1
        report.last_seal = f"{seal.number}:{seal.digest.hex()}"
        on_paper = on_paper or expected == report.last_seal
    if not on_paper:
        report.find(f"seal {expected.partition(':')[0]}", "the seal on paper is not in the chain")
    return chain


# -- Entries -----------------------------------------------------------------------------------------------------------

_BLANK = hashlib.sha256(b"\n").hexdigest()
_ENTRIES = f"""
    SELECT int8send(e.id) || {LEAF_OF_ENTRY}, e.id, e.position,
        CASE WHEN e.digest = {DIGEST_OF_PAYLOAD.format(old="e.old", new="e.new")} THEN 0
             WHEN e.old IS NULL AND e.new IS NULL THEN 1 ELSE 2 END,
        CASE WHEN e.deed = 'erasure' THEN e.new END
    FROM shared_auditentry e
"""


def _compare_entries(alias: str, chain: Chain, report: Report) -> None:
    blanked: set[int] = set()
    erased: set[int] = set()
    for leaf, entry, position, content, erasure in _streamed(alias, "entries", _ENTRIES, FETCHED):
        report.entries += 1
        if content == 1:
            blanked.add(entry)
        elif content:
            report.find(f"entry {entry}", "its content is not what its digest says")
        if erasure:
            erased.update(erasure.get("entries", ()))
        if position < chain.upto:
            chain.found[chain.place_of(position, entry)] += leaf
        else:
            report.unsealed += 1
    for entry in sorted(blanked - erased):
        report.find(f"entry {entry}", "its content is gone and no erasure is on record")
    for seal, found in zip(chain.seals, chain.found, strict=True):
        if found != seal.leaves:
            report.findings.extend(_differences(seal, bytes(found)))


def _differences(seal: Seal, found: bytes) -> Iterator[Finding]:
    """The entries by which what was found differs from what was sealed."""
    sealed, present = _by_id(seal.leaves), _by_id(found)
    where = f"(seal {seal.number})"
    for entry in sorted(sealed.keys() | present.keys()):
        if entry not in present:
            yield Finding(f"entry {entry}", f"was deleted or moved {where}")
        elif entry not in sealed:
            yield Finding(f"entry {entry}", f"was inserted or moved after sealing {where}")
        elif sealed[entry] != present[entry]:
            yield Finding(f"entry {entry}", f"was edited after sealing {where}")


def _by_id(leaves: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for start in range(0, len(leaves), LEAF):
        (entry,) = struct.unpack_from(">q", leaves, start)
        found.setdefault(entry, []).append(leaves[start + 8 : start + LEAF])
    return found


# -- Results and triggers ----------------------------------------------------------------------------------------------

_LAST_RUNS = """
    SELECT DISTINCT ON (table_name, key) id, table_name, key, new FROM shared_auditentry
    WHERE deed = 'run' ORDER BY table_name, key, id DESC
"""


def _compare_results(alias: str, report: Report) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(_LAST_RUNS)
        for entry, table, key, said in cursor.fetchall():
            report.runs += 1
            try:
                with transaction.atomic(using=alias):
                    rows, digest = hash_of_rows(cursor, said)
                told = (said["rows"], said["digest"])
            except (KeyError, TypeError, ValueError, DatabaseError):
                report.find(f"entry {entry}", "tells of a run that cannot be computed again")
                continue
            if (rows, digest) != told:
                text = f"holds {rows} rows now, or others than the {told[0]} of its run (entry {entry})"
                report.find(f"table {table} {key}", text)


def _look_for_missing_triggers(alias: str, report: Report) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = ANY(%s) AND t.tgenabled = 'A' GROUP BY 1",
            [list(audit.TRIGGERS)],
        )
        counts = dict(cursor.fetchall())
    for table in sorted(audit.audited_models()):
        if counts.get(table, 0) != len(audit.TRIGGERS):
            report.find(f"table {table}", "is not under the ledger's trigger: run manage.py migrate")
