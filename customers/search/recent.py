"""Customers a person has opened of late, the last first: ids in Redis, for two weeks.

A convenience and no record: while Redis is away nobody has opened anything. Who read what is the ledger's business.
"""

from __future__ import annotations

import logging

from django.core.cache import cache

from branches.models import StaffMember

log = logging.getLogger("coopcrm.search")

MOST = 12
SECONDS = 14 * 24 * 3600


def _key(staff: StaffMember) -> str:
    return f"search:recent:{staff.pk}"


def note_opened(staff: StaffMember, customer_id: int) -> None:
    """Put a customer first among those opened of late."""
    before = recently_opened(staff)
    if before[:1] == [customer_id]:
        return
    after = [customer_id, *(pk for pk in before if pk != customer_id)][:MOST]
    try:
        cache.set(_key(staff), after, timeout=SECONDS)
    except Exception:  # any failure of the cache: the page opens all the same
        log.warning("The customers opened of late are not kept: the cache does not answer.")


def recently_opened(staff: StaffMember) -> list[int]:
    """Ids of the customers opened of late, the last first."""
    try:
        return list(cache.get(_key(staff), ()))
    except Exception:  # any failure of the cache: the search answers without them
        log.warning("The customers opened of late are not known: the cache does not answer.")
        return []
