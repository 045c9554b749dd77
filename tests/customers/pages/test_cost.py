"""A page costs the same number of queries whatever the customer has lived through."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.choices import PostCode
from customers.models import FactSheet, LedgerFile, LedgerImport, LedgerRow
from tests.book import make_account, make_class, make_line, make_loan, make_rating
from tests.factories import (
    TODAY,
    branch_of,
    hang_tag,
    join,
    make_customer,
    make_household,
    make_pair,
    make_staff,
    make_task,
    make_visit,
    resident_number,
)

pytestmark = pytest.mark.django_db

MOST_FOR_A_CUSTOMER = 75
MOST_FOR_A_HOUSEHOLD = 50


@pytest.fixture
def home(client):
    """A household of an officer who has signed in, with one of everything."""
    officer = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(officer)
    customer = make_customer(branch=branch_of(officer), number=resident_number(), phone="13912345678")
    household = make_household(customer)
    make_line(household)
    live(household, officer)
    return household


def live(household, officer):
    """One more of everything that the pages tell."""
    head = household.head
    other = join(household, make_customer(branch=household.branch)).customer
    for person in (head, other):
        make_account(person, balance="100.00")
    make_class(make_loan(household, balance="10.00"), dpd=3)
    make_rating(household)
    make_visit(household, officer)
    make_pair(head, make_customer("张桂蓝", branch=household.branch))
    make_task(household.branch, customer=head, owner=officer)
    hang_tag(head)
    FactSheet.objects.create(
        household=household,
        recorded_on=TODAY,
        population=4,
        sources={"population": ["seen", officer.pk, TODAY.isoformat()]},
    )
    file = LedgerFile.objects.create(
        run=LedgerImport.objects.create(as_of=TODAY),
        branch=household.branch,
        kind="counter_register",
        name="a.csv",
        digest=str(head.ledger_rows.count()).encode(),
    )
    row = LedgerRow(
        file=file,
        branch=household.branch,
        kind="counter_register",
        row_number=2,
        row_key=str(head.ledger_rows.count()).encode(),
        outcome="matched",
        customer=head,
    )
    row.seal("raw", "{}")
    row.save(force_insert=True)


def cost(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    return len(queries)


def test_both_pages_cost_the_same_with_one_of_everything_and_with_many(client, home):
    officer = home.visits.get().officer
    urls = [
        reverse("customers:customer", args=[home.head_id]),
        reverse("customers:household", args=[home.pk]),
    ]
    few = [cost(client, url) for url in urls]
    for _time in range(12):
        live(home, officer)

    many = [cost(client, url) for url in urls]

    assert few == many
    assert few[0] <= MOST_FOR_A_CUSTOMER
    assert few[1] <= MOST_FOR_A_HOUSEHOLD
