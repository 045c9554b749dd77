"""Consents and requests about data, at the desk and on a phone, and F6 at the counter."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PICTURES, serious_faults


def faults_of(page, name: str) -> list[str]:
    """What is wrong with the open page; a picture of it is kept."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*serious_faults(page), *page.troubles, *([f"{wider} pixels too wide"] if wider > 1 else [])]


@pytest.mark.parametrize(("size", "language"), [("desk", "en"), ("phone", "zh-hant")])
def test_a_request_is_found_and_its_person_s_consents_shown(open_page, size, language):
    page = open_page("director", size=size, language=language)
    faults = {}
    page.goto("/rights/")
    faults["queue"] = faults_of(page, f"rights-queue-{size}")
    assert page.locator(".badge-danger").count() >= 1, "what is overdue stands first"
    with page.expect_navigation():
        page.locator("table tbody th a").first.click()
    faults["request"] = faults_of(page, f"rights-request-{size}")

    with page.expect_navigation():
        page.locator(".page-head a[href^='/customers/'], .meta a[href^='/customers/']").first.click()
    customer = page.url
    faults["customer"] = faults_of(page, f"rights-customer-{size}")
    for place in ("consents/", "consents/marketing/", "rights/"):
        page.goto(customer + place)
        faults[place] = faults_of(page, f"rights-{place.strip('/').replace('/', '-')}-{size}")

    assert {name: found for name, found in faults.items() if found} == {}


def test_risk_sees_what_comes_due(open_page):
    page = open_page("union_risk")

    page.goto("/rights/erasures/")

    assert faults_of(page, "rights-erasures") == []


def test_one_key_takes_the_ordinary_consents_at_the_counter(open_page):
    page = open_page("cashier")
    page.goto("/customers/new/")
    boxes = page.locator("#agrees input")

    expect(boxes).to_have_count(4)
    expect(page.locator("#agrees input:checked")).to_have_count(0)
    page.keyboard.press("F6")

    expect(page.locator("#agrees input:checked")).to_have_count(4)
    assert faults_of(page, "rights-counter") == []
