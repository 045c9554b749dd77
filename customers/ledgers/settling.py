"""Rows that came back corrected settle the earlier ones: from then on they are no longer open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from customers.ledgers.sources import Entry

SETTLE = """
UPDATE customers_ledgerrow r SET settled_by_id = v.later
FROM unnest(%s::bigint[], %s::bigint[]) AS v(earlier, later)
WHERE r.id = v.earlier AND r.settled_by_id IS NULL AND r.undone_at IS NULL AND r.outcome IN ('rejected', 'review')
"""


def pairs_in(entries: Iterable[Entry]) -> list[tuple[int, int]]:
    """(earlier row, row that corrects it); a row that was there before corrects nothing."""
    found = {
        entry.source.corrects[entry.record.row_number]: entry.row_id
        for entry in entries
        if not entry.is_known and entry.record.row_number in entry.source.corrects
    }
    return sorted(found.items())


def settle(pairs: Sequence[tuple[int, int]]) -> None:
    """Say of refused rows, and of those to review, which row has settled them."""
    if pairs:
        earlier, later = zip(*pairs, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, [list(earlier), list(later)])
