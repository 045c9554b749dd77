"""One box that understands a name or part of it, pinyin, initials, a number or its end, a village, a household.

Prefix queries on C-collated indexes, own branch first, by (key, id) and never counted: a page holds 20 rows and says
whether there are more. What was typed stays out of addresses and logs; a page's position travels in a signed cursor.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.db.models import F, IntegerField, Q, Value

from branches.models import Area, StaffMember
from branches.selectors import villages_like
from customers import identity, registries
from customers.models import Customer, Household
from customers.names import simplified
from customers.querysets import require_scope
from customers.search.numbers import households_numbered, number_arms
from customers.search.roads import Road, roads

PAGE = 20
LONGEST_TEXT = 60
LEAST_WHOLE = 7  # digits of the shortest number that is looked up whole; ends of numbers have four or six
HOUSEHOLD_SIGN = re.compile(r"^(?:#|户|戶|household\s*#?)\s*(\d{1,12})$", re.IGNORECASE)
NUMBER = re.compile(r"\+?\d[\d\-‐‑–—() ]*[\dXx]|\d+[Xx]?")
CONTROL = re.compile("[\x00-\x1f\x7f]")
CURSOR_SALT = "customers.search"


@dataclass(frozen=True)
class Hit:
    """A customer found, why, and whether the whole record is open to who asked."""

    customer: Customer
    reason: Any
    is_own: bool


@dataclass(frozen=True)
class Found:
    """A page of hits; ``cursor`` fetches the next one when there are more."""

    text: str
    hits: list[Hit] = field(default_factory=list)
    villages: list[Area] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    cursor: str = ""
    is_number: bool = False
    is_whole_number: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.hits or self.villages or self.households)


def search(staff: StaffMember, typed: str, *, cursor: str = "", limit: int = PAGE) -> Found:
    """Find customers by whatever was typed. At most three queries for words, four for numbers."""
    scope = require_scope(staff)
    text = " ".join(CONTROL.sub("", unicodedata.normalize("NFKC", typed))[:LONGEST_TEXT].split())
    if not text:
        return Found("")
    if sign := HOUSEHOLD_SIGN.match(text):
        return Found(text, households=households_numbered(staff, sign[1]))
    if NUMBER.fullmatch(text):
        return _by_number(staff, text, limit)
    segments = _segments(text, scope)
    after = _read_cursor(cursor, text)
    ids = _page(segments, after, limit + 1)
    shown, more = ids[:limit], len(ids) > limit
    people = Customer.objects.select_related("village__parent", "branch").in_bulk(
        [row["id"] for row in shown]
    )
    hits = [
        Hit(people[row["id"]], segments[row["segment"]][1].reason, is_open_to(scope, people[row["id"]]))
        for row in shown
    ]
    places = [] if cursor else villages_like(simplified(text), branch_ids=scope.branch_ids, limit=5)
    return Found(text, hits, places, cursor=_write_cursor(shown[-1], text) if more else "")


def is_open_to(scope, customer: Customer) -> bool:
    """Whether the whole record is open within a scope."""
    return scope.sees_union or customer.branch_id in scope.branch_ids


def _by_number(staff: StaffMember, text: str, limit: int) -> Found:
    scope = require_scope(staff)
    digits = identity.normalize_code(text).lstrip("+")
    reasons: dict[int, Any] = {}
    arms = list(number_arms(digits, text))
    if arms:
        together = (
            arms[0][1].union(*(rows for _reason, rows in arms[1:]), all=True) if len(arms) > 1 else arms[0][1]
        )
        for row in together:
            reasons.setdefault(row["found"], arms[row["arm"]][0])
    for finder in registries.number_finders:
        for customer_id, reason in finder(digits):
            reasons.setdefault(customer_id, reason)
    people = Customer.objects.current().unlocked_for(scope).filter(pk__in=reasons)
    people = people.select_related("village__parent", "branch")
    hits = (
        [Hit(person, reasons[person.pk], is_open_to(scope, person)) for person in people] if reasons else []
    )
    hits.sort(key=lambda hit: (not hit.is_own, hit.customer.pinyin, hit.customer.pk))
    is_short = digits.isdecimal() and len(digits) <= 9
    households = households_numbered(staff, digits) if is_short else []
    is_whole = len(digits) >= LEAST_WHOLE
    return Found(text, hits[:limit], households=households, is_number=True, is_whole_number=is_whole)


def _segments(text: str, scope) -> list[tuple[Q, Road]]:
    """Own branches first, then the others; within each the roads in order."""
    own = Q(branch__in=scope.branch_ids)
    if scope.sees_union or not scope.branch_ids:
        return [(Q(), road) for road in roads(text, scope)]
    return [(mine, road) for mine in (own, ~own) for road in roads(text, scope)]


def _page(segments: list[tuple[Q, Road]], after: dict | None, limit: int) -> list[dict]:
    """Read rows after the cursor's place through all segments in one query."""
    arms = []
    for position, (where, road) in enumerate(segments):
        if after and position < after["segment"]:
            continue
        rows = road.rows.filter(where)
        if after and position == after["segment"]:
            rows = rows.filter(
                Q(**{f"{road.key}__gt": after["key"]}) | Q(**{road.key: after["key"], "id__gt": after["id"]})
            )
        number = Value(position, output_field=IntegerField())
        arms.append(rows.order_by(road.key, "id").values("id", segment=number, key=F(road.key))[:limit])
    if not arms:
        return []
    together = arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0]
    return list(together.order_by("segment", "key", "id")[:limit] if len(arms) > 1 else together)


def _write_cursor(row: dict, text: str) -> str:
    place = {"segment": row["segment"], "key": row["key"], "id": row["id"], "text": text}
    return signing.dumps(place, salt=CURSOR_SALT, compress=True)


def _read_cursor(cursor: str, text: str) -> dict | None:
    """The place a cursor names; one of another search, or a changed one, starts from the beginning."""
    if not cursor:
        return None
    try:
        place = signing.loads(cursor, salt=CURSOR_SALT)
    except signing.BadSignature:
        return None
    return place if place["text"] == text else None
