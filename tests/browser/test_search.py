"""The box at the top: people while typing, by keyboard, without a word in any address; and without scripts."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import serious_faults

STROKES = 8


def somebody(page) -> tuple[str, str]:
    """Name and pinyin of a customer of the own branch."""
    page.goto("/customers/")
    row = page.locator("table tbody tr").nth(3)
    return row.locator("th a").inner_text(), row.locator("th span").inner_text()


def go_to_search(page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_known_person_is_found_in_a_few_keys(open_page):
    page = open_page("cashier")
    name, pinyin = somebody(page)
    page.goto("/")

    go_to_search(page)
    page.keyboard.insert_text(name)
    page.locator("#search-results a[aria-selected=true]").first.wait_for()
    assert serious_faults(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))

    expect(page.locator("h1")).to_have_text(name, use_inner_text=True)
    assert page.troubles == []
    go_to_search(page)
    page.keyboard.type(pinyin[:4])
    page.locator("#search-results .badge", has_text=re.compile("^(pinyin|initials)$")).first.wait_for()


def test_nothing_that_is_typed_stands_in_an_address(open_page):
    page = open_page("cashier")
    name, pinyin = somebody(page)
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))

    for text in (name, pinyin, "411522198005121231", "13912345678", "5678"):
        page.goto("/")
        page.locator("#search").fill(text)
        page.locator("#search-results").locator("a, .empty").first.wait_for()
        with page.expect_navigation():
            page.keyboard.press("Enter")

    typed = (pinyin, "411522198005121231", "13912345678", "5678")
    assert not [url for url in addresses if any(text in url for text in typed)]
    assert page.troubles == []


def test_escape_puts_the_people_away(open_page):
    page = open_page("cashier")
    page.goto("/")
    page.locator("#search").fill("wang")
    page.locator("#search-results a").first.wait_for()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")

    expect(page.locator("#search-results > *")).to_have_count(0)
    expect(page.locator("#search")).to_be_focused()


def test_search_works_without_scripts(site, browser, open_page):
    signed_in = open_page("cashier")
    name, _pinyin = somebody(signed_in)
    context = browser.new_context(
        base_url=site, java_script_enabled=False, storage_state=signed_in.context.storage_state()
    )
    page = context.new_page()
    page.goto("/customers/")
    page.locator("#search").fill(name[0])
    with page.expect_navigation():
        page.locator("#search").press("Enter")

    found = page.locator("main .found-line")
    expect(found.nth(1)).to_be_visible()
    expect(found.first).to_contain_text(name[0], use_inner_text=True)
    if page.locator("main button[name=more]").count():
        with page.expect_navigation():
            page.locator("main button[name=more]").click()
    assert "q=" not in page.url
    context.close()
