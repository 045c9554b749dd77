"""A tour through the site as each post: every place opens without an error, in every language, on desk and phone."""

import pytest
from playwright.sync_api import expect

from branches.choices import PostCode
from tests.browser.conftest import LOOKS, serious_faults

WIDTH_SLACK = 1


def places_of(page) -> list[str]:
    page.goto("/")
    links = page.locator("nav.places a.place").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return list(dict.fromkeys(links))


@pytest.mark.parametrize("post", PostCode.values)
def test_every_place_of_a_post_opens_without_trouble(open_page, post):
    page = open_page(post)

    found = places_of(page)
    for place in found:
        assert page.goto(place).status == 200, place

    assert "/" in found
    assert page.troubles == []


@pytest.mark.parametrize(("size", "language"), LOOKS)
def test_pages_fit_their_window_and_axe_finds_nothing_serious(open_page, size, language):
    page = open_page("head_office", size=size, language=language)

    faults = {}
    for place in [*places_of(page), "/jobs/", "/help/look/"]:
        page.goto(place)
        assert page.locator("html").get_attribute("lang").lower() == language
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > WIDTH_SLACK:
            faults[place] = [f"{wider} pixels too wide"]
        if found := serious_faults(page):
            faults.setdefault(place, []).extend(found)

    assert faults == {}
    assert page.troubles == []


def test_a_wrong_password_is_refused_in_words(open_page):
    page = open_page(None)
    page.goto("/sign-in/")
    page.locator("input[name=username]").fill("cashier")
    page.locator("input[name=password]").fill("wrong")
    with page.expect_navigation():
        page.locator("form button.button-primary").first.click()

    assert "/sign-in/" in page.url
    expect(page.locator(".notice").first).to_be_visible()


def test_signing_out_ends_the_session(open_page):
    page = open_page("cashier")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    page.request.post("/sign-out/", form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url})

    page.goto("/customers/")

    assert "/sign-in/" in page.url


def test_the_closing_can_be_watched_on_its_job_page(open_page):
    page = open_page("head_office")
    page.goto("/jobs/")

    with page.expect_navigation():
        page.locator("table tbody th a").first.click()

    expect(page.locator("progress").first).to_be_visible()
    assert serious_faults(page) == []
    assert page.troubles == []
