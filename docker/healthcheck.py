"""Ask this container's web server whether it is alive or ready; the exit code is the answer."""

import os
import sys
import urllib.error
import urllib.request

PATH = sys.argv[1] if len(sys.argv) > 1 else "/readyz"
HOST = os.environ.get("COOPCRM_HOSTS", "localhost").split(",")[0].lstrip(".")

try:
    question = urllib.request.Request(f"http://127.0.0.1:8000{PATH}", headers={"Host": HOST})
    with urllib.request.urlopen(question, timeout=4) as answer:  # noqa: S310 - a fixed address
        sys.exit(0 if answer.status == 200 else 1)
except (OSError, urllib.error.URLError) as error:
    sys.exit(f"{PATH}: {error}")
