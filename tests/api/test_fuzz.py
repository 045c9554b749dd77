"""Whatever parameters an API client invents: no operation fails, and each answers as its document says.

The seed of a run is printed when it fails; ``COOPCRM_FUZZ`` sets the cases per operation (25 in `make test`).
"""

from __future__ import annotations

import contextlib
import os

import pytest
import schemathesis
from django.conf import settings
from django.core import signals
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH
from django.utils.crypto import get_random_string
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode

from branches.choices import PostCode
from tests.book import make_contributions, make_figure, make_loan, make_rating
from tests.factories import branch_of, make_household, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CASES = int(os.environ.get("COOPCRM_FUZZ", "25"))

CHECKS = [
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.fixture
def book():
    """A row for every list, the auditor who sees them all, and the officer who registers."""
    officer = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(officer)
    household = make_household(branch=branch)
    make_loan(household)
    make_rating(household)
    make_contributions(branch, ["900.00"])
    make_figure(branch, "NPL_RATIO", "0.0172")
    return make_staff(PostCode.AUDITOR), officer


@contextlib.contextmanager
def own_connection():
    """Requests end without closing the test's connection, which Django's own test client sees to for itself."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


def session_of(client) -> dict[str, str]:
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def test_no_operation_fails_or_answers_what_it_did_not_declare(book, client, monkeypatch):
    monkeypatch.setattr("coopcrm.shared.callers.Throttle.allow_request", lambda *_: True)
    auditor, officer = book
    client.force_login(auditor)
    document = client.get("/api/v1/schema/").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    schema.config.generation.modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    token = get_random_string(CSRF_SECRET_LENGTH, CSRF_ALLOWED_CHARS)  # of the browser whose session speaks
    reading = session_of(client)
    client.force_login(officer)
    writing = session_of(client)
    sent = {"Accept-Encoding": "identity", "X-CSRFToken": token}
    asked, statuses = 0, set()

    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis_settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            nonlocal asked
            asked += 1
            session = writing if case.method == "POST" else reading
            answer = case.call(cookies={**session, settings.CSRF_COOKIE_NAME: token}, headers=sent)
            statuses.add((case.method, answer.status_code))
            assert answer.status_code < 500, (case.method, case.path, case.query)
            case.validate_response(answer, checks=CHECKS)

        with own_connection():
            ask()

    assert asked >= CASES * 10
    assert {("POST", 200), ("POST", 201), ("POST", 400)} <= statuses
    cache.clear()
