"""``make demo``: servers, data, a closing through a real worker, and the site, under one supervisor.

Every process is a child of this one and ends with it, whether it is asked to (Ctrl-C, SIGTERM, SIGHUP) or killed.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from coopcrm import embedded

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 15
RESTARTS = 5


class DemoError(RuntimeError):
    """The demonstration cannot start; the text says what to do."""


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Print what is being done and how long it took."""
    print(f"  {name} …", end="", flush=True)
    started = time.monotonic()
    yield
    print(f"\r  {name}: {time.monotonic() - started:.1f} s", flush=True)


def main() -> int:
    options = _options()
    os.environ["DJANGO_SETTINGS_MODULE"] = "coopcrm.settings"
    os.environ["COOPCRM_ROLE"] = "owner"
    os.environ.setdefault("COOPCRM_PUBLIC_URL", f"http://127.0.0.1:{options.port}")
    started = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # while we prepare, each is as good as Ctrl-C
    try:
        return _run(options, started)
    finally:
        embedded.detach()


def _run(options: argparse.Namespace, started: float) -> int:
    try:
        _refuse_taken_port(options.port)
        with step("Private PostgreSQL and Redis"):
            embedded.attach()
        lock = _be_the_only_one()
        _prepare(options.customers)
    except (DemoError, embedded.EmbeddedError) as error:
        print(f"\nThe demonstration cannot start.\n{error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\n{' '.join(map(str, error.cmd[1:]))} failed; its words stand above.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    supervisor = Supervisor(options.port)
    try:
        return supervisor.run(lambda: _welcome(options.port, options.customers, time.monotonic() - started))
    finally:
        os.close(lock)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="A demonstration county on this machine.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--customers", type=int, default=20_000)
    return parser.parse_args()


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            is_taken = getattr(error, "errno", None) == errno.EADDRINUSE
            said, other = ("is taken", port + 1) if is_taken else ("cannot be used", 8000)
            why = getattr(error, "strerror", None) or error
            raise DemoError(f"Port {port} {said} ({why}). Choose another: make demo PORT={other}") from error


def _be_the_only_one() -> int:
    """Hold the lock of this clone's demonstration."""
    import fcntl

    lock = os.open(embedded.places().var / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DemoError(
            "The demonstration of this folder already runs in another terminal. "
            "Stop it there, or set COOPCRM_VAR to run a second one."
        ) from None
    return lock


# -- Before serving ----------------------------------------------------------------------------------------------------


def _prepare(customers: int) -> None:
    import django

    with step("Translations"):
        compile_translations()
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from kpi.seeding.people import give_second_factors

    if not settings.DEMONSTRATION:
        raise DemoError(
            "make demo fills a database with invented people. Unset DATABASE_URL, or see docs/operations.md."
        )
    _drop_half_filled()
    with step("Tables"):
        call_command("migrate", verbosity=0, interactive=False)
    with step("Static files"):
        _collect_static(settings.STATIC_ROOT)
    if _is_empty():
        _fill(customers)
    else:
        give_second_factors()  # a county that an earlier version has filled
    connections.close_all()


def _mark() -> Path:
    """A file that stands while the demonstration is being filled."""
    return embedded.places().var / "filling"


def _drop_half_filled() -> None:
    """Start from an empty database when an earlier start was interrupted while filling it."""
    if _mark().exists():
        from coopcrm.shared.database import drop

        with step("Removing what an interrupted start has left"):
            drop(embedded.places().database_url(embedded.SUPERUSER, "postgres"), embedded.DATABASE)
            embedded.prepare(embedded.places())
        _mark().unlink()


def _fill(customers: int) -> None:
    _mark().touch()
    with step(f"A county with {customers:,} customers"):
        _manage("seed_demo", "--customers", str(customers), role="owner")
    if customers:
        _close_months()
    _mark().unlink()


def _is_empty() -> bool:
    from branches.models import StaffMember

    return not StaffMember.objects.exists()


def _close_months() -> None:
    """Run the closing of the seeded month ends through a real worker."""
    from coopcrm.shared.waiting import some_worker, wait_for_worker
    from kpi.seeding import DEMO_CLOSINGS

    with some_worker():
        wait_for_worker()
        for day in DEMO_CLOSINGS:
            with step(f"Closing of {day}"):
                _manage("close_day", "--date", str(day), role="worker")
    with step("Tags by rule"):
        _hang_tags()


def _hang_tags() -> None:
    """Hang the tags that wait for grades and tiers, which the first night would hang."""
    from django.db import transaction

    from coopcrm.shared import acting
    from kpi.seeding import DEMO_AS_OF
    from kpi.seeding.tags import hang_by_rule

    with acting.as_system("demonstration"), transaction.atomic():
        hang_by_rule(DEMO_AS_OF)


def _manage(*arguments: str, role: str) -> None:
    from coopcrm.shared.waiting import end_with_parent

    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    log = _log("prepare")
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            env={**os.environ, "COOPCRM_ROLE": role},
            stdout=output,
            stderr=output,
            check=False,
            preexec_fn=end_with_parent,
        )
    if done.returncode:
        print(f"\n{embedded.tail(log, lines=25)}", file=sys.stderr)
        done.check_returncode()


