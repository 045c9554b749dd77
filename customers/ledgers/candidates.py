# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Whom of the registry the rows of an import may be: found by keys, opened in bulk, compared by the matching engine.

A road says by what somebody is found. A name alone brings only who bears a rare one: of a name with hundreds of
carriers all would have to be opened, and a name alone never says that somebody is known (handbook §6.3). Beside a
number, a phone, a village or a birthday a name finds people however common it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.db import connection

from coopcrm.shared.crypto import forms, keyed_many
from customers import numbers
from customers.matching.mentions import Mention, birth_of
from customers.matching.records import known_people
from customers.models import Customer

FEW = 20
"""How many may bear a name, or its sound, and still be found by it alone."""

LARGEST = 60
"""How many may share a phone that still says something; the number of an office does not."""

NEAR_BIRTH = 366
"""Days between two birthdays that a slip, a lunar date or a swapped day and month may put apart."""

IDENTITY_CORE = slice(0, 17)
LONG_TEXT = 15
Keys = dict[str, list]

RESIDENT = "d.kind IN ('ID18', 'HMT18', 'FPR18') AND d.state <> 'RETIRED'"
HAS_VALID_NUMBER = (
    f"EXISTS (SELECT FROM customers_identitydocument d WHERE d.customer_id = c.id AND {RESIDENT}"
    " AND d.invalid_reason = '' AND d.state IN ('HELD', 'DISPUTED'))"
)
SPEAKS = f"""
    (k.birth = '' OR c.birth_date IS NULL OR abs(c.birth_date - nullif(k.birth, '')::date) <= {NEAR_BIRTH})
    AND (k.says_more OR (c.village_id <> a.id AND (k.birth = '' OR c.birth_date IS NULL)) IS NOT TRUE)
    AND NOT (k.is_numbered AND {HAS_VALID_NUMBER})
"""
"""Whom a rare name may bring, as customer ``c``: born near that day, in no other village, one without number."""

# Keys stand as plain texts, so that a plan which is kept can ask once more.
ROADS = {
    "numbers": (
        "SELECT d.customer_id FROM unnest(%s::text[]) k(number)"
        " JOIN customers_identitydocument d ON d.number_key = decode(k.number, 'hex') AND d.state <> 'RETIRED'"
    ),
    "cores": (
        "SELECT d.customer_id FROM unnest(%s::text[]) k(core)"
        " JOIN customers_identitydocument d ON d.core_key = decode(k.core, 'hex') AND d.core_key <> ''"
        " AND d.state <> 'RETIRED'"
    ),
    "phones": (
        "SELECT f.customer_id FROM unnest(%s::text[]) k(phone) CROSS JOIN LATERAL ("
        " SELECT customer_id, count(*) OVER () AS holders FROM (SELECT customer_id FROM customers_phone"
        f" WHERE number_key = decode(k.phone, 'hex') LIMIT {LARGEST} + 1) p) f WHERE f.holders <= {LARGEST}"
    ),
    "aliases": (
        "SELECT o.customer_id FROM unnest(%s::text[]) k(name)"
        ' JOIN customers_othername o ON o.name_key = k.name COLLATE "C" AND o.removed_on IS NULL'
    ),
    "namesakes": f"""
        SELECT c.id FROM unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::bool[])
            k(name, village, birth, is_numbered, says_more)
        LEFT JOIN branches_area a ON a.code = k.village
        CROSS JOIN LATERAL (
            SELECT f.*, count(*) OVER () AS bearers FROM (
                SELECT id, birth_date, village_id FROM customers_customer
                WHERE name_key = k.name COLLATE "C" LIMIT {FEW} + 1
            ) f
        ) c
        WHERE c.bearers <= {FEW} AND {SPEAKS}
    """,
    # Everybody of a sound is fetched once, for the village, the birthday, the end of the number, and the sound alone.
    "sounds": f"""
        WITH k AS MATERIALIZED (
            SELECT k.*, a.id FROM unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::bool[], %s::text[])
                k(sound, village, birth, is_numbered, says_more, tail)
            LEFT JOIN branches_area a ON a.code = k.village
        ), c AS MATERIALIZED (
            SELECT s.sound, f.*, count(*) OVER (PARTITION BY s.sound) AS bearers
            FROM (SELECT DISTINCT sound FROM k) s CROSS JOIN LATERAL (
                SELECT id, birth_date, village_id FROM customers_customer WHERE pinyin = s.sound COLLATE "C" OFFSET 0
            ) f
        ), d AS MATERIALIZED (
            SELECT c.id, c.sound, d.tail_key FROM c JOIN customers_identitydocument d ON d.customer_id = c.id
            WHERE d.tail_key <> '' AND d.state <> 'RETIRED'
        )
        SELECT c.id FROM k JOIN c ON c.sound = k.sound AND c.village_id = k.id
        UNION ALL SELECT c.id FROM k JOIN c ON c.sound = k.sound AND c.birth_date = nullif(k.birth, '')::date
        UNION ALL SELECT d.id FROM k JOIN d ON d.sound = k.sound AND d.tail_key = decode(k.tail, 'hex')
        UNION ALL SELECT c.id FROM (SELECT DISTINCT sound, id, birth, is_numbered, says_more FROM k) k
            CROSS JOIN LATERAL (SELECT k.id) a JOIN c ON c.sound = k.sound AND c.bearers <= {FEW} WHERE {SPEAKS}
    """,
}
SURVIVORS = "SELECT merged_into_id FROM customers_customer WHERE id = ANY(%s) AND merged_into_id IS NOT NULL"


