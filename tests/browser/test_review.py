"""A cashier works through possible duplicates by keyboard, and takes the last decision back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serious_faults

pytestmark = pytest.mark.slow
PAIR = re.compile(r"/review/\d+/")


@pytest.mark.parametrize("size", ["desk"])
def test_cashier_decides_five_pairs_by_keyboard_and_undoes_one(open_page, size):
    page = open_page("cashier", size=size)
    page.goto("/review/")
    done = int(page.locator(".review-progress span").inner_text().split()[0])
    first = page.locator("table.review-queue tbody a[href*='/review/']:not([href*=groups])").first
    with page.expect_navigation():
        first.click()

    seen = []
    for key in "dslds":
        expect(page.locator(f"[data-review-key={key}]")).to_be_visible()
        seen.append(page.url)
        with page.expect_navigation(url=PAIR):
            page.keyboard.press(key)

    expect(page.locator(".review-progress")).to_contain_text(re.compile(rf"^\s*{done + 5} "))
    with page.expect_navigation(url=PAIR):
        page.keyboard.press("u")
    expect(page.locator(".review-progress")).to_contain_text(re.compile(rf"^\s*{done + 4} "))
    assert (len(set(seen)), page.url) == (5, seen[-1])
    assert serious_faults(page) == []
    assert page.troubles == []
