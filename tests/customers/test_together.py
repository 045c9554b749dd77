"""Many customers at once: at once or as a job, within one's branch, with what was left, and taken back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import acting, work
from coopcrm.shared.errors import PermissionRefused, Refused
from coopcrm.shared.models import Job
from customers.models import Customer, CustomerTag, Tag, Task
from customers.tags.services import tag_many
from customers.together import services
from tests.clients import Client
from tests.factories import branch_of, make_customer, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def director():
    return make_staff(PostCode.DIRECTOR)


@pytest.fixture
def client(director):
    client = Client()
    client.force_login(director)
    return client


@pytest.fixture
def tag(director):
    return Tag.objects.create(label="茶农", code="tea", branch=branch_of(director))


def people(staff, number):
    branch = branch_of(staff)
    return [make_customer(f"王{index}", branch=branch).pk for index in range(number)]


def carrying(tag):
    rows = CustomerTag.objects.filter(tag=tag)
    return {row.customer_id for row in rows if row.valid_to is None or row.valid_to > timezone.localdate()}


def post(client, **given):
    return client.post(reverse("customers:together"), given, follow=True)


def test_a_tag_is_hung_at_once_and_taken_back_where_nobody_touched_it(client, director, tag):
    first, second, third = people(director, 3)
    foreign = make_customer("外人氏").pk
    tag_many(staff=director, customers=[first], tag=tag, today=timezone.localdate())

    response = post(client, deed="hang", tag=tag.pk, customer=[first, second, third, foreign])

    job = Job.objects.get(kind=services.HANG)
    assert str(job) == "Hang “茶农” on 4 customers"
    assert carrying(tag) == {first, second, third}
    assert job.result == {"tagged": 2, "left as they are": 2}
    assert {row.subject for row in job.error_rows.all()} == {f"#{first}", f"#{foreign}"}
    assert reverse("jobs:job", args=[job.pk]) in response.content.decode()

    CustomerTag.objects.filter(customer=second).update(valid_to=timezone.localdate() + timedelta(days=3))
    back = client.post(reverse("customers:take-back", args=[job.pk]), follow=True)
    assert back.status_code == 200
    assert carrying(tag) == {first, second}
    client.post(reverse("customers:take-back", args=[job.pk]))
    assert Job.objects.filter(kind=services.BACK).count() == 1


def test_a_tag_taken_down_hangs_again_unless_hung_anew(director, tag):
    today = timezone.localdate()
    one, two = people(director, 2)
    hang = {"staff": director, "customers": [one, two], "tag": tag}
    tag_many(today=today - timedelta(days=5), **hang)
    with acting.for_staff(director):
        job = services.take_down_from_many(on=today, **hang)
        assert carrying(tag) == set()
        tag_many(staff=director, customers=[two], tag=tag, today=today)
        back = services.take_back(staff=director, job=job, on=today)
    assert back.result == {"taken back": 1, "touched since and left": 1}
    assert CustomerTag.objects.get(customer=one).valid_to is None
    assert CustomerTag.objects.filter(customer=two).count() == 2


def test_tasks_for_everybody_are_a_job_and_are_taken_back(client, director, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 2)
    monkeypatch.setattr(services, "IN_AN_ORDER", 2)
    ids = people(director, 5)
    make_customer("外人氏")
    given = {"kind": "call", "reason": "Ask about the new card", "due_on": "2026-12-24"}

    page = post(client, deed="task", everybody="on", who=f"s{director.pk}", **given)
    job = Job.objects.get(kind=services.TASK)
    assert page.redirect_chain[-1][0] == reverse("jobs:job", args=[job.pk])
    assert "Ask about" not in str(job.params) + str(list(job.orders.values_list("payload", flat=True)))
    while work.do_next_order():
        pass

    job.refresh_from_db()
    assert (job.state, job.result["opened"], job.orders.count()) == ("done", 5, 3)
    assert set(Task.objects.open().values_list("customer", "owner", "reason")) == {
        (pk, director.pk, "Ask about the new card") for pk in ids
    }
    Task.objects.filter(customer=ids[0]).update(owner=None)
    client.post(reverse("customers:take-back", args=[job.pk]))
    assert list(Task.objects.open().values_list("customer", flat=True)) == [ids[0]]


def test_what_is_missing_is_said_and_nothing_is_done(client, director, tag):
    (one,) = people(director, 1)
    for given in (
        {"deed": "hang", "customer": one},
        {"deed": "hang", "tag": tag.pk},
        {"deed": "task", "kind": "call", "due_on": "2026-12-24", "who": f"s{director.pk}", "customer": one},
    ):
        assert "message" in post(client, **given).content.decode()
    number = {"reason": "Call 13912345678", "kind": "call", "due_on": "2026-12-24"}
    post(client, deed="task", who=f"s{director.pk}", customer=one, **number)
    assert not any(model.objects.exists() for model in (Job, Task, CustomerTag))


def test_who_may_not_is_refused(director, tag):
    today = timezone.localdate()
    auditor, cashier = make_staff(PostCode.AUDITOR), make_staff(PostCode.CASHIER, branch_of(director))
    ids = people(director, 1)
    with pytest.raises(PermissionRefused):
        services.hang_on_many(staff=auditor, customers=ids, tag=tag, on=today)
    with pytest.raises(Refused):
        services.hang_on_many(staff=director, customers=range(services.MOST + 1), tag=tag, on=today)
    with acting.for_staff(director):
        job = services.hang_on_many(staff=director, customers=ids, tag=tag, on=today)
    other = Client()
    other.force_login(cashier)
    assert other.post(reverse("customers:take-back", args=[job.pk])).status_code == 404
    assert Customer.objects.filter(tags__ended_by=None, pk__in=ids).exists()


def test_the_list_offers_it_in_a_fixed_number_of_queries(
    client, director, tag, django_assert_max_num_queries
):
    people(director, 2)
    address = reverse("customers:list")
    client.get(address)
    with django_assert_max_num_queries(60) as few:
        page = client.get(f"{address}?sex=F&order=").content.decode()
    people(director, 6)
    with django_assert_max_num_queries(len(few)):
        client.get(f"{address}?sex=F&order=")
    assert f"{reverse('customers:new-segment')}?sex=F" in page
