"""A county of its own, served by the real web server under its own database role, and a real Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Error, Page, sync_playwright

from branches.signin import marks, second_factor
from branches.signin.sessions import digest_of
from coopcrm import chromium, embedded
from coopcrm.shared import crypto
from tests import databases

CUSTOMERS = 600
LOOKS = [("phone", "en"), ("desk", "zh-hans")]  # the longest labels meet the narrowest window
SIZES = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
AXE = Path(__file__).parent / "vendor" / "axe.js"
PICTURES = settings.VAR_DIR / "screenshots"
SESSIONS: dict = {}
TELL_SESSIONS = """
import json
from branches.models import StaffMember
from tests.clients import Client
contents = {}
for staff in StaffMember.objects.exclude(password__startswith="!"):
    client = Client()
    client.force_login(staff)
    contents[staff.username] = dict(client.session)
print(json.dumps({"contents": contents}))
"""
TELL_STATE = """() => {
    const focused = document.activeElement, main = document.querySelector("main") ?? document.body;
    return {state: document.readyState, focus: focused.outerHTML.slice(0, 200), value: focused.value ?? "",
        text: main.innerText.slice(0, 1500)};
}"""
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error("content policy:", event.violatedDirective, event.blockedURI || event.sample))"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A browser test that fails tells what each of its pages showed, and keeps a picture of it."""
    report = yield
    if report.when == "call" and report.failed and "open_page" in item.funcargs:
        for number, page in enumerate(item.funcargs["open_page"].pages, start=1):
            name = f"failed-{re.sub(r'[^A-Za-z0-9]+', '-', item.name).strip('-')}-{number}"
            report.sections.append((f"page {number}", told(page, name)))
    return report


def told(page: Page, name: str) -> str:
    """Address, troubles, focus and the beginning of the text of a page, and where its picture lies."""
    try:
        seen = page.evaluate(TELL_STATE)
        keep_picture(page, name)
    except Error as error:  # a page that has crashed or closed cannot be asked
        seen = {"asked in vain": str(error)}
    lines = {"address": page.url, "troubles": page.troubles, **seen, "picture": PICTURES / f"{name}.png"}
    return "\n".join(f"{word}: {text}" for word, text in lines.items())


@pytest.fixture(scope="package")
def site(django_db_blocker) -> str:
    """Address of a served demonstration county with one closed month."""
    name = f"test_site_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        databases.copy_seeded(name, _seed)
    environment = {**_environment(name), "COOPCRM_STATIC": str(settings.VAR_DIR / f"static_{name}")}
    _manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
    SESSIONS.update(
        json.loads(_manage(environment, "shell", "--verbosity", "0", "-c", TELL_SESSIONS)), name=name
    )
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "coopcrm.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [*command, "--log-level", "error"],
        cwd=settings.BASE_DIR,
        env={**environment, "COOPCRM_ROLE": "web", "WEB_CONCURRENCY": "2"},
    )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        databases.drop(name)


def _seed(database: str) -> None:
    """A demonstration county with one closed month."""
    from kpi.seeding import DEMO_AS_OF

    _manage(_environment(database), "seed_demo", "--customers", str(CUSTOMERS))
    _manage(_environment(database), "close_day", "--date", str(DEMO_AS_OF), "--verbosity", "0")


def _environment(database: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "COOPCRM_ROLE"}
    return {**kept, "COOPCRM_DATABASE": database, "COOPCRM_REDIS_PREFIX": database}


def _manage(environment: dict, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5)
            return
        time.sleep(0.2)
    raise AssertionError("the web server did not become ready")


@pytest.fixture(scope="package")
def browser() -> Browser:
    """A real Chromium; without one the test fails with what to install.

    It ends with the last browser test: while Playwright runs, Django believes itself inside an event loop.
    """
    with sync_playwright() as playwright:
        arguments = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        path = os.environ.get("COOPCRM_CHROMIUM") or chromium.find()
        assert path, chromium.ADVICE
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def open_page(site, browser):
    """Open pages as a post: ``open_page("cashier", size="phone", language="zh-hans")``; troubles are collected."""
    contexts, pages = [], []

    def open_as(post: str | None, size: str = "desk", language: str = "en", **options) -> Page:
        context = browser.new_context(base_url=site, viewport=SIZES[size], locale=language, **options)
        contexts.append(context)
        context.add_init_script(TELL_VIOLATIONS)
        page = context.new_page()
        pages.append(page)
        page.troubles = []
        page.on("console", lambda said: page.troubles.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("response", lambda answer: page.troubles.append(answer.url) if answer.status >= 500 else None)
        if post:
            context.add_cookies([{"name": "session", "value": open_session(post), "url": site}])
        choose_language(page, language)
        return page

    open_as.pages = pages
    yield open_as
    for context in contexts:
        context.close()


def open_session(post: str) -> str:
    """A session of a post's demonstration user, as sign-in would have opened it; returns its cookie."""
    content = SESSIONS["contents"][post] | {marks.FRESH: time.time()}
    key = secrets.token_hex(16)
    connection = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, SESSIONS["name"]))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT nextval('branches_session_id_seq')")
        pk = cursor.fetchone()[0]
        data = crypto.seal(json.dumps(content), table="branches_session", column="data", row=pk)
        cursor.execute(
            "INSERT INTO branches_session (id, key_digest, data, staff_id, kind, browser, started_at, seen_at, ends_at)"
            " VALUES (%s, %s, %s, %s, 'counter', '', now(), now(), now() + interval '15 minutes')",
            [pk, digest_of(key), data, content["_auth_user_id"]],
        )
    connection.close()
    return key


def sign_in(page: Page, post: str) -> None:
    """Sign in as the demonstration user of a post, with password and code; once in half a minute for each."""
    from kpi.seeding import DEMO_PASSWORD, DEMO_SECOND_FACTOR

    page.goto("/sign-in/")
    page.locator("input[name=username]").fill(post)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator(".gate-card button.button-primary").first.click()
    page.wait_for_url("**/sign-in/code/")
    page.locator("input[name=code]").fill(second_factor.code_at(DEMO_SECOND_FACTOR, time.time()))
    page.locator(".gate-card button.button-primary").first.click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def choose_language(page: Page, language: str) -> None:
    """Switch the language through the site's own form."""
    page.goto("/" if "/sign-in/" not in page.url else page.url)
    if page.locator("html").get_attribute("lang").lower() == language:
        return
    page.evaluate(
        """async (language) => {
            const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
            const body = new URLSearchParams({language, next: "/", csrfmiddlewaretoken: token});
            await fetch("/language/", {method: "POST", body, headers: {"X-CSRFToken": token}});
        }""",
        language,
    )
    page.reload()


def serious_faults(page: Page) -> list[str]:
    """What axe finds moderate, serious or critical on the page, as rule and place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    grave = [fault for fault in found if fault["impact"] in ("moderate", "serious", "critical")]
    return [f"{fault['id']}: {node['target']}" for fault in grave for node in fault["nodes"]]


def too_wide(page: Page) -> int:
    """By how many pixels the page must be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def keep_picture(page: Page, name: str) -> None:
    """Keep what the page looks like in the first screenful, for people who judge it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
