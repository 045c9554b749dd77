"""Joining two records: check, ask a second person where one must agree, let everything point to one of the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import Refused, require
from customers.choices import CustomerState, DocumentState, RetiredBecause, ReviewState
from customers.merging import homes, moving, pairs, policies, values
from customers.merging.choices import MergeKind, MergeState, MoveKind, Side
from customers.merging.relations import MOVE, relation, relations, uncovered
from customers.models import (
    Customer,
    Household,
    HouseholdEvent,
    HouseholdQuestion,
    IdentityDocument,
    Membership,
    Merge,
    MergeMove,
    Organisation,
    OtherName,
    Phone,
    ReviewPair,
)
from customers.persons.settlements import lift_blocks
from customers.tasks.services import move_tasks

# -- The deeds ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def merge(
    *,
    staff: StaffMember,
    survivor: Customer,
    other: Customer,
    pair: ReviewPair | None = None,
    reason: str = "",
    keeps: str = Side.SURVIVOR,
    proposed_by: StaffMember | None = None,
) -> Merge:
    """Let ``survivor`` stand for ``other`` from now on (handbook §6.10); returns the merge, done or waiting.

    Where a second person must agree (``policies.must_be_confirmed``) nothing moves yet: the merge waits in the queue
    of second signatures; with ``proposed_by`` two people have agreed already, and it is done. ``keeps`` says whose
    household stays where the two live in different ones. Raises ``PermissionRefused``, and ``Refused`` with the codes
    of ``refuse_customers``.
    """
    _require_may(staff, survivor, other)
    with acting.on_all_branches():
        survivor, other = lock_customers(survivor, other)
        refuse_customers(survivor, other)
        row = Merge(kind=MergeKind.CUSTOMER, survivor=survivor, other=other, pair=pair, keeps=keeps)
        if proposed_by is not None and proposed_by.pk != staff.pk:
            row.confirmed_by = staff
            return _begin(row, proposed_by, reason, [])
        return _begin(row, staff, reason, policies.must_be_confirmed(survivor, other, pair))


@transaction.atomic
def merge_households(
    *, staff: StaffMember, household: Household, other: Household, reason: str = ""
) -> Merge:
    """Let one record of a household stand for another; its members come over today and its lines are frozen."""
    _require_may(staff, household, other)
    with acting.on_all_branches():
        household, other = lock_households(household, other)
        refuse_households(household, other)
        row = Merge(kind=MergeKind.HOUSEHOLD, household=household, other_household=other)
        return _begin(row, staff, reason, policies.must_be_confirmed(household, other))


def _require_may(staff: StaffMember, survivor: models.Model, other: models.Model) -> None:
    require(
        policies.may_merge(staff, survivor, other),
        _("Accountant and directors of a branch that manages one of the two join records."),
    )


def _begin(row: Merge, staff: StaffMember, reason: str, reasons: list[str]) -> Merge:
    from customers.merging import confirming

    row.reason, row.asked_by = " ".join(reason.split())[:300], staff
    if reasons:
        return confirming.ask(row, staff, reasons)
    row.save(force_insert=True)
    return carry_out(row, staff=row.confirmed_by or staff)


def carry_out(row: Merge, *, staff: StaffMember) -> Merge:
    """Do what the merge says, in one transaction with all branches open; who decided it stands on it."""
    on = timezone.localdate()
    if row.kind == MergeKind.CUSTOMER:
        row.survivor, row.other = lock_customers(row.survivor, row.other)
        refuse_customers(row.survivor, row.other)
        work = Work(row, row.survivor.pk, row.other.pk, Customer)
        _join_customers(work, staff, on)
    else:
        row.household, row.other_household = lock_households(row.household, row.other_household)
        refuse_households(row.household, row.other_household)
        work = Work(row, row.household.pk, row.other_household.pk, Household)
        _join_households(work, staff, on)
    MergeMove.objects.bulk_create(work.moves())
    row.state, row.done_at = MergeState.DONE, timezone.now()
    row.save()
    return row


# -- Locks and refusals ------------------------------------------------------------------------------------------------


def lock_customers(*records: Customer) -> list[Customer]:
    """Lock records in the order of their ids; whoever writes about one of them in the same moment waits."""
    rows = Customer.objects.select_for_update(of=["self"]).filter(pk__in=[one.pk for one in records])
    found = {row.pk: row for row in rows.select_related("branch", "village").order_by("pk")}
    return [found[one.pk] for one in records]


def lock_households(*records: Household) -> list[Household]:
    """Lock households in the order of their ids."""
    rows = Household.objects.select_for_update(of=["self"]).filter(pk__in=[one.pk for one in records])
    found = {row.pk: row for row in rows.select_related("branch", "village", "head").order_by("pk")}
    return [found[one.pk] for one in records]


def refuse_customers(survivor: Customer, other: Customer) -> None:
    """Refuse what can never be joined; codes: same_record, merged_already, record_ended, record_locked,
    another_kind, one_deceased, two_persons, not_covered."""
    require(survivor.pk != other.pk, _("It is one record already."), code="same_record")
    for record in (survivor, other):
        require(
            record.merged_into_id is None,
            _("The record of %(name)s was joined to another meanwhile.") % {"name": record},
            code="merged_already",
        )
        require(
            record.state != CustomerState.ERASED,
            _("The record was erased; there is nothing left to join."),
            code="record_ended",
        )
        require(
            not record.is_locked,
            _("The record of %(name)s is kept for the law alone.") % {"name": record},
            code="record_locked",
        )
    require(
        survivor.kind == other.kind, _("A person and an organisation are never one."), code="another_kind"
    )
    require(
        (survivor.state == CustomerState.DECEASED) == (other.state == CustomerState.DECEASED),
        _("One of the two is recorded as deceased. Record the death of the other as well, or take it back."),
        code="one_deceased",
    )
    require(
        not Organisation.objects.filter(pk=other.pk).exists()
        or Organisation.objects.filter(pk=survivor.pk).exists(),
        _("The record that stays has no register entry; choose the other one to stay."),
        code="no_register_entry",
    )
    _refuse_two_in_one_row(survivor, other)
    _refuse_uncovered()


def _refuse_two_in_one_row(survivor: Customer, other: Customer) -> None:
    """A row that names both (a marriage, a guardian) says that they are two."""
    roads: dict[type[models.Model], list[str]] = {}
    for one in relations(Customer):
        if one.model not in (ReviewPair, HouseholdQuestion, HouseholdEvent, Merge):
            roads.setdefault(one.model, []).append(one.field)
    two = [survivor.pk, other.pk]
    for model, fields in roads.items():
        if len(fields) < 2:
            continue
        first, second = fields
        both = {f"{first}__in": two, f"{second}__in": two}
        if model._base_manager.filter(**both).exclude(**{first: models.F(second)}).exists():
            words = {"what": model._meta.verbose_name}
            raise Refused(
                _("Both stand in one record of “%(what)s”: they are two.") % words, code="two_persons"
            )


def _refuse_uncovered() -> None:
    if missing := uncovered():
        words = {"what": ", ".join(sorted(missing))}
        raise Refused(_("Nobody has said what becomes of %(what)s.") % words, code="not_covered")


def refuse_households(household: Household, other: Household) -> None:
    """Refuse closed households and those of two branches; codes: same_record, household_closed, other_branch."""
    require(household.pk != other.pk, _("It is one record already."), code="same_record")
    for one in (household, other):
        require(
            one.valid_to is None,
            _("Household #%(no)s was closed on %(day)s.") % {"no": one.pk, "day": one.valid_to},
            code="household_closed",
        )
    require(
        household.branch_id == other.branch_id,
        _("The two belong to two branches. One of them hands its household over first."),
        code="other_branch",
    )
    _refuse_uncovered()


# -- What is done ------------------------------------------------------------------------------------------------------


@dataclass
class Work:
    """A merge while it is done: which side is which, and what became of the rows of each relation."""

    merge: Merge
    target: int
    source: int
    model: type[models.Model]
    done: dict[tuple[str, str], MergeMove] = field(default_factory=dict)

    def note(self, label: str, kind: str, ids: Iterable[int], before: dict[int, Any] | None = None) -> None:
        """Remember what became of rows of a relation."""
        ids = list(ids)
        if not ids:
            return
        move = self.done.setdefault((label, kind), MergeMove(merge=self.merge, relation=label, kind=kind))
        move.ids = sorted({*move.ids, *ids})
        move.before |= {str(pk): value for pk, value in (before or {}).items()}

    def moves(self) -> list[MergeMove]:
        """What is to be kept of it."""
        return list(self.done.values())

    def move_everything(self) -> None:
        """Let every row of a relation that moves point to the survivor; what would be there twice stays.

        The events of the deed itself name both sides and stay as they are.
        """
        told = set(HouseholdEvent.objects.filter(deed=self.merge.deed).values_list("pk", flat=True))
        for label, pointing in moving.pointing_at(self.model, self.source).items():
            one = relation(label)
            ids = [pk for pk in pointing if one.model is not HouseholdEvent or pk not in told]
            if one.how != MOVE:
                self.note(label, MoveKind.STAYED, ids)
                continue
            kept = moving.colliding(one, ids, self.target)
            free = [pk for pk in ids if pk not in set(kept)]
            moved = moving.move(self.merge, one, free, source=self.source, target=self.target)
            self.note(label, MoveKind.MOVED, moved)
            self.note(label, MoveKind.KEPT, kept)


def _join_customers(work: Work, staff: StaffMember, on: date) -> None:
    row, survivor, other = work.merge, work.merge.survivor, work.merge.other
    row.marks = moving.marks(Customer)
    row.before = {Side.SURVIVOR: _before(survivor), Side.OTHER: _before(other)}
    _one_main_phone(work)
    _one_claim(work, staff, on)
    events = homes.join_at_home(
        staff=staff, survivor=survivor, other=other, keeps=row.keeps, on=on, reason=row.reason
    )
    row.deed = events[0].deed if events else None
    values.first_statements(survivor, other)
    work.move_everything()
    for couples in pairs.COUPLES:
        before, stays = couples.point(couples.model, other, survivor)
        work.note(couples.label, MoveKind.MOVED, before, before)
        work.note(couples.label, MoveKind.KEPT, stays)
    values.take_values(survivor, other)
    names = OtherName.objects.filter(customer=survivor, pk__gt=row.marks["customers.OtherName.customer"])
    work.note("customers.OtherName.customer", MoveKind.CREATED, names.values_list("pk", flat=True))
    row.pair = pairs.decide(survivor, other, state=ReviewState.SAME, staff=staff, pair=row.pair)
    other.state, other.merged_into, other.identity_conflict = CustomerState.MERGED, survivor, False
    other.save(update_fields=["state", "merged_into", "identity_conflict"])
    _follow_home(survivor)
    _settle_blocks(survivor, was_blocked=row.before[Side.OTHER]["identity_conflict"])


def _before(customer: Customer) -> dict[str, Any]:
    return {**values.as_it_was(customer), "branch": customer.branch_id}


def _one_main_phone(work: Work) -> None:
    """The survivor's main phone stays the main one."""
    mains = Phone.objects.filter(is_main=True)
    if not mains.filter(customer=work.target).exists():
        return
    ids = list(mains.filter(customer=work.source).values_list("pk", flat=True))
    Phone.objects.filter(pk__in=ids).update(is_main=False)
    work.note("customers.Phone.customer", MoveKind.CHANGED, ids, {pk: {"is_main": True} for pk in ids})


