"""Stating values: what is kept, what is shown, and where it comes from."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from branches.choices import PostCode
from coopcrm.shared.errors import Refused
from customers.models import Customer, Statement
from customers.provenance.selectors import sources_of
from customers.provenance.services import state_values
from tests.factories import make_branch, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 20)


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def accountant(branch):
    return make_staff(PostCode.ACCOUNTANT, unit=branch)


def told(customer, attribute):
    rows = Statement.objects.filter(customer=customer, attribute=attribute).order_by("pk")
    return list(rows.values_list("value", "source", "observed_on"))


def test_a_customer_without_corrections_stays_one_row(branch):
    customer = make_customer(branch=branch, occupation="farmer")

    sources = sources_of(customer)

    assert not Statement.objects.exists()
    assert sources["occupation"].text == "document · 2024-01-01"
    assert "address" not in sources


def test_the_first_other_word_makes_the_record_a_statement_of_its_own(branch, accountant):
    customer = make_customer(branch=branch, occupation="farmer")

    state_values(
        customer=customer, values={"occupation": "carpenter"}, source="seen", on=DAY, staff=accountant
    )

    assert told(customer, "occupation") == [
        ("farmer", "document", date(2024, 1, 1)),
        ("carpenter", "seen", DAY),
    ]
    assert customer.occupation == Customer.objects.get().occupation == "carpenter"
    found = sources_of(customer)["occupation"]
    assert (found.source, found.text) == ("seen", f"seen · {accountant} · 2026-03-20")
    assert [line.text for line in found.earlier] == ["farmer"]


def test_search_keys_follow_a_name(branch, accountant):
    customer = make_customer("张桂兰", branch=branch, source="ledger")

    state_values(customer=customer, values={"name": "张桂蓝"}, source="document", on=DAY, staff=accountant)

    stored = Customer.objects.get()
    assert (stored.name, stored.name_key, stored.pinyin, stored.initials) == (
        "张桂蓝",
        "张桂蓝",
        "zhangguilan",
        "zgl",
    )


def test_a_weaker_word_is_kept_and_not_shown(branch, accountant):
    customer = make_customer(branch=branch, birth_date=date(1980, 5, 12), registered_on=date(2026, 1, 1))

    decisions = state_values(
        customer=customer, values={"birth_date": date(1980, 5, 21)}, source="said", on=DAY, staff=accountant
    )

    assert customer.birth_date == date(1980, 5, 12)
    assert decisions["birth_date"].is_disputed is False
    assert len(told(customer, "birth_date")) == 2


def test_two_papers_that_contradict_each_other_mark_the_value(branch, accountant):
    customer = make_customer(branch=branch, birth_date=date(1980, 5, 12))

    state_values(
        customer=customer,
        values={"birth_date": date(1980, 5, 21)},
        source="document",
        on=DAY,
        staff=accountant,
    )

    assert Customer.objects.get().disputed == ["birth_date"]
    assert sources_of(customer)["birth_date"].is_disputed


def test_a_settled_value_holds_and_is_undone_by_another(branch, accountant):
    customer = make_customer(branch=branch, birth_date=date(1980, 5, 12))
    first, second = date(1980, 5, 12), date(1980, 5, 21)
    state_values(
        customer=customer, values={"birth_date": second}, source="document", on=DAY, staff=accountant
    )
    settle = {"customer": customer, "source": "document", "on": DAY, "staff": accountant, "settles": True}

    state_values(values={"birth_date": first}, reason="seen both cards", **settle)
    assert (customer.birth_date, customer.disputed) == (first, [])

    state_values(values={"birth_date": second}, reason="the other one", **settle)
    assert (customer.birth_date, customer.disputed) == (second, [])
    assert len(told(customer, "birth_date")) == 4


def test_settling_asks_for_a_reason(branch, accountant):
    customer = make_customer(branch=branch)

    with pytest.raises(Refused):
        state_values(
            customer=customer, values={"sex": "F"}, source="seen", on=DAY, staff=accountant, settles=True
        )

    assert not Statement.objects.exists()


def test_a_second_word_of_the_same_person_and_day_corrects_the_first(branch, accountant):
    customer = make_customer(branch=branch)
    for group in ("51", "15", "15"):
        state_values(customer=customer, values={"group_no": group}, source="said", on=DAY, staff=accountant)

    assert told(customer, "group_no") == [("51", "said", DAY), ("15", "said", DAY)]
    assert (customer.group_no, customer.disputed) == ("15", [])


def test_a_village_is_told_by_its_name(branch, accountant):
    customer = make_customer(branch=branch, village=make_village("孙家村"))
    new = make_village("王家村")

    state_values(customer=customer, values={"village": new}, source="seen", on=DAY, staff=accountant)

    found = sources_of(Customer.objects.get())["village"]
    assert customer.village == new
    assert [line.text for line in found.lines] == ["王家村", "孙家村"]


@pytest.mark.parametrize(
    "values", [{"name": " "}, {"group_no": "12345678901"}, {"birth_date": date(1980, 5, 12)}]
)
def test_what_cannot_stand_is_refused_and_nothing_is_kept(branch, accountant, values):
    customer = make_customer(branch=branch)
    day = date(2999, 1, 1) if "birth_date" in values else DAY

    with pytest.raises(Refused):
        state_values(customer=customer, values=values, source="said", on=day, staff=accountant)

    assert not Statement.objects.exists()


def test_sources_cost_the_same_queries_with_one_statement_and_with_many(
    branch, accountant, django_assert_num_queries
):
    customer = make_customer(branch=branch, occupation="farmer", village=make_village())
    with django_assert_num_queries(1):
        sources_of(customer)
    for number, village in enumerate((make_village("王家村"), make_village("李家村"))):
        values = {"village": village, "occupation": f"trade {number}", "address": f"No. {number}"}
        state_values(customer=customer, values=values, source="said", on=DAY, staff=accountant)

    customer = Customer.objects.select_related("village", "registered_by").get()
    with django_assert_num_queries(2):
        sources_of(customer)


def test_a_statement_is_never_the_correction_of_itself(branch):
    customer = make_customer(branch=branch)
    row = Statement.objects.create(customer=customer, attribute="sex", source="said", observed_on=DAY)

    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.filter(pk=row.pk).update(corrects=row.pk)
