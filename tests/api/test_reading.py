"""Reading through the API: what it gives, whom, and how it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.choices import PostCode
from coopcrm.shared.callers import Throttle
from tests.book import make_contributions, make_figure, make_loan, make_rated_household, make_score
from tests.factories import branch_of, make_branch, make_customer, make_staff, make_union, resident_number

pytestmark = pytest.mark.django_db
LISTS = ("customers", "households", "loans", "ratings", "tiers", "kpis", "units", "areas", "staff")


@pytest.fixture(autouse=True)
def _calls_are_not_counted():
    cache.clear()


def signed_in(client, staff):
    client.force_login(staff)
    return client


@pytest.mark.parametrize("name", LISTS)
def test_anonymous_callers_are_told_to_sign_in(client, name):
    answer = client.get(f"/api/v1/{name}/")

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "not_signed_in"
    assert answer["WWW-Authenticate"].startswith("Session")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_answers_an_envelope(client, name):
    answer = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get(f"/api/v1/{name}/")

    assert answer.status_code == 200
    assert set(answer.json()) == {"next", "results"}


@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_parameter_is_refused_by_name(client, name):
    answer = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get(f"/api/v1/{name}/?grde=AA")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == ["grde"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=forged",
        "cursor=%00",
        "unit=99999999999999999999",
        "unit=1&unit=2",
    ],
)
def test_a_value_without_sense_is_a_bad_request(client, query):
    answer = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get(f"/api/v1/kpis/?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "address", ["/api/v1/nothing/", "/api/v1/ratings/7/", "/api/v1/ratings/99999999999999999999/"]
)
def test_what_is_not_there_is_a_problem_too(client, address):
    answer = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get(address)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_nothing_can_be_written(client):
    answer = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).post("/api/v1/kpis/", {}, "application/json")

    assert answer.status_code in (403, 405)
    assert answer["Content-Type"] == "application/problem+json"


def test_somebody_without_a_post_is_refused_before_any_row(client):
    staff = make_staff(PostCode.CASHIER)
    staff.posts.update(valid_to="2021-01-01")

    answer = signed_in(client, staff).get("/api/v1/ratings/")

    assert (answer.status_code, answer.json()["code"]) == (403, "no_post")


def test_a_customer_of_ones_own_branch_is_named_and_the_number_stays_masked(client):
    staff = make_staff(PostCode.CASHIER)
    number = resident_number("19800512")
    customer = make_customer("张桂兰", branch=branch_of(staff), number=number, birth_date="1980-05-12")

    answer = signed_in(client, staff).get(f"/api/v1/customers/{customer.pk}/")

    row = answer.json()
    assert (row["name"], row["birth_date"], row["is_masked"]) == ("张桂兰", "1980-05-12", False)
    assert [d["number"] for d in row["documents"]] == [number[0] + "*" * 16 + number[-1]]
    assert number not in answer.content.decode()


def test_a_customer_of_another_branch_is_a_masked_card(client):
    number = resident_number("19800512")
    customer = make_customer("张桂兰", number=number, birth_date="1980-05-12", sex="F")

    row = signed_in(client, make_staff(PostCode.CASHIER)).get(f"/api/v1/customers/{customer.pk}/").json()

    assert (row["name"], row["birth_date"], row["is_masked"]) == ("张*兰", None, True)
    assert (row["sex"], row["documents"], row["phones"]) == ("", [], [])


def test_ratings_speak_the_words_of_the_rule(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    rating = make_rated_household(branch_of(staff))

    row = signed_in(client, staff).get(f"/api/v1/ratings/{rating.pk}/").json()

    assert (row["total"], row["grade"], row["limit"], row["binding"]) == ("80.0", "AA", 60000, "grade")
    assert (row["points"]["B1"], row["points"]["D"], row["cap_income"]) == ("8", "10", "105600.00")


def test_ratings_loans_tiers_and_figures_of_another_branch_are_not_found(client):
    other = make_branch()
    rating = make_rated_household(other)
    loan = make_loan(rating.household)
    tier = make_contributions(other, ["900.00"])[0]
    figure = make_figure(other, "NPL_RATIO", "0.0172")
    signed_in(client, make_staff(PostCode.DIRECTOR))

    found = {
        name: (
            client.get(f"/api/v1/{name}/{row.pk}/").status_code,
            client.get(f"/api/v1/{name}/").json()["results"],
        )
        for name, row in {"ratings": rating, "loans": loan, "tiers": tier, "kpis": figure}.items()
    }

    assert found == dict.fromkeys(("ratings", "loans", "tiers", "kpis"), (404, []))


def test_head_office_reads_figures_of_all_branches(client):
    make_figure(
        make_branch(), "NPL_RATIO", "0.0172", inputs={"npl": "1650000.00", "total": "96000000.00"}, n=412
    )
    make_figure(make_branch(), "CSAT", None, reason="SMALL_SAMPLE", n=12)

    rows = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get("/api/v1/kpis/").json()["results"]

    assert [(row["code"], row["value"], row["reason"]) for row in rows] == [
        ("NPL_RATIO", "0.017200", None),
        ("CSAT", None, "SMALL_SAMPLE"),
    ]


def test_a_list_is_walked_by_cursor_without_loss_or_repetition(client):
    branch = make_branch()
    for _number in range(7):
        make_figure(branch, "NPL_RATIO", "0.0172")
    signed_in(client, make_staff(PostCode.HEAD_OFFICE))

    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get("/api/v1/kpis/", {"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in answer["results"]]
        cursor = answer["next"]

    assert len(seen) == len(set(seen)) == 7


def test_a_cursor_opens_no_other_list(client):
    branch = make_branch()
    for _number in range(2):
        make_figure(branch, "NPL_RATIO", "0.0172")
    signed_in(client, make_staff(PostCode.HEAD_OFFICE))
    cursor = client.get("/api/v1/kpis/", {"limit": 1}).json()["next"]

    assert client.get("/api/v1/ratings/", {"cursor": cursor}).status_code == 400


@pytest.mark.parametrize("name", ["customers", "households", "loans", "ratings", "tiers", "kpis"])
def test_a_list_costs_the_same_queries_for_one_row_and_for_five(client, name):
    staff = make_staff(PostCode.HEAD_OFFICE)
    branch = make_branch()

    def add():
        rating = make_rated_household(branch)
        make_loan(rating.household)
        make_contributions(branch, ["900.00"])
        make_figure(branch, "NPL_RATIO", "0.0172")
        make_customer(branch=branch, number=resident_number())

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"/api/v1/{name}/")
        return len(queries)

    signed_in(client, staff)
    add()
    one = cost()
    for _number in range(4):
        add()

    assert cost() == one <= 8


def test_too_many_calls_are_told_to_wait(client, monkeypatch):
    monkeypatch.setattr(Throttle, "per_minute", 2)
    signed_in(client, make_staff(PostCode.HEAD_OFFICE))

    answers = [client.get("/api/v1/units/") for _call in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 61
    assert answers[2].json()["code"] == "too_many_requests"


def test_the_document_is_openapi_3_1_and_names_every_list(client):
    document = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get("/api/v1/schema/").json()

    assert document["openapi"].startswith("3.1")
    assert {f"/api/v1/{name}/" for name in LISTS} <= set(document["paths"])
    parameters = {each["name"] for each in document["paths"]["/api/v1/ratings/"]["get"]["parameters"]}
    assert parameters == {"as_of", "branch", "cursor", "grade", "household", "limit", "status"}
    refusals = document["paths"]["/api/v1/ratings/"]["get"]["responses"]
    assert {"200", "400", "401", "403", "404", "429", "503"} == set(refusals)


def test_the_documentation_page_explains_every_operation(client):
    page = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get("/api/v1/docs/").content.decode()

    assert all(f"/api/v1/{name}/" in page for name in LISTS)
    assert "cap_income" in page


def test_scores_are_decimals_not_floats(client):
    make_score(make_union(), "84.20")
    figure = make_figure(make_union(), "NPS", "31.000000")

    row = signed_in(client, make_staff(PostCode.HEAD_OFFICE)).get(f"/api/v1/kpis/{figure.pk}/").json()

    assert Decimal(row["value"]) == Decimal("31.0")
