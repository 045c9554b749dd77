"""How a branch's headers were understood by people: kept by branch, kind and words, taken up when they come again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from django.db.models.functions import Now

from branches.models import StaffMember, Unit
from customers.ledgers.headers import plain_label
from customers.models import HeaderMemory


def fingerprint_of(labels: Sequence[str]) -> str:
    """The same for the same header words in the same order, however they are spaced."""
    return hashlib.sha256("\x1f".join(map(plain_label, labels)).encode()).hexdigest()


def remembered_fields(
    branch_code: str, kind: str
) -> Callable[[str, tuple[str, ...]], Mapping[int, str] | None]:
    """Ask the memory of a branch for the fields of a header; None where people have not corrected one like it."""
    known = {
        row.fingerprint: row.fields
        for row in HeaderMemory.objects.filter(branch__code=branch_code, kind=kind)
    }

    def fields_for(sheet: str, labels: tuple[str, ...]) -> Mapping[int, str] | None:
        fields = known.get(fingerprint_of(labels)) if known else None
        return None if fields is None else dict(enumerate(fields))

    return fields_for


def remember(
    *, branch: Unit, kind: str, labels: Sequence[str], fields: Sequence[str], by: StaffMember
) -> None:
    """Keep how a header is to be understood from now on."""
    HeaderMemory.objects.update_or_create(
        branch=branch,
        kind=kind,
        fingerprint=fingerprint_of(labels),
        defaults={"labels": list(labels), "fields": list(fields), "saved_by": by, "saved_at": Now()},
    )