def _one_claim(work: Work, staff: StaffMember, on: date) -> None:
    """A number that one of the two holds and the other claims is the person's own: the claim goes out of use."""
    documents = IdentityDocument.objects.filter(customer__in=[work.target, work.source])
    held = {
        (kind, bytes(key))
        for kind, key in documents.filter(state=DocumentState.HELD).values_list("kind", "number_key")
    }
    before = {}
    for claim in documents.filter(state=DocumentState.DISPUTED).order_by("pk"):
        if (claim.kind, bytes(claim.number_key)) not in held:
            continue
        names = ("state", "retired_because", "retired_note")
        before[claim.pk] = {name: getattr(claim, name) for name in names}
        claim.state, claim.retired_because = DocumentState.RETIRED, RetiredBecause.SAME
        claim.retired_on, claim.retired_by = on, staff
        claim.save(update_fields=["state", "retired_because", "retired_on", "retired_by"])
    work.note("customers.IdentityDocument.customer", MoveKind.CHANGED, before, before)


def _follow_home(survivor: Customer) -> None:
    """The branch that manages the household manages the person."""
    home = Membership.objects.filter(customer=survivor, valid_to=None).select_related("household__branch")
    found = home.first()
    if found is None or found.household.branch_id == survivor.branch_id:
        return
    move_tasks(to=found.household.branch, people=[survivor.pk])
    survivor.branch = found.household.branch
    survivor.save(update_fields=["branch"])


def _settle_blocks(survivor: Customer, *, was_blocked: bool) -> None:
    """No new credit while a number of the person is disputed; free again when that was among the two alone."""
    if was_blocked and not survivor.identity_conflict:
        survivor.identity_conflict = True
        survivor.save(update_fields=["identity_conflict"])
    lift_blocks([survivor.pk])
    survivor.refresh_from_db(fields=["identity_conflict"])


def _join_households(work: Work, staff: StaffMember, on: date) -> None:
    row = work.merge
    row.marks = moving.marks(Household)
    row.before = {
        Side.SURVIVOR: {"head": row.household.head_id},
        Side.OTHER: {"head": row.other_household.head_id},
    }
    events = homes.join_households(
        staff=staff, household=row.household, other=row.other_household, on=on, reason=row.reason
    )
    row.deed = events[0].deed
    work.move_everything()
