"""The preview of an upload: a plan kept sealed, a line for every row, and whether both still hold."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from coopcrm.shared.collecting import collector_paused
from coopcrm.shared.fields import draw_ids
from customers.choices import PartKind
from customers.ledgers import candidates, parts
from customers.ledgers.plans import Plan
from customers.ledgers.sheaf import Sheaf
from customers.ledgers.sources import SHEET_LENGTH, Entry
from customers.models import LedgerRow, LedgerUpload, StagedRow


def forget_preview(upload: LedgerUpload) -> None:
    """Take the lines and the plan away."""
    upload.rows.all().delete()
    parts.held(upload, PartKind.PLAN, None).delete()


@collector_paused()
def keep_preview(upload: LedgerUpload, plan: Plan) -> None:
    """Keep the plan sealed, and a line for every row, in place of an earlier preview."""
    forget_preview(upload)
    said = plan.packed() | {"shape": shape_of(plan)}
    parts.keep(json.dumps(said, ensure_ascii=False).encode(), upload=upload, kind=PartKind.PLAN)
    sheaf = Sheaf()
    sheaf.add(_lines(upload, plan))
    sheaf.write()


def _lines(upload: LedgerUpload, plan: Plan) -> list[StagedRow]:
    numbers: dict[int, int] = {}
    lines = []
    ids = draw_ids(StagedRow, len(plan.entries))
    for position, (entry, pk) in enumerate(zip(plan.entries, ids, strict=True), start=1):
        person = None if entry.customer is None else numbers.setdefault(entry.customer, len(numbers) + 1)
        line = StagedRow(
            pk=pk,
            upload_id=upload.pk,
            file_id=entry.source.number,
            branch_id=entry.branch.pk,
            position=position,
            sheet=entry.sheet.name[:SHEET_LENGTH],
            row_number=entry.record.row_number,
            outcome=entry.outcome,
            reason=entry.reason,
            is_new=entry.is_new,
            person=person,
            joined_by=list(entry.joined_by),
            customer_id=None if entry.customer in plan.created else entry.customer,
        )
        line.seal("cells", json.dumps(_said(entry), ensure_ascii=False))
        lines.append(line)
    return lines


def _said(entry: Entry) -> dict:
    return {"name": entry.record.name.name, "place": entry.record.address_text, "cells": entry.record.cells}


@collector_paused()
def kept_plan(upload: LedgerUpload) -> Plan:
    """The plan as it was kept."""
    return Plan.unpacked(_kept(upload))


def _kept(upload: LedgerUpload) -> dict:
    return json.loads(parts.kept(upload=upload, kind=PartKind.PLAN))


def shape_shown(upload: LedgerUpload) -> str:
    """The shape of the plan that people looked at."""
    return _kept(upload)["shape"]


def shape_of(plan: Plan) -> str:
    """What a plan does, without the keys it drew: two plans of the same shape are the same to whoever looks at them."""
    numbers: dict[int, int] = {}

    def person(customer: int | None) -> str:
        if customer is None:
            return "-"
        if customer not in plan.created:
            return f"known {customer}"
        return f"new {numbers.setdefault(customer, len(numbers))}"

    lines = [f"{entry.outcome} {entry.reason} {person(entry.customer)}" for entry in plan.entries]
    lines.append(json.dumps(plan.counts, sort_keys=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def still_holds(plan: Plan, upload: LedgerUpload) -> bool:
    """Is everything that the plan was made from as it was? Asked under the importer's lock.

    The same customers must be found by the same keys, none of their rows may have changed, and no row of the plan may
    have come in by another road.
    """
    if plan.keys.keys() != candidates.ROADS.keys():
        return False  # kept before the roads were others
    if candidates.versions_of(plan.candidates) != plan.witness:
        return False
    if candidates.found_by(plan.keys) != set(plan.candidates):
        return False
    rows = [bytes.fromhex(key) for key in plan.row_keys]
    return not LedgerRow.objects.filter(row_key__in=rows, undone_at=None).exists()


def counts_by_outcome(upload: LedgerUpload) -> Counter:
    """How many lines have which outcome."""
    return Counter(upload.rows.values_list("outcome", flat=True))
