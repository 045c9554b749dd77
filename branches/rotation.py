"""Job rotation and forced leave (handbook §7): what is due when, from dated posts. No database, no clock.

Worked by hand. Loan officers rotate after 3 years, 4 with a reason, and change branch or post after 8; leave is 5
working days in a row. A loan officer in the same post at the same unit since 2023-05-01, at that branch since
2019-05-01, without leave in 2026, looked at on 2026-11-20: rotation was due on 2026-05-01 and is OVERDUE (with a
reason it would be due on 2027-05-01: SOON), the branch is due on 2027-05-01 (SOON), leave until 2026-12-31 (SOON).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from branches.opening import working_days_between
from coopcrm.shared.periods import add_months

ROTATE, MOVE, LEAVE = "ROTATE", "MOVE", "LEAVE"
OVERDUE, SOON, LATER, DONE = "OVERDUE", "SOON", "LATER", "DONE"
SOON_MONTHS = 6
LEAVE_SOON_MONTHS = 3


@dataclass(frozen=True)
class Rule:
    """Years in one post, with a reason, at one branch in the post; working days of leave in a row each year."""

    years: int | None = None
    years_with_reason: int | None = None
    years_at_branch: int | None = None
    leave_days: int = 0


@dataclass(frozen=True)
class Held:
    """A post as rotation sees it: what, at which unit of which branch, from when until when (half-open)."""

    code: str
    unit: int
    branch: int | None
    start: date
    end: date | None = None
    has_reason: bool = False


@dataclass(frozen=True)
class Duty:
    """One thing that is due: ROTATE within the union, MOVE to another branch or post, LEAVE this year."""

    kind: str
    due_on: date
    state: str
    can_wait_until: date | None = None
    days_taken: int = 0


def duties(
    post: Held,
    posts: Iterable[Held],
    absences: Iterable[tuple[date, date]],
    rule: Rule,
    as_of: date,
    *,
    holidays: frozenset[date] = frozenset(),
    extra_workdays: frozenset[date] = frozenset(),
) -> list[Duty]:
    """What the holder of ``post`` has to do, soonest first.

    ``posts`` are all of the person's own posts (without stand-ins), ``absences`` the periods (first and last day)
    in which somebody stood in for them.
    """
    found = []
    if rule.years:
        found.append(_rotation(post, rule, as_of))
    if rule.years_at_branch and post.branch is not None:
        due = add_months(_at_branch_since(post, posts), 12 * rule.years_at_branch)
        found.append(Duty(MOVE, due, _state(due, as_of, SOON_MONTHS)))
    if rule.leave_days:
        found.append(_leave(absences, rule.leave_days, as_of, holidays, extra_workdays))
    return sorted(found, key=lambda duty: (duty.state == DONE, duty.due_on))


def _rotation(post: Held, rule: Rule, as_of: date) -> Duty:
    """Rotation runs from the first day of the post; a recorded reason gives a year more.

    A rotation inside the unit (other villages) is written as the end of the post and its beginning anew.
    """
    first = add_months(post.start, 12 * rule.years)
    longest = add_months(post.start, 12 * (rule.years_with_reason or rule.years))
    due = longest if post.has_reason else first
    return Duty(ROTATE, due, _state(due, as_of, SOON_MONTHS), longest if longest > due else None)


def _at_branch_since(post: Held, posts: Iterable[Held]) -> date:
    """The first day of the unbroken time in this post at this branch, over all its units."""
    start = post.start
    same = [one for one in posts if one.code == post.code and one.branch == post.branch]
    for one in sorted(same, key=lambda one: one.start, reverse=True):
        if one.start < start and (one.end is None or one.end >= start):
            start = one.start
    return start


def _leave(
    absences: Iterable[tuple[date, date]],
    wanted: int,
    as_of: date,
    holidays: frozenset[date],
    extra_workdays: frozenset[date],
) -> Duty:
    """The longest absence of the year with a stand-in counts; it has to be taken by the end of the year."""
    first, last = date(as_of.year, 1, 1), date(as_of.year, 12, 31)
    taken = max(
        (
            working_days_between(max(start, first), min(end, last), holidays, extra_workdays)
            for start, end in absences
            if start <= last and end >= first
        ),
        default=0,
    )
    state = DONE if taken >= wanted else _state(last + timedelta(days=1), as_of, LEAVE_SOON_MONTHS)
    return Duty(LEAVE, last, state, days_taken=taken)


def _state(due: date, as_of: date, soon_months: int) -> str:
    if as_of >= due:
        return OVERDUE
    return SOON if add_months(as_of, soon_months) >= due else LATER


def worst(found: Iterable[Duty]) -> str:
    """The most pressing state among duties, LATER when there is none."""
    order = (OVERDUE, SOON, LATER, DONE)
    return min((duty.state for duty in found), key=order.index, default=LATER)
