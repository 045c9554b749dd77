"""Checked people as rows of three tables, as text for COPY, with numbers sealed and keys made in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from coopcrm.shared.crypto import seal_many
from customers.choices import CustomerKind, CustomerState, DocumentState, FactSource
from customers.ledgers.sheaf import ESCAPES, NULL, Sheaf, Table
from customers.loading.checking import Checker, Person, Unfit
from customers.models import Customer, IdentityDocument, Phone
from customers.numbers import PHONE, PHONE_TAIL, resident_keys, tail_keys

CUSTOMERS = Customer._meta.db_table
DOCUMENTS = IdentityDocument._meta.db_table
PHONES = Phone._meta.db_table
COLUMNS = {
    CUSTOMERS: [
        *("id", "kind", "name", "name_key", "given_key", "pinyin", "initials", "given_pinyin", "sex"),
        *("birth_date", "branch_id", "village_id", "group_no", "address", "occupation", "state"),
        *("identity_conflict", "source", "registered_on", "registered_at_id"),
    ],
    DOCUMENTS: [
        *("id", "customer_id", "kind", "number", "number_key", "tail_key", "core_key"),
        *("state", "invalid_reason", "warning", "source", "recorded_on"),
    ],
    PHONES: [
        *("id", "customer_id", "kind", "number", "number_key", "tail_key", "valid_from", "source", "is_main"),
    ],
}
MODELS = {CUSTOMERS: Customer, DOCUMENTS: IdentityDocument, PHONES: Phone}
FILLED = {CUSTOMERS: ["created_at"], DOCUMENTS: [], PHONES: []}


class Refusal(NamedTuple):
    """A record that is not written: its number in the file (the header is 0) and the code of the reason."""

    record: int
    code: str


@dataclass
class Checked:
    """What a stretch holds: people with their record numbers and keys, and the records that were refused."""

    people: list[Person] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    number_keys: list = field(default_factory=list)
    phone_keys: list = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    known: int = 0

    def leave_out(self, places: set[int]) -> None:
        """Forget people who are not written, by their places in the list."""
        if places:
            for name in ("people", "records", "number_keys", "phone_keys"):
                kept = [value for at, value in enumerate(getattr(self, name)) if at not in places]
                setattr(self, name, kept)


def check(checker: Checker, rows, first: int) -> Checked:
    """Judge rows, the first of which has the number ``first``, and make the keys of what is written."""
    done = Checked()
    for record, cells in enumerate(rows, start=first):
        try:
            person = checker.person_in(cells)
        except Unfit as reason:
            done.refused.append(Refusal(record, reason.code))
            continue
        done.people.append(person)
        done.records.append(record)
    done.number_keys = _filled([person.number for person in done.people], resident_keys)
    done.phone_keys = _filled(
        [person.phone for person in done.people], lambda texts: tail_keys(PHONE, PHONE_TAIL, texts)
    )
    return done


def _filled(texts: Sequence[str], keys_of) -> list:
    """Keys in the order of the texts, None where there is no text."""
    keys = iter(keys_of([text for text in texts if text]))
    return [next(keys) if text else None for text in texts]


def ids_wanted(done: Checked) -> dict[str, int]:
    """How many rows each table will get."""
    return {
        CUSTOMERS: len(done.people),
        DOCUMENTS: sum(key is not None for key in done.number_keys),
        PHONES: sum(key is not None for key in done.phone_keys),
    }


def lines_of(done: Checked, ids: dict[str, Sequence[int]], as_of: date) -> dict[str, list[str]]:
    """The lines of each table, for ids that were drawn."""
    return {
        CUSTOMERS: _customers(done, ids[CUSTOMERS], as_of),
        DOCUMENTS: _documents(done, ids, as_of),
        PHONES: _phones(done, ids, as_of),
    }


def sheaf_of(lines: dict[str, list[str]]) -> Sheaf:
    """The lines as a sheaf, which writes them past row-level security and the ledger of deeds."""
    tables = [Table(name, COLUMNS[name], FILLED[name], False, rows) for name, rows in lines.items() if rows]
    return Sheaf(tables)


def _customers(done: Checked, ids: Sequence[int], as_of: date) -> list[str]:
    end = f"{CustomerState.ACTIVE}\tf\t{FactSource.CORE}\t{as_of}"
    return [
        "\t".join(
            (
                str(pk),
                CustomerKind.PERSON,
                _plain(person.name),
                *map(_plain, person.keys),
                person.sex,
                str(person.birth) if person.birth else NULL,
                str(person.branch),
                str(person.village) if person.village else NULL,
                _plain(person.group),
                _plain(person.address),
                _plain(person.occupation),
                end,
                str(person.branch),
            )
        )
        for pk, person in zip(ids, done.people, strict=True)
    ]


def _documents(done: Checked, ids: dict[str, Sequence[int]], as_of: date) -> list[str]:
    rows = [
        (customer, person, keys)
        for customer, person, keys in zip(ids[CUSTOMERS], done.people, done.number_keys, strict=True)
        if keys is not None
    ]
    mine = ids[DOCUMENTS]
    sealed = seal_many([person.number for _, person, _ in rows], mine, table=DOCUMENTS, column="number")
    return [
        f"{pk}\t{customer}\t{person.number_kind}\t\\\\x{number.hex()}\t\\\\x{keys.number_key.hex()}"
        f"\t\\\\x{keys.tail_key.hex()}\t\\\\x{keys.core_key.hex()}\t{DocumentState.HELD}\t\t{person.warning}"
        f"\t{FactSource.CORE}\t{as_of}"
        for pk, number, (customer, person, keys) in zip(mine, sealed, rows, strict=True)
    ]


def _phones(done: Checked, ids: dict[str, Sequence[int]], as_of: date) -> list[str]:
    rows = [
        (customer, person, keys)
        for customer, person, keys in zip(ids[CUSTOMERS], done.people, done.phone_keys, strict=True)
        if keys is not None
    ]
    mine = ids[PHONES]
    sealed = seal_many([person.phone for _, person, _ in rows], mine, table=PHONES, column="number")
    return [
        f"{pk}\t{customer}\t{person.phone_kind}\t\\\\x{number.hex()}\t\\\\x{keys.number_key.hex()}"
        f"\t\\\\x{keys.tail_key.hex()}\t{as_of}\t{FactSource.CORE}\tt"
        for pk, number, (customer, person, keys) in zip(mine, sealed, rows, strict=True)
    ]


def _plain(text: str) -> str:
    return text.translate(ESCAPES) if "\\" in text else text  # every other sign was made a space before
