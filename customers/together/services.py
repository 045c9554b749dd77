"""Deeds on many customers: a short run is done at once, a long one by workers; both are written down as a job.

The job holds ids, codes and days alone. What a person writes about the tasks stands in the first of them, and the
others are opened like it. ``remember`` keeps, order by order, whom a run has changed, so that it can be taken back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared import work
from coopcrm.shared.errors import DomainError, Refused, require
from coopcrm.shared.models import Job, OrderState
from coopcrm.shared.work import NewOrder, Work, handles
from customers.choices import TaskState
from customers.models import Customer, CustomerTag, Tag, Task
from customers.tags import services as tags
from customers.tasks import services as tasks
from customers.together import policies

HANG, TAKE_DOWN, TASK, BACK = "together.hang", "together.take_down", "together.task", "together.back"
MOST = 5_000
"""Customers of the largest run; the list is narrowed for more."""
AT_ONCE = 50
"""A run of so many is done while the person waits."""
IN_AN_ORDER = 200
TITLES = {
    HANG: gettext_noop("Hang “%(tag)s” on %(number)s customers"),
    TAKE_DOWN: gettext_noop("Take “%(tag)s” down from %(number)s customers"),
    TASK: gettext_noop("Open a task for each of %(number)s customers"),
}
NOT_YOURS = gettext_noop("Your branch does not manage this customer any more.")
HANGS_ALREADY = gettext_noop("The tag hangs already.")
HANGS_NOT = gettext_noop("The tag does not hang.")
TAKEN_BACK = gettext_noop("Taken back by whoever opened it.")


# -- Ordering ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def hang_on_many(
    *, staff: StaffMember, customers: Sequence[int], tag: Tag, on: date, until: date | None = None
) -> Job:
    """Hang a tag on many customers."""
    require(policies.may_tag_many(staff), _("Counter, field and directors hang tags."))
    tags.check(staff, tag, on, until=until)
    said = {"tag": tag.pk, "on": on.isoformat(), "until": until.isoformat() if until else ""}
    return _run(HANG, staff, customers, said, words={"tag": tag.label})


@transaction.atomic
def take_down_from_many(*, staff: StaffMember, customers: Sequence[int], tag: Tag, on: date) -> Job:
    """Take a tag down from many customers."""
    require(policies.may_tag_many(staff), _("Counter, field and directors hang tags."))
    tags.check(staff, tag, on)
    said = {"tag": tag.pk, "on": on.isoformat()}
    return _run(TAKE_DOWN, staff, customers, said, words={"tag": tag.label})


@transaction.atomic
def open_for_many(
    *,
    staff: StaffMember,
    customers: Sequence[int],
    kind: str,
    reason: str,
    due_on: date,
    on: date,
    owner: StaffMember | None = None,
    post: str = "",
) -> Job:
    """Open the same task for each of many customers; raises ``Refused`` when it can be opened for none."""
    run, given = secrets.token_hex(8), {"kind": kind, "due_on": due_on, "owner": owner, "post": post}
    first = _first_task(staff, customers, run, on, reason=reason, **given)
    said = {"like": first.pk, "run": run, "on": on.isoformat()}
    params = {"due_on": due_on.isoformat(), "owner": first.owner_id, "post": first.post}
    return _run(TASK, staff, customers, said, **params)


def _first_task(staff: StaffMember, customers: Sequence[int], run: str, on: date, **given: Any) -> Task:
    refusal: DomainError = Refused(_("Choose customers first."), code="nobody_chosen")
    for person in _managed(staff, customers[:AT_ONCE]):
        try:
            return _open(staff, person, run, on, **given)
        except DomainError as found:
            refusal = found
    raise refusal


def _run(
    kind: str,
    staff: StaffMember,
    customers: Sequence[int],
    said: dict,
    *,
    words: Mapping[str, str] | None = None,
    **params: Any,
) -> Job:
    """A job over the customers: done at once when they are few; ``words`` go into its title."""
    require(customers, _("Choose customers first."), code="nobody_chosen")
    if len(customers) > MOST:
        raise Refused(_("At most %(most)s customers at once.") % {"most": MOST}, code="too_many")
    orders = [
        NewOrder(kind=kind, key=str(number), payload={**said, "customers": ids})
        for number, ids in enumerate(_pieces(customers))
    ]
    job = {
        "kind": kind,
        "title": TITLES[kind],
        "title_params": {"number": len(customers), **(words or {})},
        "params": said | params,
        "started_by": staff,
        "unit_id": min(staff.scope.branch_ids, default=None) if len(staff.scope.branch_ids) == 1 else None,
    }
    if len(customers) <= AT_ONCE:
        return work.do_at_once(order=orders[0], **job)
    return work.order_work(orders=orders, **job)


def _pieces(customers: Sequence[int]) -> list[list[int]]:
    return [list(customers[start : start + IN_AN_ORDER]) for start in range(0, len(customers), IN_AN_ORDER)]


def _managed(staff: StaffMember, ids: Iterable[int]) -> list[Customer]:
    rows = Customer.objects.managed_for(staff).current().filter(pk__in=list(ids))
    return list(rows.select_related("branch").order_by("pk"))


# -- Doing -------------------------------------------------------------------------------------------------------------


def _who(work: Work) -> StaffMember:
    return StaffMember.objects.get(pk=work.job.started_by)


def _day(text: str) -> date | None:
    return parse_date(text) if text else None


def _note_all(work: Work, ids: Iterable[int], reason: str) -> None:
    for pk in sorted(ids):
        work.note_error(f"#{pk}", reason)


@handles(HANG, as_person=True)
def hang(work: Work) -> dict:
    """Hang the tag on the customers of an order."""
    said, staff = work.payload, _who(work)
    asked = set(said["customers"])
    tag = Tag.objects.get(pk=said["tag"])
    hung, already = tags.hang_on(
        staff=staff, customers=asked, tag=tag, today=_day(said["on"]), until=_day(said["until"])
    )
    work.remember(made=sorted(hung))
    _note_all(work, already, HANGS_ALREADY)
    _note_all(work, asked - hung - already, NOT_YOURS)
    return {gettext_noop("tagged"): len(hung), gettext_noop("left as they are"): len(asked) - len(hung)}


@handles(TAKE_DOWN, as_person=True)
def take_down(work: Work) -> dict:
    """Take the tag down from the customers of an order."""
    said, staff = work.payload, _who(work)
    tag, asked = Tag.objects.get(pk=said["tag"]), said["customers"]
    rows = tags.take_down_from(staff=staff, customers=asked, tag=tag, today=_day(said["on"]))
    work.remember(made={str(row.pk): row.valid_to.isoformat() if row.valid_to else "" for row in rows})
    done = {row.customer_id for row in rows}
    _note_all(work, set(asked) - done, HANGS_NOT)
    return {gettext_noop("taken down"): len(done), gettext_noop("left as they are"): len(asked) - len(done)}


@handles(TASK, as_person=True)
def open_tasks(work: Work) -> dict:
    """Open a task for each customer of an order, like the first of the run."""
    said, staff, number = work.payload, _who(work), 0
    like = Task.objects.select_related("owner").get(pk=said["like"])
    given = {name: getattr(like, name) for name in ("kind", "reason", "due_on", "owner", "post")}
    people = _managed(staff, said["customers"])
    for person in people:
        try:
            with transaction.atomic():
                _open(staff, person, said["run"], _day(said["on"]), **given)
        except DomainError as refusal:
            work.note_error(f"#{person.pk}", str(refusal))
        else:
            number += 1
    _note_all(work, set(said["customers"]) - {person.pk for person in people}, NOT_YOURS)
    return {
        gettext_noop("opened"): number,
        gettext_noop("left as they are"): len(said["customers"]) - number,
    }


def _open(staff: StaffMember, person: Customer, run: str, on: date, **given: Any) -> Task:
    key = f"{run}-{person.pk}"
    return tasks.open_task(
        branch=person.branch, customer=person, by=staff, on=on, source=TASK, key=key, **given
    )


# -- Taking back -------------------------------------------------------------------------------------------------------


@transaction.atomic
def take_back(*, staff: StaffMember, job: Job, on: date) -> Job:
    """Undo what a run made and nobody has touched since, once; what was touched stays."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    require(policies.may_take_back(staff, job), _("Whoever did it takes it back, within a week."))
    if was_taken_back(job):
        raise Refused(_("This was taken back already."), code="taken_back")
    return work.do_at_once(
        kind=BACK,
        key=str(job.pk),
        title=gettext_noop("Take back no. %(number)s"),
        title_params={"number": job.pk},
        order=NewOrder(kind=BACK, payload={"job": job.pk, "on": on.isoformat()}),
        started_by=staff,
        unit_id=job.unit,
    )


