"""Verify a ledger of deeds from two CSV files, with nothing but Python's standard library.

    psql "$DATABASE_AUDITOR_URL" -c "\\copy (SELECT * FROM shared_auditentry) TO entries.csv CSV HEADER"
    psql "$DATABASE_AUDITOR_URL" -c "\\copy (SELECT * FROM shared_auditseal ORDER BY number) TO seals.csv CSV HEADER"
    python verify_ledger.py entries.csv seals.csv [--expect NUMBER:DIGEST]

It imports nothing of the product, so that whoever distrusts the product can read it in one sitting. What is sealed:

content of an entry   SHA-256 of the text of ``old``, a line end and the text of ``new`` (empty where there is none)
an entry              SHA-256 of its fields, one a line: id, time in microseconds since 1970, position, deed, table,
                      key, subject, actor, actor's name, request, database role, purpose, outcome, digest
a leaf                id (8 bytes, big-endian) and the first 16 bytes of the entry's SHA-256
a seal                SHA-256 of the digest of the seal before, its own figures (one a line: number, time in
                      microseconds, from_position, to_position, after_id, upto_id, rows, and an empty line) and the
                      leaves of its entries in order of id; its entries are those with
                      from_position <= position < to_position and after_id < id <= upto_id

Every finding is a line that names its place. The exit status is 1 when something was found.
"""

from __future__ import annotations

import argparse
import bisect
import csv
import hashlib
import json
import re
import struct
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

