"""What the life of a household leaves to do: look at the household again, choose a head, look at a paper."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from branches.choices import PostCode
from customers.choices import DocumentState, Relation
from customers.homes.choices import EventKind
from customers.models import Household, HouseholdEvent, Marriage, Membership, Task
from customers.registries import TaskKind, task_kinds
from customers.tasks.reasons import Reason
from customers.tasks.services import open_task

REVIEW, HEAD, PAPER = "home_review", "home_head", "home_paper"
ASKING = frozenset({"asks_review", "look_at_paper"})
"""What an event leaves to do whatever became of the head."""
REVIEW_DAYS, HEAD_DAYS, PAPER_DAYS = timedelta(days=30), timedelta(days=14), timedelta(days=30)

WHY_REVIEW = gettext_noop("Look at the household again after a change; its line is frozen until then.")
WHY_HEAD = gettext_noop("The household has no head; the family chooses one.")
WHY_PAPER = gettext_noop("Look at the marriage certificate; its number could not be checked.")


def _page(task: Task) -> tuple[str, str]:
    return _("Open the household"), reverse("customers:household", args=[task.household_id])


def register() -> None:
    """Put the kinds of tasks of this room into place."""
    common = {"may_snooze": True, "action": _page}
    director, officer, cashier = PostCode.DIRECTOR, PostCode.LOAN_OFFICER, PostCode.CASHIER
    task_kinds.register(
        REVIEW, TaskKind(_("Review a household"), "eye", director, settled=reviewed, **common)
    )
    task_kinds.register(HEAD, TaskKind(_("Choose a head"), "users", officer, settled=has_head, **common))
    task_kinds.register(
        PAPER, TaskKind(_("Look at a certificate"), "file-text", cashier, settled=paper_seen, **common)
    )


# -- What is settled ---------------------------------------------------------------------------------------------------


def reviewed(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Tasks whose household no unreviewed event waits for any more."""
    later = HouseholdEvent.objects.filter(
        household=OuterRef("household"), kind=EventKind.REVIEWED, pk__gt=OuterRef("pk")
    )
    waiting = HouseholdEvent.objects.filter(
        ~Exists(later), household=OuterRef("household"), changes__has_key="asks_review", undone_by=None
    )
    return tasks.filter(~Exists(waiting))


def has_head(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Tasks whose household has a head again, or nobody left."""
    stays = Membership.objects.filter(household=OuterRef("household"), valid_to=None)
    return tasks.filter(Exists(stays.filter(relation=Relation.HEAD)) | ~Exists(stays))


def paper_seen(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Tasks about marriages whose certificate stands by now, or that are no longer in force."""
    waiting = Marriage.objects.filter(state=DocumentState.UNVERIFIED, valid_to=None)
    keys = [str(pk) for pk in waiting.filter(pk__in=_numbers(tasks)).values_list("pk", flat=True)]
    return tasks.exclude(key__in=keys)


def _numbers(tasks: QuerySet[Task]) -> list[int]:
    return [int(key) for key in tasks.values_list("key", flat=True) if key.isdigit()]


# -- Opening -----------------------------------------------------------------------------------------------------------


def ask(events: list[HouseholdEvent], *, as_of: date) -> None:
    """Open the tasks that events leave behind; each once while it is open."""
    households = Household.objects.select_related("branch", "head").in_bulk(
        [event.household_id for event in events]
    )
    for event in events:
        household, changes = households[event.household_id], event.changes
        stands = household.valid_to is None
        if stands and changes.get("asks_review"):
            _open(household, REVIEW, WHY_REVIEW, key=household.pk, due_on=as_of + REVIEW_DAYS, on=as_of)
        if stands and "head" in changes and household.head_id is None:
            _open(household, HEAD, WHY_HEAD, key=household.pk, due_on=as_of + HEAD_DAYS, on=as_of)
        if changes.get("look_at_paper"):
            marriage = changes["marriage"]
            _open(household, PAPER, WHY_PAPER, key=marriage, due_on=as_of + PAPER_DAYS, on=as_of)


def _open(household: Household, kind: str, why: str, *, key: int, due_on: date, on: date) -> None:
    open_task(
        branch=household.branch,
        kind=kind,
        reason=Reason(why),
        due_on=due_on,
        household=household,
        customer=household.head,
        source=f"homes.{kind}",
        key=str(key),
        on=on,
    )
