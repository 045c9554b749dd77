"""Who may watch and stop a job."""

import pytest
from django.urls import reverse

from branches.models import StaffMember
from coopcrm.shared.models import Job, JobErrorRow
from coopcrm.shared.selectors import jobs_visible_to
from coopcrm.shared.work import NewOrder, order_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return StaffMember.objects.create_user("cashier-1", full_name="Li Xiuying")


def make_job(staff=None) -> Job:
    orders = [NewOrder("test_write", key="1", payload={"n": 1})]
    return order_work(kind="test", title="Rate households", orders=orders, started_by=staff)


def test_a_person_watches_own_jobs_and_finds_no_others(cashier, client):
    own, other = make_job(cashier), make_job()
    client.force_login(cashier)

    assert list(jobs_visible_to(cashier)) == [own]
    assert client.get(reverse("jobs:job", args=[own.pk])).status_code == 200
    assert client.get(reverse("jobs:job", args=[other.pk])).status_code == 404
    assert client.get(reverse("jobs:list")).status_code == 200


def test_the_job_page_shows_error_rows(cashier, client):
    job = make_job(cashier)
    JobErrorRow.objects.create(job=job, subject="row 3", reason="No number.")
    client.force_login(cashier)

    page = client.get(reverse("jobs:job", args=[job.pk])).content.decode()

    assert ("row 3" in page, "No number." in page) == (True, True)


def test_who_started_a_job_stops_it(cashier, client, django_capture_on_commit_callbacks):
    job = make_job(cashier)
    client.force_login(cashier)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("jobs:cancel", args=[job.pk]))

    job.refresh_from_db()
    assert (answer.status_code, job.state, job.cancel_requested) == (302, "cancelled", True)
    assert client.get(reverse("jobs:progress", args=[job.pk])).headers["HX-Refresh"] == "true"


def test_nobody_stops_a_job_with_a_get(cashier, client):
    job = make_job(cashier)
    client.force_login(cashier)

    assert client.get(reverse("jobs:cancel", args=[job.pk])).status_code == 405
