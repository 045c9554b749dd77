"""Who lives with whom: asked once, answered in the life of a household, taken back with everything it wrote."""

from datetime import date

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.kinship import nightly, questions, services, words
from customers.models import Household, HouseholdQuestion, Membership
from tests.clients import Client
from tests.factories import branch_of, make_branch, make_customer, make_household, make_staff, make_village

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)
EVIDENCE = {
    "levels": {"phone": "mobile", "place": "group"},
    "bits": {"start": -18.9, "phone": 22.0, "place": 4.1},
    "weights": "households-1",
}


@pytest.fixture
def director():
    return make_staff(PostCode.DIRECTOR)


def people(staff):
    return [make_customer(name, branch=branch_of(staff)) for name in ("王大明", "李小花")]


def put(one, other):
    questions.ask([questions.Ask(one.pk, other.pk, 7.2, EVIDENCE)])
    return HouseholdQuestion.objects.get(first=min(one.pk, other.pk), second=max(one.pk, other.pk))


def together(staff, question, **said):
    return services.answer(staff=staff, question=question, decision="together", on=DAY, **said)


def members(household):
    rows = Membership.objects.filter(household=household, valid_to=None)
    return {(stay.customer.name, stay.relation) for stay in rows.select_related("customer")}


def test_a_question_is_put_once_and_never_about_one_household(director):
    one, other = people(director)
    make_household(third := make_customer("王小明", branch=one.branch), members=(other,))

    asked = questions.ask([questions.Ask(one.pk, other.pk, 5.0), questions.Ask(other.pk, third.pk, 9.0)])
    again = questions.ask([questions.Ask(other.pk, one.pk, 6.0)])

    assert (asked, again) == (1, 0)


def test_together_opens_a_household_for_two_who_have_none(director):
    one, other = people(director)

    together(director, put(one, other), head="second", relation="spouse")

    household = Household.objects.get()
    assert household.head == other
    assert members(household) == {("李小花", "head"), ("王大明", "spouse")}


def test_together_lets_somebody_join_the_household_of_the_other(director):
    one, other = people(director)
    household = make_household(other)

    together(director, put(one, other), relation="spouse")

    assert members(household) == {("李小花", "head"), ("王大明", "spouse")}


def test_answer_taken_back_leaves_everything_as_it_was(director):
    one, other = people(director)
    question = together(director, put(one, other))

    services.take_back(staff=director, question=question, reason="Neighbours", on=DAY)

    question.refresh_from_db()
    assert (question.state, question.deed, question.decided_by) == ("open", None, None)
    assert not Membership.objects.filter(valid_to=None).exists()


def test_people_of_two_households_are_not_moved_by_an_answer(director):
    one, other = people(director)
    make_household(one), make_household(other)

    with pytest.raises(Refused, match="two households"):
        together(director, put(one, other))


def test_one_of_two_households_moves_to_the_other_and_back(director):
    one, other = people(director)
    left, joined = (
        make_household(one, members=(make_customer("王小明", branch=one.branch),)),
        make_household(other),
    )
    question = together(director, put(one, other), moves="first", relation="spouse")

    assert members(joined) == {("李小花", "head"), ("王大明", "spouse")}
    services.take_back(staff=director, question=question, reason="Neighbours", on=DAY)

    assert members(joined) == {("李小花", "head")}
    assert ("王大明", "head") in members(left)


def test_page_of_two_households_offers_a_move_and_the_joining_of_both(director):
    one, other = people(director)
    first, second = make_household(one), make_household(other)
    browser = Client()
    browser.force_login(director)
    page = reverse("customers:household-question", args=[put(one, other).pk])

    shown = browser.get(page).content.decode()
    browser.post(page, {"decision": "together", "moves": "second", "relation": "spouse"})

    assert f"王大明 moves to household #{second.pk}" in shown
    assert (
        f"{reverse('customers:new-merge')}?kind=household&amp;first={first.pk}&amp;second={second.pk}"
        in shown
    )
    assert members(first) == {("王大明", "head"), ("李小花", "spouse")}


def test_apart_is_kept_and_not_answered_twice(director):
    question = put(*people(director))
    services.answer(staff=director, question=question, decision="apart", on=DAY)

    with pytest.raises(Refused, match="answered this meanwhile"):
        together(director, question)
    assert not Membership.objects.exists()


def test_another_branch_neither_sees_nor_answers(director):
    question = put(*people(director))
    stranger = make_staff(PostCode.DIRECTOR, make_branch())
    browser = Client()
    browser.force_login(stranger)

    assert browser.get(reverse("customers:household-question", args=[question.pk])).status_code == 404
    with pytest.raises(PermissionRefused):
        together(stranger, question)


def test_who_only_reads_is_told_who_answers(director):
    browser = Client()
    browser.force_login(make_staff(PostCode.AUDITOR))

    page = browser.get(reverse("customers:household-question", args=[put(*people(director)).pk]))

    assert "of a branch that manages one of the two answer" in page.content.decode()


def test_steps_add_up_to_the_weight_and_speak(director):
    question = put(*people(director))

    assert round(sum(step.bits for step in words.steps(question)), 1) == question.weight
    assert [str(word) for word in words.telling(question)] == [
        "same mobile",
        "same village group, and how many live there",
    ]


def test_pages_show_answer_and_take_back(director):
    one, other = people(director)
    question = put(one, other)
    browser = Client()
    browser.force_login(director)
    page, listed = (
        reverse("customers:household-question", args=[question.pk]),
        reverse("customers:household-questions"),
    )

    assert "王大明" in browser.get(listed).content.decode()
    assert "same mobile" in browser.get(page).content.decode()
    browser.post(page, {"decision": "together", "relation": "spouse", "head": "first"})
    assert Household.objects.get().head == one
    answered = browser.get(page).content.decode()
    browser.post(
        reverse("customers:household-question-undo", args=[question.pk]), {"reason": "They are neighbours"}
    )

    assert "Take the answer back" in answered
    question.refresh_from_db()
    assert question.state == "open"


def test_by_night_whoever_belongs_nowhere_is_compared_with_the_village(django_assert_max_num_queries):
    village, phone = make_village(), "13800000001"
    at_home = make_customer("王大明", village=village, phone=phone)
    make_household(at_home)
    alone = make_customer("李小花", village=village, phone=phone)
    settled = make_customer("赵铁柱", village=village, phone=phone)
    make_household(settled)

    assert nightly.villages_with_homeless() == [village.pk]
    with django_assert_max_num_queries(14):
        counted = nightly.ask_about(village.pk)

    asked = {(row.first, row.second) for row in HouseholdQuestion.objects.select_related("first", "second")}
    assert asked == {(at_home, alone), (alone, settled)}
    assert counted == {"people without a household": 1, "household questions": 2}


def test_whose_name_the_household_has_already_is_perhaps_that_member():
    village, phone = make_village(), "13800000001"
    head = make_customer("王大明", village=village, phone=phone)
    make_household(head, members=(make_customer("李小花", village=village),))
    make_customer("李小花", village=village, phone=phone)

    nightly.ask_about(village.pk)

    assert not HouseholdQuestion.objects.exists()


def test_two_records_of_one_name_are_not_asked_about_as_a_household():
    village, phone = make_village(), "13800000001"
    for _ in range(2):
        make_customer("王大明", village=village, phone=phone)

    nightly.ask_about(village.pk)

    assert not HouseholdQuestion.objects.exists()
