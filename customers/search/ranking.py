"""One box that understands a name or part of it, pinyin, initials, a number or its end, a village, a household.

Prefix queries on C-collated indexes, own branch first, by (key, id) and never counted: a page holds 20 rows and says
whether there are more. What was typed stays out of addresses and logs; a page's position travels in a signed cursor.

The order: people opened of late, then of the own branches, then of the others; within each the roads in their order.
Roads that forgive a slip are asked only when the exact ones find next to nothing. Where nobody is called what was typed
but a village is, the people of one's own branches who live there follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing

from branches.models import StaffMember
from branches.scopes import Scope
from customers.models import Household
from customers.querysets import require_scope
from customers.search import recent, roads
from customers.search.numbers import households_numbered, people_by_number
from customers.search.people import Person, is_bound, people_by_id
from customers.search.places import SHOWN, Village, splits, villages_of
from customers.search.roads import Road
from customers.search.segments import Ranking
from customers.search.typed import Typed, read

PAGE = 20
FEW = 3  # with fewer hits the wider roads are asked too
HOUSEHOLDS = 3
CURSOR_SALT = "customers.search"


@dataclass(frozen=True)
class Hit:
    """Somebody found, why, and whether the whole record is open to who asked."""

    customer: Person
    reason: Any
    is_own: bool
    road: Road | None = None


@dataclass(frozen=True)
class Found:
    """A page of hits; ``cursor`` fetches the next one when there are more. ``typed`` says how the text was read.

    With ``is_village`` nobody is called so: the hits live in the villages that are.
    """

    text: str
    hits: list[Hit] = field(default_factory=list)
    villages: list[Village] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    cursor: str = ""
    typed: Typed = field(default_factory=Typed)
    is_recent: bool = False
    is_village: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.hits or self.villages or self.households)

    @property
    def is_exact(self) -> bool:
        """Whether the first one found matches what was typed as it stands."""
        road = self.hits[0].road if self.hits else None
        return road is None or road.code not in roads.FORGIVING

    @property
    def is_number(self) -> bool:
        """Whether a number was looked up, alone or beside a name."""
        return self.typed.is_number or bool(self.typed.beside)

    @property
    def is_whole_number(self) -> bool:
        return self.typed.is_whole_number


def search(staff: StaffMember, typed: str, *, cursor: str = "", limit: int = PAGE) -> Found:
    """Find customers by whatever was typed: a handful of queries, whatever is found."""
    scope = require_scope(staff)
    asked = read(typed)
    if asked.household:
        households = households_numbered(staff, asked.household)
        return Found(asked.text, households=households, typed=asked)
    if asked.number:
        return _by_number(staff, asked, scope, limit)
    if not asked.words:
        return Found(asked.text, typed=asked)
    return _by_words(staff, asked, scope, cursor, limit)


def opened_of_late(staff: StaffMember) -> Found:
    """What an empty box offers: the customers opened of late."""
    scope = require_scope(staff)
    ids = recent.recently_opened(staff)
    people = people_by_id(scope, ids)
    hits = [_hit(people[pk], "", scope) for pk in ids if pk in people]
    return Found("", [hit for hit in hits if hit.is_own], is_recent=True)


def is_open_to(scope: Scope, customer: Person) -> bool:
    """Whether the whole record is open within a scope."""
    return scope.sees_union or customer.branch_id in scope.branch_ids


# -- Words -------------------------------------------------------------------------------------------------------------


def _by_words(staff: StaffMember, asked: Typed, scope: Scope, cursor: str, limit: int) -> Found:
    wanted = splits(asked.words)
    villages = villages_of(wanted, first=scope.branch_ids)
    exact = list(roads.beside(asked.words, asked.beside) if asked.beside else roads.roads(asked.words))
    for split, places in zip(wanted[1:], villages[1:], strict=True):
        if places:
            exact += roads.in_villages(split.words, [village.pk for village in places])
    after = _read_cursor(cursor, asked.text) or {"recent": recent.recently_opened(staff)}
    rows = [] if after.get("lives") else Ranking(exact, scope, after, limit + 1).rows()
    if not rows and villages[0] and not asked.beside:
        exact = [roads.living_in([village.pk for village in villages[0]])]
        rows = Ranking(exact, scope, after, limit + 1).rows_of(is_own=True)
    shown, more = rows[:limit], len(rows) > limit
    found = [(row["id"], exact[row["road"]]) for row in shown]
    lives = bool(shown) and exact[0].code == "lives"
    if len(found) < FEW and not (cursor or lives or asked.beside):
        found += _forgiven(asked.words, scope, [pk for pk, _road in found], limit - len(found))
    hits = _hits(scope, found)
    return Found(
        asked.text,
        hits,
        [] if cursor else villages[0][:SHOWN],
        cursor=_write_cursor(shown[-1], after["recent"], asked.text, lives=lives) if more else "",
        typed=asked,
        is_village=lives,
    )


def _hits(scope: Scope, found: Sequence[tuple[int, Road]]) -> list[Hit]:
    people = people_by_id(scope, [pk for pk, _road in found])
    return [_hit(people[pk], road.reason, scope, road) for pk, road in found if pk in people]


def _hit(customer: Person, reason: Any, scope: Scope, road: Road | None = None) -> Hit:
    return Hit(customer, reason, is_open_to(scope, customer), road)


def _forgiven(words: Sequence[str], scope: Scope, known: Sequence[int], limit: int) -> list[tuple[int, Road]]:
    """A few people whom the roads lead to that forgive a slip: own branches first, then the others."""
    found: list[tuple[int, Road]] = []
    wider = roads.wider(words)
    for is_own in (True, False):
        ways = [road for road in wider if not road.is_for_own or (is_own and is_bound(scope))]
        if not ways or len(found) >= FEW or not (is_own or is_bound(scope)):
            break
        late = [*known, *(pk for pk, _road in found)]
        rows = Ranking(ways, scope, {"recent": late}, limit - len(found)).rows_of(
            is_own=is_own, skips_recent=True
        )
        found += [(row["id"], ways[row["road"]]) for row in rows]
    return found


def _write_cursor(row: dict, late: Sequence[int], text: str, *, lives: bool) -> str:
    place = {
        "segment": row["segment"],
        "key": row["key"],
        "id": row["id"],
        "recent": list(late),
        "text": text,
        "lives": lives,
    }
    return signing.dumps(place, salt=CURSOR_SALT, compress=True)


def is_cursor_of(cursor: str, typed: str) -> bool:
    """Whether a cursor was given out by the search for this very text."""
    return _read_cursor(cursor, read(typed).text) is not None


def _read_cursor(cursor: str, text: str) -> dict | None:
    """The place a cursor names; one of another search, or a changed one, starts from the beginning."""
    if not cursor:
        return None
    try:
        place = signing.loads(cursor, salt=CURSOR_SALT)
    except signing.BadSignature:
        return None
    return place if place["text"] == text else None


# -- Numbers -----------------------------------------------------------------------------------------------------------


def _by_number(staff: StaffMember, asked: Typed, scope: Scope, limit: int) -> Found:
    reasons = people_by_number(staff, asked, scope)
    people = people_by_id(scope, list(reasons))
    hits = [_hit(person, reasons[pk], scope) for pk, person in people.items()]
    hits.sort(key=lambda hit: (not hit.is_own, hit.customer.pinyin, hit.customer.pk))
    is_short = asked.number.isdecimal() and len(asked.number) <= 9
    households = households_numbered(staff, asked.number) if is_short else []
    return Found(asked.text, hits[:limit], households=households, typed=asked)