def was_taken_back(job: Job) -> bool:
    """Whether the run was taken back."""
    return Job.objects.filter(kind=BACK, key=str(job.pk)).exists()


@handles(BACK, as_person=True)
def undo(work: Work) -> dict:
    """Take a run back, set by set."""
    job, on = Job.objects.get(pk=work.payload["job"]), _day(work.payload["on"])
    made, back = UNDO[job.kind](job, _who(work), on)
    return {gettext_noop("taken back"): back, gettext_noop("touched since and left"): made - back}


def _remembered(job: Job) -> list[Any]:
    done = job.orders.filter(state=OrderState.DONE).order_by("pk")
    return [payload.get("made", []) for payload in done.values_list("payload", flat=True)]


def _own(staff: StaffMember) -> Any:
    return Customer.objects.managed_for(staff).filter(branch__in=staff.scope.branch_ids).values("pk")


def _undo_hanging(job: Job, staff: StaffMember, on: date) -> tuple[int, int]:
    made = [pk for some in _remembered(job) for pk in some]
    said = job.params
    rows = CustomerTag.objects.filter(
        customer__in=made,
        tag=said["tag"],
        tagged_by=job.started_by,
        valid_from=said["on"],
        valid_to=_day(said["until"]),
        ended_by=None,
    )
    return len(made), rows.filter(customer__in=_own(staff)).update(valid_to=on, ended_by=staff)


