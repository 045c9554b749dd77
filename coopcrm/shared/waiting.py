"""Commands that order work and wait for it, with progress on the terminal; they start a worker when none is there."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from coopcrm.shared import work
from coopcrm.shared.models import Job
from coopcrm.shared.selectors import progress_of

ALIVE_KEY, ALIVE_SECONDS = "worker-alive", 12
POLL_SECONDS = 0.25
NUDGE_SECONDS = 3.0


def worker_is_alive() -> None:
    """A worker says that it is there (called every few seconds by its heartbeat)."""
    with contextlib.suppress(RedisError, OSError):
        cache.set(ALIVE_KEY, work.worker_name(), ALIVE_SECONDS)


def worker_has_ended() -> None:
    """A worker that ends in order takes its sign away, unless another has put its own there."""
    with contextlib.suppress(RedisError, OSError):
        if cache.get(ALIVE_KEY) == work.worker_name():
            cache.delete(ALIVE_KEY)


def has_worker() -> bool:
    """Whether a worker has said within the last seconds that it is there."""
    try:
        return cache.get(ALIVE_KEY) is not None
    except (RedisError, OSError):
        return False


def wait_for_worker(seconds: float = 30) -> bool:
    """Wait until a worker has said that it is there."""
    deadline = time.monotonic() + seconds
    while not has_worker() and time.monotonic() < deadline:
        time.sleep(0.1)
    return has_worker()


def start_worker(concurrency: int | None = None, app: str = "coopcrm") -> subprocess.Popen:
    """Start a Celery worker that ends with us."""
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--concurrency", str(concurrency or _concurrency())]
    environment = {**os.environ, "COOPCRM_ROLE": "worker"}
    folder = settings.VAR_DIR / "log"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own worker
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it only makes one system call
        )


def end_with_parent() -> None:
    """Ask Linux for SIGTERM when the parent ends, however it ends."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _concurrency() -> int:
    return settings.CELERY_WORKER_CONCURRENCY


@contextlib.contextmanager
def some_worker() -> Iterator[None]:
    """A worker for the time of the block: the one that is there, else one of our own."""
    own = None if has_worker() else start_worker()
    try:
        yield
    finally:
        if own is not None:
            stop_worker(own)


def stop_worker(process: subprocess.Popen, seconds: float = 30) -> None:
    """Let a worker finish what it does, then end it with its children."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run_job_and_wait(job: Job, echo: Callable[[str], None] = lambda line: None) -> Job:
    """Wait until a job has ended, telling its progress; the job is read again and returned."""
    if not _read(job).is_open:
        return job
    with some_worker():
        said, nudged = "", 0.0
        while _read(job).is_open:
            line = _progress_line(job)
            if line != said:
                echo(line)
                said = line
            if time.monotonic() - nudged > NUDGE_SECONDS:  # we do the sweep's duty: there may be no beat
                work.settle(job.pk)
                if work.has_claimable():
                    work.send_wakes(_concurrency())
                nudged = time.monotonic()
            time.sleep(POLL_SECONDS)
    echo(_progress_line(job))
    return job


def _read(job: Job) -> Job:
    job.refresh_from_db()
    return job


def _progress_line(job: Job) -> str:
    progress = progress_of(job)
    words = [job.stage_name, f"{progress.ended}/{progress.total}", job.get_state_display()]
    if progress.failed:
        words.append(f"{progress.failed} failed")
    return "  ".join(word for word in words if word)
