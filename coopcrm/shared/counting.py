"""How often something was done in a window of time: counted in Redis, in this process while Redis is away."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import redis
from django.conf import settings
from django.core.cache import cache

COUNT = """
local times = redis.call('INCR', KEYS[1])
if times == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return times
"""
"""Counts and lets the count end by itself, in one go."""

log = logging.getLogger("coopcrm.counting")

_local: Counter[tuple[str, int, int]] = Counter()


def count(name: str, *, window: int) -> tuple[int, bool]:
    """Count once more and return how often in the window of ``window`` seconds, and whether Redis kept the count.

    Without Redis each process counts for itself: callers set lower limits then, not none.
    """
    number = int(time.time()) // window
    key = f"count:{name}:{window}:{number}"
    try:
        return _count_in_redis(cache.make_key(key), window * 2), True
    except Exception:  # any failure of the cache: count here, and do not turn the caller away for it
        log.warning("A counter is kept in this process: the cache does not answer.")
        return _count_here(name, window, number), False


@lru_cache(maxsize=1)
def _counter() -> Callable[..., int]:
    """The script with a client of its own: the cache offers none that runs scripts."""
    client = redis.Redis.from_url(settings.REDIS_URL, **settings.CACHES["default"]["OPTIONS"])
    return client.register_script(COUNT)


def _count_in_redis(key: str, seconds: int) -> int:
    return _counter()(keys=[key], args=[seconds])


def _count_here(name: str, window: int, number: int) -> int:
    for key in [key for key in _local if key[1] == window and key[2] != number]:
        del _local[key]
    _local[name, window, number] += 1
    return _local[name, window, number]
