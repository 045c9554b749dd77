"""Work goes on through the death of worker, database and broker: nothing is lost, nothing is done twice."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.crash
@pytest.mark.servers
def test_a_job_survives_kills_of_worker_database_and_broker(own_var):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COOPCRM_")}
    command = [sys.executable, "-m", "tests.shared.crash_run", "100"]

    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={**kept, "COOPCRM_VAR": str(own_var)},
        capture_output=True,
        text=True,
    )

    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"state": "done", "numbers": list(range(90)), "unused_kills": 0}
