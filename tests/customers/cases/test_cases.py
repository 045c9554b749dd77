"""Complaints and requests: answered in time by somebody else than whom they are about, and told to the customer."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.choices import DayKind, PostCode
from branches.models import CalendarDay
from branches.selectors import branches_of
from coopcrm.shared.errors import DomainError
from customers.cases import rules, selectors, services
from customers.cases.cards import case_card, case_events
from customers.feedback.occasions import CASE
from customers.models import Case, Task
from customers.registries import Window
from customers.tasks.services import finish_task, settle_tasks
from tests.factories import TODAY, make_branch, make_case, make_customer, make_staff

pytestmark = pytest.mark.django_db
ANSWER = "We have opened a second counter in the morning."


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def cashier(branch):
    return make_staff(PostCode.CASHIER, branch)


@pytest.fixture
def director(branch):
    return make_staff(PostCode.DIRECTOR, branch)


def refusal_of(deed, **fields) -> str:
    with pytest.raises(DomainError) as refusal:
        deed(**fields)
    return refusal.value.code


def task_of(case) -> Task:
    return Task.objects.open().get(source="case", key=str(case.pk))


def answered(case, director) -> Case:
    return services.answer_case(staff=director, case=case, answer=ANSWER, outcome="justified", on=TODAY)


def test_a_complaint_gets_an_owner_a_day_by_the_calendar_and_a_task(branch, cashier, director):
    CalendarDay.objects.create(day=date(2026, 4, 6), kind=DayKind.HOLIDAY)

    case = make_case(cashier, customer=make_customer(branch=branch))

    assert (case.owner, case.due_on, case.level) == (director, date(2026, 4, 8), 0)
    task = task_of(case)
    assert (task.owner, task.due_on, task.customer) == (director, case.due_on, case.customer)
    assert task.words == "A customer waits for an answer until 2026-04-08."


def test_praise_is_thanked_for_and_closed(cashier):
    case = make_case(cashier, kind="praise", category="manners")

    assert (case.state, case.outcome, Task.objects.count()) == ("closed", "thanked", 0)


def test_a_complaint_about_the_director_goes_to_the_deputy_and_about_the_only_one_to_head_office(
    branch, cashier, director
):
    alone = make_case(cashier, about_staff=director)
    deputy = make_staff(PostCode.DEPUTY_DIRECTOR, branch)
    other = make_case(cashier, about_staff=director)

    assert (alone.owner, alone.level, task_of(alone).post) == (None, 2, PostCode.HEAD_OFFICE)
    assert other.owner == deputy


def test_whom_it_is_about_never_sees_or_handles_it(client, branch, cashier, director):
    case = make_case(make_staff(PostCode.ACCOUNTANT, branch), about_staff=director)
    client.force_login(director)

    assert client.get(reverse("customers:case", args=[case.pk])).status_code == 404
    assert (
        refusal_of(
            services.answer_case, staff=director, case=case, answer=ANSWER, outcome="unfounded", on=TODAY
        )
        == "not_permitted"
    )
    deputy = make_staff(PostCode.DEPUTY_DIRECTOR, branch)
    assert refusal_of(services.give_case, staff=deputy, case=case, owner=director, on=TODAY) == "not_fit"
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(owner=director)


def test_an_answer_is_told_to_the_customer_before_the_case_is_closed(branch, cashier, director):
    case = answered(make_case(cashier, customer=make_customer(branch=branch)), director)
    assert (case.state, task_of(case).words) == ("answered", "Tell the customer the answer, and note how.")

    closed = services.tell_customer(staff=director, case=case, how="phone", on=TODAY)

    assert (closed.state, closed.told_on, closed.told_how) == ("closed", TODAY, "phone")
    assert not Task.objects.open().exists()
    assert [event.kind for event in case.events.order_by("pk")] == ["taken", "answered", "told"]


def test_an_anonymous_case_is_closed_with_its_answer(cashier, director):
    assert answered(make_case(cashier), director).state == "closed"
    assert not Task.objects.open().exists()


def test_not_content_opens_it_again_with_a_new_day(cashier, director):
    case = answered(make_case(cashier), director)
    later = TODAY + timedelta(days=7)

    again = services.reopen_case(staff=cashier, case=case, reason="Still an hour.", on=later)

    assert (again.state, again.reopened, again.answer) == ("open", 1, "")
    assert (again.due_on, task_of(again).owner) == (date(2026, 4, 14), director)
    assert (
        refusal_of(services.reopen_case, staff=cashier, case=again, reason="No.", on=later) == "not_answered"
    )


@pytest.mark.parametrize(("day", "level"), [(27, 0), (28, 1), (30, 1), (31, 1), (32, 1), (33, 2)], ids=str)
def test_a_late_case_is_the_directors_and_three_working_days_later_head_offices(day, level):
    assert rules.level_on(date(2026, 3, 1) + timedelta(days=day - 1), date(2026, 3, 27)) == level


def test_the_night_moves_late_cases_up_once(branch, cashier, director):
    case = make_case(cashier, customer=make_customer(branch=branch))
    services.give_case(staff=director, case=case, owner=cashier, on=TODAY)

    assert services.escalate_cases(branch=branch, as_of=case.due_on) == 0
    assert services.escalate_cases(branch=branch, as_of=case.due_on + timedelta(days=1)) == 1
    assert services.escalate_cases(branch=branch, as_of=case.due_on + timedelta(days=1)) == 0
    case.refresh_from_db()
    assert (case.owner, case.level, task_of(case).owner) == (director, 1, director)
    assert services.escalate_cases(branch=branch, as_of=case.due_on + timedelta(days=9)) == 1
    case.refresh_from_db()
    assert (case.owner, case.level, task_of(case).post) == (None, 2, PostCode.HEAD_OFFICE)
    head_office = make_staff(PostCode.HEAD_OFFICE)
    assert answered(case, head_office).answered_by == head_office


def test_the_task_of_a_case_ends_with_the_case_alone(branch, cashier, director):
    case = make_case(cashier, customer=make_customer(branch=branch))

    assert refusal_of(finish_task, task=task_of(case), by=director, on=TODAY) == "ends_elsewhere"


def test_a_task_whose_case_is_closed_ends_by_itself(cashier, director):
    case = make_case(cashier)
    Case.objects.filter(pk=case.pk).update(state="closed", outcome="justified", answered_on=TODAY)

    assert settle_tasks(as_of=TODAY) == 1


def test_figures_count_by_branch_and_category_and_say_the_median(branch, cashier, director):
    today = timezone.localdate()
    cases = [make_case(cashier, received_on=today - timedelta(days=30)) for _number in range(3)]
    for case, days in zip(cases, (2, 4, 0), strict=True):
        if days:
            services.answer_case(
                staff=director,
                case=case,
                answer=ANSWER,
                outcome="partly",
                on=case.received_on + timedelta(days=days),
            )
    make_case(make_staff(PostCode.CASHIER))
    found = selectors.figures(director, branches_of(director), today=today)

    line = found["branches"][0]
    assert (line.label, line.received, line.open, line.late, str(line.median)) == (branch, 3, 1, 1, "3.0")
    waiting = next(line for line in found["categories"] if line.query == "category=waiting")
    assert waiting.received == 3


# -- Pages -------------------------------------------------------------------------------------------------------------


def test_a_complaint_is_taken_in_on_the_customers_page_answered_told_and_printed(
    client, branch, cashier, director
):
    customer = make_customer(branch=branch)
    client.force_login(cashier)
    page = reverse("customers:customer", args=[customer.pk])
    given = {"kind": "complaint", "category": "fees", "channel": "counter", "words": "Charged twice."}
    taken = client.post(
        f"{reverse('customers:new-case')}?customer={customer.pk}",
        {**given, "received_on": timezone.localdate(), "about_staff": ""},
    )
    case = Case.objects.get()
    assert (taken.status_code, case.customer) == (302, customer)
    assert reverse("customers:case", args=[case.pk]) in client.get(page).content.decode()

    client.force_login(director)
    client.post(reverse("customers:case-answer", args=[case.pk]), {"outcome": "justified", "answer": ANSWER})
    client.post(reverse("customers:case-told", args=[case.pk]), {"how": "letter"})

    case.refresh_from_db()
    assert case.state == "closed"
    assert ANSWER in client.get(reverse("customers:case-letter", args=[case.pk])).content.decode()
    assert case_card(director, customer, None) is None


def test_the_queue_costs_the_same_queries_with_one_case_and_with_three(client, branch, cashier, director):
    client.force_login(director)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("customers:cases")).status_code == 200
        return len(found)

    make_case(cashier, customer=make_customer(branch=branch))
    queries()
    one = queries()
    for _number in range(2):
        make_case(cashier, customer=make_customer(branch=branch))

    assert queries() == one


def test_who_was_answered_can_be_asked_how_it_was_and_the_timeline_tells_both_days(
    client, branch, cashier, director
):
    case = answered(make_case(cashier, customer=make_customer(branch=branch)), director)
    before = CASE.served(cashier, str(case.pk))
    services.tell_customer(staff=director, case=case, how="phone", on=TODAY)

    served = CASE.served(cashier, str(case.pk))
    events = case_events(cashier, case.customer, [], Window(10))
    client.force_login(cashier)
    page = client.get(reverse("customers:case", args=[case.pk])).content.decode()

    assert (before, served.customer, served.staff) == (None, case.customer, director)
    assert {event.text for event in events} == {ANSWER, case.words}
    assert reverse("customers:feedback-invite", args=["case", case.pk]) in page
