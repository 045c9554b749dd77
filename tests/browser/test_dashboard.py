"""Head office reads the month: figures, charts with their tables, and every number opens."""

import re

import pytest

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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dashboard_is_readable_in_each_theme(open_page, theme):
    page = open_page("head_office", color_scheme=theme)

    page.goto("/figures/")
    page.wait_for_selector(".chart-box svg")

    assert serious_faults(page) == []
    assert page.troubles == []


def test_a_chart_turns_into_its_table_by_key_and_by_button(open_page):
    page = open_page("head_office")
    page.goto("/figures/")
    chart, table = page.locator("figure .chart-box").first, page.locator("figure .chart-table").first
    assert (chart.is_visible(), table.is_visible()) == (True, False)

    page.locator("[data-chart-toggle]").first.click()

    assert (chart.is_visible(), table.is_visible()) == (False, True)
    assert table.locator("tbody tr").count() >= 2


def test_a_tile_opens_to_formula_and_rows_and_a_row_to_its_record(open_page):
    page = open_page("director")
    page.goto("/figures/")

    with page.expect_navigation():
        page.locator("a.stat", has_text="Non-performing loans").click()
    assert "balance of all loans" in page.locator("main").inner_text()
    with page.expect_navigation():
        page.locator("#rows tbody th a").first.click()

    assert re.search(r"/loans/\d+/$", page.url)
    assert page.locator("h1").is_visible()


def test_the_month_and_the_ranking_can_be_chosen(open_page):
    page = open_page("head_office")
    page.goto("/figures/")

    page.locator("#rank").select_option("NPL_RATIO")
    page.wait_for_url(re.compile(r"rank=NPL_RATIO"))

    assert "Ranking by: Non-performing loans" in page.locator("main").inner_text()


def test_the_dashboard_prints_without_its_frame(open_page):
    page = open_page("head_office")
    page.goto("/figures/")
    page.emulate_media(media="print")

    assert not page.locator("nav.places").is_visible()
    assert page.locator(".print-header").is_visible()
