"""Figures for Prometheus: complete, guarded, and without a word about a person."""

import pytest
from django.db import OperationalError
from prometheus_client.parser import text_string_to_metric_families

from coopcrm.shared import metrics, work
from coopcrm.shared.models import Job, JobState
from tests.factories import make_customer, make_staff

pytestmark = pytest.mark.django_db
TOKEN = "t0k3n-Zq8vYw2LmXc5RbNf7HdJs9KpAe4"


@pytest.fixture
def ask(client, settings):
    settings.METRICS_TOKEN = TOKEN
    return lambda: client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})


def figures(answer) -> dict[str, list]:
    families = text_string_to_metric_families(answer.content.decode())
    return {family.name: family.samples for family in families}


@work.handles("tests.metrics")
def do_nothing(given):
    return {}


def test_without_a_token_there_is_no_such_page_and_a_wrong_one_is_refused(client, settings):
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer é"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401


def test_work_jobs_ledger_and_database_are_told(ask):
    work.order_work(kind="tests.metrics", title="x", orders=[work.NewOrder(kind="tests.metrics")])
    done = Job.objects.create(kind="backup", title="x", state=JobState.DONE)
    Job.objects.filter(pk=done.pk).update(started_at="2026-11-20T02:00Z", finished_at="2026-11-20T02:05Z")

    found = figures(ask())

    assert found["coopcrm_database_up"][0].value == 1
    assert found["coopcrm_oldest_order_seconds"][0].value >= 0
    assert [(s.labels, s.value) for s in found["coopcrm_open_jobs"]] == [({"kind": "tests.metrics"}, 1)]
    assert [(s.labels, s.value) for s in found["coopcrm_last_job_duration_seconds"]] == [
        ({"kind": "backup"}, 300)
    ]
    assert found["coopcrm_database_bytes"][0].value > 1_000_000
    assert "coopcrm_ledger_seals" in found


def test_labels_are_routes_and_never_what_stands_in_an_address(client, ask):
    client.force_login(make_staff())
    person = make_customer("张桂兰", branch=make_staff().posts.get().unit)
    client.get(f"/customers/{person.pk}/?name=张桂兰")
    client.get("/张桂兰/13912345678/")
    client.generic("ZHANG", "/healthz")

    requests = figures(ask())["coopcrm_request_seconds"]

    labels = {tuple(sample.labels[name] for name in ("route", "method")) for sample in requests}
    assert {("customers/<int:pk>/", "GET"), ("healthz", "other")} <= labels
    assert "张桂兰" not in str(labels)
    assert "13912345678" not in str(labels)


def test_a_database_that_does_not_answer_is_a_figure_too(ask, monkeypatch):
    def gone():
        raise OperationalError

    monkeypatch.setattr(metrics, "oldest_open_order_age", gone)

    found = figures(ask())

    assert found["coopcrm_database_up"][0].value == 0
    assert "coopcrm_open_jobs" not in found
