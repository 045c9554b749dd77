"""The auditor's pages: what everybody did, one person's story as of any day, seals to print."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import acting, audit
from coopcrm.shared.models import AuditEntry, AuditSeal, Deed
from customers.models import Customer
from tests.access.world import entry_about, make_seal
from tests.factories import make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client):
    staff = make_staff(PostCode.AUDITOR)
    client.force_login(staff)
    return staff


def page(client, name: str, *arguments, **query) -> str:
    response = client.get(reverse(f"branches:{name}", args=arguments), query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_change_is_found_by_who_did_it_and_shown_column_by_column(client, auditor):
    customer = make_customer("张桂兰")
    officer = make_staff(PostCode.CASHIER, full_name="何建国")
    with acting.for_staff(officer):
        Customer.objects.filter(pk=customer.pk).update(address="新村 7 号")
    make_customer("刘小梅")

    listed = page(client, "audit", who="何建国")
    shown = page(client, "audit-entry", entry_about(customer).id)

    assert (listed.count("张桂兰"), listed.count("刘小梅")) == (1, 0)
    assert "新村 7 号" in shown
    assert "何建国" in shown


def test_search_by_row_deed_and_day(client, auditor):
    customer = make_customer("张桂兰")
    today = timezone.localdate()
    row = {"table": "customers_customer", "key": customer.pk, "deed": "insert"}

    assert "张桂兰" in page(client, "audit", **row, since=today)
    assert "张桂兰" not in page(client, "audit", **row, since=today + timedelta(days=1))
    assert "张桂兰" not in page(client, "audit", **{**row, "deed": "delete"})


def test_the_story_tells_changes_of_the_household_and_who_looked(client, auditor):
    customer = make_customer("张桂兰")
    household = make_household(customer)
    with acting.for_staff(make_staff(PostCode.CASHIER, full_name="何建国")):
        audit.record(Deed.READING, subject=customer, purpose="loan interview")

    story = page(client, "audit-person", customer.pk)

    assert "loan interview" in story
    assert f"#{household.pk}" in story
    looked = AuditEntry.objects.filter(deed=Deed.READING, actor_id=auditor.pk, subject_id=customer.pk)
    assert looked.count() == 1


def test_the_person_is_shown_as_of_a_day_before_the_change(client, auditor):
    customer = make_customer("张桂兰", address="老街 1 号")
    today = timezone.localdate()
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=10))
    Customer.objects.filter(pk=customer.pk).update(address="新村 7 号")

    before = page(client, "audit-person", customer.pk, day=today - timedelta(days=5))
    earlier = page(client, "audit-person", customer.pk, day=today - timedelta(days=20))

    assert ("老街 1 号" in before, "新村 7 号" in before) == (True, False)
    assert "老街 1 号" not in earlier
    assert "新村 7 号" in page(client, "audit-person", customer.pk)


def test_sealed_numbers_and_secrets_are_not_shown(client, auditor):
    staff = make_staff(PostCode.CASHIER)
    staff.set_password("Another-Spring-42-Village")
    staff.save()
    entry = AuditEntry.objects.filter(table_name="branches_staffmember", key=str(staff.pk)).latest("id")

    assert entry.new["password"] == "(secret)"
    assert staff.password not in page(client, "audit-entry", entry.id)


@pytest.mark.parametrize("rows", [1, 4])
def test_the_list_costs_the_same_with_more_rows(client, auditor, django_assert_num_queries, rows):
    for number in range(rows):
        make_customer(f"张桂{number}")
    page(client, "audit")

    with django_assert_num_queries(LIST_QUERIES):
        page(client, "audit", table="customers_customer")


LIST_QUERIES = 6


def test_a_seal_can_be_printed(client, auditor):
    seal = make_seal()

    assert f"--expect {seal.number}:{bytes(seal.digest).hex()}" in page(client, "audit-seal", seal.number)
    assert str(seal.number) in page(client, "audit-seals")


def test_a_broken_chain_is_shown(client, auditor):
    first = make_seal()
    AuditSeal.objects.create(
        number=2,
        sealed_at=timezone.now(),
        from_position=first.to_position,
        to_position=9,
        after_id=0,
        upto_id=first.upto_id,
        rows=0,
        leaves=b"",
        digest=b"1" * 32,
    )

    assert "Some of the latest seals do not follow from one another." in page(client, "audit-seals")
