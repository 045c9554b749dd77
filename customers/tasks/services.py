"""Deeds on tasks: open, finish, drop, put off, give to somebody else, take back; and what ends by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember, Unit
from branches.proposals import holds_a_number
from coopcrm.shared.errors import DomainError, Refused, require
from customers import registries
from customers.choices import TaskState
from customers.models import Customer, Household, Task
from customers.tasks import policies
from customers.tasks.kinds import kind_of
from customers.tasks.reasons import Reason

MOST_DAYS_PUT_OFF = 31
UNDO_DAYS = 7
ENDED_BY_ITSELF = gettext_noop("Its reason is gone.")


def without_numbers(words: str) -> str:
    """The words, which hold no number of a person: those are sealed and stand where they belong."""
    words = words.strip()
    if holds_a_number(words):
        raise Refused(
            _("Leave numbers of documents, phones and accounts out of the text; they stand in the record."),
            code="number_in_words",
        )
    return words


# -- Opening -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_task(
    *,
    branch: Unit,
    kind: str,
    reason: str | Reason,
    due_on: date,
    customer: Customer | None = None,
    household: Household | None = None,
    owner: StaffMember | None = None,
    post: str = "",
    source: str = "",
    key: str = "",
    by: StaffMember | None = None,
    on: date | None = None,
) -> Task:
    """Open a task; while one of the same ``source`` and ``key`` is open, that one is returned as it is.

    ``post`` says who does it when no ``owner`` is named or the owner leaves; by default the kind's. ``by`` is empty
    where a rule opens it. Raises ``Refused`` for an owner who does not work at ``branch``.
    """
    if by is not None:
        require(policies.may_open(by, branch), _("Tasks are opened at one's own branch."))
    if owner is not None and not policies.may_be_given(owner, branch.pk):
        raise Refused(_("%(name)s does not work at this unit.") % {"name": owner}, code="not_here")
    words = reason if isinstance(reason, Reason) else Reason(without_numbers(reason))
    if not words.text:
        raise Refused(_("Say what is to be done."), code="reason_missing")
    row = Task(
        branch=branch,
        customer=customer,
        household=household,
        kind=kind,
        reason=words.text[:300],
        reason_params=words.params,
        owner=owner,
        post=post or (owner.scope.main_post if owner else "") or kind_of(kind).post,
        due_on=due_on,
        source=source,
        key=key,
        opened_by=by,
        opened_on=on or timezone.localdate(),
    )
    if not source:
        row.save(force_insert=True)
        return row
    Task.objects.bulk_create([row], ignore_conflicts=True)
    return Task.objects.open().select_related("branch", "owner").get(source=source, key=key)


# -- Closing -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def finish_task(*, task: Task, by: StaffMember, on: date, outcome: str = "") -> Task:
    """The work is done; ``outcome`` says in words what came of it."""
    task = _open_and_locked(task, by)
    _refuse_if_ends_elsewhere(task)
    return _close(task, by, on, TaskState.DONE, without_numbers(outcome))


@transaction.atomic
def drop_task(*, task: Task, by: StaffMember, on: date, reason: str) -> Task:
    """The task is not done and need not be; the reason stays."""
    task, reason = _open_and_locked(task, by), without_numbers(reason)
    _refuse_if_ends_elsewhere(task)
    if not reason:
        raise Refused(_("Say why it need not be done."), code="reason_missing")
    return _close(task, by, on, TaskState.DROPPED, reason)


def _refuse_if_ends_elsewhere(task: Task) -> None:
    if kind_of(task.kind).ends_elsewhere:
        raise Refused(_("This task ends where its work is done: open it there."), code="ends_elsewhere")


def _close(task: Task, by: StaffMember, on: date, state: str, outcome: str) -> Task:
    task.state, task.outcome = state, outcome[:300]
    task.closed_on, task.closed_by, task.closed_at = on, by, timezone.now()
    task.save(update_fields=["state", "outcome", "closed_on", "closed_by", "closed_at"])
    return task


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(of=["self"]).select_related("branch", "owner").get(pk=task.pk)


def _open_and_locked(task: Task, by: StaffMember) -> Task:
    task = _locked(task)
    require(
        policies.may_work(by, task),
        _("Whoever the task names does it, or a director of the branch for them."),
    )
    if not task.is_open:
        raise Refused(_("This task was closed meanwhile."), code="closed_already")
    return task


@transaction.atomic
def undo_closing(*, task: Task, by: StaffMember, on: date) -> Task:
    """Open a task again that was closed by mistake, within a week."""
    task = _locked(task)
    require(
        policies.is_undoing(by, task),
        _("Whoever closed the task opens it again, or a director of the branch."),
    )
    if task.is_open:
        return task
    if on - task.closed_on > timedelta(days=UNDO_DAYS):
        raise Refused(_("It was closed more than a week ago. Open a new task."), code="too_late")
    task.state, task.outcome = TaskState.OPEN, ""
    task.closed_on, task.closed_by, task.closed_at = None, None, None
    try:
        with transaction.atomic():
            task.save(update_fields=["state", "outcome", "closed_on", "closed_by", "closed_at"])
    except IntegrityError as clash:
        raise Refused(_("The same task has been opened anew meanwhile."), code="opened_anew") from clash
    return task


# -- Passing on --------------------------------------------------------------------------------------------------------


@transaction.atomic
def snooze_task(*, task: Task, by: StaffMember, until: date, on: date) -> Task:
    """Put a task off: till that day it does not stand in the way. The day it is due stays."""
    task = _open_and_locked(task, by)
    if not kind_of(task.kind).may_snooze:
        raise Refused(_("This kind of task cannot be put off."), code="not_put_off")
    if not on < until <= on + timedelta(days=MOST_DAYS_PUT_OFF):
        raise Refused(
            _("Put it off to a day after today, at most %(days)s days ahead.") % {"days": MOST_DAYS_PUT_OFF},
            code="bad_day",
        )
    task.snoozed_until = until
    task.save(update_fields=["snoozed_until"])
    return task


@transaction.atomic
def reassign_task(*, task: Task, by: StaffMember, owner: StaffMember | None = None, post: str = "") -> Task:
    """Give a task to a colleague, or to whoever holds a post at the unit."""
    task = _open_and_locked(task, by)
    require(policies.may_give(by, task), _("Whoever the task names gives it to somebody else."))
    if owner is None and not post:
        raise Refused(_("Say who does it from now on."), code="nobody_named")
    if owner is not None and not policies.may_be_given(owner, task.branch_id):
        raise Refused(_("%(name)s does not work at this unit.") % {"name": owner}, code="not_here")
    task.owner, task.post = owner, post or task.post
    task.snoozed_until = None
    task.save(update_fields=["owner", "post", "snoozed_until"])
    return task


def each(tasks: Iterable[Task], deed: Callable[[Task], Task]) -> tuple[int, list[str]]:
    """Do one deed on many tasks, each for itself; returns how many were done and what was refused, in words."""
    done, refused = 0, []
    for task in tasks:
        try:
            with transaction.atomic():
                deed(task)
        except DomainError as refusal:
            refused.append(str(refusal))
        else:
            done += 1
    return done, refused


# -- By itself ---------------------------------------------------------------------------------------------------------

LEFT_BEHIND = """
    UPDATE customers_task t SET owner_id = NULL, snoozed_until = NULL
    WHERE t.state = 'open' AND t.owner_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM branches_post p JOIN branches_unit u ON u.id = p.unit_id
            JOIN branches_staffmember s ON s.id = p.staff_id
        WHERE p.staff_id = t.owner_id AND s.is_active
            AND (t.branch_id = u.id OR (t.branch_id = u.parent_id AND u.kind <> 'branch'))
            AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s)
    )
