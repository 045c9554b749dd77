"""Unfinished registrations: nothing typed is lost, and nobody else reads it."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from customers.counter import drafts
from customers.models import CounterDraft, Customer
from tests.factories import branch_of, make_staff, resident_number

pytestmark = pytest.mark.django_db
NUMBER = resident_number("19800512", 124)
TYPED = {"number": NUMBER, "name": "张桂兰", "phone": "139 1234 5678", "agrees_to": ["marketing"]}


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def keep(client, form_key, **typed):
    return client.post(reverse("customers:keep-draft"), {**TYPED, "form_key": str(form_key), **typed}).json()


def test_draft_is_sealed_and_comes_back_with_everything(client, cashier):
    key = uuid.uuid4()

    saved = keep(client, key)["saved"]
    page = client.get(reverse("customers:new"), {"form": str(key)}).content.decode()

    assert len(saved) == len("10:42:07")
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(content, 'escape') FROM customers_counterdraft t")
        stored = str(cursor.fetchone())
    assert NUMBER not in stored
    assert "张桂兰" not in stored
    for value in (NUMBER, "张桂兰", "139 1234 5678"):
        assert f'value="{value}"' in page


def test_later_typing_changes_the_same_draft(client, cashier):
    key = uuid.uuid4()
    keep(client, key)

    keep(client, key, name="张桂蓝")

    assert drafts.content_of(cashier, key)["name"] == ["张桂蓝"]
    assert CounterDraft.objects.count() == 1


def test_list_of_unfinished_ones_is_masked(client, cashier):
    keep(client, uuid.uuid4())

    page = client.get(reverse("customers:new")).content.decode()

    assert "张*兰" in page
    assert "张桂兰" not in page
    assert NUMBER not in page


def test_draft_is_its_writers_alone(client, cashier):
    key = uuid.uuid4()
    keep(client, key)
    colleague = make_staff(unit=branch_of(cashier))

    assert drafts.unfinished(colleague) == []
    assert drafts.content_of(colleague, key) is None
    assert drafts.discard(staff=colleague, form_key=key) == 0


def test_draft_ends_with_the_registration(client, cashier):
    key = uuid.uuid4()
    keep(client, key)

    client.post(reverse("customers:new"), {**TYPED, "form_key": str(key), "home": "none"})

    assert Customer.objects.get().form_key == key
    assert not CounterDraft.objects.exists()
    assert client.get(reverse("customers:new"), {"form": str(key)}).status_code == 302


def test_draft_is_discarded_and_forgotten_after_a_week(client, cashier):
    first, second = uuid.uuid4(), uuid.uuid4()
    keep(client, first)
    keep(client, second)

    client.post(reverse("customers:discard-draft", args=[first]))
    assert [line.form_key for line in drafts.unfinished(cashier)] == [second]

    assert drafts.forget_old(now=timezone.now() + timedelta(days=8)) == 1


def test_empty_form_leaves_no_draft(client, cashier):
    answer = client.post(
        reverse("customers:keep-draft"), {"form_key": str(uuid.uuid4()), "phone": "139", "name": ""}
    )

    assert json.loads(answer.content) == {"saved": ""}
    assert not CounterDraft.objects.exists()


def test_used_form_registers_nobody_else(client, cashier):
    key = str(uuid.uuid4())
    client.post(reverse("customers:new"), {"name": "张桂兰", "home": "none", "form_key": key})

    page = client.post(reverse("customers:new"), {"name": "李秀英", "home": "none", "form_key": key})

    assert "has registered 张*兰 already" in page.content.decode()
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_states_of_a_form_that_travel_together_are_one_draft():
    staff, key, failed = make_staff(), uuid.uuid4(), []
    together = threading.Barrier(4)

    def at_once(name: str) -> None:
        together.wait()
        try:
            drafts.keep(staff=staff, branch=branch_of(staff), form_key=key, typed={"name": [name]})
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_once, args=[name]) for name in ("张", "张桂", "张桂兰", "张桂蓝")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert CounterDraft.objects.count() == 1
