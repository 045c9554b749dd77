"""The rating sheet at the desk and in the village: a judgement that explains itself."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serious_faults


def open_sheet(page, query: str) -> None:
    page.goto(f"/ratings/?{query}")
    with page.expect_navigation():
        page.locator("table tbody th a").first.click()


@pytest.mark.parametrize(
    ("size", "status"), [("desk", "RATED"), ("phone", "RATED"), ("desk", "INCOMPLETE"), ("phone", "REJECTED")]
)
def test_a_sheet_fits_and_is_accessible(open_page, size, status):
    page = open_page("head_office", size=size)

    open_sheet(page, f"status={status}")

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1
    assert serious_faults(page) == []
    assert page.troubles == []


def test_the_bars_of_the_factors_are_as_long_as_their_points(open_page):
    page = open_page("head_office")
    open_sheet(page, "status=RATED")

    factor = page.locator(".factor-groups .factor").first
    points, most = (float(text) for text in factor.locator(".number").inner_text().split(" of "))
    whole, drawn = (
        factor.locator(f"rect.{name}").bounding_box()["width"] for name in ("bar-track", "bar-fill")
    )

    assert drawn / whole == pytest.approx(points / most, abs=0.02)


def test_a_rated_sheet_shows_limit_binding_cap_and_next_steps(open_page):
    page = open_page("head_office")
    open_sheet(page, "status=RATED")

    said = page.locator("main").inner_text()

    assert "binding" in said
    assert "What would raise it" in said


def test_an_incomplete_sheet_leads_to_a_visit_note(open_page):
    page = open_page("director")
    open_sheet(page, "status=INCOMPLETE")

    with page.expect_navigation():
        page.locator("a", has_text="Ask at the next contact").click()

    assert "/visits/new/?household=" in page.url
    expect(page.locator("form").first).to_be_visible()


def test_rate_again_now_makes_a_judgement_of_today(open_page):
    page = open_page("director")
    open_sheet(page, "status=RATED")
    before = page.url

    page.locator("button", has_text="Rate again now").click()
    page.wait_for_url(lambda url: url != before)

    expect(page.locator("h1")).to_be_visible()
    assert page.troubles == []
