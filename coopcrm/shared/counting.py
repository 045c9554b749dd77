"""How often something was done in a window of time: counted in Redis, in this process while Redis is away."""

from __future__ import annotations

import logging
import time
from collections import Counter

from django.core.cache import cache

log = logging.getLogger("coopcrm.counting")

_local: Counter[tuple[str, int, int]] = Counter()


def count(name: str, *, window: int) -> tuple[int, bool]:
    """Count once more and return how often in the window of ``window`` seconds, and whether Redis kept the count.

    Without Redis each process counts for itself: callers set lower limits then, not none.
    """
    number = int(time.time()) // window
    key = f"count:{name}:{window}:{number}"
    try:
        cache.add(key, 0, timeout=window * 2)
        return cache.incr(key), True
    except Exception:  # any failure of the cache: count here, and do not turn the caller away for it
        log.warning("A counter is kept in this process: the cache does not answer.")
        return _count_here(name, window, number), False


def _count_here(name: str, window: int, number: int) -> int:
    for key in [key for key in _local if key[1] == window and key[2] != number]:
        del _local[key]
    _local[name, window, number] += 1
    return _local[name, window, number]
