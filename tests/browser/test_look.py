"""The frame and the parts of pages: both themes, three languages, desk and phone, keyboard, paper and weight."""

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, keep_picture, serious_faults, sign_in, too_wide

LANGUAGES, THEMES = ("en", "zh-hans", "zh-hant"), ("light", "dark")
# every language on both sizes and in both themes
COMBINATIONS = [
    ("en", "desk", "light"),
    ("en", "phone", "dark"),
    ("zh-hans", "desk", "dark"),
    ("zh-hans", "phone", "light"),
    ("zh-hant", "desk", "light"),
    ("zh-hant", "phone", "dark"),
]
NARROW = {"width": 360, "height": 740}
FIRST_VISIT, NEXT_VISIT, CHARTS = 150_000, 40_000, 200_000  # bytes as they travel


@pytest.mark.parametrize(("language", "size", "theme"), COMBINATIONS)
def test_the_parts_of_pages_are_accessible_and_fit(open_page, language, size, theme):
    page = open_page("head_office", size=size, language=language, color_scheme=theme)

    faults = {}
    for name, path in {"style": "/help/look/", "home": "/"}.items():
        page.goto(path)
        keep_picture(page, f"{name}-{language}-{size}-{theme}")
        faults[name] = (serious_faults(page), max(0, too_wide(page)))

    assert faults == {"style": ([], 0), "home": ([], 0)}
    assert page.troubles == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_in_page_is_accessible_and_fits(open_page, language):
    page = open_page(None, language=language)
    page.goto("/sign-in/")

    faults = {}
    for size, theme in product(SIZES, THEMES):
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=theme)
        keep_picture(page, f"sign-in-{language}-{size}-{theme}")
        faults[size, theme] = (serious_faults(page), max(0, too_wide(page)))

    expect(page.locator("html")).to_have_attribute("lang", language)
    assert faults == dict.fromkeys(product(SIZES, THEMES), ([], 0))
    assert page.troubles == []


def test_nothing_scrolls_sideways_on_a_narrow_phone(open_page):
    page = open_page("director")
    page.set_viewport_size(NARROW)

    wide = {}
    for path in ("/", "/customers/", "/customers/new/", "/loans/", "/figures/", "/jobs/", "/help/look/"):
        page.goto(path)
        wide[path] = max(0, too_wide(page))

    assert {path: pixels for path, pixels in wide.items() if pixels} == {}


def test_focus_can_be_seen_on_everything_that_takes_it(open_page):
    page = open_page("cashier")
    page.goto("/help/look/")

    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        ring = page.evaluate(
            """() => {
                const one = document.activeElement, style = getComputedStyle(one);
                if (one === document.body) return "";  // past the last one
                const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                return seen ? "" : one.outerHTML.slice(0, 80);
            }"""
        )
        unseen += [ring] if ring else []

    assert unseen == []


def open_palette(page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input")).to_be_focused()


def test_the_palette_finds_pages_in_english_and_pinyin(open_page):
    page = open_page("cashier")

    for typed in ("custom", "ke hu", "kehu", "kh", "客户"):
        page.goto("/sign-in/mine/")
        open_palette(page)
        page.keyboard.type(typed)
        expect(page.locator("#palette [aria-selected=true]")).to_have_attribute("data-url", "/customers/")
        page.keyboard.press("Enter")
        page.wait_for_url("**/customers/")

    assert page.troubles == []


def test_the_palette_finds_pages_by_their_chinese_names(open_page):
    page = open_page("cashier", language="zh-hans")

    open_palette(page)
    page.keyboard.type("客户")

    expect(page.locator("#palette [aria-selected=true]")).to_have_text(re.compile("^客户"))
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_a_slash_goes_to_the_search_and_a_question_mark_shows_the_keys(open_page):
    page = open_page("cashier")

    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search")).not_to_be_focused()
    page.keyboard.press("?")

    expect(page.locator("#keys-dialog")).to_be_visible()


def test_rows_are_walked_and_opened_by_keyboard(open_page):
    page = open_page("cashier")
    page.goto("/customers/")
    second = page.locator("table[data-rows] tbody tr").nth(1).locator("a").first.get_attribute("href")

    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)

    page.wait_for_url(f"**{second}")


def test_a_language_once_chosen_is_remembered(open_page):
    page = open_page("accountant")

    page.locator("header details.menu").first.locator("summary").click()
    with page.expect_navigation():
        page.locator("button[name=language][value=zh-hant]").click()
    page.goto("/jobs/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hant")
    page.context.clear_cookies()
    page.goto("/sign-in/")
    sign_in(page, "accountant")

    expect(page.locator("html")).to_have_attribute("lang", "zh-hant")  # from the profile


def test_a_theme_once_chosen_is_remembered(open_page):
    page = open_page("cashier", color_scheme="light")

    page.locator("header details.menu").last.locator("summary").click()
    with page.expect_response("**/theme/"):
        page.locator("button[name=theme][value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_chart_is_also_a_table(open_page):
    page = open_page("head_office")
    page.goto("/help/look/")
    figure = page.locator("[data-chart=chart-bars]")
    figure.locator("svg").first.wait_for()

    figure.locator("[data-chart-toggle]").click()

    expect(figure.locator(".chart-table table")).to_be_visible()
    expect(figure.locator(".chart-box")).to_be_hidden()


def test_paper_shows_the_page_without_its_frame(open_page):
    page = open_page("head_office")
    page.goto("/help/look/")

    page.emulate_media(media="print")

    expect(page.locator(".topbar")).to_be_hidden()
    expect(page.locator(".places")).to_be_hidden()
    expect(page.locator(".print-header")).to_be_visible()
    expect(page.locator(".chart-box").first).to_be_visible()


def transferred(page, path: str) -> dict[str, int]:
    """Bytes that travel for a page, by address."""
    answers = []

    def note(answer):
        answers.append(answer)

    page.on("response", note)
    page.goto(path, wait_until="networkidle")
    page.remove_listener("response", note)
    return {answer.url: max(0, answer.request.sizes()["responseBodySize"]) for answer in answers}


def test_pages_are_light(open_page):
    page = open_page(None)
    page.context.clear_cookies()
    sign_in_weight = sum(transferred(page, "/sign-in/").values())
    sign_in(page, "cashier")
    home = transferred(page, "/customers/")
    style = transferred(page, "/help/look/")
    charts = sum(size for url, size in style.items() if "echarts" in url)

    assert 0 < sign_in_weight <= FIRST_VISIT
    assert sum(home.values()) <= NEXT_VISIT
    assert 0 < charts <= CHARTS
