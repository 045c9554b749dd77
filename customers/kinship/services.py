"""Answering who lives with whom, and taking an answer back; what moves, moves as a deed in the life of a household."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import require
from customers.choices import HouseholdAnswer, Relation
from customers.homes import corrections
from customers.homes import services as homes
from customers.homes.choices import EventKind
from customers.kinship import policies
from customers.models import Customer, Household, HouseholdEvent, HouseholdQuestion, Membership

UNDECIDED = (HouseholdAnswer.OPEN, HouseholdAnswer.LATER)


@transaction.atomic
def answer(
    *,
    staff: StaffMember,
    question: HouseholdQuestion,
    decision: str,
    on: date,
    relation: str = Relation.OTHER,
    head: str = "first",
    moves: str = "",
) -> HouseholdQuestion:
    """Record an answer. "Together" lets who has no household join the other's, or opens one for both.

    ``relation`` is what the one who joins is to the head, ``head`` says who heads a new household. Where both live in a
    household, ``moves`` says which of the two ("first", "second") leaves it for the other's. Raises ``Refused`` with
    ``answered_already``, ``two_homes`` and the refusals of the life of a household.
    """
    rows = HouseholdQuestion.objects.select_for_update(of=["self"])
    question = rows.select_related("first__branch", "second__branch").get(pk=question.pk)
    require(policies.may_answer(staff, question), _("A branch that manages one of the two answers."))
    require(decision in HouseholdAnswer.values and decision != HouseholdAnswer.OPEN, _("Choose an answer."))
    require(question.state in UNDECIDED, _("Somebody has answered this meanwhile."), code="answered_already")
    if decision == HouseholdAnswer.TOGETHER:
        _bring_together(staff, question, on, relation=relation, head=head, moves=moves)
    question.state, question.decided_by, question.decided_at = decision, staff, timezone.now()
    question.save(update_fields=["state", "decided_by", "decided_at", "deed", "evidence"])
    return question


def _bring_together(
    staff: StaffMember, question: HouseholdQuestion, on: date, *, relation: str, head: str, moves: str
) -> None:
    people = [question.first, question.second]
    stays = Membership.objects.filter(customer__in=people, valid_to=None).select_related("household")
    home = {stay.customer_id: stay.household for stay in stays}
    if len(home) == 2 and len({household.pk for household in home.values()}) == 1:
        return
    reason = _("Answer to the question who lives with whom")
    if len(home) == 2:
        mover, other = people if moves == "first" else people[::-1]
        require(
            moves,
            _("They live in two households. Say who moves, or join the two households."),
            code="two_homes",
        )
        homes.move_member(
            staff=staff, customer=mover, household=home[other.pk], relation=relation, on=on, reason=reason
        )
        question.deed = _deed_of(home[other.pk], mover, EventKind.MOVED)
        return
    if not home:
        chief = people[0] if head == "first" else people[1]
        opened = homes.open_household(staff=staff, head=chief, on=on, reason=reason)
        question.evidence = {**question.evidence, "opened": _deed_of(opened, chief, EventKind.OPENED)}
        home = {chief.pk: opened}
    household = next(iter(home.values()))
    joins = next(person for person in people if person.pk not in home)
    homes.join_household(
        staff=staff, customer=joins, household=household, relation=relation, on=on, reason=reason
    )
    question.deed = _deed_of(household, joins, EventKind.JOINED)


def _deed_of(household: Household, person: Customer, kind: str) -> str:
    """The key of the deed just written."""
    rows = HouseholdEvent.objects.filter(household=household, kind=kind, customer=person)
    return str(rows.latest("pk").deed)


@transaction.atomic
def take_back(*, staff: StaffMember, question: HouseholdQuestion, reason: str, on: date) -> HouseholdQuestion:
    """Take an answer back: what it wrote in the life of the household is undone, the question is open again."""
    rows = HouseholdQuestion.objects.select_for_update(of=["self"])
    question = rows.select_related("first__branch", "second__branch").get(pk=question.pk)
    require(policies.may_answer(staff, question), _("A branch that manages one of the two answers."))
    require(question.state not in UNDECIDED, _("This question is open."), code="open_already")
    for deed in (question.deed, question.evidence.pop("opened", None)):
        if deed:
            event = HouseholdEvent.objects.filter(deed=deed, undoes=None).order_by("pk").first()
            corrections.undo_event(staff=staff, event=event, reason=reason, on=on)
    question.state, question.deed = HouseholdAnswer.OPEN, None
    question.decided_by = question.decided_at = None
    question.save(update_fields=["state", "deed", "evidence", "decided_by", "decided_at"])
    return question
