"""The test run uses the real PostgreSQL and Redis of the project, private to this clone."""

from __future__ import annotations

import os

os.environ.setdefault("COOPCRM_ROLE", "owner")  # creates the test databases

from coopcrm import embedded

embedded.attach()
