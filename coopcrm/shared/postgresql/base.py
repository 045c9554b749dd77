"""Django's PostgreSQL connection, which tells the database in every transaction who acts.

The settings are local to the transaction (``set_config(…, true)``), so that a pooled connection forgets them with
it. They are sent before the first statement and again when somebody else acts; statements outside a transaction
carry none, and row-level policies then open nothing.
"""

from __future__ import annotations

from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from coopcrm.shared import acting

ANNOUNCE = (
    "SELECT set_config('coopcrm.actor', %s, true), set_config('coopcrm.actor_name', %s, true),"
    " set_config('coopcrm.request', %s, true), set_config('coopcrm.scope', %s, true)"
)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions know the actor, the request and the scope."""

    announced: acting.Acting | None = None
    prepared: set[str] = set()

    def connect(self) -> None:
        self.announced = None
        self.prepared = set()  # names of ``coopcrm.shared.prepared`` that this connection knows
        super().connect()

    def _set_autocommit(self, autocommit) -> None:
        self.announced = None
        super()._set_autocommit(autocommit)

    def _savepoint_rollback(self, sid) -> None:
        super()._savepoint_rollback(sid)
        self.announced = None  # rolling back also takes settings back

    def create_cursor(self, name=None):
        if self.in_atomic_block and self.announced is not (now := acting.current()):
            self._announce(now)
        return super().create_cursor(name)

    def _announce(self, now: acting.Acting) -> None:
        if self.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return  # the statement that follows is refused anyway
        actor = "" if now.actor_id is None else str(now.actor_id)
        with self.connection.cursor() as cursor:
            cursor.execute(ANNOUNCE, [actor, now.actor_name, now.request_id, now.scope_text])
        self.announced = now
