"""How far a step of an upload is, told while its transaction is still open: in the cache, as a hint for the page."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.core.cache import cache
from django.utils.translation import gettext, gettext_noop
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
LIFE = 300  # seconds
WORDS = {
    "read": gettext_noop("Reading cells"),
    "match": gettext_noop("Finding who is who"),
    "write": gettext_noop("Writing"),
}


def key_of(upload_id: int) -> str:
    """Where the step at work says how far it is."""
    return f"ledgers:progress:{upload_id}"


def teller(upload_id: int) -> Callable[[str, int, int], None]:
    """A function that tells step, rows done and rows in all; a silent cache costs the hint alone."""
    begun: dict[str, float] = {}

    def tell(step: str, done: int, total: int) -> None:
        said = {"step": step, "done": done, "total": total, "since": begun.setdefault(step, time.time())}
        try:
            cache.set(key_of(upload_id), said, LIFE)
        except (RedisError, OSError) as error:
            log.warning("progress is not told: %s", type(error).__name__)

    return tell


def told(upload_id: int) -> dict | None:
    """What was told last; None when nothing was."""
    try:
        return cache.get(key_of(upload_id))
    except (RedisError, OSError) as error:
        log.warning("progress is not known: %s", type(error).__name__)
        return None


def words_of(said: dict) -> str:
    """What is being done, in the language of the page."""
    words = WORDS[said["step"]]
    return gettext(words)
