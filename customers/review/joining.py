"""What "same person" does: which record stays, whether one person may say it alone, and the joining itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from customers.choices import DocumentState, PairDecision, ReviewState
from customers.models import Customer, ReviewPair
from customers.review import policies

CONFLICT, CREDIT, TWO_NUMBERS, CASHIER, LIMIT = "conflict", "credit", "two_numbers", "cashier", "limit"

WHY_TWO = {
    CONFLICT: _("Two people claim one number: two colleagues decide, after the paper has been seen."),
    CREDIT: _("The two belong to two branches and one has credit: a second person confirms."),
    TWO_NUMBERS: _("Both numbers are valid: a second person looks at the papers too."),
    CASHIER: _("An accountant or director confirms what the counter proposes."),
    LIMIT: _("Joining them could raise a limit: a second person confirms."),
}


def root_of(customer: Customer) -> Customer:
    """The record in which a merged one lives on; itself when it stands alone."""
    return customer.merged_into or customer


def second_person(staff: StaffMember, pair: ReviewPair, decision: str) -> str:
    """Why this decision waits for another person (a key of ``WHY_TWO``); empty when one person is enough."""
    if decision not in (PairDecision.SAME, PairDecision.DIFFERENT):
        return ""
    if pair.outcome == "CONFLICT":
        return CONFLICT
    if decision == PairDecision.DIFFERENT:
        return ""
    if pair.rule == "R3":
        return TWO_NUMBERS
    crosses = pair.first.branch_id != pair.second.branch_id
    if crosses and (pair.worth > 0 or pair.placed_at is None):
        return CREDIT
    return "" if policies.may_join(staff, pair) else CASHIER


def proposed_survivor(first: Customer, second: Customer) -> Customer:
    """Which of two records stays: a held document, a household, more that is known, then the older one.

    A proposal: whoever decides may swap the two.
    """
    return max((first, second), key=_standing)


def survivor_among(pairs: Iterable[ReviewPair]) -> Customer:
    """Which of all records that these pairs join stays."""
    people = {side.pk: side for pair in pairs for side in (root_of(pair.first), root_of(pair.second))}
    return max(people.values(), key=_standing)


def _standing(customer: Customer) -> tuple[Any, ...]:
    documents = list(customer.documents.all())
    holds = any(row.state == DocumentState.HELD and not row.invalid_reason for row in documents)
    lives = any(row.valid_to is None for row in customer.memberships.all())
    known = sum(
        bool(value) for value in (customer.birth_date, customer.sex, customer.village_id, customer.address)
    )
    rich = known + len(documents) + len(customer.phones.all())
    return holds, lives, rich, -customer.registered_on.toordinal(), -customer.pk


def known_as_two(first: Iterable[int], second: Iterable[int]) -> ReviewPair | None:
    """A standing decision that somebody of the one side is not somebody of the other; records joined before count."""
    ones, others = set(first), set(second)
    across = Q(first__in=ones, second__in=others) | Q(first__in=others, second__in=ones)
    rows = ReviewPair.objects.filter(across, state=ReviewState.DIFFERENT)
    return rows.select_related("first", "second").first()


def records_in(customer: Customer) -> list[int]:
    """Ids of a record and of all that were joined into it."""
    return [customer.pk, *Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)]
