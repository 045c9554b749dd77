"""Roles, database and grants: who may do what in PostgreSQL, from one list.

``prepare`` makes roles, the database and its extensions; ``apply_grants`` runs after every ``migrate``.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

OWNER, WEB, WORKER = "coopcrm_owner", "coopcrm_web", "coopcrm_worker"
AUDITOR, BACKUP = "coopcrm_auditor", "coopcrm_backup"
ROLES = (OWNER, WEB, WORKER, AUDITOR, BACKUP)
EXTENSIONS = ("pg_trgm", "btree_gin", "btree_gist", "fuzzystrmatch")
DEFAULT_DATABASE = "coopcrm"


def prepare(
    admin_url: str, *, database: str = DEFAULT_DATABASE, passwords: dict[str, str] | None = None
) -> None:
    """Create what is missing of roles, database and extensions; safe to repeat.

    ``admin_url`` belongs to a superuser or to a role with CREATEROLE and CREATEDB.
    """
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            _create_roles(cursor, passwords or {})
            _create_database(cursor, database)
    finally:
        connection.close()
    connection = psycopg2.connect(_with_database(admin_url, database))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for extension in EXTENSIONS:
                cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
            _grant_connect(cursor, database)
    finally:
        connection.close()


def drop(admin_url: str, database: str) -> None:
    """Remove a database with all its data; for the demonstration only."""
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )
    finally:
        connection.close()


def _create_roles(cursor, passwords: dict[str, str]) -> None:
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
    existing = {name for (name,) in cursor.fetchall()}
    for role in ROLES:
        rights = "CREATEDB CREATEROLE" if role == OWNER else "NOCREATEDB NOCREATEROLE"
        if role not in existing:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN " + rights).format(sql.Identifier(role)))
        if role == BACKUP and _is_superuser(cursor):  # a backup under row-level policies would be partial
            cursor.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(role)))
        if passwords.get(role):
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            cursor.execute(statement.format(sql.Identifier(role), sql.Literal(passwords[role])))


def _is_superuser(cursor) -> bool:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return cursor.fetchone()[0]


def _create_database(cursor, database: str) -> None:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if cursor.fetchone():
        return
    cursor.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8'").format(
            sql.Identifier(database), sql.Identifier(OWNER)
        )
    )


def _grant_connect(cursor, database: str) -> None:
    for role in (WEB, WORKER, AUDITOR, BACKUP):
        cursor.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(database), sql.Identifier(role)
            )
        )
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role)))


def _with_database(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


# -- Grants ------------------------------------------------------------------------------------------------------------

# Results and signed rows are inserted and read, never changed; the few state columns that may be updated are named.
RESULTS: dict[str, tuple[str, ...]] = {
    "branches_post": ("valid_to", "ended_because", "extended_because"),
    "branches_proposal": ("state", "decided_by_id", "decided_at", "decision_note"),
    "branches_proposalbatch": ("opened_ids", "confirmed_at", "voided_at"),
    "customers_computedtag": ("valid_to",),
    "customers_consent": (),
    "customers_consenttext": (),
    "customers_erasureproof": (),
    "customers_factsheet": (),
    "customers_householdevent": (),
    "customers_slip": (),
    "customers_slipprint": (),
    "customers_mergemove": ("ids",),
    "customers_landparcel": (),
    "customers_cropseason": (),
    "customers_animalcount": (),
    "customers_machine": (),
    "customers_labour": (),
    "customers_privacyrule": (),
    "customers_reminderrule": (),
    "customers_caseevent": (),
    "customers_reviewdecision": (),
    "customers_sharing": ("valid_to", "ended_by_id", "ended_at"),
    "customers_matchingrule": ("valid_to",),
    "customers_matchingrun": (),
    "customers_sourcerule": ("valid_to", "applied_at"),
    "customers_statement": (),
    "customers_customertag": ("valid_to", "ended_by_id"),
    "customers_tagrule": ("valid_to",),
    "customers_visitnote": ("is_duplicate",),
    "loans_accountday": (),
    "loans_accountmonth": (),
    "loans_loanclassification": (),
    "ratings_creditrating": (),
    "ratings_contribution": (),
    "ratings_customertier": (),
    "ratings_panelvote": (),
    "ratings_ruleset": ("valid_to",),
    "customers_documentphoto": (),
    "branches_quizrecord": (),
    "customers_feedback": (),
    "customers_segmentmember": ("valid_to",),
    "customers_segmentversion": (),
    "customers_invitation": ("token_digest", "expires_on", "issued"),
    "kpi_branchday": (),
    "kpi_indicatorset": ("valid_to",),
    "kpi_kpisnapshot": (),
    "kpi_scorecard": (),
}

# Tables of the frame whose rows come and go.
FLEETING = (
    "axes_accessattempt",
    "axes_accessattemptexpiration",
    "axes_accessfailurelog",
    "branches_secondfactorsecret",
    "branches_session",
    "customers_counterdraft",
    "customers_matchingcandidate",
    "customers_namecount",
    "customers_stagedrow",
    "customers_uploadpart",
    "mfa_authenticator",
    "shared_keptanswer",
)

# Tables that web and worker only read. The ledger is written by functions that run with the owner's rights.
READ_ONLY = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "shared_auditentry",
    "shared_auditseal",
)

# What the auditor's role reads.
AUDITORS = ("shared_auditentry", "shared_auditseal")

# Rows of these business tables may be deleted by web and worker.
DELETABLE: tuple[str, ...] = (
    "auth_group_permissions",
    "branches_calendarday",
    "branches_firstdaystep",
    "branches_openingexception",
    "branches_staffmember_groups",
    "branches_staffmember_user_permissions",
)


def rights_of(table: str) -> dict[str, str]:
    """Return the rights per role on one table, as SQL grants name them."""
    if table in READ_ONLY:
        working = "SELECT"
    elif table in RESULTS:
        working = "SELECT, INSERT"
    elif table in FLEETING or table in DELETABLE:
        working = "SELECT, INSERT, UPDATE, DELETE"
    else:
        working = "SELECT, INSERT, UPDATE"
    rights = {WEB: working, WORKER: working, BACKUP: "SELECT"}
    return {**rights, AUDITOR: "SELECT"} if table in AUDITORS else rights


def apply_grants(cursor) -> None:
    """Set the rights of every table and sequence anew, from the lists above; run by the owner."""
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[WEB, WORKER, AUDITOR, BACKUP]])
    roles = {name for (name,) in cursor.fetchall()}
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')"
        " AND pg_get_userbyid(c.relowner) = current_user AND NOT c.relispartition"
    )
    tables = [name for (name,) in cursor.fetchall()]
    statements = []
    for table in tables:
        for role, rights in rights_of(table).items():
            if role in roles:
                statements.append(f'REVOKE ALL ON "{table}" FROM {role}')
                statements.append(f'GRANT {rights} ON "{table}" TO {role}')
                if (columns := RESULTS.get(table)) and role != BACKUP:
                    listed = ", ".join(f'"{column}"' for column in columns)
                    statements.append(f'GRANT UPDATE ({listed}) ON "{table}" TO {role}')
    for role in sorted(roles & {WEB, WORKER}):
        statements.append(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    for role in sorted(roles):
        statements.append(f"GRANT USAGE ON SCHEMA public TO {role}")
    if BACKUP in roles:  # partitions and sequences too, also those that come later
        for kind in ("TABLES", "SEQUENCES"):
            statements.append(f"GRANT SELECT ON ALL {kind} IN SCHEMA public TO {BACKUP}")
            statements.append(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON {kind} TO {BACKUP}")
    if statements:
        cursor.execute(";\n".join(statements))


class MightyRole(RuntimeError):
    """The database role of a web or worker process can do more than it should."""


def mighty_reason(cursor) -> str:
    """Return why the current role is too powerful for daily work, or nothing."""
    cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    name, is_super, bypasses = cursor.fetchone()
    if is_super:
        return f"{name} is a superuser"
    if bypasses:
        return f"{name} bypasses row-level security"
    cursor.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) = current_user LIMIT 1"
    )
    owned = cursor.fetchone()
    return f"{name} owns the table {owned[0]}" if owned else ""


class InventedPeople(RuntimeError):
    """People of the demonstration, whose password everybody knows, could sign in to a real site."""


def has_invented_people(cursor) -> bool:
    """Whether a member of staff of the demonstration may sign in; False before the first migration."""
    cursor.execute("SELECT to_regclass('public.branches_staffmember') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return False
    cursor.execute("SELECT EXISTS (SELECT FROM branches_staffmember WHERE is_demonstration AND is_active)")
    return cursor.fetchone()[0]


def refuse_unsafe_start() -> None:
    """Stop a web or worker process whose role could step over the grants, and a real site with invented people."""
    from django.conf import settings
    from django.db import OperationalError, connection

    try:
        with connection.cursor() as cursor:
            reason = mighty_reason(cursor)
            invented = not settings.DEMONSTRATION and has_invented_people(cursor)
    except OperationalError:
        return  # /readyz says so; the check runs again with the next process
    finally:
        connection.close()
    if invented:
        raise InventedPeople(
            "The database holds people of the demonstration, whose password is printed on a terminal. A real site "
            "begins with an empty database (make demo with DEMO_CUSTOMERS=0 shows how units and staff look)."
        )
    if reason:
        raise MightyRole(
            f"The database role {reason}. Web and worker run under coopcrm_web and coopcrm_worker: "
            "set DATABASE_URL and DATABASE_WORKER_URL (manage.py prepare_database makes the roles)."
        )
