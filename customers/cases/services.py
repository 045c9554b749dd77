"""Deeds on cases: take in, give on, answer, tell the customer, open again; and the nightly escalation."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.choices import PostCode, UnitKind
from branches.models import StaffMember, Unit
from branches.selectors import days_off, posts_on
from coopcrm.shared.errors import Refused, require
from customers.cases import policies, rules
from customers.choices import CaseEventKind, CaseKind, CaseOutcome, CaseState, TaskState
from customers.models import Case, CaseEvent, Customer, Task
from customers.policies import DIRECTORS, works_at
from customers.tasks.reasons import Reason
from customers.tasks.services import open_task, without_numbers

SOURCE = "case"
LEAST_ANSWER = 10
NEAR = 90  # calendar days in which any deadline lies

ANSWER_BY = gettext_noop("A customer waits for an answer until %(day)s.")
LATE = gettext_noop("The answer to a customer was due on %(day)s.")
TELL = gettext_noop("Tell the customer the answer, and note how.")


def due_day(received_on: date, category: str) -> date:
    """The last day for the answer by the calendar; one query."""
    off = days_off(received_on, received_on + timedelta(days=NEAR))
    return rules.due_day(received_on, category, off.holidays, off.extra_workdays)


def _note(case: Case, kind: str, by: StaffMember | None, words: str = "") -> None:
    CaseEvent.objects.create(case=case, customer_id=case.customer_id, kind=kind, by=by, words=words[:1000])


def first_owner(branch: Unit, about: StaffMember | None, on: date) -> StaffMember | None:
    """A director of the branch, or the deputy where it is about the director; nobody where it is about both."""
    rows = posts_on(on).filter(unit=branch, code__in=DIRECTORS, staff__is_active=True).select_related("staff")
    if about is not None:
        rows = rows.exclude(staff=about)
    held = sorted(rows, key=lambda post: (post.code != PostCode.DIRECTOR, post.pk))
    return held[0].staff if held else None


# -- Taking in ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def take_case(
    *,
    staff: StaffMember,
    branch: Unit,
    kind: str,
    category: str,
    channel: str,
    words: str,
    received_on: date,
    customer: Customer | None = None,
    about_staff: StaffMember | None = None,
) -> Case:
    """Write down what somebody says; a complaint or request gets an owner, a day and a task, praise is thanked for."""
    require(policies.may_take(staff, branch), _("Cases are taken in at one's own branch."))
    words = without_numbers(words)
    if not words:
        raise Refused(_("Write down what was said."), code="words_missing")
    is_praise = kind == CaseKind.PRAISE
    owner = None if is_praise else first_owner(branch, about_staff, received_on)
    case = Case(
        branch=branch,
        customer=customer,
        kind=kind,
        category=category,
        channel=channel,
        words=words[:1000],
        about_staff=about_staff,
        received_on=received_on,
        recorded_by=staff,
        owner=owner,
        due_on=received_on if is_praise else due_day(received_on, category),
        level=0 if is_praise or owner else 2,
    )
    if is_praise:
        case.state, case.outcome, case.answered_on = CaseState.CLOSED, CaseOutcome.THANKED, received_on
    case.save(force_insert=True)
    _note(case, CaseEventKind.TAKEN, staff)
    if not is_praise:
        _open_task(case, ANSWER_BY, received_on)
    return case


def _open_task(case: Case, text: str, on: date) -> Task:
    """The task of whoever is to act now; the one before ends."""
    _end_task(case, on)
    is_here = case.owner is not None and works_at(case.owner, case.branch_id)
    unit = case.branch if is_here else Unit.objects.get(kind=UnitKind.UNION)
    reason = Reason(text, {"day": case.due_on.isoformat()} if "%(day)s" in text else {})
    return open_task(
        branch=unit,
        kind=SOURCE,
        reason=reason,
        due_on=case.due_on,
        customer=case.customer,
        owner=case.owner,
        post=PostCode.DIRECTOR if is_here else PostCode.HEAD_OFFICE,
        source=SOURCE,
        key=str(case.pk),
        on=on,
    )


def _end_task(case: Case, on: date, by: StaffMember | None = None) -> None:
    Task.objects.open().filter(source=SOURCE, key=str(case.pk)).update(
        state=TaskState.DONE, closed_on=on, closed_by=by, closed_at=timezone.now()
    )


# -- Answering ---------------------------------------------------------------------------------------------------------


def _locked(case: Case, staff: StaffMember) -> Case:
    case = (
        Case.objects.select_for_update(of=["self"])
        .select_related("branch", "customer", "owner")
        .get(pk=case.pk)
    )
    require(
        policies.may_answer(staff, case),
        _(
            "Its owner or a director of the branch handles it, head office what has reached it; never whom it is about."
        ),
    )
    return case


@transaction.atomic
def give_case(*, staff: StaffMember, case: Case, owner: StaffMember, on: date) -> Case:
    """Give a case to somebody else of the branch."""
    case = _locked(case, staff)
    _still_open(case)
    if not policies.may_own(owner, case):
        raise Refused(_("%(name)s cannot handle this case.") % {"name": owner}, code="not_fit")
    case.owner = owner
    case.save(update_fields=["owner"])
    _note(case, CaseEventKind.GIVEN, staff, str(owner))
    _open_task(case, ANSWER_BY, on)
    return case


def _still_open(case: Case) -> None:
    if not case.is_open:
        raise Refused(_("This case has been answered meanwhile."), code="answered_already")


@transaction.atomic
def answer_case(*, staff: StaffMember, case: Case, answer: str, outcome: str, on: date) -> Case:
    """Answer in words and say how it ended; an anonymous case is closed with it, others when the customer was told."""
    case = _locked(case, staff)
    _still_open(case)
    answer = without_numbers(answer)
    if len(answer) < LEAST_ANSWER:
        raise Refused(_("Write the answer as the person will read it."), code="answer_missing")
    if outcome not in CaseOutcome.values:
        raise Refused(_("Say how it ended."), code="no_outcome")
    case.answer, case.outcome = answer[:1000], outcome
    case.answered_on, case.answered_by = on, staff
    case.state = CaseState.ANSWERED if case.customer_id else CaseState.CLOSED
    case.owner = case.owner or staff
    case.save(update_fields=["answer", "outcome", "answered_on", "answered_by", "state", "owner"])
    _note(case, CaseEventKind.ANSWERED, staff, answer)
    if case.customer_id:
        _open_task(case, TELL, on)
    else:
        _end_task(case, on, staff)
    return case


@transaction.atomic
def tell_customer(*, staff: StaffMember, case: Case, how: str, on: date) -> Case:
    """Note when and how the customer was told; with it the case is closed."""
    case = _locked(case, staff)
    if case.state != CaseState.ANSWERED:
        raise Refused(_("There is no answer to tell."), code="nothing_to_tell")
    case.state, case.told_on, case.told_how = CaseState.CLOSED, on, how
    case.save(update_fields=["state", "told_on", "told_how"])
    _note(case, CaseEventKind.TOLD, staff)
    _end_task(case, on, staff)
    return case


@transaction.atomic
def reopen_case(*, staff: StaffMember, case: Case, reason: str, on: date) -> Case:
    """The customer is not content: open it again, with a new day, for a director of the branch."""
    case = Case.objects.select_for_update(of=["self"]).select_related("branch", "customer").get(pk=case.pk)
    require(
        policies.may_reopen(staff, case),
        _("Whoever takes cases in opens them again, never whom it is about."),
    )
    reason = without_numbers(reason)
    if case.is_open or case.kind == CaseKind.PRAISE:
        raise Refused(_("There is no answer yet to be content with or not."), code="not_answered")
    if not reason:
        raise Refused(_("Say what the customer is not content with."), code="reason_missing")
    _note(case, CaseEventKind.REOPENED, staff, reason)
    case.state, case.outcome, case.answer = CaseState.OPEN, "", ""
    case.answered_on, case.answered_by, case.told_on, case.told_how = None, None, None, ""
    case.owner = first_owner(case.branch, case.about_staff, on)
    case.due_on, case.level, case.reopened = (
        due_day(on, case.category),
        0 if case.owner else 2,
        case.reopened + 1,
    )
    case.save()
    _open_task(case, ANSWER_BY, on)
    return case


@transaction.atomic
def note_on_case(*, staff: StaffMember, case: Case, words: str) -> Case:
    """Add a line to the story."""
    case = _locked(case, staff)
    words = without_numbers(words)
    if not words:
        raise Refused(_("Write something."), code="words_missing")
    _note(case, CaseEventKind.NOTE, staff, words)
    return case


# -- At night ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def escalate_cases(*, branch: Unit, as_of: date) -> int:
    """Late cases go to the director, and three working days later to head office; returns how many moved.

    The reminder before the deadline is the task of the case itself, which stands in its owner's day. Safe to repeat.
    """
    late = Case.objects.open().filter(branch=branch, due_on__lt=as_of, level__lt=2).order_by("pk")
    cases = list(late.select_for_update(of=["self"]).select_related("branch", "customer", "about_staff"))
    if not cases:
        return 0
    off = days_off(min(case.due_on for case in cases), as_of + timedelta(days=NEAR))
    moved = 0
    for case in cases:
        level = rules.level_on(as_of, case.due_on, off.holidays, off.extra_workdays)
        if level <= case.level:
            continue
        owner = first_owner(branch, case.about_staff, as_of) if level == 1 else None
        case.level, case.owner = (1, owner) if owner else (2, None)
        case.save(update_fields=["level", "owner"])
        _note(case, CaseEventKind.ESCALATED, None, str(case.level))
        _open_task(case, LATE, as_of)
        moved += 1
    return moved


def settled(tasks: QuerySet[Task], as_of: date) -> QuerySet[Task]:
    """Tasks whose case is closed."""
    waits = Case.objects.filter(pk=OuterRef("number")).exclude(state=CaseState.CLOSED)
    return tasks.annotate(number=Cast("key", BigIntegerField())).filter(~Exists(waits))
