"""The private PostgreSQL and Redis of the demonstration, the tests and a bare ``manage.py``.

Nothing here runs when ``DATABASE_URL`` is set. Otherwise the first process that needs the servers starts a *keeper*,
a small process that owns both servers. Every process that uses them holds a shared file lock; the keeper stops the
servers once nobody holds it, also when the last user was killed. ``coopcrm.keeper`` is that process.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "coopcrm"
SUPERUSER = "postgres"
LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes, Linux 108, both with the closing zero
UNPRIVILEGED_USERS = ("coopcrm", "postgres", "nobody")
START_SECONDS = 60
REAL_SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL")


class EmbeddedError(RuntimeError):
    """The servers cannot start; the text says what to do."""


@dataclass(frozen=True)
class Places:
    """Where the private servers keep their files."""

    var: Path

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def redis(self) -> Path:
        return self.var / "redis"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        """The folder of the sockets: under ``var`` unless its path is too long for a socket."""
        wanted = self.var / "run"
        if len(os.fsencode(str(wanted / ".s.PGSQL.5432.lock"))) <= LONGEST_SOCKET_PATH:
            return wanted
        digest = hashlib.sha256(os.fsencode(str(self.var))).hexdigest()[:12]
        return Path("/tmp") / f"coopcrm-{os.getuid()}-{digest}"  # noqa: S108 - owner and mode are checked

    @property
    def redis_socket(self) -> Path:
        return self.run / "redis.sock"

    def database_url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.run), safe='')}"

    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}?db=0"


def places() -> Places:
    """The folder of this clone, or the one that COOPCRM_VAR names."""
    return Places(Path(os.environ.get("COOPCRM_VAR") or ROOT / "var").resolve())


def is_wanted() -> bool:
    """Whether this process uses the private servers: no real database is configured."""
    return not any(os.environ.get(name + form) for name in REAL_SERVERS for form in ("", "_FILE"))


# -- processes that use the servers -----------------------------------------------------------------------------------

_held: list[int] = []


def attach() -> None:
    """Use the private servers in this process: start them when nobody has, and keep them up until we end."""
    if _held or not is_wanted():
        return
    where = places()
    _make_folders(where)
    users = open_lock(where, "users.lock")
    fcntl.flock(users, fcntl.LOCK_SH)
    _held.append(users)
    with _locked(where, "start.lock"):
        if not _are_kept(where):
            _start_keeper(where)
            prepare(where)


def detach(wait_seconds: float = 30) -> None:
    """Stop using the servers; when we were the last, wait until they are down."""
    if not _held:
        return
    where = places()
    while _held:
        os.close(_held.pop())
    deadline = time.monotonic() + wait_seconds
    while _keeper_lives(where) and not _others_attached(where) and time.monotonic() < deadline:
        time.sleep(0.05)


def prepare(where: Places) -> None:
    """Create roles, database, extensions and key files; harmless when they exist."""
    from coopcrm.shared import database
    from coopcrm.shared.crypto import make_keys

    database.prepare(where.database_url(SUPERUSER, "postgres"))
    make_keys(Path(os.environ.get("COOPCRM_KEYS") or where.var / "keys"))


def _others_attached(where: Places) -> bool:
    lock = open_lock(where, "users.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # another user, or the keeper that is just stopping
        return not _is_stopping(where)
    else:
        return False
    finally:
        os.close(lock)


def _is_stopping(where: Places) -> bool:
    return (where.run / "stopping").exists()


def _keeper_lives(where: Places) -> bool:
    lock = open_lock(where, "keeper.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def _are_kept(where: Places) -> bool:
    """Wait for the servers of a living keeper; False when there is none or it was just ending.

    A keeper that ends lets go of the users' lock a moment before its own, so that one who waited may see it alive.
    """
    deadline = time.monotonic() + START_SECONDS
    while _keeper_lives(where):
        if postgres_is_ready(where) and accepts(where.redis_socket):
            return True
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The private servers do not answer; see {where.log}.")
        time.sleep(0.05)
    return False


def postgres_is_ready(where: Places) -> bool:
    """Whether PostgreSQL takes queries: it listens, and its pid file says that recovery is over."""
    try:
        lines = (where.postgres / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and accepts(where.run / ".s.PGSQL.5432")


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _start_keeper(where: Places) -> None:
    command = [sys.executable, "-m", "coopcrm.keeper"]
    environment = {**os.environ, "COOPCRM_VAR": str(where.var)}
    keeper = subprocess.Popen(  # noqa: S603 - our own module
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        text=True,
    )
    said = []
    for line in keeper.stdout:
        if line.strip() == "ready":
            keeper.stdout.close()
            keeper.returncode = 0  # it outlives us; nobody waits for it
            return
        said.append(line)
    keeper.wait()
    raise EmbeddedError("".join(said).strip() or "The private servers ended at once.")


def _make_folders(where: Places) -> None:
    _refuse_foreign(where)
    try:
        for folder in (where.var, where.log, where.run):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"{where.var} cannot be made ({error.strerror}). Set COOPCRM_VAR to a folder you may write."
        ) from error
    if where.run.parent != where.var and where.run.stat().st_uid not in (os.getuid(), server_user()[0]):
        raise EmbeddedError(f"{where.run} belongs to somebody else. Set COOPCRM_VAR to a shorter path.")


def _refuse_foreign(where: Places) -> None:
    """Leave another user's folder alone: what we wrote there, that user could not read."""
    if not where.var.exists():
        return
    if not os.access(where.var, os.W_OK | os.X_OK):
        foreign = where.var
    elif where.postgres.exists() and where.postgres.stat().st_uid not in (server_user()[0], os.geteuid()):
        foreign = where.postgres
    else:
        return
    owner = _name_of(foreign.stat().st_uid)
    raise EmbeddedError(f"{foreign} belongs to the user {owner}. Start as that user, or set COOPCRM_VAR.")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def open_lock(where: Places, name: str) -> int:
    return os.open(where.var / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _locked(where: Places, name: str):
    lock = open_lock(where, name)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def server_user() -> tuple[int, int]:
    """User and group of the servers: our own, or as root an unprivileged one, as PostgreSQL demands."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    found = []
    for name in UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            found.append((entry.pw_uid, entry.pw_gid))
    with contextlib.suppress(OSError):  # data that are there keep the user that wrote them
        owner = places().postgres.stat().st_uid
        found.sort(key=lambda user: user[0] != owner)
    if found:
        return found[0]
    raise EmbeddedError(
        "PostgreSQL does not run as root. Add an ordinary user named coopcrm: useradd -r coopcrm"
    )


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log."""
    written = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(written[-lines:])
