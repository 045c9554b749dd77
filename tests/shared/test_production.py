"""A production site, started as operations do it: checked, served over https by gunicorn, measured, and refusing."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from coopcrm import embedded
from tests.factories import make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]
HOST = "crm.union.example"
OVER_HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https"}
START_SECONDS = 60


@pytest.fixture
def production(tmp_path):
    """The environment of a production host whose servers are those of the tests."""
    where, name = embedded.places(), connection.settings_dict["NAME"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    addresses = {
        f"DATABASE_{variable}URL": where.database_url(f"coopcrm_{role}", name)
        for variable, role in (
            ("", "web"),
            ("WORKER_", "worker"),
            ("OWNER_", "owner"),
            ("AUDITOR_", "auditor"),
        )
    }
    token = tmp_path / "metrics_token"
    token.write_text(secrets.token_urlsafe(32))
    return {
        **kept,
        **addresses,
        "REDIS_URL": where.redis_url(),
        "COOPCRM_REDIS_PREFIX": settings.REDIS_PREFIX,
        "COOPCRM_HOSTS": HOST,
        "COOPCRM_BEHIND_PROXY": "1",
        "COOPCRM_KEYS": str(settings.COOPCRM_KEYS),
        "COOPCRM_SECRET_KEY": secrets.token_urlsafe(48),
        "COOPCRM_METRICS_TOKEN_FILE": str(token),
        "COOPCRM_MEDIA": str(tmp_path / "media"),
        "COOPCRM_STATIC": str(tmp_path / "static"),
        "COOPCRM_VAR": str(where.var),
    }


def run(environment: dict, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )


class Site:
    """A gunicorn on a free port of this machine."""

    def __init__(self, environment: dict):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = ["-m", "gunicorn", "coopcrm.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str, headers: dict) -> http.client.HTTPResponse:
        opened = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        opened.request("GET", path, headers=headers)
        answer = opened.getresponse()
        answer.text = answer.read().decode()
        opened.close()
        return answer

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.get("/healthz", OVER_HTTPS).status == 200:
                    return
            except OSError:
                time.sleep(0.2)
        self.process.kill()
        pytest.fail(self.process.communicate()[1][-2000:])


@pytest.fixture
def site(production):
    collected = run(production, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    assert collected.returncode == 0, collected.stderr
    started = Site(production)
    started.wait()
    yield started
    started.process.terminate()
    started.process.communicate(timeout=40)


def test_the_deployment_check_passes_against_the_database(production):
    done = run(
        production, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "default"
    )

    assert done.stdout == "System check identified no issues (0 silenced).\n", done.stderr


def test_a_started_site_is_ready_safe_and_measured(site, production):
    ready = site.get("/readyz", {"Host": HOST})
    assert (ready.status, ready.text) == (200, '{"ready": true, "reasons": []}')

    plain = site.get("/sign-in/", {"Host": HOST})
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{HOST}/sign-in/")

    page = site.get("/sign-in/", OVER_HTTPS)
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    cookies = page.headers.get_all("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert site.get("/sign-in/", {**OVER_HTTPS, "Host": "evil.example"}).status == 400

    token = Path(production["COOPCRM_METRICS_TOKEN_FILE"]).read_text()
    assert site.get("/metrics", OVER_HTTPS).status == 401
    assert site.get("/metrics", {**OVER_HTTPS, "Authorization": "Bearer no"}).status == 401
    figures = site.get("/metrics", {"Host": HOST, "Authorization": f"Bearer {token}"})
    assert figures.status == 200
    assert 'coopcrm_request_seconds_count{method="GET",route="sign-in/",status="200"} 1.0' in figures.text
    assert "coopcrm_database_up 1.0" in figures.text


def test_a_superuser_role_does_not_start(production):
    url = embedded.places().database_url(embedded.SUPERUSER, connection.settings_dict["NAME"])

    done = run({**production, "DATABASE_URL": url}, "-c", "import coopcrm.wsgi")

    assert done.returncode != 0
    assert "The database role postgres is a superuser" in done.stderr


def test_people_of_the_demonstration_do_not_come_along(production):
    person = make_staff()
    type(person).objects.filter(pk=person.pk).update(is_demonstration=True)

    done = run(production, "-c", "import coopcrm.wsgi")

    assert done.returncode != 0
    assert "people of the demonstration" in done.stderr
