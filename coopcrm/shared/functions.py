"""Functions of the database that do a deed under the owner's rights, put in place after every migrate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def put_in_place(cursor, signature: str, *statements: str, roles: Iterable[str]) -> None:
    """Make a function anew by its ``statements`` unless it stands as they say; ``roles`` that exist may call it.

    A digest of the statements is kept as the comment of the function. Run by the owner.
    """
    version = hashlib.sha256("".join(statements).encode()).hexdigest()[:16]
    cursor.execute("SELECT obj_description(to_regprocedure(%s), 'pg_proc')", [signature])
    if cursor.fetchone()[0] == version:
        return
    for statement in statements:
        cursor.execute(statement)
    cursor.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(roles)])
    for (role,) in cursor.fetchall():
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")
    cursor.execute(f"COMMENT ON FUNCTION {signature} IS %s", [version])
