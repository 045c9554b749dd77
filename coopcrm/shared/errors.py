"""What the business refuses: every anticipated refusal has a stable code and a text for the person at the desk."""

from __future__ import annotations


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
    """The person may not do this deed on this row."""

    code = "not_permitted"


def require(
    condition: object, message, *, code: str | None = None, error: type[DomainError] | None = None
) -> None:
    """Raise a refusal unless ``condition`` holds; without ``error`` and ``code`` it is a missing permission."""
    if condition:
        return
    raise (error or (Refused if code else PermissionRefused))(message, code=code)
