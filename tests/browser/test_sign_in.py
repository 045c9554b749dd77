"""The whole road of a new member of staff: letter, own password, phone, code, sessions; and the session's end."""

import time

import psycopg2

from branches.signin import second_factor
from coopcrm import embedded
from tests.browser.conftest import SESSIONS, keep_picture, serious_faults, too_wide

OWN = "seven herons over wet rice"
STEPS = ("password", "second-factor", "recovery-codes", "code", "mine")


def go_on(page, **typed) -> None:
    for name, text in typed.items():
        page.locator(f"input[name={name}]").fill(text)
    page.locator(".gate-card button.button-primary").first.click()


def look_at(page, name: str, faults: dict) -> None:
    keep_picture(page, f"sign-in-{name}")
    faults[name] = (serious_faults(page), max(0, too_wide(page)))


def an_accountant() -> int:
    """The id of somebody who has never signed in."""
    connection = psycopg2.connect(embedded.places().database_url(embedded.SUPERUSER, SESSIONS["name"]))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(p.staff_id) FROM branches_post p JOIN branches_staffmember s ON s.id = p.staff_id"
            " WHERE p.code = 'accountant' AND p.valid_to IS NULL AND s.password LIKE '!%'"
        )
        found = cursor.fetchone()[0]
    connection.close()
    return found


def letter_of(open_page) -> tuple[str, str]:
    """The administrator writes a letter for somebody of another branch."""
    page = open_page("administrator")
    page.goto(f"/staff/{an_accountant()}/sign-in/")
    page.locator("form[action$='/first-password/'] button").click()
    page.locator("#confirm-dialog button[value=yes]").click()
    page.locator("[data-first-password]").wait_for()
    keep_picture(page, "sign-in-letter")
    assert serious_faults(page) == []
    return page.locator("dl.facts .code").first.inner_text(), page.locator(
        "[data-first-password]"
    ).inner_text()


def test_from_the_letter_to_ones_own_sessions(open_page):
    name, first = letter_of(open_page)
    page, faults = open_page(None), {}

    page.goto("/sign-in/")
    go_on(page, username=name, password=first)
    page.wait_for_url("**/sign-in/password/")
    look_at(page, "password", faults)
    go_on(page, current=first, new=OWN, again=OWN)
    page.wait_for_url(lambda url: "/password/" not in url)
    page.goto("/sign-in/second-factor/")
    look_at(page, "second-factor", faults)
    page.locator("details summary").first.click()
    secret = page.locator("[data-secret]").inner_text().replace(" ", "")
    go_on(page, code=second_factor.code_at(secret, time.time()))
    page.wait_for_url("**/recovery-codes/")
    look_at(page, "recovery-codes", faults)
    recovery = page.locator("ul.codes .code").first.inner_text()
    with page.expect_navigation():
        go_on(page)

    other = open_page(None)
    other.goto("/sign-in/")
    go_on(other, username=name, password=OWN)
    other.wait_for_url("**/sign-in/code/")
    look_at(other, "code", faults)
    go_on(other, code=recovery)
    other.wait_for_url(lambda url: "/sign-in/" not in url)

    page.goto("/sign-in/mine/")
    look_at(page, "mine", faults)
    with page.expect_navigation():
        page.locator("form[action$='/sessions/end/'] button[name=session]").click()
    page.locator(".notice").first.wait_for()
    other.goto("/sign-in/mine/")

    assert "next=" in other.url
    assert faults == dict.fromkeys(STEPS, ([], 0))
    assert page.troubles == other.troubles == []
