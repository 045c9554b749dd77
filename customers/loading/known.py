"""Who of a stretch is known already: in the file before, or in the registry; by number, or without one by the rest.

Handbook §6.3: the same number under the same name is the same person (R1, nothing is written); under another name it
is refused (R2). Somebody without a number who shares name and phone, or name, birthday and village, with somebody is
probably that person (R6, R7): the counter asks for a reason, a file cannot give one, so the row is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

from django.db import connection

from coopcrm.shared.crypto import forms
from customers.choices import CustomerState, DocumentState
from customers.loading.making import CUSTOMERS, DOCUMENTS, PHONES, Checked, Refusal
from customers.numbers import RESIDENT_KINDS

TAKEN, LIKELY, LOCKED = "NUMBER_TAKEN", "LIKELY_KNOWN", "LOCKED"


class Sign(NamedTuple):
    """By what one person of a stretch is recognised within the file."""

    number: bytes | None
    name: int
    bare: tuple[str, ...]


def signs_of(done: Checked) -> list[Sign]:
    """The signs of everybody, in order; ``bare`` is empty for who has a number."""
    return [
        Sign(
            keys.number_key if keys is not None else None,
            crc32(person.keys.name_key.encode()),
            () if keys is not None else _bare(person),
        )
        for person, keys in zip(done.people, done.number_keys, strict=True)
    ]


def _bare(person) -> tuple[str, ...]:
    found = []
    if person.phone:
        found.append(f"{person.keys.name_key}|{person.phone}")
    if person.birth and person.village:
        found.append(f"{person.keys.name_key}|{person.birth}|{person.village}")
    return tuple(found)


@dataclass
class Verdict:
    """Places in the list of who is not written: known already, or refused with a code."""

    known: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def left_out(self) -> set[int]:
        return self.known | self.refused.keys()

    def settle(self, done: Checked) -> None:
        """Take them out of the stretch and count them."""
        done.known += len(self.known)
        done.refused += [Refusal(done.records[at], code) for at, code in sorted(self.refused.items())]
        done.leave_out(self.left_out)


@dataclass
class FileMemory:
    """Everybody whom the file has named before: a digest and the checksum of a name for each number."""

    numbers: dict[bytes, int] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)

    def judge(self, signs: Sequence[Sign]) -> Verdict:
        """Say who came before in the file, and remember the others."""
        found = Verdict()
        for at, (number, name, bare) in enumerate(signs):
            if number is not None:
                before = self.numbers.get(number)
                if before is None:
                    self.numbers[number] = name
                elif before == name:
                    found.known.add(at)
                else:
                    found.refused[at] = TAKEN
            elif any(sign in self.bare for sign in bare):
                found.refused[at] = LIKELY
            else:
                self.bare.update(bare)
        return found


def judge_by_registry(done: Checked) -> Verdict:
    """Say whom the registry knows: three statements for a stretch, each by an index."""
    found = Verdict()
    for at, name, is_locked in _holders(done):
        if is_locked:
            found.refused[at] = LOCKED
        elif name == done.people[at].keys.name_key:
            found.known.add(at)
        else:
            found.refused[at] = TAKEN
    for at in _likely(done):
        found.refused.setdefault(at, LIKELY)
    found.known -= found.refused.keys()
    return found


def _holders(done: Checked) -> list[tuple[int, str, bool]]:
    places, keys = [], []
    for at, held in enumerate(done.number_keys):
        for form in forms(held.number_key) if held is not None else ():
            places.append(at)
            keys.append(form)
    sql = (
        f"SELECT k.at, coalesce(s.name_key, c.name_key), c.is_locked FROM unnest(%s::int[], %s::bytea[]) k(at, key)"  # noqa: S608
        f" JOIN {DOCUMENTS} d ON d.number_key = k.key AND d.state = %s AND d.kind = ANY(%s)"
        f" JOIN {CUSTOMERS} c ON c.id = d.customer_id LEFT JOIN {CUSTOMERS} s ON s.id = c.merged_into_id"
    )
    return _rows(sql, [places, keys, DocumentState.HELD, sorted(RESIDENT_KINDS)]) if places else []


def _likely(done: Checked) -> list[int]:
    bare = [at for at, keys in enumerate(done.number_keys) if keys is None]
    people = [done.people[at] for at in bare]
    if not people:
        return []
    names = [person.keys.name_key for person in people]
    births = [person.birth for person in people]
    here = (
        f"SELECT b.at FROM unnest(%s::int[], %s::text[], %s::date[], %s::bigint[]) b(at, name, birth, village)"  # noqa: S608
        f' JOIN {CUSTOMERS} c ON c.name_key = b.name COLLATE "C" AND c.birth_date = b.birth'
        f" AND c.village_id = b.village WHERE c.state <> %s"
    )
    found = _rows(here, [bare, names, births, [person.village for person in people], CustomerState.MERGED])
    called = [
        (at, name, birth, form)
        for at, name, birth in zip(bare, names, births, strict=True)
        if done.phone_keys[at] is not None
        for form in forms(done.phone_keys[at].number_key)
    ]
    if called:
        by_phone = (
            f"SELECT b.at FROM unnest(%s::int[], %s::text[], %s::date[], %s::bytea[]) b(at, name, birth, phone)"  # noqa: S608
            f" JOIN {PHONES} p ON p.number_key = b.phone AND p.valid_to IS NULL"
            f' JOIN {CUSTOMERS} c ON c.id = p.customer_id AND c.name_key = b.name COLLATE "C"'
            " AND (c.birth_date = b.birth OR c.birth_date IS NULL OR b.birth IS NULL)"
        )
        found += _rows(by_phone, [list(column) for column in zip(*called, strict=True)])
    return [at for (at,) in found]


def _rows(sql: str, params: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
