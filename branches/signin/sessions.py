"""Sessions in PostgreSQL that a dump does not open: the key is a digest, the content sealed, the row says whose it is.

``settings.SESSION_ENGINE`` names this module. A session ends after a time without work that depends on the kind of
device, and after twelve hours in all, whatever its cookie says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.utils import timezone

from branches.choices import DeviceKind
from coopcrm.shared.prepared import Prepared

IDLE = {DeviceKind.COUNTER: timedelta(minutes=15), DeviceKind.PHONE: timedelta(minutes=30)}
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(seconds=30)
OPEN = """
SELECT {session}, {staff},
       (SELECT coalesce(json_agg(json_build_array(p.code, p.unit_id, u.kind, u.parent_id)), '[]')
        FROM branches_post p JOIN branches_unit u ON u.id = p.unit_id
        WHERE p.staff_id = m.id AND p.valid_from <= %(on)s AND (p.valid_to IS NULL OR p.valid_to > %(on)s))
FROM branches_session s LEFT JOIN branches_staffmember m ON m.id = s.staff_id
WHERE s.key_digest = %(digest)s AND s.ends_at > %(now)s
"""
"""The session of a cookie, whose it is and the posts of the day: asked by every request, so it is one statement."""


def digest_of(key: str) -> bytes:
    """Return what is stored of a random key: keys are long, so a plain digest gives nothing away."""
    return hashlib.sha256(key.encode()).digest()


def end_of(kind: str, started_at: datetime, seen_at: datetime) -> datetime:
    """Return when a session ends that was last used at ``seen_at``."""
    return min(started_at + LONGEST, seen_at + IDLE[DeviceKind(kind)])


class SessionStore(SessionBase):
    """One session; ``origin`` tells kind, browser, address and device when a row is first written."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row = None
        self.person = None
        self.origin: Callable[[], dict] = dict

    @classmethod
    def get_model_class(cls):
        from branches.models import Session

        return Session

    def load(self) -> dict:
        """Open the stored content; a session that ended, or was ended, is a new one."""
        self.row, self.person = _read(digest_of(self.session_key))
        if self.row is None:
            self._session_key = None
            return {}
        return json.loads(self.row.open("data"))

    def exists(self, session_key: str) -> bool:
        return self.get_model_class().objects.filter(key_digest=digest_of(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Insert the row (``must_create``) or update it; a row that somebody ended meanwhile stays ended."""
        if self.session_key is None:
            self.create()
            return
        content = self._get_session(no_load=must_create)
        staff_id = content.get(SESSION_KEY)
        if must_create or self.row is None:
            self._insert(content, staff_id)
            return
        self.row.seal("data", json.dumps(content))
        self.row.staff_id = int(staff_id) if staff_id else None
        changed = {"data": self.row.data, "staff_id": self.row.staff_id}
        if not self.get_model_class().objects.filter(pk=self.row.pk).update(**changed):
            raise UpdateError

    def _insert(self, content: dict, staff_id: str | None) -> None:
        now = timezone.now()
        origin = {"kind": DeviceKind.COUNTER, **self.origin()}
        row = self.get_model_class()(
            key_digest=digest_of(self.session_key),
            staff_id=int(staff_id) if staff_id else None,
            started_at=now,
            seen_at=now,
            ends_at=end_of(origin["kind"], now, now),
            **origin,
        )
        row.seal("data", json.dumps(content))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise CreateError from error
        self.row = row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.get_model_class().objects.filter(key_digest=digest_of(key)).delete()

    def touch(self, *, at_once: bool = False) -> None:
        """Note that the session was used just now; written at most every half minute unless ``at_once``."""
        now = timezone.now()
        if self.row is None or (now - self.row.seen_at < SEEN_EVERY and not at_once):
            return
        self.row.seen_at, self.row.ends_at = now, end_of(self.row.kind, self.row.started_at, now)
        seen = {"seen_at": now, "ends_at": self.row.ends_at}
        self.get_model_class().objects.filter(pk=self.row.pk).update(**seen)

    @property
    def seconds_left(self) -> int:
        """Seconds until the session ends when nothing more is done; 0 without a session."""
        if self.row is None:
            return 0
        end = end_of(self.row.kind, self.row.started_at, timezone.now())
        return int((end - timezone.now()).total_seconds())

    @classmethod
    def clear_expired(cls) -> int:
        """Remove rows of sessions that have ended; returns how many."""
        return cls.get_model_class().objects.filter(ends_at__lte=timezone.now()).delete()[0]


def _read(digest: bytes) -> tuple[Any, Any]:
    """The session that is open under a key, and whose it is with the posts of today; None where there is none."""
    from branches.models import Session, StaffMember
    from branches.scopes import scope_of

    statement, own, theirs = _open_statement()
    rows = statement.rows(digest=digest, now=timezone.now(), on=timezone.localdate())
    if not rows:
        return None, None
    found = rows[0]
    row = Session.from_db(DEFAULT_DB_ALIAS, own, found[: len(own)])
    if row.staff_id is None:
        return row, None
    person = StaffMember.from_db(DEFAULT_DB_ALIAS, theirs, found[len(own) : -1])
    person.scope = scope_of(found[-1])
    return row, person


@cache
def _open_statement() -> tuple[Prepared, list[str], list[str]]:
    """The statement and its columns: those of the session, those of the person."""
    from branches.models import Session, StaffMember

    own, theirs = (
        [field.attname for field in model._meta.concrete_fields] for model in (Session, StaffMember)
    )
    columns = {
        "session": ", ".join(f"s.{name}" for name in own),
        "staff": ", ".join(f"m.{name}" for name in theirs),
    }
    return Prepared(OPEN.format(**columns)), own, theirs


class Sessions(SessionMiddleware):
    """Django's session middleware, which also tells a new session where it comes from."""

    def process_request(self, request) -> None:
        super().process_request(request)
        request.session.origin = lambda: _origin_of(request)


def _origin_of(request) -> dict:
    from branches.signin.devices import device_of
    from branches.signin.origin import address_of, browser_of, kind_of

    user_agent = request.headers.get("User-Agent", "")
    device = device_of(request)
    kind = device.kind if device else kind_of(user_agent)
    return {
        "kind": kind,
        "browser": browser_of(user_agent),
        "address": address_of(request),
        "device_id": device.pk if device else None,
    }
