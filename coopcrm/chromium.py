"""Where the browser of the tests comes from: installed, else Playwright's own, else the system's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "The browser tests need Chromium. Install it (Debian, Ubuntu: apt-get install chromium), "
    "or name one: COOPCRM_CHROMIUM=/path/to/chromium make test"
)


class NoBrowser(RuntimeError):
    """No Chromium is there and none could be installed; the text says what to do."""


def find() -> str | None:
    """Path of an installed Chromium: the one asked for, the system's, or Playwright's."""
    if chosen := os.environ.get("COOPCRM_CHROMIUM"):
        return chosen
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.exists() else None


def ensure() -> str:
    """Path of a Chromium, installed first when there is none."""
    if found := find():
        return found
    for command in _ways_to_install():
        print(f"Installing Chromium: {' '.join(command)}", flush=True)
        if subprocess.run(command, check=False).returncode == 0 and (found := find()):  # noqa: S603 - lists above
            return found
    raise NoBrowser(ADVICE)


def _ways_to_install() -> list[list[str]]:
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0:
        ways[0].insert(-1, "--with-deps")
        if shutil.which("apt-get"):
            ways.append(["sh", "-c", "apt-get update -q && apt-get install -qy chromium"])
        elif shutil.which("dnf"):
            ways.append(["dnf", "install", "-y", "chromium"])
    return ways
