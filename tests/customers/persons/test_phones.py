"""Several dated phones: one is called first, one is confirmed, one ended; who shares it is counted and not named."""

from datetime import date

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.models import Phone
from customers.persons import phones, selectors
from tests.factories import TODAY, branch_of, make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return make_staff(PostCode.CASHIER)


@pytest.fixture
def person(cashier):
    return make_customer(branch=branch_of(cashier))


def add(staff, customer, number, **more):
    return phones.add_phone(staff=staff, customer=customer, number=number, as_of=TODAY, **more)


def test_first_phone_is_called_first_until_another_is_chosen(cashier, person):
    first, second = add(cashier, person, "154 1234 5678"), add(cashier, person, "15412345679")
    assert (first.is_main, second.is_main) == (True, False)

    phones.make_main(staff=cashier, phone=second)
    phones.end_phone(staff=cashier, phone=second, because="unreachable", as_of=TODAY)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_main, second.is_main) == (True, False)
    assert (second.valid_to, second.ended_because) == (TODAY, "unreachable")


def test_number_that_comes_back_stands_beside_its_ended_row(cashier, person):
    first = add(cashier, person, "15412345678")
    phones.end_phone(staff=cashier, phone=first, because="changed", as_of=TODAY)

    again = add(cashier, person, "15412345678")

    assert again.pk != first.pk
    assert add(cashier, person, "154-1234-5678") == again
    assert person.phones.count() == 2


def test_landline_without_area_code_is_kept_only_when_asked_for_and_says_why(cashier, person):
    with pytest.raises(Refused, match="area code"):
        add(cashier, person, "6123456")

    kept = add(cashier, person, "6123456", keep=True)

    assert (kept.kind, kept.invalid_reason, kept.open("number")) == ("unknown", "NO_AREA_CODE", "6123456")


def test_confirmation_says_who_asked_and_when(cashier, person):
    phone = add(cashier, person, "15412345678")

    phones.confirm_phone(staff=cashier, phone=phone, as_of=date(2026, 3, 30))

    phone.refresh_from_db()
    assert (phone.confirmed_on, phone.confirmed_by) == (date(2026, 3, 30), cashier)
    with pytest.raises(PermissionRefused):
        phones.confirm_phone(staff=make_staff(PostCode.CASHIER), phone=phone, as_of=TODAY)


def test_page_counts_who_shares_a_phone_and_names_nobody(client, cashier, person):
    number = "15412345678"
    add(cashier, person, number)
    son = make_customer("王磊", branch=person.branch, phone=number)
    make_household(person, members=(son,))
    for _other in range(3):
        make_customer("陈静", phone=number)
    client.force_login(cashier)

    line = selectors.phones_of(person, today=TODAY).current[0]
    page = client.get(reverse("customers:phones", args=[person.pk])).content.decode()

    assert (line.at_home, line.elsewhere) == (1, 3)
    assert "1 person of the household" in page
    assert "3 other people" in page
    assert "陈静" not in page
    assert number not in page


def test_page_adds_confirms_and_ends(client, cashier, person):
    client.force_login(cashier)
    url = reverse("customers:phones", args=[person.pk])

    wrong = client.post(url, {"number": "6123456"}).content.decode()
    client.post(url, {"number": "15412345678", "is_main": "on"})
    phone = Phone.objects.get()
    client.post(reverse("customers:confirm-phone", args=[phone.pk]))
    client.post(reverse("customers:end-phone", args=[phone.pk]), {"because": "changed"})

    phone.refresh_from_db()
    assert "area code" in wrong
    assert phone.confirmed_by == cashier
    assert phone.ended_because == "changed"
