"""Tags are hung by people with a reason and a period, or every night by a rule that two people signed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from coopcrm.shared.errors import DomainError, PermissionRefused
from customers.lists.filters import filtered_customers
from customers.models import ComputedTag, CustomerTag, FactSheet, Tag, TagRule
from customers.tags import rules, selectors, services
from customers.tags.words import sensitive_word
from tests.factories import (
    branch_of,
    hang_tag,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_tag,
)

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def grower(branch, mu):
    """A customer whose household works so much land."""
    customer = make_customer(branch=branch)
    FactSheet.objects.create(household=make_household(customer), recorded_on=today(), land_mu=mu)
    return customer


def make_rule(**filters):
    return TagRule.objects.create(
        tag=make_tag(is_computed=True), version=1, filters=filters, valid_from=today()
    )


@pytest.mark.parametrize("word", ["基督徒", "残疾", "Communist", "ＨＩＶ"])
def test_words_of_faith_illness_and_politics_are_not_collected(word):
    director = make_staff(PostCode.DIRECTOR)

    with pytest.raises(DomainError, match="not collected"):
        services.create_tag(staff=director, label=word, code="x", colour="info", branch=branch_of(director))

    assert not Tag.objects.exists()
    assert sensitive_word("种粮大户") == ""


def test_a_director_makes_tags_of_the_own_branch_alone():
    director = make_staff(PostCode.DIRECTOR)
    made = {"staff": director, "code": "Short Cash", "colour": "warn"}

    tag = services.create_tag(label="农忙急用", branch=branch_of(director), **made)

    assert (tag.code, tag.branch) == ("short-cash", branch_of(director))
    for branch in (None, make_branch()):
        with pytest.raises(PermissionRefused):
            services.create_tag(label="other", branch=branch, **made)


def test_a_tag_hangs_with_reason_and_end_and_its_story_stays(client):
    officer = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(officer)
    customer, tag = make_customer(branch=branch_of(officer)), make_tag()
    until = today() + timedelta(days=90)
    url = reverse("customers:hang-tag", args=[customer.pk])

    client.post(url, {"tag": tag.pk, "reason": "春节后外出", "until": until.isoformat()})
    again = services.tag_customer(staff=officer, customer=customer, tag=tag, today=today())
    hung = CustomerTag.objects.get()
    page = client.get(reverse("customers:customer", args=[customer.pk])).content.decode()
    client.post(reverse("customers:untag", args=[customer.pk, hung.pk]))
    hung.refresh_from_db()

    assert (hung.reason, hung.tagged_by, again) == ("春节后外出", officer, False)
    assert "春节后外出" in page
    assert (hung.valid_to, hung.ended_by) == (today(), officer)
    assert selectors.hanging_on(customer, today()) == []


def test_many_customers_are_tagged_at_once_those_of_other_branches_are_left_out():
    officer = make_staff(PostCode.LOAN_OFFICER)
    own = [make_customer(branch=branch_of(officer)) for _ in range(3)]
    tag = make_tag()
    hang_tag(own[0], tag)
    foreign = make_customer()

    number = services.tag_many(
        staff=officer, customers=[row.pk for row in (*own, foreign)], tag=tag, today=today()
    )

    assert number == 2
    assert set(CustomerTag.objects.values_list("customer", flat=True)) == {row.pk for row in own}


def test_people_do_not_hang_what_a_rule_hangs_or_another_branch_owns():
    officer = make_staff(PostCode.LOAN_OFFICER)
    customer = make_customer(branch=branch_of(officer))

    for tag in (make_tag(is_computed=True), make_tag(branch=make_branch()), make_tag(ended_on=today())):
        with pytest.raises(DomainError):
            services.tag_customer(staff=officer, customer=customer, tag=tag, today=today())

    assert not CustomerTag.objects.exists()


def test_a_rule_is_in_force_after_two_people_of_head_office_and_says_itself_in_a_sentence():
    first, second = make_staff(PostCode.HEAD_OFFICE), make_staff(PostCode.HEAD_OFFICE)
    tag = make_tag(is_computed=True)

    proposal = rules.propose_rule(staff=first, tag=tag, filters={"land": "20"}, reason="阳光授信")
    with pytest.raises(PermissionRefused):
        proposals.confirm(proposal, by=first)
    proposals.confirm(proposal, by=second)

    rule = TagRule.objects.get()
    assert (rule.version, rule.proposed_by, rule.confirmed_by) == (1, first, second)
    assert rules.sentence(rule.filters) == "Everybody with Land: 20 mu and more"


@pytest.mark.parametrize("filters", [{}, {"land": "7"}, {"unheard": "1"}, {"tag": "a"}])
def test_a_rule_of_unknown_filters_is_refused(filters):
    with pytest.raises(DomainError):
        rules.propose_rule(
            staff=make_staff(PostCode.HEAD_OFFICE),
            tag=make_tag(is_computed=True),
            filters=filters,
            reason="x",
        )


def test_a_night_hangs_who_is_newly_meant_and_takes_down_who_is_meant_no_longer():
    branch = make_branch()
    small, large = grower(branch, 5), grower(branch, 30)
    rule = make_rule(land="20")

    def night(day):
        return rules.hang(rule, as_of=day, low=0, high=2**31)

    first, again = night(today()), night(today())
    FactSheet.objects.create(household=large.memberships.get().household, recorded_on=today(), land_mu=3)
    FactSheet.objects.create(household=small.memberships.get().household, recorded_on=today(), land_mu=25)
    second = night(today() + timedelta(days=1))

    assert (first, again, second) == (
        {"hung": 1, "taken_down": 0},
        {"hung": 0, "taken_down": 0},
        {"hung": 1, "taken_down": 1},
    )
    story = ComputedTag.objects.order_by("pk").values_list("customer", "valid_from", "valid_to")
    tomorrow = today() + timedelta(days=1)
    assert list(story) == [(large.pk, today(), tomorrow), (small.pk, tomorrow, None)]


def test_the_nightly_job_does_every_rule_once():
    grower(make_branch(), 30)
    make_rule(land="20"), make_rule(land="50")

    job = rules.order_nightly(as_of=today())
    same = rules.order_nightly(as_of=today())

    assert (job.pk, same.orders.count()) == (same.pk, 2)


def test_the_list_is_narrowed_by_a_tag_of_either_kind():
    officer = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(officer)
    tagged, large, plain = make_customer(branch=branch), grower(branch, 30), make_customer(branch=branch)
    by_hand, rule = hang_tag(tagged).tag, make_rule(land="20")
    rules.hang(rule, as_of=today(), low=0, high=2**31)

    def found(code):
        return list(filtered_customers(officer, {"tag": code}))

    assert (found(by_hand.code), found(rule.tag.code)) == ([tagged], [large])
    assert plain in filtered_customers(officer, {})


def test_a_tag_out_of_use_comes_down_from_everybody():
    director = make_staff(PostCode.DIRECTOR)
    customer = make_customer(branch=branch_of(director))
    tag = make_tag(branch=branch_of(director))
    hang_tag(customer, tag)

    services.end_tag(staff=director, tag=tag, today=today())

    assert selectors.hanging_on(customer, today()) == []
    assert tag not in selectors.tags_to_hang(director)
    assert CustomerTag.objects.count() == 1
