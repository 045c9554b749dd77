"""The counter by keyboard alone: number first, duplicates while typing, one form one customer."""

import re
import time

from playwright.sync_api import expect

from customers.names import place_keys
from tests.browser.conftest import serious_faults
from tests.factories import resident_number

STROKES_BEYOND_DATA = 25
SLIP, CUSTOMER = re.compile(r"/slips/\d+/$"), re.compile(r"/customers/\d+/$")


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

    def has_focus(self, name):
        """Wait until the cursor stands in a field: a busy machine moves it a moment later."""
        expect(self.page.locator(f"[name={name}]")).to_be_focused()


def own_village(page) -> str:
    page.goto("/customers/")
    return page.locator("#id_village option").nth(1).inner_text().strip()


def register(page, *, number, name="张桂兰", phone="139 1234 5678", village="") -> Keyboard:
    """From the first to the last key; the page opens with the cursor in the number."""
    page.goto("/customers/new/")
    keys = Keyboard(page)
    keys.has_focus("number")
    keys.type(number)
    page.locator("[data-number=valid]").wait_for()
    keys.press("Tab")
    keys.has_focus("name")
    keys.type(name)
    keys.press("Tab")
    keys.has_focus("phone")
    keys.type(phone)
    keys.press("Tab")
    keys.has_focus("village")
    if village:
        keys.type(place_keys(village)[0])
        page.locator("#village-list [data-id]").first.wait_for()
        keys.press("Tab")
        expect(page.locator("#id_village")).to_have_value(village)
    else:
        keys.press("Tab")
    keys.has_focus("group_no")
    keys.type("3")
    return keys


def keeping_all(page):
    """Wait until the branch has kept a state of the form in which the last field is filled."""
    last = re.compile(r'name="group_no"\s+3\b')
    return page.expect_response(
        lambda answer: answer.url.endswith("/draft/") and last.search(answer.request.post_data or "")
    )


def test_couple_is_registered_with_its_certificate_without_a_mouse(open_page):
    page = open_page("cashier")
    page.add_init_script("window.print = () => (window.timesPrinted = (window.timesPrinted ?? 0) + 1)")
    village = own_village(page)
    number, husband = resident_number("19800512", 124), resident_number("19780301", 125)
    began = time.monotonic()

    keys = register(page, number=f"{number[:6]} {number[6:14]} {number[14:]}", village=village)
    expect(page.locator("#number-answer")).to_contain_text("female", use_inner_text=True)
    keys.press("F4")
    keys.has_focus("certificate")
    keys.type("J411522-2003-000123")
    keys.press("Enter", "Enter")
    keys.has_focus("spouse_number")
    keys.type(husband)
    keys.press("Enter")
    keys.has_focus("spouse_name")
    keys.type("王建国")
    page.locator("[data-preview]").wait_for()
    expect(page.locator("[data-preview]")).to_have_text(
        "2 persons, 1 household, marriage since 2003", use_inner_text=True
    )
    keys.press("F6", "Control+Enter")
    page.wait_for_url(SLIP)
    print(f"{keys.strokes} keystrokes beyond the data, {time.monotonic() - began:.1f} s")

    assert keys.strokes <= STROKES_BEYOND_DATA
    page.wait_for_function("window.timesPrinted === 1")
    slip = page.locator(".slip").inner_text()
    assert "张*兰" in slip
    assert "王*国" in slip
    assert re.search(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", slip)
    assert number not in page.content()
    assert serious_faults(page) == []
    with page.expect_navigation():
        page.keyboard.press("e")
    text = page.locator("main").inner_text()
    for expected in ("张桂兰", "王建国", village, "139****5678"):
        assert expected in text
    assert page.troubles == []


def test_wrong_number_is_explained_before_the_field_is_left(open_page):
    page = open_page("cashier")
    page.goto("/customers/new/")
    keys = Keyboard(page)

    keys.has_focus("number")
    keys.type("411522198005121230")
    page.locator("[data-number=invalid]").wait_for()

    expect(page.locator("#number-answer")).to_contain_text("should be 1", use_inner_text=True)
    keys.has_focus("number")


def test_known_person_shows_while_typing_and_f2_opens(open_page):
    page = open_page("cashier")
    number = resident_number("19750301", 311)
    register(page, number=number, name="李秀英", phone="13700001111").press("Control+Enter")
    page.wait_for_url(SLIP)

    page.goto("/customers/new/")
    keys = Keyboard(page)
    keys.has_focus("number")
    keys.type(number[:9])
    expect(
        page.locator("#keep-number")
    ).to_be_visible()  # whoever halts hears that half a number does not stand
    keys.type(number[9:])
    keys.press("Tab")
    keys.has_focus("name")
    keys.type("李秀英")
    page.locator("#known", has_text="same number, same name").wait_for()

    keys.has_focus("name")
    assert serious_faults(page) == []
    keys.press("F2")
    page.wait_for_url(CUSTOMER)
    expect(page.locator("h1")).to_have_text("李秀英", use_inner_text=True)
    assert page.troubles == []


def test_what_is_typed_survives_a_reload_and_the_browser_holds_no_number(open_page):
    page = open_page("cashier")
    number = resident_number("19900101", 201)
    with keeping_all(page):
        register(page, number=number, name="王建国", phone="13600002222")
    expect(page.locator("#counter [data-saved]")).to_have_text(re.compile(r"^saved \d\d:\d\d:\d\d$"))

    everything = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "王建国" in everything
    assert number not in everything
    assert "13600002222" not in everything
    page.reload()
    expect(page.locator("#id_name")).to_have_value("王建国")
    expect(page.locator("#id_number")).to_have_value(number)
    page.locator("[data-number=valid]").wait_for()


def test_what_was_left_half_filled_is_taken_up_by_one_key_and_enter_never_sends_it(open_page):
    page = open_page("cashier")
    village, phone = own_village(page), "13600004444"
    with keeping_all(page):
        register(page, number=resident_number("19910202", 203), name="赵春梅", phone=phone, village=village)
    page.goto("/customers/")

    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/customers/new/\?form="))  # the page listens
    expect(page.locator("[data-unfinished]")).to_be_visible()
    page.locator("#id_village").focus()
    expect(page.locator("#village-list")).to_be_visible()  # the villages last used, none of them chosen
    page.keyboard.press("Enter")
    expect(page.locator("#id_group_no")).to_be_focused()
    page.keyboard.press("F9")

    expect(page.locator("#id_name")).to_have_value("赵春梅")
    expect(page.locator("#id_phone")).to_have_value(phone)
    assert page.troubles == []


def test_number_never_stands_in_an_address(open_page):
    page = open_page("cashier")
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))
    number = resident_number("19850606", 407)

    register(page, number=number, name="陈建军", phone="13500003333").press("Control+Enter")
    page.wait_for_url(SLIP)

    assert not [url for url in addresses if number in url or "13500003333" in url]


def test_error_takes_the_eye_to_its_field(open_page):
    page = open_page("cashier")
    page.goto("/customers/new/")
    keys = Keyboard(page)

    keys.has_focus("number")
    keys.type("1")
    keys.press("Control+Enter")

    expect(page.locator(".error-summary")).to_be_focused()
    assert page.locator("#id_number").get_attribute("aria-invalid") == "true"
    assert serious_faults(page) == []


def test_counter_fits_a_phone(open_page):
    page = open_page("loan_officer", size="phone", language="zh-hans")
    page.goto("/customers/new/")

    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert wider <= 1
    assert serious_faults(page) == []
