"""My day: what is late, what is today, what waits; the same number of queries however much there is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from customers.tasks.services import finish_task
from tests.factories import (
    make_branch,
    make_case,
    make_customer,
    make_household,
    make_request,
    make_staff,
    make_task,
    make_visit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return make_branch()


def sections(client, staff) -> dict[str, tuple[str, int]]:
    client.force_login(staff)
    day = client.get(reverse("home")).context["day"]
    return {str(section.title): (section.kind, section.total) for section in day.sections}


def test_my_day_begins_with_what_is_late_and_what_is_today_of_me_and_my_posts(client, branch):
    officer, today = make_staff(PostCode.LOAN_OFFICER, branch), timezone.localdate()
    make_task(branch, owner=officer, due_on=today - timedelta(days=2))
    make_task(branch, owner=officer, due_on=today)
    make_task(branch, post=PostCode.LOAN_OFFICER, due_on=today + timedelta(days=7))
    make_task(branch, post=PostCode.CASHIER, due_on=today)
    make_task(branch, owner=officer, due_on=today + timedelta(days=8))

    found = sections(client, officer)

    assert list(found)[:2] == ["Late", "Today and this week"]
    assert (found["Late"], found["Today and this week"]) == (("late", 1), ("today", 2))


def test_overdue_requests_about_data_complaints_and_signatures_are_shown(client, branch):
    director, today = make_staff(PostCode.DIRECTOR, branch), timezone.localdate()
    cashier = make_staff(PostCode.CASHIER, branch)
    make_request(
        make_customer(branch=branch), due_on=today - timedelta(days=1), asked_on=today - timedelta(days=30)
    )
    make_request(make_customer(branch=branch), due_on=today + timedelta(days=20), asked_on=today)
    make_case(cashier, customer=make_customer(branch=branch), received_on=today)

    found = sections(client, director)

    assert found["Requests about data"] == ("late", 1)
    assert found["Complaints and requests"] == ("waiting", 1)
    assert "Complaints and requests" not in sections(client, cashier)  # the director answers it


def test_households_that_were_never_visited_stand_before_those_visited_long_ago(client, branch):
    director, today = make_staff(PostCode.DIRECTOR, branch), timezone.localdate()
    officer = make_staff(PostCode.LOAN_OFFICER, branch)
    long_ago, lately, never = (make_household(branch=branch) for _ in range(3))
    make_visit(long_ago, officer, visited_on=today - timedelta(days=700))
    make_visit(lately, officer, visited_on=today - timedelta(days=30))

    client.force_login(director)
    day = client.get(reverse("home")).context["day"]
    found = next(section for section in day.sections if str(section.title) == "Not visited for a year")

    assert [line.title for line in found.lines] == [never.head.name, long_ago.head.name]
    assert found.total == 2


def test_what_is_done_counts_in_the_own_figure(client, branch):
    officer, today = make_staff(PostCode.LOAN_OFFICER, branch), timezone.localdate()
    for _number in range(2):
        finish_task(task=make_task(branch, owner=officer), by=officer, on=today)
    client.force_login(officer)

    figure = client.get(reverse("home")).context["day"].own[0]

    assert (figure.value, figure.series[-1], len(figure.series)) == (2, 2, 8)


@pytest.mark.parametrize("post", [PostCode.CASHIER, PostCode.DIRECTOR, PostCode.HEAD_OFFICE])
def test_a_day_costs_the_same_queries_with_one_of_each_and_with_three(client, branch, post):
    staff, today = make_staff(post, branch if post != PostCode.HEAD_OFFICE else None), timezone.localdate()
    unit = branch if post != PostCode.HEAD_OFFICE else staff.posts.get().unit
    cashier = make_staff(PostCode.CASHIER, branch)
    client.force_login(staff)

    def add() -> None:
        customer = make_customer(branch=branch)
        make_task(unit, owner=staff, customer=customer, due_on=today - timedelta(days=1))
        make_task(unit, owner=staff, customer=customer, due_on=today)
        make_case(cashier, customer=customer, received_on=today)
        make_request(customer, due_on=today, asked_on=today, recorded_by=cashier)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("home")).status_code == 200
        return len(found)

    add()
    queries()
    one = queries()
    add(), add()

    assert queries() == one
