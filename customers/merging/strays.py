"""Rows that somebody wrote on a record in the very moment it was joined: they follow to where the others went.

A writer who began before the merge and ends after it has passed every check; the row then points to a record that
nobody opens any more. Every hour those of young merges follow. Undo takes them back with the others.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from coopcrm.shared import acting
from customers.merging import later, moving
from customers.merging.choices import MergeState, MoveKind
from customers.merging.relations import MOVE, relation
from customers.models import Merge, MergeMove


def follow(*, since: datetime) -> int:
    """Move what was left behind by merges done since a moment; returns how many rows. Run twice it equals once."""
    found = 0
    rows = Merge.objects.filter(state=MergeState.DONE, done_at__gte=since).order_by("pk")
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic(), acting.on_all_branches():
            found += _follow(Merge.objects.select_for_update(of=["self"]).get(pk=pk))
    return found


def _follow(row: Merge) -> int:
    if row.state != MergeState.DONE:
        return 0
    source, target = row.other_id or row.other_household_id, later.end_of(row)
    there = moving.pointing_at(later.target_of(row), source)
    known = {(move.relation, pk) for move in row.moves.filter(kind=MoveKind.KEPT) for pk in move.ids}
    moves = []
    for label, ids in there.items():
        one = relation(label)
        left = [pk for pk in ids if (label, pk) not in known]
        if one.how != MOVE or not left:
            continue
        kept = set(moving.colliding(one, left, target))
        moved = moving.move(row, one, [pk for pk in left if pk not in kept], source=source, target=target)
        if moved:
            moves.append(MergeMove(merge=row, relation=label, kind=MoveKind.FOLLOWED, ids=moved))
    for move in moves:
        before = row.moves.filter(relation=move.relation, kind=move.kind).first()
        if before is not None:
            before.ids = sorted({*before.ids, *move.ids})
            before.save(update_fields=["ids"])
        else:
            move.save(force_insert=True)
    return sum(len(move.ids) for move in moves)
