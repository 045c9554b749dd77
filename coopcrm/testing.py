"""``make test``: every test, in as many processes as there are cores."""

from __future__ import annotations

import os
import subprocess
import sys

from coopcrm import chromium
from coopcrm.demo import ROOT, compile_translations

MOST_PROCESSES = 4


def main() -> int:
    os.chdir(ROOT)
    compile_translations()
    try:
        os.environ["COOPCRM_CHROMIUM"] = chromium.ensure()
    except chromium.NoBrowser as advice:
        print(advice, file=sys.stderr)  # the browser tests then fail, with the same sentence
    processes = str(min(MOST_PROCESSES, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-n", processes, "--dist", "load", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own tests


if __name__ == "__main__":
    sys.exit(main())
