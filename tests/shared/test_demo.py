"""The supervisor of the demonstration: serves, restarts what dies, ends with all its children."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.conf import settings

pytestmark = pytest.mark.servers
START_SECONDS = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(var: Path, port: int) -> subprocess.Popen:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COOPCRM_")}
    return subprocess.Popen(
        [sys.executable, "-m", "coopcrm.demo", "--port", str(port), "--customers", "0"],
        cwd=settings.BASE_DIR,
        env={**kept, "COOPCRM_VAR": str(var), "COOPCRM_STATIC": str(settings.STATIC_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until_served(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5)
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.3)


def of_demo(var: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("COOPCRM_VAR") == str(var) or str(var) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_until_gone(var: Path) -> None:
    deadline = time.monotonic() + 30
    while of_demo(var) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert of_demo(var) == []


def stop(demo: subprocess.Popen, number: int) -> None:
    demo.send_signal(number)
    demo.wait(40)
    demo.stdout.close()


@pytest.mark.crash
@pytest.mark.skipif(
    "COOPCRM_KILLS" not in os.environ, reason="ends that take Ctrl-C's road below: make crash"
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_no_process_is_left_however_the_demonstration_ends(own_var, number):
    port = free_port()
    demo = start(own_var, port)
    wait_until_served(port)

    stop(demo, number)

    wait_until_gone(own_var)


def test_killed_it_leaves_no_process_and_serves_the_same_data_again_whatever_dies_below_it(own_var):
    port = free_port()
    first = start(own_var, port)
    wait_until_served(port)
    assert len(of_demo(own_var)) > 6

    stop(first, signal.SIGKILL)
    wait_until_gone(own_var)

    again = start(own_var, port)
    wait_until_served(port)
    worker = next(p for p in of_demo(own_var) if "worker" in p.cmdline() and p.ppid() == again.pid)
    worker.kill()
    deadline = time.monotonic() + 20
    while not any("worker" in p.cmdline() and p.ppid() == again.pid for p in of_demo(own_var)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    again.send_signal(signal.SIGINT)
    said, _ = again.communicate(timeout=40)

    assert again.returncode == 0
    assert ("A county" in said, f"http://127.0.0.1:{port}/" in said) == (False, True)
    wait_until_gone(own_var)


def test_a_taken_port_is_named(own_var):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said, _ = start(own_var, port).communicate(timeout=30)

    assert f"Port {port} is taken" in said
    assert f"make demo PORT={port + 1}" in said
