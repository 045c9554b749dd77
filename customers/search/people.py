"""The few facts of a customer that a line of results shows, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from branches.scopes import Scope
from coopcrm.shared.prepared import Prepared
from customers.querysets import SEE_LOCKED

READ = """
SELECT c.id, c.kind, c.name, c.name_key, c.given_key, c.pinyin, c.given_pinyin, c.sex, c.birth_date, c.branch_id,
       b.name, coalesce(v.name, ''), c.verified_on, c.registered_on,
       (SELECT h.id FROM customers_household h WHERE h.head_id = c.id AND h.valid_to IS NULL ORDER BY h.id DESC LIMIT 1)
FROM customers_customer c
JOIN branches_unit b ON b.id = c.branch_id
LEFT JOIN branches_area v ON v.id = c.village_id
WHERE c.id = ANY (%(ids)s) AND """


@dataclass(frozen=True)
class Person:
    """A customer in a list of results; ``household`` is the one that he or she heads."""

    pk: int
    kind: str
    name: str
    name_key: str
    given_key: str
    pinyin: str
    given_pinyin: str
    sex: str
    birth_date: date | None
    branch_id: int
    branch: str
    village: str
    verified_on: date | None
    registered_on: date
    household: int | None


@cache
def _reading(condition: str) -> Prepared:
    return Prepared(READ + condition)


def is_bound(scope: Scope) -> bool:
    """Whether there are branches of one's own and others."""
    return bool(scope.branch_ids) and not scope.sees_union


def visible(scope: Scope, alias: str = "c") -> str:
    """The condition of ``visible_to`` and ``current`` on the table of customers: not merged away, not locked."""
    merged = f"{alias}.merged_into_id IS NULL"
    return merged if scope.holds(*SEE_LOCKED) else f"{merged} AND NOT {alias}.is_locked"


def people_by_id(scope: Scope, ids: Sequence[int]) -> dict[int, Person]:
    """Customers whom the scope sees, in the order of ``ids``; one query."""
    if not ids:
        return {}
    found = {row[0]: Person(*row) for row in _reading(visible(scope)).rows(ids=list(ids))}
    return {pk: found[pk] for pk in ids if pk in found}
