"""Reads of staff: who holds which post when, who stands in, whose rotation is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches import policies, rotation
from branches.choices import UnitKind
from branches.models import Post, RotationRule, StaffMember, Unit, in_force
from branches.selectors.days import days_off
from coopcrm.shared.prepared import Prepared


def branches_of(staff: StaffMember) -> QuerySet[Unit]:
    """Branches whose rows the person works with; all of them for head office and audit."""
    branches = Unit.objects.filter(kind=UnitKind.BRANCH)
    return branches if staff.scope.sees_union else branches.filter(pk__in=staff.scope.branch_ids)


WORKING = (
    "SELECT {columns} FROM branches_unit"
    " WHERE kind = 'branch' AND (%(all)s OR id = ANY (%(ids)s)) ORDER BY code"
)


def working_branches(staff: StaffMember) -> dict[int, Unit]:
    """What ``branches_of`` finds, by id and in the order of codes; every registration asks for it."""
    statement, columns = _working()
    rows = statement.rows(all=staff.scope.sees_union, ids=list(staff.scope.branch_ids))
    return {row[0]: Unit.from_db(DEFAULT_DB_ALIAS, columns, row) for row in rows}


@cache
def _working() -> tuple[Prepared, list[str]]:
    columns = [field.attname for field in Unit._meta.concrete_fields]
    return Prepared(WORKING.format(columns=", ".join(columns))), columns


def posts_on(day: date) -> QuerySet[Post]:
    """Posts in force on a day."""
    return Post.objects.filter(in_force(day))


def staff_at(unit: Unit, day: date | None = None) -> list[Post]:
    """Posts held on a day at a unit and at the units below it."""
    below = Q(unit=unit) | Q(unit__parent=unit)
    rows = posts_on(day or timezone.localdate()).filter(below)
    return list(
        rows.select_related("staff", "unit", "stands_in_for").order_by("unit__code", "code", F("staff"))
    )


def staff_list(
    *, typed: str = "", unit: Unit | None = None, code: str = "", which: str = "now"
) -> QuerySet[StaffMember]:
    """Staff by sign-in name, with the posts of today: ``which`` is now, without (a post) or all."""
    today = timezone.localdate()
    rows = StaffMember.objects.all()
    posts = posts_on(today)
    if unit is not None:
        posts = posts.filter(Q(unit=unit) | Q(unit__parent=unit))
    if code:
        posts = posts.filter(code=code)
    if which == "without":
        rows = rows.exclude(pk__in=posts_on(today).values("staff"))
    elif which == "now" or unit is not None or code:
        rows = rows.filter(pk__in=posts.values("staff"))
    if typed := typed.strip():
        matches = (
            Q(full_name__icontains=typed) | Q(username__istartswith=typed) | Q(employee_no__iexact=typed)
        )
        rows = rows.filter(matches)
    held = posts_on(today).select_related("unit", "stands_in_for").order_by("unit__code", "code")
    return rows.prefetch_related(Prefetch("posts", held, to_attr="posts_today"))


def page_of_staff(rows: QuerySet[StaffMember], after: str, size: int) -> dict:
    """A page of staff by sign-in name; the cursor is the last name shown."""
    rows = rows.order_by("username")
    if after:
        rows = rows.filter(username__gt=after[:60].replace("\x00", ""))
    found = list(rows[: size + 1])
    return {"rows": found[:size], "after": found[size - 1].username if len(found) > size else ""}


@dataclass
class PostState:
    """A post with what may be said of it today; the page notes who may end it."""

    post: Post
    state: str
    last_day: date | None
    may_end: bool = False

    @property
    def tone(self) -> str:
        return {"now": "ok", "later": "info", "past": "neutral", "dropped": "neutral"}[self.state]

    @property
    def words(self) -> str:
        words = {
            "now": _("held now"),
            "later": _("begins later"),
            "past": _("ended"),
            "dropped": _("called off"),
        }
        return str(words[self.state])


def posts_of(member: StaffMember, today: date) -> list[PostState]:
    """All posts of a person, latest first."""
    rows = member.posts.select_related("unit", "stands_in_for", "proposed_by", "confirmed_by")
    return [_with_state(post, today) for post in rows.order_by("-valid_from", "-pk")]


def _with_state(post: Post, today: date) -> PostState:
    last = post.valid_to - timedelta(days=1) if post.valid_to else None
    if post.valid_to == post.valid_from:
        return PostState(post, "dropped", None)
    if post.is_held_on(today):
        return PostState(post, "now", last)
    return PostState(post, "later" if post.valid_from > today else "past", last)


def stand_ins_for(member: StaffMember, today: date) -> list[PostState]:
    """Who stood in, stands in or will stand in for a person, latest first."""
    rows = Post.objects.filter(stands_in_for=member).select_related("unit", "staff").order_by("-valid_from")
    return [_with_state(post, today) for post in rows[:20]]


# -- Rotation ----------------------------------------------------------------------------------------------------------

WORDS = {
    rotation.ROTATE: _("rotate to another post or other villages"),
    rotation.MOVE: _("move to another branch or post"),
    rotation.LEAVE: _("leave with a stand-in"),
}
TONES = {rotation.OVERDUE: "danger", rotation.SOON: "warn", rotation.LATER: "neutral", rotation.DONE: "ok"}
STATES = {
    rotation.OVERDUE: _("overdue"),
    rotation.SOON: _("due soon"),
    rotation.LATER: _("later"),
    rotation.DONE: _("taken"),
}
URGENCY = (rotation.OVERDUE, rotation.SOON, rotation.LATER, rotation.DONE)


@dataclass(frozen=True)
class DutyLine:
    """A duty in words."""

    duty: rotation.Duty
    wanted_days: int

    @property
    def words(self) -> str:
        return str(WORDS[self.duty.kind])

    @property
    def tone(self) -> str:
        return TONES[self.duty.state]

    @property
    def state_words(self) -> str:
        return str(STATES[self.duty.state])

    @property
    def is_leave(self) -> bool:
        return self.duty.kind == rotation.LEAVE


@dataclass(frozen=True)
class RotationLine:
    """A post with what rotation asks of its holder."""

    post: Post
    duties: list[DutyLine]

    @property
    def state(self) -> str:
        return rotation.worst(line.duty for line in self.duties)

    @property
    def can_extend(self) -> bool:
        """Whether a reason would give the rotation more time."""
        return any(line.duty.can_wait_until for line in self.duties) and not self.post.extended_because


def rotation_rules(day: date) -> dict[str, RotationRule]:
    """Rules in force by post."""
    return {row.code: row for row in RotationRule.objects.filter(in_force(day))}


def rotation_lines(staff: StaffMember, today: date, *, everybody: bool = False) -> list[RotationLine]:
    """Posts with rotation duties that ``staff`` watches, the most pressing first, in five queries.

    Without ``everybody`` only those with something overdue or due soon.
    """
    posts = posts_on(today).filter(stands_in_for=None)
    if not policies.sees_all_rotation(staff):
        ids = staff.scope.branch_ids
        posts = posts.filter(Q(unit__in=ids) | Q(unit__parent__in=ids))
    lines = lines_for(list(posts.select_related("staff", "unit").order_by("unit__code", "code")), today)
    if not everybody:
        lines = [line for line in lines if URGENCY.index(line.state) < URGENCY.index(rotation.LATER)]
    return sorted(lines, key=lambda line: (URGENCY.index(line.state), line.duties[0].duty.due_on))


def lines_for(posts: list[Post], today: date) -> list[RotationLine]:
    """Duties of the holders of these posts, in four queries."""
    rules = rotation_rules(today)
    posts = [post for post in posts if post.code in rules and post.stands_in_for_id is None]
    people = {post.staff_id for post in posts}
    held: dict[int, list[rotation.Held]] = {}
    own = Post.objects.filter(staff__in=people, stands_in_for=None).exclude(valid_to=F("valid_from"))
    for row in own.select_related("unit"):
        held.setdefault(row.staff_id, []).append(_held(row))
    absences = _absences(people, today)
    off = days_off(date(today.year, 1, 1), date(today.year, 12, 31))
    lines = []
    for post in posts:
        rule = rules[post.code]
        found = rotation.duties(
            _held(post),
            held[post.staff_id],
            absences.get(post.staff_id, []),
            rotation.Rule(rule.years, rule.years_with_reason, rule.years_at_branch, rule.leave_days),
            today,
            holidays=off.holidays,
            extra_workdays=off.extra_workdays,
        )
        if found:
            lines.append(RotationLine(post, [DutyLine(duty, rule.leave_days) for duty in found]))
    return lines


def _held(post: Post) -> rotation.Held:
    branch = post.unit.branch_id_of
    return rotation.Held(
        post.code, post.unit_id, branch, post.valid_from, post.valid_to, bool(post.extended_because)
    )


def _absences(people: Iterable[int], today: date) -> dict[int, list[tuple[date, date]]]:
    """First and last days on which somebody stood in, by person, of this year."""
    found: dict[int, list[tuple[date, date]]] = {}
    rows = Post.objects.filter(stands_in_for__in=people, valid_to__gte=date(today.year, 1, 1))
    rows = rows.exclude(valid_to=F("valid_from"))
    for absent, start, end in rows.values_list("stands_in_for", "valid_from", "valid_to"):
        found.setdefault(absent, []).append((start, end - timedelta(days=1)))
    return found
