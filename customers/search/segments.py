"""Rows of many roads in one order and one query: opened of late, then own branches, then the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from branches.scopes import Scope
from customers.search.people import is_bound, visible
from customers.search.roads import Road

RECENT = -1
COLUMNS = ("id", "segment", "key", "road")


@dataclass(frozen=True)
class Ranking:
    """Some roads within a scope, after a place (``segment``, ``key``, ``id``; none is the beginning).

    A segment is a road within the own branches, or within the others: numbered in this order. Whom an earlier road
    leads to is left out of the later ones. ``after["recent"]`` are the customers opened of late, who stand before all
    segments.
    """

    roads: Sequence[Road]
    scope: Scope
    after: dict[str, Any]
    limit: int

    def rows(self) -> list[dict[str, Any]]:
        """Rows in order; the other branches are asked only when the own ones do not fill the page."""
        if not self.roads:
            return []
        own = self.rows_of(is_own=True)
        if len(own) >= self.limit or not is_bound(self.scope):
            return own
        return own + self.rows_of(is_own=False, limit=self.limit - len(own))

    def rows_of(self, *, is_own: bool, limit: int = 0, skips_recent: bool = False) -> list[dict[str, Any]]:
        """Rows of the own branches, or of the others, in one query."""
        arms, values = [], []
        at, limit = self.after.get("segment", RECENT), limit or self.limit
        if is_own and at == RECENT and self.after["recent"] and not skips_recent:
            arms.append(self._recent(values))
        first = 0 if is_own else len(self.roads)
        for place in range(len(self.roads)):
            if first + place >= at:
                arms.append(self._arm(place, first + place, values, limit))
        if not arms:
            return []
        together = " UNION ALL ".join(f"({arm})" for arm in arms)
        first_roads = f"SELECT DISTINCT ON (id) * FROM ({together}) a ORDER BY id, segment"  # noqa: S608
        text = f"SELECT * FROM ({first_roads}) f ORDER BY segment, key, id LIMIT %s"  # noqa: S608 - names of our own
        with connection.cursor() as cursor:
            cursor.execute(text, [*values, limit])
            return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]

    def _arm(self, place: int, segment: int, values: list, limit: int) -> str:
        """The rows of one segment; its values are added to ``values``.

        From the beginning, whom an earlier road leads to stands among its rows too and is left out of these: each
        arm holds a page, so that what is left fills it. After a place the earlier roads are not asked, and whom they
        lead to is left out by their conditions.
        """
        road = self.roads[place]
        where = [self._within(values, is_own=segment < len(self.roads)), road.condition]
        values += road.values
        for other in self.roads[:place] if "segment" in self.after else ():
            where.append(f"({other.condition}) IS NOT TRUE")
            values += other.values
        if self.after["recent"]:
            where.append("c.id <> ALL (%s)")
            values.append(self.after["recent"])
        key = f"c.{road.key}"
        if self.after.get("segment") == segment:
            where.append(f"({key}, c.id) > (%s, %s)")
            values += [self.after["key"], self.after["id"]]
        values.append(limit)
        return (
            f"SELECT c.id, {segment} AS segment, {key} AS key, {place} AS road"  # noqa: S608 - names of our own
            f" FROM customers_customer c WHERE {' AND '.join(where)} ORDER BY {key}, c.id LIMIT %s"
        )

    def _recent(self, values: list) -> str:
        """Those opened of late whom one of the roads leads to."""
        cases = " ".join(f"WHEN {road.condition} THEN {place}" for place, road in enumerate(self.roads))
        values += [value for road in self.roads for value in road.values]
        values.append(self.after["recent"])
        where = self._within(values, is_own=True)
        inner = (
            f"SELECT c.id, c.pinyin AS key, CASE {cases} END AS road"  # noqa: S608 - names of our own
            f" FROM customers_customer c WHERE c.id = ANY (%s) AND {where}"
        )
        text = f"SELECT id, {RECENT} AS segment, key, road FROM ({inner}) r WHERE road IS NOT NULL"  # noqa: S608
        if self.after.get("segment") == RECENT:
            text += " AND (key, id) > (%s, %s)"
            values += [self.after["key"], self.after["id"]]
        return text

    def _within(self, values: list, *, is_own: bool) -> str:
        """The rows that ``visible_to`` opens, within the own branches or outside them."""
        where = visible(self.scope)
        if not is_bound(self.scope):
            return where
        branches = sorted(self.scope.branch_ids)
        if len(branches) == 1:
            values += branches
            return f"{where} AND c.branch_id {'=' if is_own else '<>'} %s"
        values.append(branches)
        return f"{where} AND c.branch_id {'= ANY' if is_own else '<> ALL'} (%s)"
