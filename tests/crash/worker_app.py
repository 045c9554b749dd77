"""The Celery app of the crash tests: the real one, whose steps wait before they commit when a test asks for it.

A test arms a step by a file in the folder ``COOPCRM_CRASH``; the first process that has made the step's effect, and not
yet committed it, takes the file, says so by a second one and waits to be killed. The others go on.
"""

import contextlib
import os
import time
from pathlib import Path

from coopcrm.celery import app

app.loader.import_default_modules()

from coopcrm.shared import work
from kpi import closing

__all__ = ["app", "closing"]
FOLDER = Path(os.environ["COOPCRM_CRASH"])


def slow(kind, handler):
    def run(given):
        result = handler(given)
        draft = FOLDER / f"{kind}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            (FOLDER / f"{kind}.armed").rename(draft)
            draft.write_text(str(os.getpid()))
            draft.rename(FOLDER / f"{kind}.reached")
            time.sleep(60)
        return result

    return run


for kind, handler in list(work._handlers.items()):
    if kind.startswith("closing."):
        work._handlers[kind] = slow(kind, handler)