class Seen:
    """The registry's customers whom mentions of ledgers may be."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.keys = keys_of(mentions)
        self.ids = found_by(self.keys)

    def mentions(self, *, start: int, as_of: date) -> list[Mention]:
        """The customers as the matcher sees them, in the order of their ids; the branch that keeps them speaks too."""
        current = Customer.objects.current().filter(pk__in=self.ids).values_list("pk", flat=True)
        people = known_people(sorted(current))
        return [
            replace(person.mention(start + i, as_of), branch=str(person.customer.branch_id))
            for i, person in enumerate(people.values())
        ]

    def witness(self) -> list[str]:
        """Versions of what was read, by table: whoever reads the same again finds out whether anything changed."""
        return versions_of(self.ids)


# --- keys ------------------------------------------------------------------------------------------------------------


def keys_of(mentions: Sequence[Mention]) -> Keys:
    """By what candidates are looked for, road by road, as plain values that JSON can hold."""
    texts = {mention.key: list(_texts_of(mention)) for mention in mentions}
    tails = _tails_of(mentions, texts)
    said = {m.key: (m.village, _birth_text(m), bool(m.number), _says_more(m)) for m in mentions}
    return {
        "numbers": _digests(numbers.DOCUMENT, {text for found in texts.values() for text in found}),
        "cores": _digests(numbers.DOCUMENT_CORE, {core for m in mentions if (core := _core_of(m))}),
        "phones": _digests(numbers.PHONE, {phone for m in mentions for phone in m.phones}),
        "aliases": [[name] for name in sorted({mention.name for mention in mentions} - {""})],
        "namesakes": sorted({(m.name, *said[m.key]) for m in mentions if m.name}),
        "sounds": sorted(
            {(m.sound, *said[m.key], tail) for m in mentions if m.sound for tail in tails[m.key] or [""]}
        ),
    }


def _says_more(mention: Mention) -> bool:
    """Is anything told that may speak for somebody who lives elsewhere: a marriage, a part of a number, of a birthday?

    An age does not: it is shared with half of the namesakes.
    """
    has_part = mention.tail or "*" in mention.cleaned
    return bool(mention.spouse or has_part or (mention.birth and mention.birth_precision != "day"))


def _tails_of(mentions: Sequence[Mention], texts: Mapping[int, list[str]]) -> dict[int, list[str]]:
    """The keyed ends of the numbers of each mention, in every form that may be stored."""
    ends = {
        mention.key: [
            text[-numbers.IDENTITY_TAIL :]
            for text in (*texts[mention.key], mention.suffix)
            if len(text) >= numbers.IDENTITY_TAIL and "*" not in text[-numbers.IDENTITY_TAIL :]
        ]
        for mention in mentions
    }
    ordered = sorted({end for found in ends.values() for end in found})
    keys = keyed_many(numbers.DOCUMENT_TAIL, ordered)
    stored = {end: [form.hex() for form in forms(key)] for end, key in zip(ordered, keys, strict=True)}
    return {key: sorted({form for end in found for form in stored[end]}) for key, found in ends.items()}


def _texts_of(mention: Mention) -> Iterator[str]:
    """The numbers under which a registry may hold this person: valid, put right, or damaged in the same way."""
    if mention.number:
        yield mention.number
        return
    if mention.guess:
        yield mention.guess
    if len(mention.cleaned) >= LONG_TEXT and "*" not in mention.cleaned:
        yield mention.cleaned


def _core_of(mention: Mention) -> str:
    """The fifteen digits that an old and a new number share, where so much of it is known."""
    text = mention.number or mention.guess
    if not text and len(mention.prefix) >= IDENTITY_CORE.stop:
        text = mention.prefix[IDENTITY_CORE] + "?"
    return numbers.core_of(text or mention.cleaned) if "*" not in (text or mention.cleaned) else ""


def _birth_text(mention: Mention) -> str:
    birth = birth_of(mention)
    return birth[1].isoformat() if birth and birth[0] == "day" else ""


def _digests(purpose: str, texts: Iterable[str]) -> list[list[str]]:
    return [[digest.hex()] for digest in numbers.digests(purpose, sorted(texts))]


# --- customers -------------------------------------------------------------------------------------------------------


def found_by(keys: Mapping[str, Sequence[Sequence]]) -> set[int]:
    """Return the customers whom these keys find, and those into whom they were merged: a statement a road."""
    ids: set[int] = set()
    with connection.cursor() as cursor:
        for road, sql in ROADS.items():
            if rows := keys.get(road):
                cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
                ids.update(pk for (pk,) in cursor.fetchall())
        cursor.execute(SURVIVORS, [sorted(ids)])
        ids.update(pk for (pk,) in cursor.fetchall())
    return ids


def versions_of(customers: Iterable[int]) -> list[str]:
    """A digest of the row versions of these customers, their numbers, phones, homes and facts."""
    ids = sorted(customers)
    homes = "SELECT household_id FROM customers_membership WHERE customer_id = ANY(%s)"
    tables = (
        ("customers_customer", "id = ANY(%s)"),
        ("customers_identitydocument", "customer_id = ANY(%s)"),
        ("customers_phone", "customer_id = ANY(%s)"),
        ("customers_othername", "customer_id = ANY(%s)"),
        ("customers_membership", "customer_id = ANY(%s)"),
        ("customers_factsheet", f"household_id IN ({homes})"),
    )
    found = []
    with connection.cursor() as cursor:
        for table, condition in tables:
            cursor.execute(
                f"SELECT count(*) || '-' || coalesce(md5(string_agg(id || ':' || xmin, ',' ORDER BY id)), '')"
                f" FROM {table} WHERE {condition}",
                [ids],
            )
            found.append(cursor.fetchone()[0])
    return found
