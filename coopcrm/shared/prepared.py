"""Statements that the server plans once for each connection: planning a short read takes longer than reading.

    OPEN = Prepared("SELECT … WHERE key_digest = %(digest)s")
    rows = OPEN.rows(digest=digest)

For what every request asks. A pooler that hands a connection to another client with every transaction forgets what was
prepared: with ``COOPCRM_POOLER=1`` statements are sent whole.
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import connection

VALUE = re.compile(r"%\((\w+)\)s")


class Prepared:
    """A statement with values like ``%(name)s``. Its columns are named, never ``*``: a new one must not change them."""

    def __init__(self, text: str) -> None:
        self.text = text

    def rows(self, **values: Any) -> list[tuple]:
        """All rows of the statement."""
        with connection.cursor() as cursor:
            if settings.BEHIND_POOLER:
                cursor.execute(self.text, values)
            else:
                self._make_ready()
                cursor.execute(self._call, values)
            return cursor.fetchall()

    @cached_property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(VALUE.findall(self.text)))

    @cached_property
    def _name(self) -> str:
        return f"coopcrm_{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"

    @cached_property
    def _call(self) -> str:
        return f"EXECUTE {self._name} ({', '.join(f'%({name})s' for name in self._names)})"

    def _make_ready(self) -> None:
        if self._name in connection.prepared:
            return
        places = {name: f"${number}" for number, name in enumerate(self._names, start=1)}
        with connection.connection.cursor() as cursor:
            cursor.execute(f"PREPARE {self._name} AS {self.text % places}")
        connection.prepared.add(self._name)
