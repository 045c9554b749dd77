"""When garbage is looked for: bulk work makes a million values without cycles and does not search them for any."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Look for no cycles within the block or the function: what is not needed any more still goes at once.

    For work that keeps what it makes until it ends; each look would walk all of it. Blocks within blocks are fine.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
