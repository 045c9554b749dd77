"""Reminders: rules in data open tasks at night, one per subject, none again while it rests, and end them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from coopcrm.shared.errors import DomainError
from coopcrm.shared.models import WorkOrder
from coopcrm.shared.work import work_until_idle
from customers.consents import record_consent
from customers.models import ManagerAssignment, ReminderRule, Task
from customers.reminders import services
from customers.tasks.services import finish_task, settle_tasks
from loans.choices import ProductFamily
from loans.models import Product
from ratings.models import CustomerTier
from tests.book import make_account, make_contributions
from tests.factories import (
    TODAY,
    add_document,
    make_branch,
    make_customer,
    make_household,
    make_request,
    make_staff,
    make_visit,
    resident_number,
)

pytestmark = pytest.mark.django_db
YEAR_AGO = date(2025, 3, 31)


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def officer(branch):
    return make_staff(PostCode.LOAN_OFFICER, branch)


def managed(officer, branch, **fields):
    household = make_household(make_customer(branch=branch), **fields)
    ManagerAssignment.objects.filter(household=household).update(staff=officer)
    return household


def night(branch, on=TODAY) -> set[tuple[str, str]]:
    services.open_reminders(branch=branch, as_of=on)
    return set(Task.objects.open().filter(opened_on=on).values_list("source", "key"))


def test_a_household_without_a_visit_for_a_year_is_its_managers_task(branch, officer):
    visited, forgotten = managed(officer, branch), managed(officer, branch)
    make_visit(visited, officer, visited_on=YEAR_AGO + timedelta(days=1))
    make_visit(forgotten, officer, visited_on=YEAR_AGO)
    managed(officer, branch, valid_from=YEAR_AGO + timedelta(days=1))  # too young to be forgotten

    assert night(branch) == {("contact", str(forgotten.pk))}
    task = Task.objects.get()
    assert (task.owner, task.household, task.words) == (
        officer,
        forgotten,
        "No visit since 2025-03: get in touch.",
    )


def test_it_is_opened_once_and_not_again_while_it_rests(branch, officer):
    household = managed(officer, branch)
    night(branch)
    assert (night(branch), Task.objects.count()) == ({("contact", str(household.pk))}, 1)

    finish_task(task=Task.objects.get(), by=officer, on=TODAY)

    assert night(branch, TODAY + timedelta(days=89)) == set()
    assert night(branch, TODAY + timedelta(days=90)) == {("contact", str(household.pk))}


def test_a_visit_closes_it_by_itself(branch, officer):
    household = managed(officer, branch)
    night(branch)
    make_visit(household, officer, visited_on=TODAY)

    assert settle_tasks(as_of=TODAY, branch=branch) == 1
    assert Task.objects.get().outcome_words == "Its reason is gone."


def test_nobody_is_given_more_than_the_rule_says_and_the_longest_forgotten_come_first(branch, officer):
    ReminderRule.objects.create(
        source="contact", branch=branch, lead=12, rest_days=90, most_open=2, valid_from=TODAY
    )
    days = [date(2024, 5, 1), date(2023, 5, 1), date(2022, 5, 1)]
    households = [managed(officer, branch, valid_from=day) for day in days]

    night(branch), night(branch)

    assert {task.household_id for task in Task.objects.all()} == {one.pk for one in households[1:]}


def test_an_expiring_document_is_asked_for_and_the_new_one_ends_it(branch, officer):
    customer = make_customer(branch=branch)
    document = add_document(customer, resident_number())
    document.expires_on = TODAY + timedelta(days=60)
    document.save(update_fields=["expires_on"])
    later = add_document(make_customer(branch=branch), resident_number())
    later.expires_on = TODAY + timedelta(days=61)
    later.save(update_fields=["expires_on"])

    assert night(branch) == {("document", str(document.pk))}
    document.state = "RETIRED"
    document.save(update_fields=["state"])
    assert settle_tasks(as_of=TODAY) == 1


def test_birthdays_of_the_best_are_kept_in_mind_unless_they_want_no_messages(branch, officer):
    tier = make_contributions(branch, ["9000.00", "120.00"])[0]
    CustomerTier.objects.filter(pk=tier.pk).update(tier="vip", branch_id=branch.pk)
    best = tier.customer
    type(best).objects.filter(pk=best.pk).update(birth_date=date(1980, 4, 4), branch=branch)
    type(best).objects.filter(branch=branch).exclude(pk=best.pk).update(birth_date=date(1980, 4, 4))

    assert night(branch) == {("birthday", f"{best.pk}:2026")}
    assert Task.objects.get().due_on == date(2026, 4, 4)

    Task.objects.all().delete()
    refuse = {"purpose": "marketing", "decision": "refused", "channel": "counter"}
    cashier = make_staff(PostCode.CASHIER, branch)
    record_consent(staff=cashier, customer=best, at=timezone.now(), **refuse)
    assert night(branch) == set()


@pytest.mark.parametrize(
    ("opened", "maturing"),
    [
        (date(2025, 4, 14), True),
        (date(2025, 4, 15), False),
        (date(2023, 4, 10), True),
        (date(2025, 3, 30), False),
    ],
)
def test_a_fixed_deposit_that_matures_within_two_weeks_is_talked_about(branch, opened, maturing):
    product = Product.objects.create(code="D02", name="一年", family=ProductFamily.DEPOSIT, term_months=12)
    account = make_account(make_customer(branch=branch), opened_on=opened, balance=Decimal(20000))
    account.product = product
    account.save(update_fields=["product"])

    found = night(branch)

    assert {source for source, _key in found} == ({"maturing_deposit"} if maturing else set())


def test_an_overdue_request_about_data_is_a_task_until_it_is_answered(branch):
    request = make_request(make_customer(branch=branch), due_on=TODAY)

    assert night(branch) == {("data_request", str(request.pk))}
    type(request).objects.filter(pk=request.pk).update(
        state="granted", answer="As asked.", closed_on=TODAY, closed_by=request.recorded_by
    )
    assert settle_tasks(as_of=TODAY) == 1


def test_the_night_is_one_job_per_day_with_an_order_for_each_branch(branch, officer):
    managed(officer, branch), make_branch()
    job = services.order_reminders(as_of=TODAY)

    assert services.order_reminders(as_of=TODAY) == job
    assert WorkOrder.objects.filter(job=job).count() == 2
    work_until_idle()
    job.refresh_from_db()
    assert (job.state, Task.objects.count()) == ("done", 1)


def test_a_branch_has_its_own_figures_and_the_unions_need_two_people(client, branch):
    director = make_staff(PostCode.DIRECTOR, branch)
    first, second = make_staff(PostCode.HEAD_OFFICE), make_staff(PostCode.HEAD_OFFICE)
    deed = {
        "source": "contact",
        "lead": 9,
        "rest_days": 60,
        "most_open": 4,
        "reason": "Closer.",
        "today": TODAY,
    }

    with pytest.raises(DomainError):
        services.propose_union_figures(staff=director, **deed)
    proposal = services.propose_union_figures(staff=first, **deed)
    with pytest.raises(DomainError):
        proposals.confirm(proposal, by=first)
    proposals.confirm(proposal, by=second)
    later = date(2100, 1, 1)
    assert services.in_force(branch, on=later)["contact"].lead == 9

    client.force_login(director)
    answer = client.post(
        reverse("customers:reminder", args=["contact"]), {"lead": "", "rest_days": 60, "most_open": 4}
    )
    assert answer.status_code == 302
    assert services.in_force(branch, on=later)["contact"].lead is None
    assert services.in_force(make_branch(), on=later)["contact"].lead == 9
