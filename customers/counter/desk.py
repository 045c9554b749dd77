"""A whole registration as the counter sends it: the person, the family, consents and slip, all or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from branches.models import StaffMember, Unit
from customers import consents
from customers.counter import drafts, slips
from customers.counter.family import Family, Settled, name_representative, settle
from customers.counter.services import Applicant, applicant, find_or_create, in_turn, register_applicant
from customers.models import Customer, Slip


@dataclass(frozen=True)
class AtCounter:
    """What became of a form: the people and the household, and the slip when anything was written."""

    settled: Settled
    slip: Slip | None

    @property
    def customer(self) -> Customer:
        """The person at the counter."""
        return self.settled.main.customer


class _Tried(Exception):
    """Carries the result of a trial out of its transaction, which is rolled back."""

    def __init__(self, settled: Settled) -> None:
        super().__init__()
        self.settled = settled


def register_at_counter(
    *,
    staff: StaffMember,
    branch: Unit,
    as_of: date,
    agrees_to: Iterable[str] = (),
    family: Family | None = None,
    form_key: uuid.UUID | None = None,
    **said: Any,
) -> AtCounter:
    """Register the person and everybody on the papers, write the slip, and forget the draft, in one transaction.

    ``said`` are the arguments of ``services.applicant``. Raises the refusals of ``services``; one that concerns a
    line of the papers comes as ``family.OfLine``. The same form sent again is answered with what it has registered.
    """
    family, agreed = Family() if family is None else family, tuple(agrees_to)
    person = applicant(staff=staff, branch=branch, as_of=as_of, form_key=form_key, **said)

    def deed() -> AtCounter:
        settled = _register(person, family, agreed)
        drafts.discard(staff=staff, form_key=form_key)
        if settled.main.is_sent_again:
            return AtCounter(settled, Slip.objects.filter(customer=settled.main.customer).first())
        return AtCounter(settled, _slip_of(person, settled, agreed))

    return in_turn(deed)


def in_words_beforehand(
    *,
    staff: StaffMember,
    branch: Unit,
    as_of: date,
    family: Family,
    form_key: uuid.UUID | None = None,
    **said: Any,
) -> str:
    """What registering would write, in words: it is done and taken back, so that both always say the same.

    Raises what registering would raise.
    """
    person = applicant(staff=staff, branch=branch, as_of=as_of, form_key=form_key, **said)
    try:
        with transaction.atomic():
            raise _Tried(_register(person, family, ()))
    except _Tried as tried:
        return tried.settled.in_words


def _register(person: Applicant, family: Family, agrees_to: tuple[str, ...]) -> Settled:
    if not family:
        main = register_applicant(person, agrees_to=agrees_to)
        settled = Settled(main, household=main.household, opens_household=main.is_new and person.home.opens)
        if family.representative and main.is_new:
            line = family.representative
            settled.beside.append(name_representative(person=person, organisation=main.customer, line=line))
        return settled
    main = find_or_create(person)
    if main.is_sent_again:
        return Settled(main)
    if main.is_new:
        consents.record_at_counter(
            staff=person.staff, customer=main.customer, purposes=agrees_to, at=timezone.now()
        )
    return settle(person=person, main=main, family=family)


def _slip_of(person: Applicant, settled: Settled, agreed: tuple[str, ...]) -> Slip | None:
    """The paper for the customer; none when nobody and nothing is new."""
    if not any(one.is_new for one in settled.people) and settled.marriage is None:
        return None
    main = settled.main
    number = person.number
    what = slips.Registered(
        documents=[(number.kind, number.text)] if number else [],
        phones=[person.phone] if person.phone else [],
        beside=[one.customer.name for one in settled.beside],
        agrees_to=agreed if main.is_new else (),
        household=settled.household.pk if settled.household else None,
        is_married=settled.marriage is not None,
        married_since=settled.married_since,
    )
    return slips.issue(staff=person.staff, customer=main.customer, branch=person.branch, what=what)
