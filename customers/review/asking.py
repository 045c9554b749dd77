"""Asking at the next contact: what only the person can say, asked without telling anything of the other one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import BigIntegerField, CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from branches.choices import PostCode
from branches.models import in_force
from customers import registries
from customers.choices import ReviewState, TaskState
from customers.models import Customer, Household, ReviewPair, Task
from customers.tasks.reasons import Reason
from customers.tasks.services import open_task

KIND, SOURCE = "ask_for_review", "review.pair"
DAYS = 90
REASON = gettext_noop("Ask at the next contact, so that a possible duplicate can be settled.")

QUESTIONS = {
    "number": gettext_lazy("May I see your identity card? We compare every character of the number."),
    "phone": gettext_lazy("Which phone numbers have you had with us?"),
    "birth": gettext_lazy("When were you born, by the card?"),
    "place": gettext_lazy("In which villages and groups have you lived?"),
    "spouse": gettext_lazy("Whom are you married to, or were before?"),
    "name": gettext_lazy("Have you another name, or is your name written in another way?"),
    "accounts": gettext_lazy("At which of our branches have you an account or a passbook?"),
}
AGREES = {
    "number": ("equal",),
    "phone": ("mobile",),
    "birth": ("day",),
    "place": ("group", "village"),
    "spouse": ("equal",),
    "name": ("equal",),
}


def questions_for(levels: dict[str, str]) -> list[str]:
    """Codes of what to ask: every kind of evidence that does not agree or is not known, the telling ones first."""
    open_points = [code for code, same in AGREES.items() if levels.get(code) not in same]
    return [code for code in QUESTIONS if code in open_points][:3] or ["accounts"]


def open_question(pair: ReviewPair, on: date) -> Task:
    """Open the task at the one of the two whom we may sooner meet: whose branch knows them best."""
    customer = _whom_to_ask(pair)
    membership = customer.memberships.filter(in_force(on)).select_related("household").first()
    return open_task(
        branch=customer.branch,
        kind=KIND,
        reason=Reason(REASON, {"questions": questions_for(pair.levels), "pair": pair.pk}),
        due_on=on + timedelta(days=DAYS),
        customer=customer,
        household=membership.household if membership else None,
        source=SOURCE,
        key=str(pair.pk),
        on=on,
    )


def _whom_to_ask(pair: ReviewPair) -> Customer:
    sides = [side.merged_into or side for side in (pair.first, pair.second)]
    return next((side for side in sides if side.branch_id == pair.branch_id), sides[0])


def drop_question(pair: ReviewPair, on: date) -> None:
    """Nothing is to be asked any more."""
    rows = Task.objects.open().filter(source=SOURCE, key=str(pair.pk))
    rows.update(state=TaskState.DONE, closed_on=on, closed_at=timezone.now())


def settled(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Open tasks whose pair has been decided or stands in the queue again."""
    pair = ReviewPair.objects.filter(pk=Cast(OuterRef("key"), BigIntegerField()))
    return tasks.filter(Exists(pair.exclude(state=ReviewState.LATER)))


def wake_answered() -> int:
    """Pairs whose question has been asked stand in the queue again; returns how many."""
    asked = Task.objects.open().filter(source=SOURCE, key=Cast(OuterRef("pk"), CharField()))
    waiting = ReviewPair.objects.filter(state=ReviewState.LATER).exclude(Exists(asked))
    return waiting.update(state=ReviewState.OPEN)


def words_of(task: Task) -> list[str]:
    """What a task asks, in sentences."""
    return [str(QUESTIONS[code]) for code in task.reason_params.get("questions", []) if code in QUESTIONS]


def asked_of(customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """By customer what is to be asked of them, in sentences; one query."""
    found: dict[int, list[str]] = {}
    tasks = Task.objects.open().filter(kind=KIND, customer__in=list(customer_ids)).order_by("pk")
    for task in tasks.only("customer", "reason_params"):
        kept = found.setdefault(task.customer_id, [])
        kept += [words for words in words_of(task) if words not in kept]
    return found


def asked_at_home(household: Household, on: date) -> list[tuple[Customer, list[str]]]:
    """Whom of a household to ask what, for the visit."""
    begun = Q(customer__memberships__valid_from__lte=on)
    lives = begun & (Q(customer__memberships__valid_to=None) | Q(customer__memberships__valid_to__gt=on))
    tasks = Task.objects.open().filter(lives, kind=KIND, customer__memberships__household=household)
    return [(task.customer, words_of(task)) for task in tasks.select_related("customer").order_by("pk")]


def _pair_of(task: Task) -> tuple[Any, str] | None:
    pair = task.reason_params.get("pair")
    return (_("Decide"), reverse("customers:review-pair", args=[pair])) if pair else None


def register() -> None:
    """Put the kind of task into place."""
    registries.task_kinds.register(
        KIND,
        registries.TaskKind(
            gettext_lazy("Ask for the review"),
            "help-circle",
            PostCode.CUSTOMER_MANAGER,
            settled=settled,
            action=_pair_of,
        ),
    )
