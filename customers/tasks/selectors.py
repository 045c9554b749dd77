"""Reads of tasks: whose, when, about whom; each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.choices import PostCode, UnitKind
from branches.models import Post, StaffMember, Unit
from branches.selectors import posts_on
from customers import registries, selectors
from customers.choices import TaskState
from customers.models import Customer, Household, Phone, Task
from customers.policies import DIRECTORS, UNION_DESKS
from customers.tasks import policies
from customers.tasks.kinds import kind_of

MINE, POST, BRANCH = "mine", "post", "branch"
CARD = 8

WHOSE = {
    MINE: gettext_lazy("Mine"),
    POST: gettext_lazy("My post's"),
    BRANCH: gettext_lazy("My branch's"),
}
WHEN = {
    "": gettext_lazy("any day"),
    "late": gettext_lazy("late"),
    "today": gettext_lazy("until today"),
    "week": gettext_lazy("until in a week"),
    "snoozed": gettext_lazy("put off"),
}
STATES = {
    TaskState.OPEN: pgettext_lazy("state of a task", "Open"),
    TaskState.DONE: pgettext_lazy("state of a task", "Done"),
    TaskState.DROPPED: pgettext_lazy("state of a task", "Dropped"),
}


@dataclass(frozen=True)
class TaskLine:
    """A task as a list shows it to one person."""

    task: Task
    about: str
    url: str
    label: Any
    icon: str
    whose: str
    is_late: bool
    is_put_off: bool
    may_work: bool
    may_undo: bool
    may_snooze: bool = True
    ends_elsewhere: bool = False
    action: tuple[Any, str] | None = None
    caller: Customer | None = None
    phone_pk: int | None = None


def sees_branch_queue(staff: StaffMember) -> bool:
    """Directors look after the tasks of the whole branch; the union's desks and audit of all branches."""
    return staff.scope.holds(*DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def tabs_of(staff: StaffMember) -> list[str]:
    """The lists a person has, the own first."""
    if not policies.may_open_somewhere(staff):
        return [BRANCH]
    return [MINE, POST, BRANCH] if sees_branch_queue(staff) else [MINE, POST]


def tasks_of(staff: StaffMember, whose: str) -> QuerySet[Task]:
    """Tasks of a person by name, of the posts they hold, or of their branches."""
    rows = Task.objects.visible_to(staff)
    if whose == MINE:
        return rows.of_person(staff)
    if whose == POST:
        return rows.of_posts(staff)
    return rows


def narrowed(rows: QuerySet[Task], *, state: str, when: str, kind: str, today: date) -> QuerySet[Task]:
    """Tasks of a state, of a kind, due when; open ones that are put off only where they are asked for."""
    if kind:
        rows = rows.filter(kind=kind)
    if state != TaskState.OPEN:
        return rows.filter(state=state)
    rows = rows.open()
    if when == "snoozed":
        return rows.filter(snoozed_until__gt=today)
    rows = rows.awake(today)
    if when == "late":
        return rows.filter(due_on__lt=today)
    if when == "today":
        return rows.filter(due_on__lte=today)
    if when == "week":
        return rows.filter(due_on__lte=today + timedelta(days=7))
    return rows


def with_people(rows: QuerySet[Task]) -> QuerySet[Task]:
    """With everything a line shows, in one query; ``phone_pk`` is a phone of whom it is about."""
    phones = Phone.objects.filter(customer=OuterRef("person"), valid_to=None).order_by("pk").values("pk")[:1]
    rows = rows.annotate(person=Coalesce("customer", "household__head")).annotate(phone_pk=Subquery(phones))
    return rows.select_related(
        "branch",
        "owner",
        "opened_by",
        "closed_by",
        "customer",
        "household__head",
    )


def line_of(staff: StaffMember, task: Task, today: date) -> TaskLine:
    """What a person is shown of a task; asks the database nothing."""
    kind = kind_of(task.kind)
    about, url = about_of(staff, task)
    return TaskLine(
        task=task,
        about=about,
        url=url,
        label=kind.label,
        icon=kind.icon,
        whose=str(task.owner) if task.owner_id else str(PostCode(task.post).label),
        is_late=task.is_late(today),
        is_put_off=task.snoozed_until is not None and task.snoozed_until > today,
        may_work=task.is_open and policies.may_work(staff, task),
        may_undo=not task.is_open and policies.is_undoing(staff, task),
        may_snooze=kind.may_snooze,
        ends_elsewhere=kind.ends_elsewhere,
        action=kind.action(task) if kind.action and task.is_open else None,
        caller=task.customer or (task.household.head if task.household else None),
        phone_pk=task.phone_pk if kind.calls and task.is_open else None,
    )


def lines_of(staff: StaffMember, rows: Iterable[Task], today: date) -> list[TaskLine]:
    """Lines of a list."""
    return [line_of(staff, task, today) for task in rows]


def about_of(staff: StaffMember, task: Task) -> tuple[str, str]:
    """Whom it is about as this person may read it, and the page that shows them."""
    if task.customer is not None:
        return selectors.name_for(staff, task.customer), reverse(
            "customers:customer", args=[task.customer_id]
        )
    if task.household is not None:
        head = task.household.head
        name = selectors.name_for(staff, head) if head else str(task.household)
        return name, reverse("customers:household", args=[task.household_id])
    return "", ""


def kinds_shown() -> list[tuple[str, Any]]:
    """Kinds that may stand in a list, by label."""
    kinds = [(code, kind.label) for code, kind in registries.task_kinds.items()]
    return sorted(kinds, key=lambda entry: str(entry[1]))


# -- About somebody ----------------------------------------------------------------------------------------------------


def tasks_about(staff: StaffMember, customer: Customer | None, household: Household | None) -> QuerySet[Task]:
    """Open tasks about a person and their household, the most urgent first."""
    about = Q(pk__in=[])
    if customer is not None:
        about |= Q(customer=customer)
    if household is not None:
        about |= Q(household=household)
    return with_people(Task.objects.visible_to(staff).open().filter(about)).order_by("due_on", "pk")


# -- Who could do it ---------------------------------------------------------------------------------------------------


def working_posts(unit: Unit, on: date) -> QuerySet[Post]:
    """Posts with tasks at a unit and below it; the branches are not below the union here."""
    places = Q(unit=unit)
    if unit.kind != UnitKind.UNION:
        places |= Q(unit__parent=unit)
    return posts_on(on).filter(places, code__in=policies.WORKING)


def colleagues(unit: Unit, on: date) -> QuerySet[StaffMember]:
    """Who works at a unit in a post that has tasks."""
    held = working_posts(unit, on).values("staff")
    return StaffMember.objects.filter(pk__in=held, is_active=True).order_by("full_name", "pk")


def posts_held(unit: Unit, on: date) -> list[str]:
    """Posts with tasks that somebody holds at a unit, in the order of their codes."""
    found = set(working_posts(unit, on).values_list("code", flat=True))
    return [code for code in PostCode.values if code in found]
