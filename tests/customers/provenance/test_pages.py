"""The page "Correct or add", the dot, and the decision between statements, as each post meets them."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from customers.models import Customer, Statement
from customers.provenance.services import state_values
from tests.factories import make_branch, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 20)
VALUES = {
    "name": "张桂兰",
    "sex": "",
    "birth_date": "1980-05-12",
    "village": "",
    "group_no": "",
    "address": "",
    "occupation": "",
}


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def person(branch):
    return make_customer(branch=branch, birth_date=date(1980, 5, 12))


def sign_in(client, branch, post):
    staff = make_staff(post, unit=branch)
    client.force_login(staff)
    return staff


def send(client, person, **changed):
    data = {**VALUES, "source": "seen", "observed_on": timezone.localdate().isoformat(), **changed}
    return client.post(reverse("customers:statements", args=[person.pk]), data, follow=True)


def test_a_cashier_adds_what_the_person_said(client, branch, person):
    cashier = sign_in(client, branch, PostCode.CASHIER)

    answer = send(client, person, occupation="carpenter", source="said")

    stated = Statement.objects.get(source="said")
    assert (stated.attribute, stated.value, stated.author) == ("occupation", "carpenter", cashier)
    assert "It is noted." in answer.content.decode()
    person.refresh_from_db()
    assert (person.occupation, person.verified_on) == ("carpenter", None)


def test_a_look_at_the_person_verifies_the_record_anew(client, branch, person):
    sign_in(client, branch, PostCode.LOAN_OFFICER)

    send(client, person, confirms="on")

    person.refresh_from_db()
    assert person.verified_on == timezone.localdate()
    assert set(Statement.objects.filter(source="seen").values_list("attribute", flat=True)) == {
        "name",
        "birth_date",
    }


def test_nothing_changed_is_said_beside_the_form_and_nothing_is_kept(client, branch, person):
    sign_in(client, branch, PostCode.CASHIER)

    assert "Nothing was changed." in send(client, person).content.decode()
    assert not Statement.objects.exists()


def test_what_is_trusted_less_is_kept_and_the_page_says_so(client, branch, person):
    sign_in(client, branch, PostCode.CASHIER)
    Customer.objects.update(registered_on=timezone.localdate())

    answer = send(client, person, birth_date="1980-05-21", source="said").content.decode()

    person.refresh_from_db()
    assert person.birth_date == date(1980, 5, 12)
    assert "what was known before is trusted more and stays on show" in answer


def test_a_dispute_is_marked_on_the_person_s_page_and_ends_when_an_accountant_decides(client, branch, person):
    accountant = sign_in(client, branch, PostCode.ACCOUNTANT)
    state_values(
        customer=person,
        values={"birth_date": date(1980, 5, 21)},
        source="document",
        on=DAY,
        staff=accountant,
    )
    page = client.get(reverse("customers:customer", args=[person.pk])).content.decode()
    assert "Disputed. Where this comes from" in page

    first = Statement.objects.earliest("pk")
    address = reverse("customers:hold-statement", args=[person.pk, first.pk])
    assert "Say why this value holds." in client.post(address, follow=True).content.decode()
    client.post(address, {"reason": "both cards seen"})

    person.refresh_from_db()
    assert (person.birth_date, person.disputed) == (date(1980, 5, 12), [])
    settled = Statement.objects.latest("pk")
    assert (settled.settles, settled.author, settled.reason) == (True, accountant, "both cards seen")
    assert "Disputed" not in client.get(reverse("customers:customer", args=[person.pk])).content.decode()


def test_a_cashier_does_not_decide_which_statement_holds(client, branch, person):
    sign_in(client, branch, PostCode.CASHIER)
    row = Statement.objects.create(
        customer=person, attribute="sex", value="F", source="said", observed_on=DAY
    )

    answer = client.post(reverse("customers:hold-statement", args=[person.pk, row.pk]), {"reason": "so"})

    assert answer.status_code == 403
    assert Statement.objects.count() == 1


def test_an_earlier_value_is_restored_by_one_click(client, branch, person):
    director = sign_in(client, branch, PostCode.DIRECTOR)
    state_values(
        customer=person, values={"village": make_village("王家村")}, source="seen", on=DAY, staff=director
    )
    new = make_village("李家村")
    state_values(
        customer=person, values={"village": new}, source="seen", on=date(2026, 3, 21), staff=director
    )
    earlier = Statement.objects.earliest("pk")

    client.post(reverse("customers:hold-statement", args=[person.pk, earlier.pk]))

    assert Customer.objects.get().village.name == "王家村"


def test_the_dot_tells_source_person_day_and_what_was_said_before(client, branch, person):
    officer = sign_in(client, branch, PostCode.LOAN_OFFICER)
    for occupation, day in (("farmer", DAY), ("driver", date(2026, 3, 21))):
        state_values(customer=person, values={"occupation": occupation}, source="seen", on=day, staff=officer)

    note = client.get(reverse("customers:source", args=[person.pk, "occupation"])).content.decode()

    assert note.index("driver") < note.index("farmer")
    assert f"seen · {officer} · 2026-03-21" in note
    assert client.get(reverse("customers:source", args=[person.pk, "address"])).status_code == 404


def test_the_person_s_page_costs_the_same_queries_whatever_was_stated(client, branch, person):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    officer = sign_in(client, branch, PostCode.LOAN_OFFICER)
    numbers = []
    for attributes in (
        {"occupation": "farmer"},
        {"occupation": "driver", "address": "No. 3", "group_no": "4"},
    ):
        state_values(customer=person, values=attributes, source="seen", on=DAY, staff=officer)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("customers:customer", args=[person.pk]))
        numbers.append(len(queries))

    assert numbers[0] == numbers[1]
