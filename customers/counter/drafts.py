"""Unfinished registrations: what is typed at the counter is kept at the branch, sealed, until it is registered.

A draft is its writer's alone. It goes when the form is registered or discarded, and after a week by itself.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from branches.models import StaffMember, Unit
from customers import identity, masking
from customers.models import CounterDraft

KEPT = timedelta(days=7)
MOST = 20
LONGEST_VALUE = 200
DISCARD = "DELETE FROM customers_counterdraft WHERE staff_id = %s AND form_key = %s"
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "form_key", "photo"})


@dataclass(frozen=True)
class Unfinished:
    """A line of the list: masked, so that whoever looks over a shoulder learns nothing."""

    form_key: uuid.UUID
    name: str
    number: str
    saved_at: datetime


@transaction.atomic
def keep(
    *, staff: StaffMember, branch: Unit, form_key: uuid.UUID, typed: Mapping[str, list[str]]
) -> CounterDraft | None:
    """Keep what stands in the fields now; None when nothing is filled in."""
    content = {
        name: [value[:LONGEST_VALUE] for value in values]
        for name, values in typed.items()
        if name not in NOT_KEPT and any(values)
    }
    if not (content.get("number") or content.get("name")):
        return None
    _wait_for_the_one_before(form_key)
    now = timezone.now()
    draft = CounterDraft.objects.select_for_update().filter(staff=staff, form_key=form_key).first()
    is_new = draft is None
    draft = draft or CounterDraft(staff=staff, form_key=form_key)
    draft.branch, draft.saved_at, draft.expires_at = branch, now, now + KEPT
    draft.seal("content", json.dumps(content, ensure_ascii=False))
    draft.save(force_insert=is_new)
    if is_new:
        _forget_beyond_most(staff)
    return draft


def _wait_for_the_one_before(form_key: uuid.UUID) -> None:
    """Keep one state of a form at a time: two that are on their way together would both write the first row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('counter_draft'), hashtext(%s))", [str(form_key)]
        )


def _forget_beyond_most(staff: StaffMember) -> None:
    rows = CounterDraft.objects.filter(staff=staff).order_by("-saved_at", "-pk").values("pk")
    CounterDraft.objects.filter(pk__in=list(rows[MOST : 2 * MOST].values_list("pk", flat=True))).delete()


def content_of(staff: StaffMember, form_key: uuid.UUID) -> dict[str, list[str]] | None:
    """What was typed into a form; None when there is no draft of it."""
    draft = CounterDraft.objects.filter(staff=staff, form_key=form_key, expires_at__gt=timezone.now()).first()
    return json.loads(draft.open("content")) if draft else None


def unfinished(staff: StaffMember) -> list[Unfinished]:
    """The person's unfinished registrations, the latest first."""
    rows = CounterDraft.objects.filter(staff=staff, expires_at__gt=timezone.now()).order_by(
        "-saved_at", "-pk"
    )
    lines = []
    for draft in rows[:MOST]:
        content = json.loads(draft.open("content"))
        name, number = (content.get(field, [""])[0] for field in ("name", "number"))
        shown = masking.mask_id(identity.normalize_code(number))
        lines.append(Unfinished(draft.form_key, masking.mask_name(name), shown, draft.saved_at))
    return lines


def discard(*, staff: StaffMember, form_key: uuid.UUID | None) -> int:
    """Forget a draft; returns how many there were."""
    if form_key is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DISCARD, [staff.pk, form_key])
        return cursor.rowcount


def forget_old(*, now: datetime) -> int:
    """Forget drafts whose week is over; returns how many."""
    return CounterDraft.objects.filter(expires_at__lte=now).delete()[0]
