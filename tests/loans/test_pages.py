"""The list of loans, one loan explained, and provisions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.choices import PostCode
from loans import overview
from loans.customer_page import accounts_card, holders_of_account
from tests.book import make_account, make_class, make_line, make_loan, make_rated_household
from tests.factories import TODAY, branch_of, make_branch, make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db


def test_the_longest_overdue_loan_stands_first(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(staff)
    make_loan(make_household(make_customer("王建国", branch=branch)))
    make_loan(make_household(make_customer("张桂兰", branch=branch)), dpd=45)
    client.force_login(staff)

    page = client.get("/loans/").content.decode()

    assert page.index("张桂兰") < page.index("王建国")


def test_loans_of_another_branch_are_neither_listed_nor_found(client):
    loan = make_loan(make_household(make_customer("王建国", branch=make_branch())))
    client.force_login(make_staff(PostCode.DIRECTOR))

    assert client.get(f"/loans/{loan.pk}/").status_code == 404
    assert "王建国" not in client.get("/loans/").content.decode()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"a", "b"}),
        ("?class=normal", {"a"}),
        ("?delay=90", {"b"}),
        ("?delay=more", set()),
        ("?class=bogus", {"a", "b"}),
    ],
)
def test_the_list_can_be_narrowed(client, query, shown):
    staff = make_staff(PostCode.DIRECTOR)
    for name, dpd in (("a", 0), ("b", 45)):
        make_loan(make_household(make_customer(f"name-{name}", branch=branch_of(staff))), dpd=dpd)
    client.force_login(staff)

    page = client.get(f"/loans/{query}").content.decode()

    assert {name for name in "ab" if f"name-{name}" in page} == shown


def test_a_class_is_explained_step_by_step():
    loan = make_loan(make_household(), dpd=120, flags=["EXTENDED"])

    steps = overview.explained(overview.history_of(loan)[0], loan)

    assert [(step["label"], step.get("code")) for step in steps] == [
        ("Days overdue", None),
        ("Matrix", "substandard"),
        ("Floor by days", "substandard"),
        ("Floor by events", "special_mention"),
        ("Class", "substandard"),
    ]
    assert "More than 90 days" in steps[2]["text"]


def test_of_several_results_of_a_day_the_last_one_counts():
    staff = make_staff(PostCode.HEAD_OFFICE)
    loan = make_loan(make_household(), dpd=0)
    make_class(loan, dpd=45)

    assert [row.dpd for row in overview.open_loans(staff, TODAY)] == [45]


def test_the_loan_page_shows_terms_instalments_and_the_household(client):
    staff = make_staff(PostCode.DIRECTOR)
    household = make_household(branch=branch_of(staff))
    make_line(household)
    loan = make_loan(household, balance="20000.00")
    client.force_login(staff)

    page = client.get(f"/loans/{loan.pk}/").content.decode()

    assert "20,000.00" in page
    assert "580.00" in page
    assert "60,000.00" in page


def test_provisions_are_those_of_the_rule(client):
    staff = make_staff(PostCode.ACCOUNTANT)
    for balance, dpd in (("100000.00", 0), ("20000.00", 120)):
        make_loan(make_household(branch=branch_of(staff)), balance=balance, dpd=dpd)

    result = overview.provisions_of(overview.open_loans(staff, TODAY), Decimal(5000))

    assert (result.required, result.shortfall, result.npl_ratio) == (
        Decimal("6200.00"),
        Decimal("1200.00"),
        Decimal("0.1667"),
    )
    client.force_login(staff)
    assert "6,200.00" in client.get("/loans/provisions/?reserves=5000").content.decode()


def test_provisions_are_not_for_the_counter(client):
    client.force_login(make_staff(PostCode.CASHIER))

    assert client.get("/loans/provisions/").status_code == 403


def test_exposure_of_a_household_counts_what_is_drawn_against_its_line():
    household = make_household()
    line = make_line(household, "60000.00")
    make_loan(household, balance="20000.00", line=line)
    make_account(household.head, balance="31400.00")

    found = overview.exposure_of(household)

    assert (found["loans"], found["available"], found["deposits"]) == (
        Decimal("20000.00"),
        Decimal("40000.00"),
        Decimal("31400.00"),
    )


def test_an_account_number_finds_its_holder():
    account = make_account(make_customer())
    number = account.open("number")

    assert [pk for pk, _reason in holders_of_account(number)] == [account.customer_id]
    assert account.customer_id in [pk for pk, _reason in holders_of_account(number[-4:])]
    assert holders_of_account("12") == []


def test_the_list_costs_the_same_queries_for_one_row_and_for_five(client):
    staff = make_staff(PostCode.DIRECTOR)
    client.force_login(staff)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get("/loans/")
        return len(queries)

    make_loan(make_rated_household(branch_of(staff)).household)
    one = cost()
    for _number in range(4):
        make_loan(make_household(branch=branch_of(staff)))

    assert cost() == one <= 11


def test_the_customer_page_shows_accounts_masked_with_open_ones_first():
    staff = make_staff(PostCode.CASHIER)
    customer = make_customer(branch=branch_of(staff))
    make_account(customer, balance="90.00", state="closed")
    open_account = make_account(customer, balance="10.00")

    _template, context = accounts_card(staff, customer, None)

    assert [len(context[state]) for state in ("open", "closed")] == [1, 1]
    number = open_account.open("number")
    assert context["open"][0]["number"] == number[:6] + "*" * (len(number) - 10) + number[-4:]
    assert accounts_card(make_staff(PostCode.CASHIER), customer, None) is None
