"""Settings refuse loudly what is missing or unsafe; a started production site has tests of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

REAL = {
    "DATABASE_URL": "postgresql://coopcrm_web:w@db.example/coopcrm",
    "DATABASE_WORKER_URL": "postgresql://coopcrm_worker:w@db.example/coopcrm",
    "DATABASE_OWNER_URL": "postgresql://coopcrm_owner:w@db.example/coopcrm",
    "REDIS_URL": "redis://:word@redis.example:6379/0",
    "COOPCRM_HOSTS": "crm.union.example",
    "COOPCRM_SECRET_KEY": "k7Vq2xLw9ZtR4mNp8sBd6yHf3gJc5aQe1uTi0oXrWzEvMb4Ck9",
    "COOPCRM_ROLE": "web",
}


@pytest.fixture
def real(tmp_path):
    """The environment of a production host."""
    (tmp_path / "keys").mkdir()
    folders = {"COOPCRM_KEYS": str(tmp_path / "keys"), "COOPCRM_MEDIA": str(tmp_path / "media")}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **REAL, **folders, "COOPCRM_STATIC": str(tmp_path / "static")}


def read_settings(environment: dict, expression: str = "'fine'") -> subprocess.CompletedProcess:
    program = f"import coopcrm.settings as s; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )


def last_line(done: subprocess.CompletedProcess) -> str:
    return (done.stdout + done.stderr).strip().splitlines()[-1]


def test_production_settings_are_complete(real):
    assert last_line(read_settings(real)) == "fine"


@pytest.mark.parametrize(
    "name",
    ["DATABASE_URL", "REDIS_URL", "COOPCRM_HOSTS", "COOPCRM_KEYS", "COOPCRM_SECRET_KEY", "COOPCRM_MEDIA"],
)
def test_what_is_missing_is_named(real, name):
    del real[name]

    done = read_settings(real)

    assert done.returncode != 0
    assert name in last_line(done)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"COOPCRM_INSECURE_HTTP": "1"}, "COOPCRM_INSECURE_HTTP=1 is for this machine alone"),
        ({"COOPCRM_DEBUG": "1"}, "refused with real servers"),
        ({"COOPCRM_DEBUG": "perhaps"}, "write 1 or 0"),
        ({"COOPCRM_SECRET_KEY": "short"}, "shorter than 50 characters"),
        ({"COOPCRM_SECRET_KEY": "change-me-" * 6}, "looks like a sample"),
        ({"COOPCRM_SECRET_KEY": "ab" * 30}, "looks like a sample"),
        ({"COOPCRM_METRICS_TOKEN": "short"}, "COOPCRM_METRICS_TOKEN is shorter than 32 characters"),
        ({"COOPCRM_DEMONSTRATION": "1"}, "refused for a site on https"),
        ({"COOPCRM_ROLE": "king"}, "one of owner, web, worker, auditor"),
        ({"DATABASE_URL": "mysql://db/coopcrm"}, "runs on PostgreSQL only"),
        ({"COOPCRM_KEYS": "/nowhere"}, "which is no folder"),
    ],
)
def test_what_is_unsafe_is_refused(real, change, sentence):
    done = read_settings({**real, **change})

    assert done.returncode != 0
    assert sentence in last_line(done)


def test_web_statements_end_after_fifteen_seconds(real):
    done = read_settings(real, "s.DATABASES['default']['OPTIONS']['options']")

    assert last_line(done) == (
        "-c statement_timeout=15s -c lock_timeout=2s -c jit=off -c idle_in_transaction_session_timeout=30s"
    )


def test_cookies_are_bound_to_the_host(real):
    done = read_settings(real, "(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)")

    assert last_line(done) == "('__Host-session', True, 31536000)"


def test_no_migration_is_missing():
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]

    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "No changes detected\n")
