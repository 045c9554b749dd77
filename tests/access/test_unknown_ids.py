"""What belongs to another branch is answered as if it did not exist: same status, same bytes, same queries."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from branches.choices import PostCode
from branches.signin import sessions
from tests.access.test_matrix import address_of, matrix
from tests.access.world import make_batch, make_export, make_people, make_things
from tests.clients import Client

NOWHERE = "987654321"
ID = re.compile(r"(?<=/)\d+(?=/)")
PASSING = re.compile(rb"[A-Za-z0-9_-]{22,}")  # nonces, tokens and the request's id are made anew each time


def hidden_routes(role: str) -> list[tuple[str, str]]:
    """Routes and methods by which a role finds nothing of another branch."""
    return sorted(
        (route, method)
        for (route, method, who, relation), status in matrix().items()
        if who == role and relation == "other" and status == 404 and method in ("GET", "POST")
    )


@pytest.mark.django_db
@pytest.mark.parametrize("role", [PostCode.DIRECTOR, PostCode.LOAN_OFFICER])
def test_foreign_and_missing_are_answered_alike(role, monkeypatch):
    # Every half minute a request also notes when its session was last used: between two answers that would be one more.
    monkeypatch.setattr(sessions, "SEEN_EVERY", timedelta(days=1))
    own, other = make_things(), make_things()
    people = make_people(own.branch)
    client, staff = Client(raise_request_exception=False), people[role]
    client.force_login(staff)
    own.export, other.export = make_export(staff), make_export(other.officer)
    own.batch = make_batch(staff, own.proposal)
    differing = []
    for route, method in hidden_routes(role):
        path, query = address_of(route, "other", own, other, staff)
        if query:
            missing, asked = path, "&".join(f"{name}={NOWHERE}" for name in query)
        else:
            missing, asked = ID.sub(NOWHERE, path), ""
        given = "&".join(f"{name}={value}" for name, value in query.items())
        answers = []
        for address, parameters in ((path, given), (missing, asked)):
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                response = client.generic(method, address, QUERY_STRING=parameters)
                transaction.set_rollback(True)
            body = re.sub(rb"\d+", b"0", PASSING.sub(b"", response.content))
            answers.append((response.status_code, body, len(queries)))
        if answers[0] != answers[1]:
            differing.append((route, method, *(answer[::2] for answer in answers)))

    assert differing == []
    assert len(hidden_routes(role)) >= 20
