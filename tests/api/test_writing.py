"""Registering, matching and searching through the API, and households: the counter's rules behind another door."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import audit, idempotency
from coopcrm.shared.models import Deed, KeptAnswer
from customers.choices import DocumentState
from customers.models import Customer, IdentityDocument, ReviewPair
from tests.factories import (
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_village,
    resident_number,
)

pytestmark = pytest.mark.django_db
CREATE, MATCH, SEARCH = "/api/v1/customers/", "/api/v1/customers/match/", "/api/v1/customers/search/"
PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def _calls_are_not_counted():
    cache.clear()


@pytest.fixture
def cashier(client):
    staff = make_staff(PostCode.CASHIER)
    client.force_login(staff)
    return staff


def post(client, address, body, key=None):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(address, body, content_type="application/json", **headers)


def create(client, key=None, **body):
    return post(client, CREATE, {"name": "张桂兰", **body}, key or str(uuid.uuid4()))


def test_a_customer_is_registered_with_number_phone_village_and_household(client, cashier):
    village = make_village()
    number = resident_number("19800512")

    answer = create(client, number=number, phone="139 1234 5678", village=village.code, opens_household=True)

    row = answer.json()
    customer = Customer.objects.get(pk=row["id"])
    assert (answer.status_code, row["is_new"], row["is_disputed"], row["possible"]) == (201, True, False, [])
    assert (customer.registered_by, customer.branch, customer.village) == (
        cashier,
        branch_of(cashier),
        village,
    )
    assert customer.birth_date.isoformat() == "1980-05-12"
    assert customer.heads.get().pk == row["household"]
    assert customer.documents.get().state == DocumentState.HELD


def test_the_same_call_again_is_answered_as_before_and_writes_nothing(client, cashier):
    key, number = str(uuid.uuid4()), resident_number("19800512")

    first, again = (create(client, key, number=number) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert "Idempotent-Replayed" not in first
    assert Customer.objects.count() == 1


def test_another_body_with_the_same_key_is_another_call(client, cashier):
    key = str(uuid.uuid4())
    create(client, key)

    answer = create(client, key, phone="13912345678")

    assert (answer.status_code, answer["Content-Type"]) == (422, PROBLEM)
    assert answer.json()["code"] == "idempotency_mismatch"
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("key", [None, "short", "with space in it", "x" * 101])
def test_a_call_without_a_proper_key_is_refused(client, cashier, key):
    answer = post(client, CREATE, {"name": "张桂兰"}, key)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


def test_a_key_speaks_for_its_caller_alone(client, cashier):
    key = str(uuid.uuid4())
    create(client, key)
    client.force_login(make_staff(PostCode.CASHIER))

    answer = create(client, key, name="李建国")

    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer


def test_a_call_that_still_runs_is_told_to_wait(client, cashier):
    key = str(uuid.uuid4())
    lock = idempotency.Call(cashier.pk, "customers.create", key, b"").lock
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
        answer = create(client, key)
    finally:
        other.close()

    assert (answer.status_code, answer.json()["code"]) == (409, "in_flight")
    assert int(answer["Retry-After"]) > 0


def test_a_kept_answer_says_nothing_in_clear_and_goes_after_its_time(client, cashier):
    key, number = str(uuid.uuid4()), resident_number("19800512")
    create(client, key, number=number)

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM shared_keptanswer t")
        text = cursor.fetchone()[0]
    forgotten = [
        idempotency.forget_old(now=timezone.now() + days)
        for days in (timedelta(days=34), timedelta(days=35, minutes=1))
    ]

    assert not any(secret in text for secret in (key, number, "张"))
    assert forgotten == [0, 1]


def test_an_answer_whose_time_is_over_is_not_given_again(client, cashier):
    key = str(uuid.uuid4())
    create(client, key)
    KeptAnswer.objects.update(expires_at=timezone.now())

    assert create(client, key, name="李建国").status_code == 201


def test_a_number_held_under_the_same_name_is_the_same_customer(client, cashier):
    number = resident_number("19800512")
    known = make_customer("张桂兰", number=number)

    answer = create(client, number=number)

    assert (answer.status_code, answer.json()["id"], answer.json()["is_new"]) == (200, known.pk, False)
    assert audit.entries().filter(deed=Deed.READING, subject_id=known.pk).count() == 1


def test_a_number_held_under_another_name_is_refused_with_the_masked_holder_and_a_reason_overrides(
    client, cashier
):
    number = resident_number("19800512")
    holder = make_customer("李建国", number=number)

    refused = create(client, number=number)
    done = create(client, number=number, reason="the card of her brother was typed before")

    body = refused.json()
    assert (refused.status_code, refused["Content-Type"], body["code"]) == (409, PROBLEM, "number_taken")
    assert [(m["customer"], m["name"], m["is_masked"]) for m in body["matches"]] == [
        (holder.pk, "李*国", True)
    ]
    assert "李建国" not in refused.content.decode()
    assert number not in refused.content.decode()
    assert audit.entries().filter(deed=Deed.READING, subject_id=holder.pk).exists()
    assert (done.status_code, done.json()["is_disputed"]) == (201, True)
    assert ReviewPair.objects.count() == 1


def test_a_probable_duplicate_is_refused_until_a_reason_is_given(client, cashier):
    village = make_village()
    known = make_customer("张桂兰", branch=branch_of(cashier), village=village, birth_date="1980-05-12")
    said = {"birth_date": "1980-05-12", "village": village.code}

    refused = create(client, **said)
    done = create(client, **said, reason="twin villages, another mother")

    assert (refused.status_code, refused.json()["code"]) == (409, "likely_known")
    match = refused.json()["matches"][0]
    assert (match["customer"], match["name"], match["outcome"]) == (known.pk, "张桂兰", "PROBABLE")
    assert done.status_code == 201
    assert [pair["customer"] for pair in done.json()["possible"]] == [known.pk]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"number": "411522198005120000"}, "number"),
        ({"number": "91330000X", "kind": "uscc"}, "number"),
        ({"phone": "12"}, "phone"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"village": "000000000000"}, "village"),
        ({"household": 1, "relation": "son"}, "household"),
        ({"branch": 1}, "branch"),
        ({"nmae": "x"}, "nmae"),
        ({"name": ""}, "name"),
    ],
)
def test_a_field_without_sense_is_named(client, cashier, said, field):
    answer = create(client, **said)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Customer.objects.exists()


@pytest.mark.parametrize("address", [CREATE, MATCH])
def test_head_office_registers_nobody(client, address):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))

    answer = post(client, address, {"name": "张桂兰"}, str(uuid.uuid4()))

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_nobody_is_registered_at_another_branch(client, cashier):
    answer = create(client, branch=make_branch().pk)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["branch"])


def test_matching_says_who_and_why_and_writes_nothing_but_the_reading(client, cashier):
    number = resident_number("19800512")
    known = make_customer("张桂兰", number=number)

    answer = post(client, MATCH, {"name": "张桂兰", "number": number})

    row = answer.json()["results"][0]
    assert (answer.status_code, row["customer"], row["outcome"], row["rule"]) == (200, known.pk, "SAME", "R1")
    assert (row["name"], row["is_masked"], row["why"]) == ("张*兰", True, "same number, same name")
    assert number not in answer.content.decode()
    assert audit.entries().filter(deed=Deed.READING, subject_id=known.pk).count() == 1
    assert (Customer.objects.count(), IdentityDocument.objects.count()) == (1, 1)


def test_searching_finds_what_the_box_finds_masked_outside_the_branch(client, cashier):
    own = make_customer("张桂兰", branch=branch_of(cashier), sex="F")
    other = make_customer("张桂英", sex="F")

    rows = post(client, SEARCH, {"q": "张桂"}).json()["results"]

    assert [(row["customer"], row["name"], row["sex"], row["is_masked"]) for row in rows] == [
        (own.pk, "张桂兰", "F", False),
        (other.pk, "张*英", "", True),
    ]


def test_a_search_is_walked_by_cursor_and_a_cursor_opens_no_other_search(client, cashier):
    for _number in range(25):
        make_customer("张桂兰", branch=branch_of(cashier))

    first = post(client, SEARCH, {"q": "张桂兰"}).json()
    second = post(client, SEARCH, {"q": "张桂兰", "cursor": first["next"]}).json()
    refused = post(client, SEARCH, {"q": "李", "cursor": first["next"]})

    found = [row["customer"] for row in first["results"] + second["results"]]
    assert (len(first["results"]), len(found), len(set(found)), second["next"]) == (20, 25, 25, None)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["cursor"])


def test_a_whole_number_searched_in_other_branches_is_on_record(client, cashier):
    number = resident_number("19800512")
    known = make_customer("张桂兰", number=number)

    answer = post(client, SEARCH, {"q": number})

    assert [row["customer"] for row in answer.json()["results"]] == [known.pk]
    assert audit.entries().filter(deed=Deed.READING, subject_id=known.pk).count() == 1


def test_a_household_tells_its_members_with_relation_and_dates(client, cashier):
    household = make_household(branch=branch_of(cashier))
    foreign = make_household()

    listed = client.get("/api/v1/households/").json()["results"]
    row = client.get(f"/api/v1/households/{household.pk}/").json()

    member = row["members"][0]
    assert [each["id"] for each in listed] == [household.pk]
    assert (member["customer"], member["relation"], member["valid_to"]) == (household.head_id, "head", None)
    assert (member["name"], member["is_masked"]) == (household.head.name, False)
    assert client.get(f"/api/v1/households/{foreign.pk}/").status_code == 404


def test_registering_costs_a_constant_number_of_queries(client, cashier):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            answer = create(
                client, name="欧阳楠", number=resident_number(), phone="13912345678", opens_household=True
            )
        assert answer.status_code in (201, 409)
        return len(queries)

    cost()

    assert cost() <= MOST_QUERIES


MOST_QUERIES = 18
