"""The counter by keyboard alone: number first, duplicates while typing, one form one customer."""

import json
import re

from customers.names import place_keys
from tests.browser.conftest import serious_faults
from tests.factories import resident_number

STROKES_BEYOND_DATA = 25


class Keyboard:
    """Types like a cashier and counts the strokes that are not data."""

    def __init__(self, page):
        self.page, self.strokes = page, 0

    def type(self, text):
        if text.isascii():
            self.page.keyboard.type(text)
        else:
            self.page.keyboard.insert_text(text)  # an input method hands over whole words

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.strokes += 1

    @property
    def focus(self):
        return self.page.evaluate("document.activeElement.name || document.activeElement.tagName")


def own_village(page) -> str:
    page.goto("/customers/")
    return page.locator("#id_village option").nth(1).inner_text().strip()


def register(page, *, number, name="张桂兰", phone="139 1234 5678", village="") -> Keyboard:
    """From the first to the last key; the page opens with the cursor in the number."""
    page.goto("/customers/new/")
    keys = Keyboard(page)
    assert keys.focus == "number"
    keys.type(number)
    page.locator("[data-number=valid]").wait_for()
    keys.press("Tab")
    assert keys.focus == "name"
    keys.type(name)
    keys.press("Tab")
    assert keys.focus == "phone"
    keys.type(phone)
    keys.press("Tab")
    assert keys.focus == "village"
    if village:
        keys.type(place_keys(village)[0])
        page.locator("#village-list [data-id]").first.wait_for()
        keys.press("Tab")
        assert page.locator("#id_village").input_value() == village
    else:
        keys.press("Tab")
    assert keys.focus == "group_no"
    keys.type("3")
    return keys


def test_customer_is_registered_without_a_mouse(open_page):
    page = open_page("cashier")
    village = own_village(page)
    number = resident_number("19800512", 124)

    keys = register(page, number=f"{number[:6]} {number[6:14]} {number[14:]}", village=village)
    assert page.locator("#id_birth_date").input_value() == "1980-05-12"
    assert "female" in page.locator("#number-answer").inner_text()
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))

    assert page.locator("h1").inner_text() == "张桂兰"
    text = page.locator("main").inner_text()
    assert village in text
    assert f"{number[:6]}********{number[-4:]}" in text
    assert "139****5678" in text
    assert number not in page.content()
    assert keys.strokes <= STROKES_BEYOND_DATA
    assert serious_faults(page) == []
    assert page.troubles == []


def test_wrong_number_is_explained_before_the_field_is_left(open_page):
    page = open_page("cashier")
    page.goto("/customers/new/")
    keys = Keyboard(page)

    keys.type("411522198005121230")
    page.locator("[data-number=invalid]").wait_for()

    assert "should be 1" in page.locator("#number-answer").inner_text()
    assert keys.focus == "number"


def test_known_person_shows_while_typing_and_f2_opens(open_page):
    page = open_page("cashier")
    number = resident_number("19750301", 311)
    register(page, number=number, name="李秀英", phone="13700001111").press("Control+Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    first = page.url

    page.goto("/customers/new/")
    keys = Keyboard(page)
    keys.type(number)
    keys.press("Tab")
    keys.type("李秀英")
    page.locator("#known", has_text="same number, same name").wait_for()

    assert keys.focus == "name"
    assert serious_faults(page) == []
    keys.press("F2")
    page.wait_for_url(first)
    assert page.troubles == []


def test_draft_keeps_words_and_never_numbers(open_page):
    page = open_page("cashier")
    number = resident_number("19900101", 201)
    register(page, number=number, name="王建国", phone="13600002222")
    page.wait_for_function("sessionStorage.length > 0")
    page.wait_for_timeout(700)

    kept = json.loads(page.evaluate("sessionStorage.getItem('draft:counter')"))
    everything = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")

    assert kept["name"] == ["王建国"]
    assert number not in everything
    assert "13600002222" not in everything
    page.reload()
    assert page.locator("#id_name").input_value() == "王建国"
    assert page.locator("#id_number").input_value() == ""


def test_number_never_stands_in_an_address(open_page):
    page = open_page("cashier")
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))
    number = resident_number("19850606", 407)

    register(page, number=number, name="陈建军", phone="13500003333").press("Control+Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/$"))

    assert not [url for url in addresses if number in url or "13500003333" in url]


def test_error_takes_the_eye_to_its_field(open_page):
    page = open_page("cashier")
    page.goto("/customers/new/")
    keys = Keyboard(page)

    keys.type("1")
    keys.press("Control+Enter")
    page.locator(".error-summary").wait_for()

    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.locator("#id_number").get_attribute("aria-invalid") == "true"
    assert serious_faults(page) == []


def test_counter_fits_a_phone(open_page):
    page = open_page("loan_officer", size="phone", language="zh-hans")
    page.goto("/customers/new/")

    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert wider <= 1
    assert serious_faults(page) == []
