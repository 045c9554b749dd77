"""Who acts: the person or process behind every statement, and the branches whose rows it may touch.

One context variable holds it. Middleware sets it for a request, the work table for an order, a command for itself;
the database connection announces it in every transaction (``coopcrm.shared.postgresql``), where the ledger of deeds
and the row-level policies read it. Log lines carry it too.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass, replace

ALL = "all"


class NobodyActs(RuntimeError):
    """Rows were asked for where nobody has said who acts: a request, order or command must say it first."""


@dataclass(frozen=True)
class Acting:
    """A person (id and name) or a process (name alone), the request or order it acts in, and its scope.

    ``scope`` is ``ALL``, the ids of the branches whose rows are open, or None while nobody has said.
    """

    actor_id: int | None = None
    actor_name: str = ""
    request_id: str = ""
    scope: str | frozenset[int] | None = None

    @property
    def scope_text(self) -> str:
        """The scope as PostgreSQL reads it: ``all``, an array literal such as ``{3,7}``, or empty."""
        if self.scope is None or self.scope == ALL:
            return self.scope or ""
        return "{" + ",".join(str(branch) for branch in sorted(self.scope)) + "}"


NOBODY = Acting()
_acting: contextvars.ContextVar[Acting] = contextvars.ContextVar("acting", default=NOBODY)
_process = [NOBODY]  # who a process is when nothing else is said; every thread of it begins with this


def current() -> Acting:
    """Who acts now."""
    acting = _acting.get()
    return _process[0] if acting is NOBODY else acting


def begin_process(name: str) -> None:
    """Name this process (a command, a worker): all branches are open to it until somebody else acts."""
    _process[0] = Acting(actor_name=name, scope=ALL)


@contextlib.contextmanager
def using(acting: Acting) -> Iterator[Acting]:
    """Act as ``acting`` inside the block."""
    token = _acting.set(acting)
    try:
        yield acting
    finally:
        _acting.reset(token)


def in_request(request_id: str) -> contextlib.AbstractContextManager[Acting]:
    """Act in a request whose person is not known yet: no branch is open."""
    return using(Acting(request_id=request_id))


def for_staff(staff, *, request_id: str = "") -> contextlib.AbstractContextManager[Acting]:
    """Act as a member of staff, with the branches that their posts open today."""
    scope = staff.scope
    branches = ALL if scope.sees_union else frozenset(scope.branch_ids)
    return using(Acting(staff.pk, str(staff), request_id or current().request_id, branches))


def as_system(name: str, *, request_id: str = "") -> contextlib.AbstractContextManager[Acting]:
    """Act as the system, on all branches; ``name`` says what for."""
    return using(Acting(None, name, request_id or current().request_id, ALL))


def on_all_branches() -> contextlib.AbstractContextManager[Acting]:
    """Stay who we are and open all branches: for figures and searches that are the union's by rule, never for rows."""
    return using(replace(current(), scope=ALL))
