"""What the business refuses: every anticipated refusal has a stable code and a text for the person at the desk."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_noted: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("refusals", default=None)


def note(code: str) -> None:
    """Have a refusal written into the ledger when the request ends, also one that a page turns into a sentence."""
    if (noted := _noted.get()) is not None:
        noted.append(code)


class DomainError(Exception):
    """An anticipated refusal; ``code`` is a promise to other systems, the message speaks to people."""

    code = "refused"

    def __init__(self, message, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class Refused(DomainError):
    """A rule of the business says no."""


class PermissionRefused(DomainError):
    """The person may not do this deed on this row. Each one that is raised in a request is noted for the ledger."""

    code = "not_permitted"

    def __init__(self, message, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        note(self.code)


@contextlib.contextmanager
def noting_refusals() -> Iterator[list[str]]:
    """Collect the codes of missing permissions and of files not taken in inside the block."""
    token = _noted.set([])
    try:
        yield _noted.get()
    finally:
        _noted.reset(token)


def require(
    condition: object, message, *, code: str | None = None, error: type[DomainError] | None = None
) -> None:
    """Raise a refusal unless ``condition`` holds; without ``error`` and ``code`` it is a missing permission."""
    if condition:
        return
    raise (error or (Refused if code else PermissionRefused))(message, code=code)
