# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Pairs of the whole registry worth comparing, found by joins alone: one statement for each road.

A road says by which columns people meet (``keys``), and by what a block that is too big is cut again (``refine``);
what stays too big after that is counted and left out. Pairs that two different valid numbers keep apart (R3) are not
found, and pairs that were asked about only when something new was written about one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from customers import registries
from customers.matching.tallies import PEOPLE
from customers.models import MatchingCandidate, MatchingScan

LARGEST = 60
RESIDENT = "d.kind IN ('ID18', 'HMT18', 'FPR18') AND d.state <> 'RETIRED'"

NAMES = f"""(
    SELECT c.id, c.pinyin AS sound, c.name_key, c.village_id, c.birth_date FROM customers_customer c WHERE {PEOPLE}
    UNION
    SELECT c.id, o.pinyin, o.name_key, c.village_id, c.birth_date FROM customers_othername o
    JOIN customers_customer c ON c.id = o.customer_id WHERE o.removed_on IS NULL AND {PEOPLE}
)"""
"""Everybody under every name they bear."""


@dataclass(frozen=True)
class Road:
    """How people meet: from where, by which keys, and what cuts a block that is too big."""

    source: str
    keys: tuple[str, ...]
    refine: str
    where: str = "true"


_DOCUMENTS = (
    "customers_identitydocument d JOIN customers_customer c ON c.id = d.customer_id"
    f" AND {RESIDENT} AND {PEOPLE}"
)
_PHONES = f"customers_phone f JOIN customers_customer c ON c.id = f.customer_id AND {PEOPLE}"
_HOMES = (
    "customers_membership m JOIN customers_customer c ON c.id = m.customer_id AND m.valid_to IS NULL"
    f" AND {PEOPLE}"
)

NAMED = "r.account_key <> '' AND r.undone_at IS NULL"
ACCOUNTS = "{accounts}"
"""Stands for the holders of accounts, whom the apps above tell."""
_ACCOUNTS = f"""(
    SELECT r.customer_id AS person, r.account_key AS number FROM customers_ledgerrow r WHERE {NAMED}
    UNION SELECT a.person, a.number FROM ({ACCOUNTS}) a JOIN customers_ledgerrow r ON r.account_key = a.number
    WHERE {NAMED} AND r.customer_id <> a.person
) n JOIN customers_customer c ON c.id = n.person AND {PEOPLE}"""
"""Everybody whose ledger rows name an account, and its holder where that is somebody else."""

ROADS: dict[str, Road] = {
    "number": Road(_DOCUMENTS, ("d.number_key",), "c.pinyin"),
    "core": Road(_DOCUMENTS, ("d.core_key",), "c.pinyin", "d.core_key <> ''"),
    "tail": Road(_DOCUMENTS, ("d.tail_key", "c.pinyin"), "c.birth_date", "d.tail_key <> ''"),
    "phone": Road(_PHONES, ("f.number_key",), "c.pinyin"),
    "account": Road(_ACCOUNTS, ("n.number",), "c.pinyin"),
    "sound and village": Road(
        f"{NAMES} c", ("c.sound", "c.village_id"), "c.name_key", "c.sound <> '' AND c.village_id IS NOT NULL"
    ),
    "sound and birth": Road(
        f"{NAMES} c", ("c.sound", "c.birth_date"), "c.name_key", "c.sound <> '' AND c.birth_date IS NOT NULL"
    ),
    "surname, birth and village": Road(
        f"{NAMES} c",
        ("left(c.name_key, 1)", "c.birth_date", "c.village_id"),
        "c.sound",
        "c.birth_date IS NOT NULL AND c.village_id IS NOT NULL",
    ),
    "surname and household": Road(_HOMES, ("m.household_id", "left(c.name_key, 1)"), "c.pinyin"),
}

TOUCHED = """
    SELECT subject_id FROM shared_auditentry
    WHERE position >= %(since)s AND position < %(until)s AND deed IN ('insert', 'update') AND table_name IN (
        'customers_customer', 'customers_identitydocument', 'customers_phone', 'customers_othername',
        'customers_marriage', 'customers_membership', 'customers_ledgerrow')
    UNION SELECT id FROM customers_customer WHERE id > %(customer)s
    UNION SELECT customer_id FROM customers_identitydocument WHERE id > %(document)s
    UNION SELECT customer_id FROM customers_phone WHERE id > %(phone)s
    UNION SELECT customer_id FROM customers_othername WHERE id > %(name)s
"""
"""Whom something was written about since the scan before."""


