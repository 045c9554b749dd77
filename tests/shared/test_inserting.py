"""Rows written by statements put together once are the rows that ``save`` would have written."""

import uuid
from datetime import date

import pytest
from django.utils import timezone

from coopcrm.shared.fields import draw_ids, draw_keys
from coopcrm.shared.inserting import insert
from coopcrm.shared.models import KeptAnswer
from customers.models import Customer, HouseholdEvent, Phone
from tests.factories import make_branch, make_customer, make_household

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


def person(**more) -> Customer:
    fields = {"name": "张桂兰", "name_key": "张桂兰", "registered_on": DAY, "disputed": ["sex"]}
    branch = make_branch()
    return Customer(branch=branch, registered_at=branch, **fields, **more)


def stored(model, pk, *left_out) -> dict:
    row = model.objects.filter(pk=pk).values().get()
    return {name: value for name, value in row.items() if name not in ("id", "created_at", *left_out)}


def test_a_row_is_stored_as_save_stores_it_and_is_given_its_key(django_assert_num_queries):
    saved, inserted = person(birth_date=DAY), person(birth_date=DAY)
    inserted.branch = inserted.registered_at = saved.branch
    saved.save()

    with django_assert_num_queries(1):
        insert(inserted)

    assert inserted.pk > saved.pk
    assert stored(Customer, inserted.pk) == stored(Customer, saved.pk)
    inserted.occupation = "driver"
    inserted.save()  # an update: the row is known to be there
    assert Customer.objects.get(pk=inserted.pk).occupation == "driver"


def test_json_keys_and_what_the_table_fills_in():
    household = make_household(make_customer())
    event = HouseholdEvent(
        household=household, deed=uuid.uuid4(), kind="opened", happened_on=DAY, changes={"began": [1]}
    )
    answer = KeptAnswer(
        caller=1,
        route="x",
        key_digest=b"k" * 16,
        body_digest=b"b" * 16,
        status=201,
        expires_at=timezone.now(),
    )

    for row in (event, answer):
        insert(row)

    assert HouseholdEvent.objects.get(pk=event.pk).changes == {"began": [1]}
    assert bytes(KeptAnswer.objects.get(pk=answer.pk).key_digest) == b"k" * 16
    assert answer.created_at is not None


def test_several_rows_go_in_one_message_in_their_order(django_assert_num_queries):
    customer = person()
    draw_keys(Customer, Phone)  # the names of sequences are looked up once
    with django_assert_num_queries(2):
        customer.pk, phone_pk = draw_keys(Customer, Phone)
        phone = Phone(
            pk=phone_pk, customer=customer, kind="mobile", number_key=b"n", tail_key=b"t", valid_from=DAY
        )
        phone.seal("number", "13912345678")
        insert(customer, phone)

    assert Phone.objects.get(customer=customer).open("number") == "13912345678"


def test_several_rows_need_their_keys():
    with pytest.raises(ValueError, match="primary key"):
        insert(person(), person())


def test_keys_drawn_one_by_one_and_together_follow_each_other():
    first, second = draw_ids(Customer, 2)
    assert second == first + 1
    assert draw_keys(Customer) == [second + 1]
