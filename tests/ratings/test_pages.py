"""The rating sheet, the list of ratings, tiers and the whale curve."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.choices import PostCode
from customers.models import Customer
from customers.registries import Window
from ratings import overview
from ratings.customer_page import contribution_card, grades, ratings_made, with_grade, with_tier
from ratings.customer_page import tiers as customer_tiers
from ratings.models import CreditRating, CustomerTier
from ratings.sheet import Sheet
from ratings.tiers import whale_curve
from tests.book import make_contributions, make_rated_household, make_rating
from tests.factories import branch_of, make_branch, make_household, make_staff

pytestmark = pytest.mark.django_db


def page_of(client, staff, address):
    client.force_login(staff)
    answer = client.get(address)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return answer, text


def test_the_sheet_adds_up_from_factors_to_total():
    rating = make_rated_household(make_branch())
    sheet = Sheet(rating)

    groups = sheet.groups()

    assert sum(group["most"] for group in groups) == 100
    assert (
        sum(group["points"] for group in groups) + rating.bonus - rating.malus
        == rating.total
        == Decimal("80.0")
    )
    assert [step["value"] for step in sheet.steps()] == [69, Decimal("10"), 1, 0]


def test_the_sheet_draws_the_binding_cap_against_the_others():
    caps = {
        cap["name"]: (cap["amount"], cap["is_binding"])
        for cap in Sheet(make_rated_household(make_branch())).caps()
    }

    assert caps == {
        "grade": (Decimal("60000.00"), True),
        "income": (Decimal("105600.00"), False),
        "asset": (Decimal("100000.00"), False),
    }


def test_the_sheet_names_three_steps_that_raise_it():
    steps = Sheet(make_rated_household(make_branch())).improvements()

    assert [step["points"] for step in steps] == sorted((step["points"] for step in steps), reverse=True)
    assert len(steps) == 3
    assert all("%" in step["text"] or step["text"][0].isupper() for step in steps)


def test_the_steps_are_named_for_references_stored_as_json_numbers_too():
    rating = make_rated_household(make_branch())
    rating.other_facts |= {"county_income_ref": 22000.0, "county_net_asset_ref": 150000.0}

    assert len(Sheet(rating).improvements()) == 3


def test_an_incomplete_sheet_lists_what_to_ask_and_shows_no_points(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    rating = make_rated_household(branch_of(staff), income_sources=None, credit_report=None)

    answer, text = page_of(client, staff, f"/ratings/{rating.pk}/")

    assert answer.status_code == 200
    assert "Which sources of income can be shown on paper?" in text
    assert "Get the written authorisation and query the credit report." in text
    assert "What would raise it" not in text


def test_knock_outs_are_words(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    rating = make_rated_household(branch_of(staff), flags=["dishonest_debtor"])

    _answer, text = page_of(client, staff, f"/ratings/{rating.pk}/")

    assert "A court lists a member as a dishonest judgment debtor." in text
    assert "No credit." in text


def test_caps_are_words_and_their_effect_is_told(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    rating = make_rated_household(branch_of(staff), second_investigator=False)

    _answer, text = page_of(client, staff, f"/ratings/{rating.pk}/")

    assert "Only one investigator signed: at most A." in text
    assert "By score AA, after caps A." in text


def test_the_sheet_compares_with_the_rating_before():
    rating = make_rated_household(make_branch(), as_of=date(2026, 2, 28))
    later = make_rating(rating.household, deposit_years=5)
    sheet = Sheet(later, overview.rating_before(later))

    assert [(line.code, line.change) for line in sheet.comparison()] == [("C3", Decimal(2))]


def test_evidence_says_where_a_fact_comes_from_and_how_old_it_is():
    lines = {
        line.code: line
        for group in Sheet(make_rated_household(make_branch())).groups()
        for line in group["lines"]
    }

    assert lines["A1"].evidence == "seen · 30 days old"
    assert lines["C1"].evidence == "from our own books"
    assert lines["D"].evidence == "5 votes: 8 8 9 8 9"


def test_a_sheet_of_another_branch_is_not_found(client):
    rating = make_rated_household(make_branch())

    answer, _text = page_of(client, make_staff(PostCode.DIRECTOR), f"/ratings/{rating.pk}/")

    assert answer.status_code == 404


def test_the_list_shows_the_last_rating_of_each_household_once(client):
    staff = make_staff(PostCode.DIRECTOR)
    first = make_rated_household(branch_of(staff), as_of=date(2026, 2, 28))
    last = make_rating(first.household, deposit_years=5)

    assert [row.pk for row in overview.current_ratings(staff)] == [last.pk]


def test_the_list_can_be_narrowed(client):
    staff = make_staff(PostCode.DIRECTOR)
    make_rated_household(branch_of(staff), name="王建国")
    make_rated_household(branch_of(staff), name="张桂兰", income_sources=None)

    _answer, text = page_of(client, staff, "/ratings/?status=INCOMPLETE")

    assert "张桂兰" in text
    assert "王建国" not in text


def test_the_list_costs_the_same_queries_for_one_row_and_for_five(client):
    staff = make_staff(PostCode.DIRECTOR)
    client.force_login(staff)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get("/ratings/")
        return len(queries)

    make_rated_household(branch_of(staff))
    one = cost()
    for _number in range(4):
        make_rated_household(branch_of(staff))

    assert cost() == one <= 11


def test_rate_now_rates_from_what_is_known_and_opens_the_sheet(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    rating = make_rated_household(branch_of(staff), as_of=date(2026, 1, 31))
    client.force_login(staff)

    answer = client.post(f"/households/{rating.household_id}/rate/")

    made = CreditRating.objects.filter(household=rating.household).latest("pk")
    assert made.pk != rating.pk
    assert (answer.status_code, answer.url) == (302, f"/ratings/{made.pk}/")


@pytest.mark.parametrize("post", [PostCode.CASHIER, PostCode.ACCOUNTANT])
def test_the_counter_does_not_rate(client, post):
    staff = make_staff(post)
    rating = make_rated_household(branch_of(staff))
    client.force_login(staff)

    answer = client.post(f"/households/{rating.household_id}/rate/")

    assert answer.status_code == 403
    assert CreditRating.objects.count() == 1


def test_the_whale_curve_of_the_database_is_that_of_the_rule():
    amounts = [
        "12600.00",
        "2310.00",
        "480.00",
        "310.00",
        "150.00",
        "60.00",
        "20.00",
        "-900.00",
        "-1800.00",
        "-3230.00",
    ]
    tiers = make_contributions(make_branch(), amounts)
    staff = make_staff(PostCode.HEAD_OFFICE)

    drawn = overview.whale_of(overview.tiers_in(staff, tiers[0].period_end))
    rule = whale_curve([{"id": tier.customer_id, "contribution": tier.contribution} for tier in tiers])

    assert [y for _x, y in drawn["points"][1:]] == list(rule.curve)
    assert (drawn["top10_share"], drawn["peak_share"], drawn["peak_rank"]) == (
        rule.top10_share,
        rule.peak_share,
        rule.peak_rank,
    )


def test_there_is_no_curve_without_a_net_gain():
    tiers = make_contributions(make_branch(), ["100.00", "-900.00"])

    assert overview.whale_of(overview.tiers_in(make_staff(PostCode.HEAD_OFFICE), tiers[0].period_end)) is None


def test_customers_are_ranked_with_what_their_contribution_is_made_of(client):
    staff = make_staff(PostCode.DIRECTOR)
    make_contributions(branch_of(staff), ["12600.00", "-900.00"])

    answer, text = page_of(client, staff, "/tiers/")

    assert answer.status_code == 200
    assert text.index("12,600.00") < text.index("−900.00")
    assert "VIP" in text
    assert "Watch" in text


def test_contribution_is_not_for_the_counter(client):
    answer, _text = page_of(client, make_staff(PostCode.CASHIER), "/tiers/")

    assert answer.status_code == 403


def test_the_contribution_card_of_a_household_shows_the_sum_of_its_members():
    staff = make_staff(PostCode.DIRECTOR)
    tiers = make_contributions(branch_of(staff), ["900.00", "-36.88"])
    head, other = (Customer.objects.get(pk=tier.customer_id) for tier in tiers)
    household = make_household(head, members=(other,))

    _template, context = contribution_card(staff, head, household)

    assert context["of_household"] == Decimal("863.12")
    assert context["contribution"].contribution == Decimal("900.00")


def test_grades_and_tiers_stand_in_the_list_of_customers():
    staff = make_staff(PostCode.DIRECTOR)
    rating = make_rated_household(branch_of(staff))
    tier = make_contributions(branch_of(staff), ["9000.00"])[0]
    ids = [rating.household.head_id, tier.customer_id]

    assert grades(staff, ids)[1] == {rating.household.head_id: ("grade", "AA")}
    assert customer_tiers(staff, ids)[1] == {tier.customer_id: ("tier", "vip")}
    people = Customer.objects.filter(pk__in=ids)
    assert [person.pk for person in with_grade(people, "AA")] == [rating.household.head_id]
    assert [person.pk for person in with_tier(people, "vip")] == [tier.customer_id]


def test_the_list_shows_the_last_grade_and_tier_of_what_a_person_sees():
    staff, stranger = make_staff(PostCode.DIRECTOR), make_staff(PostCode.DIRECTOR)
    before = make_rated_household(branch_of(staff), as_of=date(2026, 2, 28), second_investigator=False)
    rated = make_rating(before.household, second_investigator=True)
    other = make_rated_household(branch_of(stranger))
    tiered = [make_contributions(branch_of(one), ["9000.00"])[0] for one in (staff, stranger)]
    heads = [rated.household.head_id, other.household.head_id]
    people = [*heads, *(row.customer_id for row in tiered)]

    for viewer in (staff, stranger, make_staff(PostCode.HEAD_OFFICE)):
        last = overview.current_ratings(viewer).values_list("household__head", "grade")
        assert grades(viewer, people)[1] == {head: ("grade", grade) for head, grade in last}
        seen = CustomerTier.objects.visible_to(viewer).values_list("customer", "tier")
        assert customer_tiers(viewer, people)[1] == {customer: ("tier", tier) for customer, tier in seen}
    assert grades(staff, people)[1] == {heads[0]: ("grade", rated.grade)}


def test_a_change_of_grade_stands_on_the_timeline():
    staff = make_staff(PostCode.DIRECTOR)
    before = make_rated_household(branch_of(staff), as_of=date(2026, 2, 28), second_investigator=False)
    make_rating(before.household, second_investigator=True)

    events = ratings_made(staff, before.household.head, [before.household], Window(10))

    assert [str(event.title) for event in events] == ["Rated AA 80.0, was A", "Rated A 80.0"]
