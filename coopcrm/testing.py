"""``make test``: every test, in as many processes as there are cores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_PROCESSES = 4


def main() -> int:
    os.chdir(ROOT)
    subprocess.run([sys.executable, "scripts/messages.py", "compile"], check=True)
    processes = str(min(MOST_PROCESSES, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-n", processes, "--dist", "loadfile", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own tests


if __name__ == "__main__":
    sys.exit(main())
