"""Taking a merge back at any time: every row returns to its side, also what was written since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import Refused, require
from customers.choices import CustomerState, DocumentState, ReviewState
from customers.merging import homes, later, moving, pairs, policies, replay, values
from customers.merging.choices import AWAY, MergeKind, MergeState, MoveKind, Side
from customers.merging.relations import relation
from customers.merging.services import lock_customers, lock_households
from customers.models import (
    Customer,
    Household,
    IdentityDocument,
    Merge,
    MergeMove,
    OtherName,
    Phone,
    Task,
)
from customers.persons.settlements import still_disputed
from customers.tasks.services import move_tasks

Answers = Mapping[tuple[str, int], str]


@transaction.atomic
def undo_merge(*, staff: StaffMember, merge: Merge, reason: str, answers: Answers | None = None) -> Merge:
    """Make two records of one again; what was written since goes where it belongs (``later``), or where people say.

    The two are decided as different, so that no machine joins them again; people may (``merge``). A chain keeps
    standing: taking A back out of A → B → C leaves B joined to C. Raises ``PermissionRefused``, and ``Refused`` with
    the codes ``not_in_force`` and ``reason_missing``.
    """
    require(policies.may_undo(staff, merge), _("Whoever may join the two may take it back."))
    reason = " ".join(reason.split())[:300]
    require(reason, _("Say why the two are different."), code="reason_missing")
    with acting.on_all_branches():
        row = Merge.objects.select_for_update(of=["self"]).get(pk=merge.pk)
        require(row.state == MergeState.DONE, _("This merge is not in force."), code="not_in_force")
        _undo(row, staff, reason, dict(answers or {}))
        row.state, row.undone_by, row.undone_at = MergeState.UNDONE, staff, timezone.now()
        row.undo_reason = reason
        row.save()
    return row


def _undo(row: Merge, staff: StaffMember, reason: str, answers: dict) -> None:
    """Take the merge back; what later ones did to the same households is done again without it.

    Where that no longer fits together, who has moved on since stays, as when somebody else wrote there.
    """
    links = replay.links_after(row)
    people = {pk for one in links for pk in replay.people_of(one)} | replay.people_of(row)
    lock_customers(*Customer.objects.filter(pk__in=people))
    try:
        with transaction.atomic():
            days = replay.take_out(links, staff=staff, on=timezone.localdate(), reason=reason)
            _undo_alone(row, staff, reason, answers, links)
            replay.do_again(links, days, staff=staff)
    except (Refused, IntegrityError):
        if not links:
            raise
        _undo_alone(row, staff, reason, answers, ())


def _undo_alone(row: Merge, staff: StaffMember, reason: str, answers: dict, links: Iterable[Merge]) -> None:
    """Take one merge back; ``links`` are those that are done again afterwards."""
    if row.kind == MergeKind.CUSTOMER:
        _undo_customers(row, answers)
    else:
        _undo_households(row, answers)
    if row.deed:
        anew = {link.other_id for link in links}
        homes.put_back(staff=staff, deed=row.deed, on=timezone.localdate(), reason=reason, anew=anew)
    if row.kind == MergeKind.CUSTOMER:
        _settle_customers(row, staff)


def _undo_customers(row: Merge, answers: dict) -> None:
    end, other = lock_customers(Customer(pk=later.end_of(row)), row.other)
    _return_rows(row, other.pk, answers)
    for couples in pairs.COUPLES:
        couples.give_back(couples.model, _before(row, couples.label), end, other)
    _put_changes_back(row, timezone.localdate())
    other.state, other.merged_into = row.before[Side.OTHER]["state"], None
    other.save(update_fields=["state", "merged_into"])


def _settle_customers(row: Merge, staff: StaffMember) -> None:
    end, other = lock_customers(Customer(pk=later.end_of(row)), row.other)
    pairs.decide(row.survivor, other, state=ReviewState.DIFFERENT, staff=staff, pair=row.pair)
    _give_values_back(row, end, other)
    _settle_blocks_of_two(end, other)


def _undo_households(row: Merge, answers: dict) -> None:
    _end, other = lock_households(Household(pk=later.end_of(row)), row.other_household)
    _return_rows(row, other.pk, answers)


# -- Rows --------------------------------------------------------------------------------------------------------------


def _before(row: Merge, label: str) -> pairs.Before:
    """Rows that name two people and were moved, with their values before; not those that left, or came another way."""
    found = row.moves.filter(relation=label, kind=MoveKind.MOVED).values_list("before", flat=True).first()
    before = {int(pk): values for pk, values in (found or {}).items()}
    otherwise, end = later.came_otherwise(row).get(label, ()), later.stations(row)[-1]
    return {pk: values for pk, values in before.items() if pk not in otherwise and end.has_come(pk, label)}


def _return_rows(row: Merge, target: int, answers: dict) -> None:
    """Let rows point to the other record again: those the merge moved, and later ones that belong to it."""
    wanted: dict[str, list[int]] = {}
    for move in row.moves.filter(kind__in=AWAY):
        if moving.moves(move.relation):
            wanted.setdefault(move.relation, []).extend(move.ids)
    for one in later.written_since(row):
        side = one.side if one.is_known else answers.get(one.key, one.side)
        if side == Side.OTHER:
            wanted.setdefault(one.relation.label, []).append(one.row.pk)
    returned = {}
    otherwise = later.came_otherwise(row)
    for label, ids in wanted.items():
        there = relation(label)
        kept = {*moving.colliding(there, ids, target), *otherwise.get(label, ())}
        free = [pk for pk in ids if pk not in kept]
        returned[label] = [
            pk
            for station in later.stations(row)
            for pk in moving.move(
                row,
                there,
                [pk for pk in free if station.has_come(pk, label)],
                source=station.pk,
                target=target,
            )
        ]
    _note_returned(row, returned)


def _note_returned(row: Merge, returned: dict[str, list[int]]) -> None:
    rows = [
        MergeMove(merge=row, relation=label, kind=MoveKind.RETURNED, ids=ids)
        for label, ids in returned.items()
        if ids
    ]
    MergeMove.objects.bulk_create(rows)


CHANGED_MODELS: dict[str, type[models.Model]] = {
    "customers.Phone.customer": Phone,
    "customers.IdentityDocument.customer": IdentityDocument,
}


def _put_changes_back(row: Merge, on: date) -> None:
    """Values that the merge changed are as before; names that it wrote for the search are no longer in use."""
    for move in row.moves.filter(kind=MoveKind.CHANGED):
        model = CHANGED_MODELS[move.relation]
        for pk, before in move.before.items():
            _put_value_back(model, int(pk), before)
    for move in row.moves.filter(kind=MoveKind.CREATED, relation="customers.OtherName.customer"):
        OtherName.objects.filter(pk__in=move.ids, removed_on=None).update(removed_on=on)


def _put_value_back(model: type[models.Model], pk: int, before: dict[str, Any]) -> None:
    rows = model._base_manager.filter(pk=pk)
    if model is Phone:
        found = rows.get()
        has_main = Phone.objects.filter(customer=found.customer_id, is_main=True).exists()
        if found.valid_to is None and not has_main:
            rows.update(**before)
        return
    rows.filter(state=DocumentState.RETIRED).update(**before, retired_on=None, retired_by=None)


# -- Values ------------------------------------------------------------------------------------------------------------


def _give_values_back(row: Merge, end: Customer, other: Customer) -> None:
    """Each side shows its own again, also what was stated of it since."""
    before, theirs = row.before[Side.SURVIVOR], row.before[Side.OTHER]
    mark = row.marks.get("customers.Statement.customer", 0)
    values.give_values_back(other, theirs, mark=mark)
    if end.pk != row.survivor_id:
        values.give_values_back(end, None)
        return
    values.give_values_back(end, before, mark=mark)
    _give_standing_back(end, before, theirs)
    if end.branch_id == theirs["branch"] != before["branch"]:
        Customer.objects.filter(pk=end.pk).update(branch=before["branch"])
        end.refresh_from_db(fields=["branch"])
        if Task.objects.open().filter(customer=end).exists():
            move_tasks(to=end.branch, people=[end.pk])


def _give_standing_back(end: Customer, before: dict[str, Any], theirs: dict[str, Any]) -> None:
    """State and day of the last check as before, where they are still those that came with the other record."""
    verified = end.verified_on.isoformat() if end.verified_on else ""
    if verified == theirs["verified_on"]:
        end.verified_on = date.fromisoformat(before["verified_on"]) if before["verified_on"] else None
    if end.state == theirs["state"] == CustomerState.ACTIVE:
        end.state = before["state"]
    end.save(update_fields=["verified_on", "state"])


def _settle_blocks_of_two(*records: Customer) -> None:
    """No new credit for whoever has a disputed number, as the documents say now."""
    ids = [one.pk for one in records]
    blocked = still_disputed(ids)
    Customer.objects.filter(pk__in=blocked).update(identity_conflict=True)
    Customer.objects.filter(pk__in=set(ids) - blocked).update(identity_conflict=False)
