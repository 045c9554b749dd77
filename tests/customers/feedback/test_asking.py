"""A survey that only friends receive says nothing: head office sees who asks how many, and what is strange."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from branches.choices import PostCode
from customers.feedback import selectors
from customers.models import Feedback, VisitNote
from tests.factories import branch_of, make_customer, make_household, make_invitation, make_staff

pytestmark = pytest.mark.django_db


def visited(officer, times: int) -> list[VisitNote]:
    household = make_household(make_customer(branch=branch_of(officer)))
    today = timezone.localdate()
    return VisitNote.objects.bulk_create(
        VisitNote(household=household, officer=officer, visited_on=today, minutes=20, summary="看了猪圈。")
        for _ in range(times)
    )


def answered(officer, number: int, *, satisfaction: int = 5, origin: bytes = b"", apart: int = 60) -> None:
    """So many answers about visits of an officer, minutes apart."""
    customer, now = make_customer(branch=branch_of(officer)), timezone.now()
    for step in range(number):
        asked = make_invitation(customer, officer, occasion="visit", key=f"{officer.pk}{step:04d}").invitation
        Feedback.objects.create(
            customer=customer,
            branch=customer.branch,
            invitation=asked,
            given_on=timezone.localdate(now),
            given_at=now - timedelta(minutes=apart * step),
            satisfaction=satisfaction,
            origin=origin,
        )


def line_of(officer) -> selectors.Asking:
    lines = selectors.asking(timezone.localdate())
    return next(line for line in lines if line.staff == officer)


def test_an_officer_who_asks_few_of_many_and_all_of_them_are_satisfied_is_shown_first():
    friend, fair = make_staff(PostCode.LOAN_OFFICER), make_staff(PostCode.LOAN_OFFICER)
    visited(friend, 60)
    answered(friend, 10)
    visited(fair, 20)
    answered(fair, 10)

    lines = selectors.asking(timezone.localdate())

    assert [line.staff for line in lines] == [friend, fair]
    assert lines[0].signals == [selectors.FEW_ASKED, selectors.ALL_HAPPY]
    assert (lines[0].contacts, lines[0].invited, lines[0].answered) == (60, 10, 10)
    assert lines[1].signals == []


def test_answers_that_come_one_after_the_other_or_from_one_device_are_marked():
    quick, same = make_staff(PostCode.LOAN_OFFICER), make_staff(PostCode.LOAN_OFFICER)
    answered(quick, 5, apart=5)
    answered(same, 5, origin=b"1" * 16)

    assert line_of(quick).signals == [selectors.ONE_AFTER_THE_OTHER]
    assert line_of(same).signals == [selectors.ONE_ORIGIN]


def test_few_contacts_prove_nothing():
    officer = make_staff(PostCode.LOAN_OFFICER)
    visited(officer, 19)

    assert line_of(officer).signals == []


def test_below_thirty_answers_no_share_is_said_and_from_thirty_on_it_is_the_dashboards():
    officer = make_staff(PostCode.LOAN_OFFICER)
    answered(officer, 29)
    few = selectors.total(Feedback.objects.all())
    answered(make_staff(PostCode.LOAN_OFFICER), 1, satisfaction=2)

    enough = selectors.total(Feedback.objects.all())

    assert (few.n, few.csat) == (29, None)
    assert (enough.n, round(enough.csat, 4)) == (30, round(Decimal(29) / 30, 4))


def test_the_pages_ask_as_many_queries_for_many_answers_as_for_few(client, django_assert_max_num_queries):
    officer, head = make_staff(PostCode.LOAN_OFFICER), make_staff(PostCode.HEAD_OFFICE)
    visited(officer, 3)
    answered(officer, 12)
    client.force_login(head)
    client.get("/feedback/")

    for address in ("/feedback/", "/feedback/asking/"):
        with django_assert_max_num_queries(30):
            assert client.get(address).status_code == 200