def compile_translations() -> None:
    """Make the files that the site reads from the translators' files."""
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "scripts" / "messages.py"), "compile"],
        check=True,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours; we end it
    )


def _collect_static(target: Path) -> None:
    """Collect, hash and compress static files when one has changed."""
    from django.core.management import call_command

    digest = hashlib.sha256()
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            digest.update(f"{path}|{path.stat().st_mtime_ns}|{path.stat().st_size}".encode())
    digest.update((ROOT / "requirements" / "runtime.txt").read_bytes())
    stamp = target / ".collected"
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(digest.hexdigest())


def _welcome(port: int, customers: int, seconds: float) -> None:
    from branches.choices import PostCode
    from kpi.seeding import DEMO_PASSWORD, DEMO_SECOND_FACTOR, SECOND_DIRECTOR, SECOND_HEAD_OFFICE
    from kpi.seeding.people import code_now

    print(f"\ncoopcrm serves after {seconds:.0f} s: http://127.0.0.1:{port}/")
    print(f"Sign in with the name of a post and the password {DEMO_PASSWORD}")
    print(f"  second factor, the same secret for all: {DEMO_SECOND_FACTOR}")
    print(f"  code of this moment: {code_now()}; again at any time: .venv/bin/python manage.py demo_code")
    for code in PostCode:
        print(f"  {code.value:<18} {code.label}")
    print(f"  {SECOND_DIRECTOR:<18} {PostCode.DIRECTOR.label}, of another branch")
    print(f"  {SECOND_HEAD_OFFICE:<18} {PostCode.HEAD_OFFICE.label}, for deeds of two people")
    if not customers:
        print("The union is empty: units, staff and areas only.")
    print(f"Logs: {_log('web').parent}. Ctrl-C stops everything; the data stay.\n", flush=True)


def _log(name: str) -> Path:
    folder = embedded.places().log
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


# -- Serving -----------------------------------------------------------------------------------------------------------


class Supervisor:
    """Starts web server, worker and beat, starts again what dies, and ends them all together."""

    def __init__(self, port: int) -> None:
        python, celery = [sys.executable, "-m"], [sys.executable, "-m", "celery", "-A", "coopcrm"]
        self.port = port
        self.commands = {
            "web": [
                *python,
                "gunicorn",
                "coopcrm.wsgi",
                "--bind",
                f"127.0.0.1:{port}",
                "--graceful-timeout",
                "10",
            ],
            "worker": [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
            "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""],
        }
        self.running: dict[str, subprocess.Popen] = {}
        self.restarts = dict.fromkeys(self.commands, 0)
        self.asked_to_stop = False

    def run(self, when_ready) -> int:
        """Serve until asked to stop; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for name in self.commands:
                self._start(name)
            if self._wait_until_served():
                when_ready()
            while not self.asked_to_stop:
                time.sleep(0.2)
                self._restart_dead()
            return 0
        except DemoError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            self._stop_all()

    def _ask_to_stop(self, *_) -> None:
        self.asked_to_stop = True

    def _start(self, name: str) -> None:
        from coopcrm.shared.waiting import end_with_parent

        role = "web" if name == "web" else "worker"
        with _log(name).open("ab") as output:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own programs
                self.commands[name],
                cwd=ROOT,
                env={**os.environ, "COOPCRM_ROLE": role},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it only makes one system call
            )

    def _wait_until_served(self) -> bool:
        deadline = time.monotonic() + 60
        while not self.asked_to_stop:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if b"200" in probe.recv(20):
                    return True
            self._restart_dead()
            if time.monotonic() > deadline:
                raise DemoError(f"The web server does not answer; see {_log('web')}.")
            time.sleep(0.1)
        return False

    def _restart_dead(self) -> None:
        for name, process in list(self.running.items()):
            if process.poll() is None or self.asked_to_stop:
                continue
            self.restarts[name] += 1
            if self.restarts[name] > RESTARTS:
                raise DemoError(
                    f"The {name} process keeps ending. Its last words:\n{embedded.tail(_log(name))}"
                )
            self._start(name)

    def _stop_all(self) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nStopping …", flush=True)
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # also what a killed parent left behind
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
