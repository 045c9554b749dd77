"""Starts the child that reads one file, feeds it, and ends it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from coopcrm.shared.uploads.refusals import refusal_for

PROGRAM = Path(__file__).with_name("child")
KILLED = (-signal.SIGKILL, -signal.SIGXCPU)


class Child:
    """A running reader: its answer, and whether its time ran out."""

    def __init__(self, process: subprocess.Popen, answer: IO[bytes]) -> None:
        self.process, self.answer, self.is_late = process, answer, False

    def end_late(self) -> None:
        self.is_late = True
        self.process.kill()


@contextlib.contextmanager
def child(task: str, content: bytes, *, seconds: float, option: str = "") -> Iterator[Child]:
    """A process that reads ``content``; it is gone when the block ends, at the latest after ``seconds``.

    ``option`` is a word of our own that the task knows.

    A fresh interpreter rather than a fork: it has neither our environment nor our connections.
    """
    process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of the file in its arguments
        [sys.executable, "-I", "-B", str(PROGRAM), task, option],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a parser says of a file may quote it
        env={},
        close_fds=True,
    )
    running = Child(process, process.stdout)
    timer = threading.Timer(seconds, running.end_late)
    timer.daemon = True
    timer.start()
    try:
        with contextlib.suppress(BrokenPipeError):  # it has ended already; its answer says why
            process.stdin.write(content)
            process.stdin.close()
        yield running
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


def require_alive(running: Child, *, lost: str) -> None:
    """Called when the answer ended early: refuse as too slow, too large, or as ``lost`` says."""
    code = running.process.wait()
    if running.is_late or code in KILLED:
        raise refusal_for("too_slow")
    raise refusal_for(lost)
