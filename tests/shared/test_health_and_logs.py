"""Health answers and log lines."""

import json
import logging
import sys

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as NoRedis

from coopcrm.shared import acting, health
from coopcrm.shared.logs import JsonFormatter
from coopcrm.shared.models import WorkOrder


def test_alive_asks_nobody(client):
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready_when_all_is_well(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


@pytest.mark.django_db
def test_not_ready_while_an_order_waits_too_long(client):
    WorkOrder.objects.create(kind="test", created_at="2026-01-01T00:00Z", not_before="2026-01-01T00:00Z")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("work: the oldest order waits for ")


@pytest.mark.django_db
def test_a_worker_is_asked_the_same_by_a_command(capsys):
    call_command("ready")
    assert capsys.readouterr().out == "ready\n"

    WorkOrder.objects.create(kind="test", created_at="2026-01-01T00:00Z", not_before="2026-01-01T00:00Z")

    with pytest.raises(CommandError, match="the oldest order waits for"):
        call_command("ready")


@pytest.mark.django_db
def test_not_ready_without_redis(client, monkeypatch):
    def away(*args):
        raise NoRedis

    monkeypatch.setattr(cache, "get", away)

    assert client.get("/readyz").json() == {"ready": False, "reasons": ["redis: does not answer"]}


@pytest.mark.django_db
def test_not_ready_without_database(client, monkeypatch):
    def away():
        raise OperationalError("password for somebody")

    monkeypatch.setattr(health, "_database_reasons", away)

    assert client.get("/readyz").json() == {"ready": False, "reasons": ["database: does not answer"]}


def test_every_answer_names_its_request(client):
    given = client.get("/healthz", headers={"X-Request-ID": "gate-0123456789"})
    forged = client.get("/healthz", headers={"X-Request-ID": "evil\x1b[31m"})

    assert given.headers["X-Request-ID"] == "gate-0123456789"
    assert len(forged.headers["X-Request-ID"]) == 32


def test_pages_are_private_by_default(client):
    answer = client.get("/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/")


def test_the_content_policy_allows_nothing_inline(client):
    policy = client.get("/healthz").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert {"default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))


def formatted(record: logging.LogRecord) -> dict:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_log_line_is_one_object_with_its_request():
    record = logging.LogRecord("coopcrm.x", logging.INFO, "x.py", 1, "rated %s\nrows\x1b", (412,), None)
    with acting.in_request("abc"):
        line = formatted(record)

    assert (line["level"], line["message"], line["request_id"]) == ("info", "rated 412\nrows\x1b", "abc")


def test_an_error_in_the_log_says_where_and_not_whom():
    try:
        raise ValueError("110105194912310021")
    except ValueError:
        record = logging.LogRecord("coopcrm.x", logging.ERROR, "x.py", 1, "failed", (), sys.exc_info())

    line = formatted(record)

    assert line["error"] == "ValueError"
    assert "110105194912310021" not in json.dumps(line)


def test_a_request_is_logged_without_its_query(caplog):
    with caplog.at_level(logging.INFO, "coopcrm.requests"):
        Client().get("/sign-out/?name=secret")

    record = caplog.records[-1]
    assert (record.method, record.route, record.status) == ("GET", "sign-out/", 302)
    assert "secret" not in JsonFormatter().format(record)
