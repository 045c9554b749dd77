"""The pages of a person, a household and a visit, at the desk and in the village."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LOOKS, serious_faults


def open_first_customer(page) -> str:
    page.goto("/customers/")
    page.locator("table tbody th a").first.click()
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    return page.url


def household_of(page) -> str:
    """The address of the household that the page leads to."""
    addresses = page.locator("main a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return next(address for address in addresses if re.fullmatch(r"/households/\d+/", address or ""))


def is_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 1


@pytest.mark.parametrize(("size", "language"), LOOKS)
def test_customer_and_household_fit_and_are_accessible(open_page, size, language):
    page = open_page("loan_officer", size=size, language=language)
    faults = {}

    open_first_customer(page)
    household = household_of(page)
    for address in (
        page.url,
        household,
        f"/visits/new/?household={household.strip('/').split('/')[-1]}",
        "/visits/",
    ):
        page.goto(address)
        if is_wide(page):
            faults[address] = ["too wide"]
        if found := serious_faults(page):
            faults.setdefault(address, []).extend(found)

    assert faults == {}
    assert page.troubles == []


def test_customer_page_is_readable_in_the_dark_theme(open_page):
    page = open_page("loan_officer", color_scheme="dark")

    open_first_customer(page)

    assert serious_faults(page) == []


def test_number_is_masked_and_sources_open_on_a_dot(open_page):
    page = open_page("loan_officer")
    open_first_customer(page)
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{6}\*{8}\d{3}[\dX]"))

    page.goto(household_of(page))
    page.locator("details.source summary").first.click()

    expect(page.locator("details.source[open] .source-note").first).to_be_visible()
    assert page.troubles == []


def test_visit_is_noted_on_a_phone_and_what_is_typed_survives(open_page):
    page = open_page("loan_officer", size="phone")
    page.goto("/visits/")
    open_first_customer(page)
    household = household_of(page).strip("/").split("/")[-1]
    page.goto(f"/visits/new/?household={household}")
    note = "New greenhouse of two mu, two pigs sold, the son works in Wuhan."

    page.locator("#id_summary").fill(note)
    expect(page.locator("main [data-saved]")).to_have_text(re.compile("^Kept in this browser"))
    page.reload()
    expect(page.locator("#id_summary")).to_have_value(note)
    page.locator("#id_minutes").fill("12")
    page.locator("#id_land_mu").fill("4")
    page.locator("[name=land_mu_source][value=seen]").check(force=True)
    assert page.locator("#id_net_income").get_attribute("inputmode") == "decimal"
    page.locator("main button.button-primary", has_text="Sign").click()
    page.wait_for_url(f"**/households/{household}/")

    expect(page.locator("main")).to_contain_text("New greenhouse of two mu", use_inner_text=True)
    assert page.troubles == []


def test_foreign_customer_is_a_masked_card(open_page):
    page = open_page("loan_officer")
    own = open_first_customer(page)
    numbers = range(1, 400, 40)

    foreign = 0
    for number in numbers:
        page.goto(re.sub(r"\d+/$", f"{number}/", own))
        if page.locator("h2", has_text="Registry card").count():
            foreign += 1
            expect(page.locator("h1")).to_contain_text("*", use_inner_text=True)
            expect(page.locator("main a[href^='/households/']")).to_have_count(0)
            assert serious_faults(page) == []

    assert foreign
    assert page.troubles == []


def test_a_number_is_shown_for_a_purpose_and_a_foreign_household_is_asked_for(open_page):
    page = open_page("loan_officer", size="phone")
    own = open_first_customer(page)
    asking = page.locator("main details.reveal").first
    asking.locator("summary").first.click()
    asking.locator("button").click()
    expect(page.locator("[data-revealed]")).to_have_count(0)  # no purpose, no number

    asking.locator("select").select_option("identify")
    asking.locator("button").click()
    page.locator("[data-revealed]").wait_for()
    expect(page.locator("[data-number]")).to_contain_text(re.compile(r"\d{17}[\dX]"))
    assert serious_faults(page) == []
    page.reload()
    assert not re.search(r"\d{17}[\dX]", page.content())

    for number in range(1, 400, 40):
        page.goto(re.sub(r"\d+/$", f"{number}/", own))
        if page.locator("h2", has_text="Ask the other branch").count():
            break
    page.locator("#ask-purpose").select_option("credit_check")
    with page.expect_navigation():
        page.locator("button", has_text="Ask for sharing").click()

    page.locator("aside a", has_text="Sharing").first.wait_for()
    assert serious_faults(page) == []
    assert page.troubles == []