def find(scan: MatchingScan, name: str, since: dict[str, int] | None) -> dict[str, int]:
    """Write the pairs of one road; ``since`` names the state of the scan before, None compares all with all.

    Returns how many pairs are new, and how many blocks were cut again or left out as too big.
    """
    road = ROADS[name]
    columns = ", ".join(f"{key} AS k{i}" for i, key in enumerate(road.keys))
    keys = ", ".join(f"k{i}" for i in range(len(road.keys)))
    touched = f"touched AS MATERIALIZED ({TOUCHED})," if since is not None else ""
    mine = (
        "AND a.person IN (SELECT subject_id FROM touched) AND a.person <> b.person"
        if since is not None
        else "AND a.person < b.person"
    )
    sql = f"""
        WITH {touched} keyed AS MATERIALIZED (
            SELECT DISTINCT c.id AS person, {columns}, {road.refine} AS refine FROM {_source(road)} WHERE {road.where}
        ), blocks AS MATERIALIZED (
            SELECT {keys}, count(*) AS size FROM keyed GROUP BY {keys} HAVING count(*) > 1
        ), small AS (
            SELECT {keys} FROM blocks WHERE size <= {LARGEST}
        ), cut AS MATERIALIZED (
            SELECT {keys}, keyed.refine, count(*) AS size FROM keyed JOIN blocks USING ({keys})
            WHERE blocks.size > {LARGEST} GROUP BY {keys}, keyed.refine HAVING count(*) > 1
        ), met AS (
            SELECT a.person AS one, b.person AS other FROM keyed a JOIN small USING ({keys})
            JOIN keyed b USING ({keys}) WHERE true {mine}
            UNION
            SELECT a.person, b.person FROM keyed a JOIN cut ON {_same("a", "cut", road)} AND a.refine = cut.refine
            JOIN keyed b ON {_same("b", "cut", road)} AND b.refine = cut.refine
            WHERE cut.size <= {LARGEST} {mine}
        ), pairs AS MATERIALIZED (
            SELECT DISTINCT least(one, other) AS first, greatest(one, other) AS second FROM met
        ), valid AS MATERIALIZED (
            SELECT d.customer_id, array_agg(d.number_key) AS numbers FROM customers_identitydocument d
            WHERE {RESIDENT} AND d.invalid_reason = '' AND d.state IN ('HELD', 'DISPUTED')
                AND d.customer_id IN (SELECT first FROM pairs UNION SELECT second FROM pairs)
            GROUP BY d.customer_id
        ), written AS (
            INSERT INTO {MatchingCandidate._meta.db_table} (scan_id, first, second)
            SELECT %(scan)s, p.first, p.second FROM pairs p
            LEFT JOIN valid v ON v.customer_id = p.first LEFT JOIN valid w ON w.customer_id = p.second
            WHERE (v.numbers IS NULL OR w.numbers IS NULL OR v.numbers && w.numbers) AND NOT EXISTS (
                SELECT FROM customers_reviewpair r WHERE r.first_id = p.first AND r.second_id = p.second
                    AND (%(all)s OR r.state = 'same'))
            ORDER BY 2, 3 ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT (SELECT count(*) FROM pairs), (SELECT count(*) FROM written),
            (SELECT count(*) FROM blocks WHERE size > {LARGEST}),
            (SELECT count(*) FROM cut WHERE size > {LARGEST})
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"scan": scan.pk, "until": scan.position, "all": since is None, **(since or {})})
        met, written, cut, left_out = cursor.fetchone()
    return {"pairs met": met, "found": written, "blocks cut": cut, "blocks left out": left_out}


def _source(road: Road) -> str:
    holders = (
        " UNION ALL ".join(registries.account_keys) or "SELECT NULL::bigint AS person, ''::bytea AS number"
    )
    return road.source.replace(ACCOUNTS, holders)


def touched(scan: MatchingScan, since: dict[str, int]) -> list[int]:
    """Whom something was written about since the scan before."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, {"until": scan.position, **since})
        return [pk for (pk,) in cursor.fetchall() if pk is not None]


def _same(one: str, other: str, road: Road) -> str:
    return " AND ".join(f"{one}.k{i} = {other}.k{i}" for i in range(len(road.keys)))


HIGHEST = """
    SELECT (SELECT coalesce(max(id), 0) FROM customers_customer),
        (SELECT coalesce(max(id), 0) FROM customers_identitydocument),
        (SELECT coalesce(max(id), 0) FROM customers_phone),
        (SELECT coalesce(max(id), 0) FROM customers_othername),
        (SELECT coalesce(max(to_position), 0) FROM shared_auditseal)
"""


def state_now() -> tuple[dict[str, int], int]:
    """The highest ids, and the place in the ledger of deeds below which everything is complete."""
    with connection.cursor() as cursor:
        cursor.execute(HIGHEST)
        customer, document, phone, name, position = cursor.fetchone()
    return {"customer": customer, "document": document, "phone": phone, "name": name}, position