def _undo_taking_down(job: Job, staff: StaffMember, on: date) -> tuple[int, int]:
    """Each hangs again until its former day, where it was not hung anew meanwhile."""
    made = {int(pk): _day(until) for some in _remembered(job) for pk, until in dict(some).items()}
    anew = CustomerTag.objects.filter(Q(valid_to=None) | Q(valid_to__gt=F("valid_from"))).filter(
        customer=OuterRef("customer"), tag=OuterRef("tag"), valid_from__gte=OuterRef("valid_to")
    )
    rows = CustomerTag.objects.filter(
        ~Exists(anew.exclude(pk=OuterRef("pk"))),
        pk__in=made,
        tag__ended_on=None,
        valid_to=job.params["on"],
        ended_by=job.started_by,
        customer__in=_own(staff),
    ).select_for_update(of=["self"])
    again = [row for row in rows if made[row.pk] is None or made[row.pk] > on]
    for row in again:
        row.valid_to, row.ended_by = made[row.pk], None
    return len(made), CustomerTag.objects.bulk_update(again, ["valid_to", "ended_by"], batch_size=500)


def _undo_tasks(job: Job, staff: StaffMember, on: date) -> tuple[int, int]:
    said = job.params
    rows = Task.objects.filter(source=TASK, key__startswith=f"{said['run']}-", opened_by=job.started_by)
    untouched = rows.open().filter(
        snoozed_until=None, owner=said["owner"], post=said["post"], due_on=said["due_on"]
    )
    back = untouched.update(
        state=TaskState.DROPPED, outcome=TAKEN_BACK, closed_on=on, closed_by=staff, closed_at=timezone.now()
    )
    return rows.count(), back


UNDO = {HANG: _undo_hanging, TAKE_DOWN: _undo_taking_down, TASK: _undo_tasks}


def _take_back_address(staff: StaffMember, job: Job) -> str:
    if not policies.may_take_back(staff, job) or was_taken_back(job):
        return ""
    return reverse("customers:take-back", args=[job.pk])


def register() -> None:
    """Offer to take a run back on its page."""
    for kind in UNDO:
        work.taken_back_at(kind, _take_back_address)
