"""A call that writes is done once: sent again with the same ``Idempotency-Key``, it is answered as the first time.

The answer is kept in the transaction of the work itself, so that there is never the one without the other. Kept are
status, ids and codes; key and body only as keyed digests, because a body carries names and numbers and would be
guessed from a plain digest. Refusals are not kept: they wrote nothing, and the same call is judged anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from coopcrm.shared import crypto
from coopcrm.shared.errors import Refused
from coopcrm.shared.inserting import insert
from coopcrm.shared.models import KeptAnswer
from coopcrm.shared.prepared import Prepared

KEPT = timedelta(days=35)
LONGEST_KEY = 200
PURPOSE = "idempotency"
KEPT_FOR = Prepared("SELECT id FROM shared_keptanswer WHERE key_digest = %(key)s")


class KeyReused(Refused):
    """The key belongs to another body."""

    code = "idempotency_mismatch"


class InFlight(Refused):
    """The same call is being worked on right now."""

    code = "in_flight"


@dataclass(frozen=True)
class Answer:
    """What was answered: the HTTP status and a body of ids and codes."""

    status: int
    body: dict


@dataclass(frozen=True)
class Call:
    """A writing call: who calls (id of the member of staff), which operation, the key sent, and the body as sent."""

    caller: int
    route: str
    key: str
    body: bytes

    @property
    def _name(self) -> str:
        return f"{self.caller}:{self.route}:{self.key}"

    @property
    def key_digest(self) -> bytes:
        return crypto.keyed(PURPOSE, self._name)

    @property
    def body_digest(self) -> bytes:
        return crypto.keyed(PURPOSE, f"{self._name}:{hashlib.sha256(self.body).hexdigest()}")

    @property
    def lock(self) -> int:
        """A number for the lock that holds the call until its transaction ends."""
        return int.from_bytes(hashlib.sha256(self._name.encode()).digest()[:8], "big", signed=True)


def begin(call: Call) -> Answer | None:
    """Hold the call until the transaction ends; returns the answer when it has been done already.

    Raises ``InFlight`` while the same call runs elsewhere, ``KeyReused`` when the key was sent with another body.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [call.lock])
        if not cursor.fetchone()[0]:
            raise InFlight(_("This very call is being worked on. Ask again in a few seconds."))
    row = _kept(call)
    if row is None:
        return None
    if row.expires_at <= timezone.now():
        row.delete()
        return None
    if bytes(row.body_digest) not in crypto.forms(call.body_digest):
        raise KeyReused(
            _("This Idempotency-Key was sent with another body. Draw a new key for another call.")
        )
    return Answer(row.status, row.body)


def _kept(call: Call) -> KeptAnswer | None:
    """What the call was answered; of most calls nothing."""
    for key in crypto.forms(call.key_digest):
        if known := KEPT_FOR.rows(key=key):
            return KeptAnswer.objects.get(pk=known[0][0])
    return None


def keep(call: Call, answer: Answer) -> None:
    """Keep what was answered; in the transaction of the work."""
    insert(
        KeptAnswer(
            caller=call.caller,
            route=call.route,
            key_digest=call.key_digest,
            body_digest=call.body_digest,
            status=answer.status,
            body=answer.body,
            expires_at=timezone.now() + KEPT,
        )
    )


def forget_old(*, now: datetime) -> int:
    """Delete answers whose time is over; returns how many."""
    return KeptAnswer.objects.filter(expires_at__lte=now).delete()[0]
