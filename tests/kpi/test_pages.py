"""The dashboard, a branch's figures, one figure opened, and my day."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.choices import PostCode
from coopcrm.shared import files, work
from kpi import words
from kpi.dashboard import Dashboard, closing_dates, short_names
from kpi.indicators import INDICATORS
from tests.book import make_contributions, make_figure, make_loan, make_rated_household, make_score
from tests.factories import TODAY, branch_of, make_branch, make_household, make_staff, make_union

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 28)


def board_of(staff, as_of=TODAY, before=FEBRUARY):
    return Dashboard(staff, as_of=as_of, before=before, dates=closing_dates(staff))


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_every_indicator_has_words():
    assert set(words.INDICATORS) == set(INDICATORS)
    assert {code for code, each in words.INDICATORS.items() if each.is_hard} == {
        code for code, each in INDICATORS.items() if each.is_hard
    }
    assert {code for code, each in words.INDICATORS.items() if each.good == "down"} == {
        code for code, each in INDICATORS.items() if each.lower_is_better
    }


def test_the_last_computed_snapshot_of_a_day_counts():
    branch = make_branch()
    make_figure(branch, "NPL_RATIO", "0.05")
    make_figure(branch, "NPL_RATIO", "0.02")

    figure = board_of(make_staff(PostCode.HEAD_OFFICE)).figure(branch, "NPL_RATIO")

    assert (figure.value, figure.text) == (Decimal("0.02"), "2.00 %")


def test_a_null_is_a_dash_with_its_reason():
    branch = make_branch()
    make_figure(branch, "LOAN_GROWTH", None, reason="ZERO_DENOMINATOR")

    figure = board_of(make_staff(PostCode.HEAD_OFFICE)).figure(branch, "LOAN_GROWTH")

    assert (figure.text, figure.note) == (None, "Nothing to divide by: the base is zero or not above zero.")


def test_branches_are_ranked_with_their_moves_and_small_samples_stand_apart():
    one, two, few = make_branch("甲"), make_branch("乙"), make_branch("丙")
    for branch, now, then in ((one, "0.95", "0.90"), (two, "0.93", "0.94")):
        make_figure(branch, "CSAT", now, n=200)
        make_figure(branch, "CSAT", then, n=200, as_of=FEBRUARY)
    make_figure(few, "CSAT", "1.00", n=4)

    ranking = board_of(make_staff(PostCode.HEAD_OFFICE)).ranking("CSAT")

    assert [(line["unit"], line["place"], line["move"]) for line in ranking["ranked"]] == [
        (one, 1, 1),
        (two, 2, -1),
    ]
    assert few in [line["unit"] for line in ranking["unranked"]]


def test_where_less_is_better_the_lowest_leads():
    bad, good = make_branch(), make_branch()
    make_figure(bad, "NPL_RATIO", "0.09")
    make_figure(good, "NPL_RATIO", "0.01")

    ranked = board_of(make_staff(PostCode.HEAD_OFFICE)).ranking("NPL_RATIO")["ranked"]

    assert [line["unit"] for line in ranked] == [good, bad]


def test_what_changed_names_the_branch_that_moved_it():
    union, mover, still = make_union(), make_branch("寨河信用社"), make_branch("砚河信用社")
    for unit, now in ((union, "0.030"), (mover, "0.060"), (still, "0.010")):
        make_figure(unit, "NPL_RATIO", now)
    for unit, then in ((union, "0.020"), (mover, "0.030"), (still, "0.010")):
        make_figure(unit, "NPL_RATIO", then, as_of=FEBRUARY)

    changes = board_of(make_staff(PostCode.HEAD_OFFICE)).changes(union)

    assert [(c["figure"].code, c["is_good"], c["why"]) for c in changes] == [
        ("NPL_RATIO", False, "寨河 +3.00 points")
    ]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["寨河信用社", "砚河信用社"], ["寨河", "砚河"]),
        (["寨河信用社", "砚河分社"], ["寨河信用社", "砚河分社"]),
        (["河信用社", "砚河信用社"], ["河信用社", "砚河信用社"]),
        (["寨河信用社"], ["寨河信用社"]),
    ],
)
def test_branches_are_known_by_what_tells_them_apart(names, short):
    assert short_names(names) == short


def fill(branches=2):
    units = [make_union(), *(make_branch() for _number in range(branches))]
    for unit in units:
        for day, value in ((TODAY, "0.02"), (FEBRUARY, "0.03")):
            for code in words.INDICATORS:
                make_figure(unit, code, value, as_of=day, n=100, inputs={"npl": "1"})
            make_score(unit, "84.20", as_of=day)
    return units


def test_the_dashboard_costs_at_most_twelve_queries_however_many_branches(client):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/figures/").status_code == 200
        return sum(
            "SAVEPOINT" not in query["sql"] for query in queries
        )  # a request is a transaction outside tests

    fill(2)
    few = cost()
    fill(4)

    assert cost() == few <= 12


def test_every_figure_of_the_dashboard_opens(client):
    fill()
    client.force_login(make_staff(PostCode.HEAD_OFFICE))
    page = client.get("/figures/").content.decode()

    addresses = set(re.findall(r'href="(/figures/\d+/[A-Z_]+/[\d-]+/)"', page))

    assert len(addresses) >= 8
    assert {client.get(address).status_code for address in addresses} == {200}


def test_the_months_can_be_chosen(client):
    fill()
    client.force_login(make_staff(PostCode.HEAD_OFFICE))

    page = text_of(client.get("/figures/?date=2026-02-28"))

    assert "as of 2026-02-28" in page
    assert "3.00 %" in page


def test_a_director_sees_the_own_branch_and_no_other(client):
    union, own, other = fill()
    director = make_staff(PostCode.DIRECTOR, own)
    client.force_login(director)

    assert client.get("/figures/").url == f"/figures/{own.pk}/"
    assert client.get(f"/figures/{own.pk}/").status_code == 200
    assert client.get(f"/figures/{other.pk}/").status_code == 404
    assert client.get(f"/figures/{union.pk}/").status_code == 404
    assert client.get(f"/figures/{other.pk}/NPL_RATIO/2026-03-31/").status_code == 404


def test_a_figure_opens_to_its_rows_and_they_link_to_their_records(client):
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    loan = make_loan(make_household(branch=branch), dpd=120)
    make_figure(branch, "NPL_RATIO", "1.0", inputs={"npl": "20000.00", "total": "20000.00"})
    client.force_login(director)

    answer = client.get(f"/figures/{branch.pk}/NPL_RATIO/2026-03-31/")

    assert f'href="/loans/{loan.pk}/"' in answer.content.decode()
    assert "balance of substandard, doubtful and loss loans / balance of all loans" in text_of(answer)


def test_the_rows_of_a_figure_are_paged_and_leave_as_a_list(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    loans = [make_loan(make_household(branch=branch)) for _number in range(53)]
    make_figure(branch, "NPL_RATIO", "0.0")
    client.force_login(director)
    address = f"/figures/{branch.pk}/NPL_RATIO/2026-03-31/"

    first = client.get(address).content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first).group(1).replace("&amp;", "&")
    second = client.get(address + following).content.decode()
    given = dict(re.findall(r'name="(rows_\w+)" value="([^"]*)"', first))
    client.post("/exports/", {"kind": "kpi.rows", "format": "csv", "purpose": "Review", **given})
    while work.do_next_order():
        pass
    table = files.content_of(director.exports.get().file).decode("utf-8-sig").splitlines()

    shown = [set(re.findall(r'href="/loans/(\d+)/"', page)) for page in (first, second)]
    assert [len(ids) for ids in shown] == [50, 3]
    assert shown[0] | shown[1] == {str(loan.pk) for loan in loans}
    assert len(table) == 1 + 1 + 53 + 1  # mark, heads, rows, mark


def test_who_takes_out_no_list_of_customers_takes_out_no_rows_that_name_them(client):
    officer = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(officer)
    loan = make_loan(make_household(branch=branch))
    make_figure(branch, "NPL_RATIO", "0.0")
    client.force_login(officer)

    page = client.get(f"/figures/{branch.pk}/NPL_RATIO/2026-03-31/").content.decode()
    rows = {"rows_unit": branch.pk, "rows_code": "NPL_RATIO", "rows_day": "2026-03-31"}
    answer = client.post("/exports/", {"kind": "kpi.rows", "format": "csv", "purpose": "Review", **rows})

    assert (f"/loans/{loan.pk}/" in page, "export-dialog" in page) == (True, False)
    assert answer.status_code == 403


def test_the_rows_are_not_for_the_counter(client):
    cashier = make_staff(PostCode.CASHIER)
    branch = branch_of(cashier)
    loan = make_loan(make_household(branch=branch))
    make_figure(branch, "NPL_RATIO", "0.0")
    client.force_login(cashier)
    address = f"/figures/{branch.pk}/NPL_RATIO/2026-03-31/"

    assert f"/loans/{loan.pk}/" not in client.get(address).content.decode()
    rows = {"rows_unit": branch.pk, "rows_code": "NPL_RATIO", "rows_day": "2026-03-31"}
    form = {"kind": "kpi.rows", "format": "csv", "purpose": "Review", **rows}
    assert client.post("/exports/", form).status_code == 403


@pytest.mark.parametrize("code", sorted(words.INDICATORS))
def test_every_code_opens_for_a_branch_without_any_rows(client, code):
    head_office = make_staff(PostCode.HEAD_OFFICE)
    branch = make_branch()
    make_figure(branch, code, None, reason="ZERO_DENOMINATOR")
    client.force_login(head_office)

    answer = client.get(f"/figures/{branch.pk}/{code}/2026-03-31/")

    assert answer.status_code == 200
    assert "No rows stand behind this figure." in text_of(answer)


def test_the_score_opens_to_achievements(client):
    branch = make_branch()
    make_score(branch, "84.20")
    client.force_login(make_staff(PostCode.HEAD_OFFICE))

    assert "Indicators of the score" in text_of(client.get(f"/figures/{branch.pk}/SCORE/2026-03-31/"))


@pytest.mark.parametrize("address", ["NONSENSE/2026-03-31", "NPL_RATIO/2026-02-30", "NPL_RATIO/2026-3-1"])
def test_a_figure_that_does_not_exist_is_not_found(client, address):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))

    assert client.get(f"/figures/{make_branch().pk}/{address}/").status_code == 404


@pytest.mark.parametrize("post", PostCode.values)
def test_my_day_opens_for_every_post(client, post):
    fill()
    client.force_login(make_staff(post))

    answer = client.get("/")

    assert answer.status_code == 200


@pytest.mark.parametrize("post", [p for p in PostCode.values if p != PostCode.ADMINISTRATOR])
def test_my_day_opens_on_an_empty_union_too(client, post):
    client.force_login(make_staff(post))

    assert client.get("/").status_code == 200
    assert client.get("/figures/", follow=True).status_code == 200


def test_an_administrator_sees_no_customers_business(client):
    fill()
    make_contributions(make_branch(), ["900.00"])
    rating = make_rated_household(make_branch())
    client.force_login(make_staff(PostCode.ADMINISTRATOR))

    assert client.get("/figures/").status_code == 403
    assert client.get("/tiers/").status_code == 403
    assert client.get(f"/ratings/{rating.pk}/").status_code == 404


def test_an_officers_day_lists_overdue_unvisited_and_incomplete_households(client):
    officer = make_staff(PostCode.LOAN_OFFICER)
    branch = branch_of(officer)
    rating = make_rated_household(branch, income_sources=None)
    rating.household.assignments.update(staff=officer)
    make_loan(rating.household, dpd=12)
    client.force_login(officer)

    page = text_of(client.get("/"))

    assert "Overdue loans 1" in page
    assert "Not visited for a year 1" in page
    assert "Ratings that lack facts 1" in page


@pytest.mark.parametrize(
    "query", ["after=altered", "before=altered", "part=nonsense", "date=never&against=2020-13-01"]
)
def test_altered_addresses_of_figures_show_the_first_page(client, query):
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    make_loan(make_household(branch=branch))
    make_figure(branch, "NPL_RATIO", "0.0")
    client.force_login(director)

    assert client.get(f"/figures/{branch.pk}/NPL_RATIO/2026-03-31/?{query}").status_code == 200
    assert client.get(f"/figures/{branch.pk}/?{query}").status_code == 200
    assert client.get(f"/loans/?{query}").status_code == 200
    assert client.get(f"/ratings/?{query}&village=%00&grade=Z").status_code == 200
    assert client.get(f"/tiers/?{query}&period=never&branch=x").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_no_book_has_is_no_address(client, day):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))
    assert client.get(f"/figures/{make_branch().pk}/NPL_RATIO/{day}/").status_code == 404
