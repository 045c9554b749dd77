"""Head office reads the month: figures, charts with their tables, and every number opens."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LOOKS, serious_faults

PAGES = ("/", "/figures/", "/tiers/", "/loans/", "/loans/provisions/", "/ratings/", "/api/v1/docs/")


def is_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 1


@pytest.mark.parametrize(("size", "language"), LOOKS)
def test_pages_of_figures_fit_and_are_accessible(open_page, size, language):
    page = open_page("head_office", size=size, language=language)
    page.goto("/figures/")
    opened = [
        page.locator("a[href^='/figures/']").evaluate_all(
            f"all => all.map(a => a.getAttribute('href')).find(h => /{like}/.test(h))"
        )
        for like in (r"^.figures.\d+.NPL_RATIO", r"^.figures.\d+.SCORE", r"^.figures.\d+.\?")
    ]
    faults = {}

    for address in (*PAGES, *opened):
        page.goto(address)
        if page.locator(".chart-box").count():
            page.locator(".chart-box svg").first.wait_for(state="attached")
        if is_wide(page):
            faults[address] = ["too wide"]
        if found := serious_faults(page):
            faults.setdefault(address, []).extend(found)

    assert faults == {}
    assert page.troubles == []


def test_the_dashboard_is_readable_in_the_dark_theme(open_page):
    page = open_page("head_office", color_scheme="dark")

    page.goto("/figures/")
    page.wait_for_selector(".chart-box svg")

    assert serious_faults(page) == []
    assert page.troubles == []


def test_a_chart_turns_into_its_table_by_key_and_by_button(open_page):
    page = open_page("head_office")
    page.goto("/figures/")
    chart, table = page.locator("figure .chart-box").first, page.locator("figure .chart-table").first
    expect(chart).to_be_visible()
    expect(table).to_be_hidden()

    page.locator("[data-chart-toggle]").first.click()

    expect(chart).to_be_hidden()
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() >= 2


def test_a_tile_opens_to_formula_and_rows_and_a_row_to_its_record(open_page):
    page = open_page("director")
    page.goto("/figures/")

    with page.expect_navigation():
        page.locator("a.stat", has_text="Non-performing loans").click()
    expect(page.locator("main")).to_contain_text("balance of all loans", use_inner_text=True)
    with page.expect_navigation():
        page.locator("#rows tbody th a").first.click()

    assert re.search(r"/loans/\d+/$", page.url)
    expect(page.locator("h1")).to_be_visible()


def test_the_month_and_the_ranking_can_be_chosen(open_page):
    page = open_page("head_office")
    page.goto("/figures/")

    page.locator("#rank").select_option("NPL_RATIO")
    page.wait_for_url(re.compile(r"rank=NPL_RATIO"))

    expect(page.locator("main")).to_contain_text("Ranking by: Non-performing loans", use_inner_text=True)


def test_the_dashboard_prints_without_its_frame(open_page):
    page = open_page("head_office")
    page.goto("/figures/")
    page.emulate_media(media="print")

    expect(page.locator("nav.places")).to_be_hidden()
    expect(page.locator(".print-header")).to_be_visible()
