"""What a household has with us: by member, by product, together."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from branches.choices import PostCode
from customers.choices import Relation
from customers.pages.exposure import book, lines_of, shares
from customers.registries import Exposure
from tests.book import make_account, make_class, make_line, make_loan
from tests.factories import branch_of, join, make_customer, make_household, make_staff


def test_shares_of_a_bar_follow_each_other_and_end_at_a_hundred():
    parts = shares({"sight": Decimal(100), "term": Decimal(300), "overdrawn": Decimal(-50)})

    assert [(part.product, part.start, part.length) for part in parts] == [
        ("term", Decimal(0), Decimal(75)),
        ("sight", Decimal(75), Decimal(25)),
        ("overdrawn", Decimal(100), Decimal(0)),
    ]


def test_a_book_adds_up_members_products_and_what_is_of_the_household_alone():
    told = [
        Exposure("deposits", Decimal("10.50"), 1, "sight"),
        Exposure("deposits", Decimal("5.00"), 2, "sight"),
        Exposure("loans", Decimal("30.00"), 9, "micro"),
        Exposure("guarantees", Decimal("7.00")),
        Exposure("line", Decimal("60.00"), product="Active", until=date(2027, 1, 1)),
        Exposure("used", Decimal("15.00")),
        Exposure("free", Decimal("45.00")),
    ]

    found = book(told, {1: "王建国", 2: "张桂兰", 3: "王磊"})

    assert [(row.customer_id, row.yuan) for row in found.rows] == [
        (1, {"deposits": Decimal("10.50")}),
        (2, {"deposits": Decimal("5.00")}),
        (None, {"loans": Decimal("30.00")}),
    ]
    assert found.totals == {
        "deposits": Decimal("15.50"),
        "loans": Decimal("30.00"),
        "guarantees": Decimal("7.00"),
    }
    assert (found.line, found.used, found.free, found.used_share) == (60, 15, 45, 25)


@pytest.mark.django_db
def test_the_household_page_shows_what_each_member_has_and_all_together(client):
    officer = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(officer)
    household = make_household(make_customer("王建国", branch=branch_of(officer)))
    wife = make_customer("张桂兰", branch=branch_of(officer))
    join(household, wife, Relation.SPOUSE)
    line = make_line(household, "60000.00")
    loan = make_loan(household, balance="20000.00", line=line)
    make_class(loan, dpd=12)
    make_account(wife, balance="31400.00")
    make_account(household.head, balance="600.00")

    told = lines_of(officer, household, [household.head_id, wife.pk])
    text = client.get(reverse("customers:household", args=[household.pk])).content.decode()

    assert {(one.measure, one.customer_id, one.yuan) for one in told} == {
        ("deposits", wife.pk, Decimal("31400.00")),
        ("deposits", household.head_id, Decimal("600.00")),
        ("loans", household.head_id, Decimal("20000.00")),
        ("overdue", household.head_id, Decimal("20000.00")),
        ("line", None, Decimal("60000.00")),
        ("used", None, Decimal("20000.00")),
        ("free", None, Decimal("40000.00")),
    }
    assert all(amount in text for amount in ("31,400.00", "32,000.00", "20,000.00", "40,000.00"))
