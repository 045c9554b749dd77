"""What a person's posts open today: which rows, in which units, in which capacity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from branches.choices import PostCode, UnitKind

if TYPE_CHECKING:
    from branches.models import StaffMember

UNION_POSTS = frozenset(
    {
        PostCode.UNION_CREDIT,
        PostCode.UNION_RISK,
        PostCode.UNION_COMMITTEE,
        PostCode.HEAD_OFFICE,
        PostCode.AUDITOR,
    }
)

HELD = """
SELECT p.code, p.unit_id, u.kind, u.parent_id
FROM branches_post p JOIN branches_unit u ON u.id = p.unit_id
WHERE p.staff_id = %(staff)s AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s)
"""
"""The posts of a day; ``branches.signin.sessions`` reads those of whoever is signed in with the session."""


@dataclass(frozen=True)
class Scope:
    """Posts and branches of one person on one day.

    ``branch_ids`` are the branches (信用社) whose rows the person works with; ``sees_union`` opens all of them.
    An administrator manages units and staff and sees no customer's business.
    """

    posts: frozenset[str] = field(default_factory=frozenset)
    branch_ids: frozenset[int] = field(default_factory=frozenset)
    unit_ids: frozenset[int] = field(default_factory=frozenset)
    sees_union: bool = False

    def holds(self, *codes: str) -> bool:
        """Whether the person holds one of these posts today."""
        return not self.posts.isdisjoint(codes)

    @property
    def main_post(self) -> str:
        """The post that decides the person's home page: the first in the order of ``PostCode``, or empty."""
        return next((code for code in PostCode.values if code in self.posts), "")


def scope_for(staff: StaffMember, on: date | None = None) -> Scope:
    """Read the posts that ``staff`` holds on a day (today when not given) in one query."""
    on = on or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"staff": staff.pk, "on": on})
        return scope_of(cursor.fetchall())


def scope_of(rows: Iterable[Sequence]) -> Scope:
    """What posts open; each row is the code of a post, its unit, the unit's kind and the unit above it."""
    posts, branches, units, union = set(), set(), set(), False
    for code, unit_id, kind, parent_id in rows:
        posts.add(code)
        units.add(unit_id)
        if kind == UnitKind.BRANCH:
            branches.add(unit_id)
        elif kind != UnitKind.UNION:
            branches.add(parent_id)
        union = union or code in UNION_POSTS
    return Scope(frozenset(posts), frozenset(branches), frozenset(units), union)