LAST_ID = 2**63 - 1
LEAF = 24
FIELDS = [
    "id",
    "at",
    "position",
    "deed",
    "table_name",
    "key",
    "subject_id",
    "actor_id",
    "actor_name",
    "request_id",
    "db_user",
    "purpose",
    "outcome",
]
FIGURES = ["number", "sealed_at", "from_position", "to_position", "after_id", "upto_id", "rows"]
TIME = re.compile(r"(\d+-\d+-\d+)[ T](\d+:\d+:\d+)(?:\.(\d+))?([+-]\d\d)(?::?(\d\d))?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(text: str) -> int:
    """Microseconds since 1970 of a time as PostgreSQL prints it: ``2026-03-31 18:00:05.123+08``."""
    match = TIME.fullmatch(text)
    if match is None:
        raise SystemExit(f"This is no time in ISO form: {text}")
    day, clock, fraction, hours, minutes = match.groups()
    sign = -1 if hours[0] == "-" else 1
    zone = timezone(timedelta(hours=int(hours), minutes=sign * int(minutes or 0)))
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    return (moment - EPOCH) // timedelta(microseconds=1) + int((fraction or "0").ljust(6, "0"))


def hexadecimal(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


class Seal:
    """One link of the chain, and the leaves found for it."""

    def __init__(self, row: dict[str, str]) -> None:
        figures = {**row, "sealed_at": str(microseconds(row["sealed_at"]))}
        self.figures = [figures[name] for name in FIGURES]
        self.number, _, self.start, self.end, self.after, self.upto, self.rows = map(int, self.figures)
        self.leaves, self.digest = hexadecimal(row["leaves"]), hexadecimal(row["digest"])
        self.found = bytearray()

    def computed(self, before: bytes) -> bytes:
        return hashlib.sha256(before + "\n".join([*self.figures, ""]).encode() + self.leaves).digest()

    def follows(self, before: Seal | None) -> bool:
        if before is None:
            return (self.number, self.start, self.after) == (1, 0, 0)
        if self.number != before.number + 1:
            return False
        if before.upto < LAST_ID:
            return (self.start, self.end, self.after) == (before.start, before.end, before.upto)
        return (self.start, self.after) == (before.end, 0)


def walk_chain(path: str, expected: str, say) -> list[Seal]:
    """Read the seals and check each against the one before."""
    seals: list[Seal] = []
    before, on_paper = None, not expected
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            seal = Seal(row)
            if not seal.follows(before):
                say(f"seal {seal.number}: does not begin where the one before ends")
            if seal.computed(before.digest if before else b"") != seal.digest:
                say(
                    f"seal {seal.number}: its digest does not follow from the seal before and its own content"
                )
            on_paper = on_paper or expected == f"{seal.number}:{seal.digest.hex()}"
            seals.append(seal)
            before = seal
    if not on_paper:
        say(f"seal {expected.partition(':')[0]}: the seal on paper is not in the chain")
    return seals


def place_of(places: list[tuple[int, int]], seals: list[Seal], position: int, entry: int) -> Seal:
    """The seal that an entry falls under."""
    index = bisect.bisect_left(places, (position, 0))
    end = seals[index].end
    if seals[index].upto < LAST_ID:
        last = bisect.bisect_right(places, (end - 1, LAST_ID))
        index = bisect.bisect_left(places, (end - 1, entry), index, last)
    return seals[index]


def compare_entries(path: str, seals: list[Seal], say) -> tuple[int, int]:
    """Read every entry once; returns how many there are and how many are not sealed yet."""
    places = [(seal.end - 1, seal.upto) for seal in seals]
    upto = max((seal.end for seal in seals), default=0)
    entries = unsealed = 0
    blanked: set[int] = set()
    erased: set[int] = set()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            entries += 1
            number, position = int(row["id"]), int(row["position"])
            digest = hexadecimal(row["digest"])
            if hashlib.sha256(f"{row['old']}\n{row['new']}".encode()).digest() != digest:
                if row["old"] or row["new"]:
                    say(f"entry {number}: its content is not what its digest says")
                else:
                    blanked.add(number)
            if row["deed"] == "erasure":
                erased.update(json.loads(row["new"] or "{}").get("entries", ()))
            if position >= upto:
                unsealed += 1
                continue
            row["at"] = str(microseconds(row["at"]))
            text = "\n".join([*(row[name] for name in FIELDS), digest.hex()])
            leaf = struct.pack(">q", number) + hashlib.sha256(text.encode()).digest()[:16]
            place_of(places, seals, position, number).found += leaf
    for number in sorted(blanked - erased):
        say(f"entry {number}: its content is gone and no erasure is on record")
    return entries, unsealed


def by_id(leaves: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for start in range(0, len(leaves), LEAF):
        (number,) = struct.unpack_from(">q", leaves, start)
        found.setdefault(number, []).append(bytes(leaves[start + 8 : start + LEAF]))
    return found


def differences(seal: Seal) -> Iterator[str]:
    """The entries by which what was found differs from what was sealed."""
    if bytes(seal.found) == seal.leaves:
        return
    sealed, present = by_id(seal.leaves), by_id(bytes(seal.found))
    for number in sorted(sealed.keys() | present.keys()):
        if number not in present:
            yield f"entry {number}: was deleted or moved (seal {seal.number})"
        elif number not in sealed:
            yield f"entry {number}: was inserted or moved after sealing (seal {seal.number})"
        elif sealed[number] != present[number]:
            yield f"entry {number}: was edited after sealing (seal {seal.number})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("entries", help="CSV of shared_auditentry, with a header line")
    parser.add_argument("seals", help="CSV of shared_auditseal in order of number, with a header line")
    parser.add_argument("--expect", default="", metavar="NUMBER:DIGEST", help="a seal from a printed page")
    given = parser.parse_args()
    csv.field_size_limit(2**31 - 1)
    found = 0

    def say(line: str) -> None:
        nonlocal found
        found += 1
        print(line)

    seals = walk_chain(given.seals, given.expect, say)
    entries, unsealed = compare_entries(given.entries, seals, say)
    for seal in seals:
        for line in differences(seal):
            say(line)
    print(f"{entries} entries ({unsealed} not sealed yet), {len(seals)} seals: {found or 'nothing'} found")
    if seals:
        print(f"last seal {seals[-1].number}:{seals[-1].digest.hex()}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
