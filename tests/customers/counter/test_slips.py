"""Slips: a paper with a code by which it is known to be genuine."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared.errors import Refused
from coopcrm.shared.models import AuditEntry
from customers import registries
from customers.counter import slips
from customers.models import Slip, SlipPrint
from tests.customers.counter.test_family import at_counter
from tests.factories import branch_of, make_staff, resident_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def test_slip_says_masked_what_was_registered_and_holds_no_number(cashier):
    number = resident_number("19800512", 124)

    slip = at_counter(cashier, id_number=number, phone="13912345678", agrees_to=["marketing"]).slip

    assert slip.content["name"] == "张*兰"
    assert slip.content["documents"] == [["ID18", f"{number[0]}{'*' * 16}{number[-1]}"]]
    assert slip.content["phones"] == ["139****5678"]
    assert slip.content["agrees_to"] == ["marketing"]
    assert number not in str(slip.content)
    assert slip.open("code") == slips.code_of(slip)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("k7qf m2xd", "K7QF-M2XD"),
        ("K7QF-M2XD", "K7QF-M2XD"),
        ("oil1-2345", "0111-2345"),
        ("K7QF-M2X", ""),
        ("K7QFM2XDX", ""),
        ("张桂兰", ""),
    ],
)
def test_code_is_read_as_people_type_it(typed, code):
    assert slips.typed_code(typed) == code


def test_code_is_found_from_any_branch_and_another_is_not(cashier):
    slip = at_counter(cashier).slip
    code = slip.open("code")
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")

    assert slips.look_up(staff=make_staff(), typed=code.lower().replace("-", "")) == slip
    assert slips.look_up(staff=make_staff(), typed=wrong) is None


def test_guessing_is_stopped_and_on_record(cashier, monkeypatch):
    monkeypatch.setattr(slips, "MOST_IN_WINDOW", 2)
    monkeypatch.setattr(slips, "MOST_WITHOUT_REDIS", 2)
    for _time in range(2):
        slips.look_up(staff=cashier, typed="K7QF-M2XD")

    with pytest.raises(Refused) as refused:
        slips.look_up(staff=cashier, typed="K7QF-M2XD")

    assert refused.value.code == "too_many_codes"


def test_registration_opens_the_slip_that_prints_itself_once(client, cashier):
    answer = client.post(reverse("customers:new"), {"name": "张桂兰", "home": "none"})
    slip = Slip.objects.get()

    assert answer.url == reverse("customers:slip", args=[slip.pk])
    assert "data-prints-itself" in client.get(answer.url).content.decode()
    client.post(reverse("customers:print-slip", args=[slip.pk]))
    assert "data-prints-itself" not in client.get(answer.url).content.decode()
    assert SlipPrint.objects.get().printed_by == cashier
    assert AuditEntry.objects.filter(table_name="customers_slipprint", deed="insert").exists()


def test_check_page_tells_genuine_from_invented(client, cashier):
    code = at_counter(cashier).slip.open("code")
    url = reverse("customers:check-slip")

    assert "张*兰" in client.post(url, {"code": code}).content.decode()
    assert "Not genuine" in client.post(url, {"code": "0000-0000"}).content.decode()
    assert "eight letters" in client.post(url, {"code": "12"}).content.decode()


def test_other_rooms_put_their_part_on_the_slip(client, cashier, monkeypatch):
    parts = registries.Registry()
    parts.register(
        "test", lambda staff, customer: ("components/notice.html", {"tone": "info", "text": "Rate us"})
    )
    monkeypatch.setattr(registries, "slip_parts", parts)

    page = client.get(reverse("customers:slip", args=[at_counter(cashier).slip.pk])).content.decode()

    assert "Rate us" in page


def test_slip_of_another_branch_is_missing(client, cashier):
    foreign = at_counter(make_staff(PostCode.CASHIER)).slip

    assert client.get(reverse("customers:slip", args=[foreign.pk])).status_code == 404
    assert branch_of(cashier) != foreign.branch
