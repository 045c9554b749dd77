"""Deeds that change no row: refusals stay on record although their own transaction is rolled back."""

import pytest
from django.db import transaction
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared import acting, audit
from coopcrm.shared.errors import PermissionRefused
from coopcrm.shared.models import AuditEntry, Deed, Job, Outcome
from coopcrm.shared.work import NewOrder, do_next_order, handles, order_work
from customers.models import Customer
from tests.factories import make_branch, make_customer, make_staff


def refusals():
    return AuditEntry.objects.filter(deed=Deed.REFUSAL).order_by("id")


@pytest.mark.django_db
def test_a_foreign_row_that_is_looked_for_is_on_record(client):
    staff, customer = make_staff(PostCode.ADMINISTRATOR), make_customer(branch=make_branch())
    client.force_login(staff)

    response = client.get(reverse("jobs:job", args=[987654]), headers={"X-Request-ID": "request-17"})

    assert response.status_code == 404
    entry = refusals().latest("id")
    assert (entry.actor_id, entry.request_id, entry.outcome) == (staff.pk, "request-17", Outcome.REFUSED)
    assert entry.new["route"] == "jobs/<int:pk>/"
    assert entry.new["arguments"] == {"pk": "987654"}
    assert Customer.objects.filter(pk=customer.pk).exists()


@pytest.mark.django_db
def test_what_a_page_refuses_is_on_record(client):
    client.force_login(make_staff(PostCode.ADMINISTRATOR))

    response = client.get(reverse("customers:new"))

    assert response.status_code == 403
    assert refusals().latest("id").new["status"] == 403


@pytest.mark.django_db
def test_a_page_that_answers_leaves_no_refusal(client):
    client.force_login(make_staff(PostCode.DIRECTOR))

    assert client.get(reverse("customers:list")).status_code == 200
    assert list(refusals()) == []


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_refused_is_on_record_under_the_name_of_who_gave_it():
    @handles("test.refused")
    def refuse(work):
        raise PermissionRefused("no")

    staff = make_staff(PostCode.DIRECTOR)
    order_work(kind="test.refused", title="x", orders=[NewOrder("test.refused")], started_by=staff)

    do_next_order()

    entry = refusals().get()
    assert (entry.actor_id, entry.new) == (staff.pk, {"order": "test.refused"})
    assert Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_deed_recorded_apart_stays_when_the_transaction_is_undone():
    staff = make_staff(PostCode.DIRECTOR)
    with acting.for_staff(staff), transaction.atomic():
        audit.record_apart(Deed.REFUSAL, subject=staff, purpose="line\nend")
        audit.record(Deed.READING, subject=staff)
        transaction.set_rollback(True)

    entry = AuditEntry.objects.filter(deed__in=[Deed.REFUSAL, Deed.READING]).get()
    assert (entry.deed, entry.actor_id, entry.key) == (Deed.REFUSAL, staff.pk, str(staff.pk))
    assert entry.purpose == "line end"
