"""Who may join records and take it back, and when a second person must agree (handbook §6.10)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from branches.choices import PostCode
from branches.models import StaffMember
from customers import registries
from customers.choices import DocumentKind, DocumentState, ReviewState
from customers.merging.choices import MergeKind
from customers.models import Customer, Household, IdentityDocument, Membership, Merge, ReviewPair
from customers.numbers import RESIDENT_KINDS
from customers.policies import COUNTER, DIRECTORS, UNION_DESKS, works_at
from customers.registries import MergeCredit

JOINERS = (PostCode.ACCOUNTANT, *DIRECTORS, *UNION_DESKS)


def may_see_merges(staff: StaffMember) -> bool:
    """Counter, directors, the union's desks and audit see what was joined."""
    return staff.scope.holds(*COUNTER, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_merge_somewhere(staff: StaffMember) -> bool:
    """Accountants, directors and the union's desks join records."""
    return staff.scope.holds(*JOINERS)


def may_merge(staff: StaffMember, survivor: Customer | Household, other: Customer | Household) -> bool:
    """Accountant and directors of a branch that manages one of the two, or the union's desks."""
    if staff.scope.holds(*UNION_DESKS):
        return True
    at_one = works_at(staff, survivor.branch_id) or works_at(staff, other.branch_id)
    return at_one and may_merge_somewhere(staff)


def may_undo(staff: StaffMember, merge: Merge) -> bool:
    """Whoever may join the two may take it back, at any time."""
    return may_merge(staff, *sides(merge))


def may_confirm(staff: StaffMember, merge: Merge) -> bool:
    """Whoever may join the two confirms, but for who has asked."""
    return merge.asked_by_id != staff.pk and may_merge(staff, *sides(merge))


def sides(merge: Merge) -> tuple[Customer, Customer] | tuple[Household, Household]:
    """The record that stays and the other one."""
    if merge.kind == MergeKind.CUSTOMER:
        return merge.survivor, merge.other
    return merge.household, merge.other_household


def must_be_confirmed(
    survivor: Customer | Household, other: Customer | Household, pair: ReviewPair | None = None
) -> list[str]:
    """Why a second person must agree, as message ids; empty when nobody must.

    A merge that may raise a limit or open credit, one between customers of two branches who owe, and one against what
    the numbers or an earlier decision say.
    """
    if isinstance(survivor, Household):
        return _household_reasons(survivor, other)
    homes = home_ids([survivor.pk, other.pk])
    credit = credit_of([survivor.pk, other.pk], [pk for pk in homes.values() if pk])
    reasons = []
    if survivor.branch_id != other.branch_id and credit.owing & {survivor.pk, other.pk}:
        reasons.append(gettext_noop("The two belong to two branches, and there are loans."))
    if len(set(homes.values())) > 1 and credit.lines:
        reasons.append(
            gettext_noop("The two live in different households, and one of these has a credit line.")
        )
    if survivor.identity_conflict or other.identity_conflict:
        reasons.append(
            gettext_noop("A disputed number keeps one of them from new credit; joined, it would not.")
        )
    if _numbers_differ(survivor, other):
        reasons.append(gettext_noop("Each has a valid identity number, and the numbers differ."))
    if pair is not None and pair.state == ReviewState.DIFFERENT:
        reasons.append(gettext_noop("It was decided before that they are two persons."))
    return reasons


def _household_reasons(survivor: Household, other: Household) -> list[str]:
    members = Membership.objects.filter(household__in=[survivor.pk, other.pk], valid_to=None)
    people = list(members.values_list("customer", flat=True))
    credit = credit_of(people, [survivor.pk, other.pk])
    reasons = []
    if credit.lines:
        reasons.append(gettext_noop("One of the two households has a credit line."))
    if survivor.branch_id != other.branch_id and credit.owing:
        reasons.append(gettext_noop("The two belong to two branches, and there are loans."))
    return reasons


def home_ids(people: list[int]) -> dict[int, int]:
    """The household in which each of these people lives now, by person."""
    return dict(
        Membership.objects.filter(customer__in=people, valid_to=None).values_list("customer", "household")
    )


def credit_of(people: list[int], households: list[int]) -> MergeCredit:
    """What the apps above know of loans and lines of these."""
    found = [credit(people, households) for credit in registries.merge_credit]
    return MergeCredit(
        frozenset().union(*(one.owing for one in found)), frozenset().union(*(one.lines for one in found))
    )


def _numbers_differ(survivor: Customer, other: Customer) -> bool:
    """Rule R3: both hold a valid number that is one person's alone, and no number is on both sides."""
    held: dict[int, set[bytes]] = {survivor.pk: set(), other.pk: set()}
    rows = IdentityDocument.objects.filter(
        customer__in=list(held),
        invalid_reason="",
        state=DocumentState.HELD,
        kind__in=[*RESIDENT_KINDS, DocumentKind.USCC],
    )
    for customer, key in rows.values_list("customer", "number_key"):
        held[customer].add(bytes(key))
    mine, theirs = held.values()
    return bool(mine and theirs and not mine & theirs)
