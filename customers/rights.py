"""Deeds of a person's rights: take a request in, answer it, correct, lock, lift a lock (handbook §6.6).

A deletion inside the retention is answered with a lock: the record is hidden, nobody edits it, nobody advertises, and
the day of its erasure is known. Copies are made by ``customers.copies``, erasures by ``customers.erasure``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.choices import DayKind
from branches.models import CalendarDay, StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.periods import next_workday
from customers import corrections, policies, registries, retention
from customers.choices import RequestKind, RequestState, RuleKey
from customers.models import Customer, Household, PersonLock, RightsRequest

COPIES = (RequestKind.COPY, RequestKind.TRANSFER)
WORDS_OF_ANSWER = 10


def due_day(*, asked_on: date) -> date:
    """The last day for an answer: so many working days after the day of asking, holidays left out."""
    days = retention.figure(RuleKey.ANSWER_DAYS, on=asked_on)
    near = CalendarDay.objects.filter(day__gt=asked_on, day__lte=asked_on + timedelta(days=days * 4 + 30))
    kinds = dict(near.values_list("day", "kind"))
    holidays = {day for day, kind in kinds.items() if kind == DayKind.HOLIDAY}
    extra = {day for day, kind in kinds.items() if kind == DayKind.EXTRA_WORKDAY}
    day = asked_on
    for _step in range(days):
        day = next_workday(day, holidays, extra)
    return day


# -- Taking in ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def take_request(
    *,
    staff: StaffMember,
    customer: Customer,
    kind: str,
    channel: str,
    as_of: date,
    details: str = "",
    field: str = "",
    asked_value: str = "",
    evidence: str = "",
) -> RightsRequest:
    """Write down what a person asks for; an open request of the same kind and field is found instead."""
    require(
        policies.may_take_request(staff, customer),
        _("Requests are taken in by the managing branch, risk and head office."),
    )
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    is_correction = kind == RequestKind.CORRECTION
    if is_correction:
        corrections.check(field, asked_value, as_of)
    field = field if is_correction else ""
    known = RightsRequest.objects.filter(customer=customer, kind=kind, field=field, state=RequestState.OPEN)
    if found := known.first():
        return found
    request = RightsRequest(
        customer=customer,
        kind=kind,
        asked_on=as_of,
        channel=channel,
        recorded_by=staff,
        due_on=due_day(asked_on=as_of),
        details=details.strip(),
        field=field,
        evidence=evidence.strip(),
    )
    if is_correction:
        request.seal("present_value", corrections.present_value(customer, field))
        request.seal("asked_value", asked_value.strip())
    request.draw_id()
    request.save(force_insert=True)
    return request


@transaction.atomic
def take_over(*, staff: StaffMember, request: RightsRequest) -> RightsRequest:
    """Take a request over: who works on it is named beside it."""
    request = _open_and_locked(staff, request)
    request.owner = staff
    request.save(update_fields=["owner"])
    return request


def _open_and_locked(staff: StaffMember, request: RightsRequest) -> RightsRequest:
    """The request's row under a lock, still open, for somebody who may answer it."""
    rows = RightsRequest.objects.select_for_update(of=["self"]).select_related("customer")
    request = rows.get(pk=request.pk)
    require(policies.may_answer_request(staff, request), _refusal(staff, request))
    if not request.is_open:
        raise Refused(_("This request has been answered meanwhile."), code="answered_already")
    return request


def _refusal(staff: StaffMember, request: RightsRequest) -> str:
    if request.recorded_by_id == staff.pk:
        return _("You took this request in; somebody else decides about it.")
    return _("Requests are answered by the accountant or a director of the branch, by risk or head office.")


# -- Answering ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def answer_request(
    *,
    staff: StaffMember,
    request: RightsRequest,
    decision: str,
    answer: str,
    as_of: date,
    source: str = "",
) -> RightsRequest:
    """Answer in words; granted corrections and deletions are carried out in the same transaction.

    A deletion inside the retention becomes a lock. Copies are granted by handing them over, not here.
    """
    request = _open_and_locked(staff, request)
    answer = answer.strip()
    if len(answer) < WORDS_OF_ANSWER:
        raise Refused(_("Write the answer as the person will read it."), code="answer_missing")
    if decision not in (RequestState.GRANTED, RequestState.REFUSED, RequestState.DROPPED):
        raise Refused(_("Choose granted, refused or taken back."), code="no_decision")
    if decision == RequestState.GRANTED:
        if request.kind in COPIES:
            raise Refused(_("A copy is granted by handing it over."), code="hand_over_instead")
        if request.kind == RequestKind.CORRECTION:
            corrections.correct(
                staff=staff,
                customer=request.customer,
                field=request.field,
                value=request.open("asked_value"),
                source=source,
                as_of=as_of,
            )
        if request.kind == RequestKind.DELETION:
            lock_person(staff=staff, customer=request.customer, reason=answer, as_of=as_of, request=request)
    return close(request, staff=staff, state=decision, answer=answer, as_of=as_of)


