"""What is to be done: opened once, done by whom it names, put off, given on, taken back, and ended by itself."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError
from customers.models import Task
from customers.registries import TaskKind, task_kinds
from customers.tasks import selectors, services
from customers.tasks.reasons import Reason
from tests.factories import TODAY, make_branch, make_customer, make_household, make_staff, make_task

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def officer(branch):
    return make_staff(PostCode.LOAN_OFFICER, branch)


@pytest.fixture
def director(branch):
    return make_staff(PostCode.DIRECTOR, branch)


def refusal_of(deed, **fields) -> str:
    with pytest.raises(DomainError) as refusal:
        deed(**fields)
    return refusal.value.code


def test_a_rule_that_opens_the_same_task_twice_finds_the_first(branch):
    first = make_task(branch, source="contact", key="c7")
    again = make_task(branch, source="contact", key="c7", reason="Something else.")

    assert (again.pk, again.reason) == (first.pk, "Ask about the new greenhouse.")
    assert Task.objects.count() == 1


def test_when_it_is_done_the_same_task_can_be_opened_anew(branch, officer):
    first = make_task(branch, source="contact", key="c7", owner=officer)
    services.finish_task(task=first, by=officer, on=TODAY, outcome="Reached, all is well.")

    assert make_task(branch, source="contact", key="c7").pk != first.pk


def test_a_rules_reason_is_read_in_the_readers_language(branch):
    task = make_task(branch, reason=Reason("Put off until %(day)s.", {"day": "2026-03-18"}))

    assert task.words == "Put off until 2026-03-18."
    with translation.override("zh-hans"):
        assert task.words == "已推迟到 2026-03-18。"


def test_numbers_of_persons_stay_out_of_the_words(branch):
    assert refusal_of(make_task, branch=branch, reason="Call 139 1234 5678.") == "number_in_words"
    assert not Task.objects.exists()


def test_a_task_names_somebody_who_works_there(branch):
    assert refusal_of(make_task, branch=branch, owner=make_staff(PostCode.CASHIER)) == "not_here"


def test_whoever_it_names_does_it_and_a_director_for_them(branch, officer, director):
    other = make_staff(PostCode.CASHIER, branch)
    task = make_task(branch, owner=officer)
    deed = {"task": task, "on": TODAY, "outcome": "Reached."}

    assert refusal_of(services.finish_task, by=other, **deed) == "not_permitted"
    done = services.finish_task(by=director, **deed)

    assert (done.state, done.outcome, done.closed_by, done.closed_on) == ("done", "Reached.", director, TODAY)
    assert refusal_of(services.finish_task, by=officer, **deed) == "closed_already"


def test_what_waits_for_a_post_is_done_by_whoever_holds_it_there(branch):
    task = make_task(branch, post=PostCode.CASHIER)
    elsewhere, here = make_staff(PostCode.CASHIER), make_staff(PostCode.CASHIER, branch)

    assert list(Task.objects.all().of_posts(elsewhere)) == []
    assert list(Task.objects.all().of_posts(here)) == [task]
    assert services.finish_task(task=task, by=here, on=TODAY).state == "done"


def test_dropping_needs_a_reason(branch, officer):
    task = make_task(branch, owner=officer)

    assert refusal_of(services.drop_task, task=task, by=officer, on=TODAY, reason=" ") == "reason_missing"
    assert services.drop_task(task=task, by=officer, on=TODAY, reason="Moved away.").outcome == "Moved away."


def test_done_by_mistake_is_undone_within_a_week_unless_it_was_opened_anew(branch, officer):
    task = make_task(branch, owner=officer, source="contact", key="c7")
    services.finish_task(task=task, by=officer, on=TODAY)

    again = services.undo_closing(task=task, by=officer, on=TOMORROW)
    assert (again.state, again.closed_on, again.closed_by) == ("open", None, None)

    services.finish_task(task=task, by=officer, on=TODAY)
    late = TODAY + timedelta(days=8)
    assert refusal_of(services.undo_closing, task=task, by=officer, on=late) == "too_late"
    make_task(branch, source="contact", key="c7")
    assert refusal_of(services.undo_closing, task=task, by=officer, on=TODAY) == "opened_anew"


@pytest.mark.parametrize(("days", "stands"), [(1, True), (31, True), (0, False), (32, False)])
def test_a_task_is_put_off_to_a_day_of_the_next_month(branch, officer, days, stands):
    task, until = make_task(branch, owner=officer), TODAY + timedelta(days=days)
    if not stands:
        assert refusal_of(services.snooze_task, task=task, by=officer, until=until, on=TODAY) == "bad_day"
        return
    services.snooze_task(task=task, by=officer, until=until, on=TODAY)

    assert list(Task.objects.all().awake(TODAY)) == []
    assert list(Task.objects.all().awake(until)) == [task]


def test_given_to_a_colleague_it_is_theirs_and_no_longer_put_off(branch, officer):
    task, cashier = make_task(branch, owner=officer), make_staff(PostCode.CASHIER, branch)
    services.snooze_task(task=task, by=officer, until=TOMORROW, on=TODAY)

    given = services.reassign_task(task=task, by=officer, owner=cashier)

    assert (given.owner, given.snoozed_until) == (cashier, None)
    stranger = make_staff(PostCode.CASHIER)
    assert refusal_of(services.reassign_task, task=task, by=cashier, owner=stranger) == "not_here"


def test_a_leavers_tasks_fall_to_the_post(branch, officer):
    task, kept = (
        make_task(branch, owner=officer),
        make_task(branch, owner=make_staff(PostCode.DIRECTOR, branch)),
    )
    officer.posts.update(valid_to=TODAY)

    assert services.release_left_behind(on=TODAY) == 1
    assert services.release_left_behind(on=TODAY) == 0
    task.refresh_from_db(), kept.refresh_from_db()
    assert (task.owner, task.post, kept.owner is None) == (None, PostCode.LOAN_OFFICER, False)


def test_a_task_ends_by_itself_when_its_reason_is_gone(branch, monkeypatch):
    gone, stays = (
        make_task(branch, kind="probe", key="1", source="t"),
        make_task(branch, kind="probe", key="2", source="t"),
    )
    probe = TaskKind("Probe", settled=lambda rows, as_of: rows.filter(key="1"))
    monkeypatch.setitem(task_kinds._entries, "probe", probe)

    assert services.settle_tasks(as_of=TODAY) == 1
    assert services.settle_tasks(as_of=TODAY) == 0
    gone.refresh_from_db(), stays.refresh_from_db()
    assert (gone.state, gone.closed_by, gone.outcome_words, stays.state) == (
        "done",
        None,
        "Its reason is gone.",
        "open",
    )


def test_the_database_keeps_one_open_task_of_a_source_and_a_reason_for_dropping(branch):
    task = make_task(branch, source="contact", key="c7")
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(**{**same(task), "id": None})
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(state="dropped", closed_on=TODAY, closed_at=timezone.now())


def same(task: Task) -> dict:
    return {field.attname: getattr(task, field.attname) for field in task._meta.fields}


# -- Pages -------------------------------------------------------------------------------------------------------------


def test_the_list_shows_mine_my_posts_and_to_the_director_the_branchs(client, branch, officer, director):
    today = timezone.localdate()
    mine = make_task(branch, owner=officer, due_on=today, reason="Mine today.")
    make_task(branch, post=PostCode.LOAN_OFFICER, due_on=today, reason="For the post.")
    make_task(make_branch(), reason="Somewhere else.")

    def shown(staff, query="") -> set[str]:
        client.force_login(staff)
        lines = client.get(reverse("customers:tasks") + query).context["lines"]
        return {line.task.words for line in lines}

    assert shown(officer) == {mine.words}
    assert shown(officer, "?whose=post") == {"For the post."}
    assert shown(officer, "?whose=branch") == {mine.words}  # a list that officers do not have
    assert shown(director, "?whose=branch") == {mine.words, "For the post."}


def test_the_list_costs_the_same_queries_with_one_task_and_with_three(client, branch, officer):
    client.force_login(officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("customers:tasks")).status_code == 200
        return len(found)

    make_task(branch, owner=officer, customer=make_customer(branch=branch))
    queries()
    one = queries()
    for _number in range(2):
        household = make_household(make_customer(branch=branch))
        make_task(branch, owner=officer, household=household)

    assert queries() == one


def test_done_in_place_leaves_a_line_with_undo(client, branch, officer):
    task = make_task(branch, owner=officer)
    client.force_login(officer)
    address = reverse("customers:task-done", args=[task.pk])

    answer = client.post(address, headers={"HX-Request": "true", "HX-Target": f"task-row-{task.pk}"})

    assert answer.status_code == 200
    assert reverse("customers:task-undo", args=[task.pk]) in answer.content.decode()
    assert Task.objects.get().state == "done"


def test_an_outcome_that_cannot_be_kept_leaves_the_task_open(client, branch, officer):
    task = make_task(branch, owner=officer)
    client.force_login(officer)
    address = reverse("customers:task-done", args=[task.pk])

    answer = client.post(address, {"outcome": "reached " * 40})
    in_place = client.post(address, {"outcome": "a\x00b"}, headers={"HX-Request": "true"})

    assert answer.context["outcome_form"].errors["outcome"]
    assert "reached reached" in answer.content.decode(), "what was typed is still there"
    assert 'role="alert"' in in_place.content.decode()
    assert Task.objects.get().state == "open"


def test_many_are_done_together_and_what_is_refused_is_said(client, branch, officer):
    mine = [make_task(branch, owner=officer) for _number in range(2)]
    other = make_task(branch, owner=make_staff(PostCode.DIRECTOR, branch))
    client.force_login(officer)
    chosen = [task.pk for task in [*mine, other]]

    answer = client.post(reverse("customers:tasks-together"), {"deed": "done", "task": chosen}, follow=True)

    said = [str(message) for message in answer.context["messages"]]
    assert (said[0], len(said)) == ("2 tasks changed.", 2)
    assert sorted(Task.objects.filter(state="done").values_list("pk", flat=True)) == [
        task.pk for task in mine
    ]


def test_a_task_is_opened_by_hand_from_a_customers_page(client, branch, officer):
    customer = make_customer(branch=branch)
    client.force_login(officer)
    address = f"{reverse('customers:new-task')}?customer={customer.pk}"
    due = timezone.localdate() + timedelta(days=3)
    page = client.get(reverse("customers:customer", args=[customer.pk])).content.decode()

    answer = client.post(
        address, {"kind": "call", "reason": "Ask about the pond.", "due_on": due, "who": f"s{officer.pk}"}
    )

    assert f"/tasks/new/?customer={customer.pk}" in page
    assert answer.url == reverse("customers:customer", args=[customer.pk])
    task = Task.objects.get()
    assert (task.customer, task.owner, task.opened_by, task.due_on) == (customer, officer, officer, due)
    page = client.get(reverse("customers:customer", args=[customer.pk])).content.decode()
    assert "Ask about the pond." in page


def test_tabs_of_posts(branch, officer, director):
    auditor = make_staff(PostCode.AUDITOR)

    assert selectors.tabs_of(officer) == ["mine", "post"]
    assert selectors.tabs_of(director) == ["mine", "post", "branch"]
    assert selectors.tabs_of(auditor) == ["branch"]
    assert date(2026, 4, 1) == TOMORROW