"""


def release_left_behind(*, on: date) -> int:
    """Tasks of people who hold no post at the unit any more fall to the post; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_BEHIND, {"on": on})
        return cursor.rowcount


@transaction.atomic
def move_tasks(*, to: Unit, household: Household | None = None, people: Iterable[int] = ()) -> int:
    """Let open tasks go with a household and its people to another branch; returns how many.

    Who had them does not work there: whoever holds the post does them. What ends elsewhere (a complaint) stays with
    the branch that owes the answer. Called before the household itself passes.
    """
    staying = [code for code, kind in registries.task_kinds.items() if kind.ends_elsewhere]
    about = Q(customer__in=list(people))
    if household is not None:
        about |= Q(household=household)
    rows = Task.objects.open().filter(about).exclude(kind__in=staying).exclude(branch=to)
    return rows.update(branch=to, owner=None, snoozed_until=None)


def settle_tasks(*, as_of: date, branch: Unit | None = None, households: Iterable[int] | None = None) -> int:
    """Close the tasks whose reason is gone, kind by kind and set-based; returns how many.

    Of one branch, about some households, or all.
    """
    number, rows = 0, Task.objects.open()
    if branch is not None:
        rows = rows.filter(branch=branch)
    if households is not None:
        rows = rows.filter(household__in=list(households))
    open_kinds = set(
        rows.values_list("kind", flat=True).distinct()
    )  # mostly none: one look instead of one a kind
    for code, kind in registries.task_kinds.items():
        if kind.settled is None or code not in open_kinds:
            continue
        gone = kind.settled(rows.filter(kind=code), as_of)
        number += (
            Task.objects.open()
            .filter(pk__in=gone.values("pk"))
            .update(state=TaskState.DONE, outcome=ENDED_BY_ITSELF, closed_on=as_of, closed_at=timezone.now())
        )
    return number