def close(
    request: RightsRequest, *, staff: StaffMember, state: str, answer: str, as_of: date
) -> RightsRequest:
    """Write the end of a request."""
    request.state, request.answer = state, answer
    request.closed_on, request.closed_by = as_of, staff
    request.owner = request.owner or staff
    request.save(update_fields=["state", "answer", "closed_on", "closed_by", "owner"])
    return request


# -- Locks -------------------------------------------------------------------------------------------------------------


def lock_person(
    *, staff: StaffMember, customer: Customer, reason: str, as_of: date, request: RightsRequest | None = None
) -> PersonLock:
    """Keep a person for the law alone until the erasure; refused while an account, loan or line is open."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    with acting.on_all_branches():  # what another branch has booked is open as well
        relation = retention.relation_of(customer, on=as_of)
    if relation.is_open:
        raise Refused(
            _(
                "An account, a loan or a line is still open. It is closed first; till then the contract needs the data."
            ),
            code="relation_open",
        )
    if customer.is_locked:
        raise Refused(_("This person is locked already."), code="locked_already")
    lock = PersonLock.objects.create(
        customer=customer,
        request=request,
        reason=reason[:200],
        locked_on=as_of,
        locked_by=staff,
        relation_ended_on=relation.relation_ended_on,
        erasure_due_on=max(relation.due_on, as_of),
    )
    customer.is_locked = True
    customer.save(update_fields=["is_locked"])
    return lock


@transaction.atomic
def lift_lock(*, staff: StaffMember, customer: Customer, reason: str, as_of: date) -> PersonLock:
    """Open a locked record again: the person has come back, or the lock was a mistake."""
    require(policies.may_unlock(staff), _("The union's risk desk lifts a lock."))
    require(reason.strip(), _("Say why the lock is lifted."), code="reason_missing")
    lock = PersonLock.objects.select_for_update().filter(customer=customer, lifted_on=None).first()
    if lock is None:
        raise Refused(_("This person is not locked."), code="not_locked")
    lock.lifted_on, lock.lifted_by, lock.lift_reason = as_of, staff, reason.strip()[:200]
    lock.save(update_fields=["lifted_on", "lifted_by", "lift_reason"])
    Customer.objects.filter(pk=customer.pk).update(is_locked=False)
    return lock


# -- Reading -----------------------------------------------------------------------------------------------------------

TABS = {
    "open": pgettext_lazy("state of a request", "Open"),
    "late": gettext_lazy("Overdue"),
    "closed": gettext_lazy("Answered"),
}


def queue(staff: StaffMember, tab: str, *, today: date) -> QuerySet[RightsRequest]:
    """Requests of the person's branches: open by due day, overdue, or answered."""
    rows = RightsRequest.objects.visible_to(staff).select_related("customer__branch", "owner", "closed_by")
    if tab == "closed":
        return rows.exclude(state=RequestState.OPEN).order_by("-pk")
    rows = rows.filter(state=RequestState.OPEN).order_by("due_on", "pk")
    return rows.filter(due_on__lt=today) if tab == "late" else rows


@dataclass(frozen=True)
class Decision:
    """A decision that a person may ask about: in words, with the page that explains it."""

    words: Any
    url: str


def decisions_about(staff: StaffMember, customer: Customer, household: Household | None) -> list[Decision]:
    """Ratings and the like that the apps above have to explain."""
    asked: list[Callable] = list(registries.judgements)
    return [Decision(*found) for judgement in asked for found in judgement(staff, customer, household)]


def rights_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """What the person has asked for and is still waiting for."""
    if customer is None or not policies.may_see_rights(staff) or not policies.may_read_fully(staff, customer):
        return None
    rows = RightsRequest.objects.filter(customer=customer, state=RequestState.OPEN).order_by("due_on", "pk")
    context = {
        "customer": customer,
        "requests": list(rows),
        "may_take": policies.may_take_request(staff, customer),
    }
    return "customers/_rights_card.html", context
