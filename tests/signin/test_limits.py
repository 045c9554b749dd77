"""Failed tries: what rests, what asks for more, and that nobody learns which names exist."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.test import Client
from django.utils import timezone

from branches.signin import limits, second_factor, services
from coopcrm.shared.models import AuditEntry
from tests.factories import make_staff
from tests.signin.conftest import SECRET, code, enter

pytestmark = pytest.mark.django_db


def fail(browser, staff, times: int, address: str = "10.1.1.1"):
    for _time in range(times):
        answer = enter(browser, staff, "wrong", REMOTE_ADDR=address)
    return answer


def test_five_failures_rest_for_this_person_from_this_address(browser, director, cashier):
    fourth = fail(browser, director, 4)
    fifth = fail(browser, director, 1)
    right = enter(browser, director, REMOTE_ADDR="10.1.1.1")

    assert (fourth.status_code, fifth.status_code, right.status_code) == (200, 429, 429)
    assert "15 minutes" in right.content.decode()
    assert enter(Client(), director, REMOTE_ADDR="10.1.1.2").status_code == 302
    assert fail(Client(), cashier, 1).status_code == 200


def test_after_fifteen_minutes_the_person_tries_again(browser, director):
    fail(browser, director, 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))

    assert enter(browser, director, REMOTE_ADDR="10.1.1.1").status_code == 302


def test_trying_while_resting_does_not_make_the_rest_longer(browser, director):
    fail(browser, director, 5)
    before = AccessAttempt.objects.get().attempt_time

    fail(browser, director, 3)

    assert AccessAttempt.objects.get().attempt_time == before


def test_unknown_names_get_the_same_answers(browser, director):
    class Nobody:
        username = "nobody-here"

    known, unknown = Client(), Client()
    answers = [(fail(known, director, 1), fail(unknown, Nobody, 1, "10.1.1.9")) for _try in range(6)]

    def shown(answer, name):
        text = re.sub(
            r'(csrfmiddlewaretoken" value|nonce|"X-CSRFToken")[=:] ?"[^"]*"', "", answer.content.decode()
        )
        return answer.status_code, text.replace(name, "")

    for one, other in answers:
        assert shown(one, director.username) == shown(other, Nobody.username)


def test_names_that_were_typed_are_not_in_the_database(browser, director):
    enter(browser, type("X", (), {"username": "My-Password-Typed-Here"}))

    rows = list(AccessAttempt.objects.values()) + list(AccessFailureLog.objects.values())
    assert rows
    assert "My-Password-Typed-Here" not in str(rows)
    assert "My-Password-Typed-Here" not in str(list(AuditEntry.objects.values()))


@pytest.fixture
def attacked(cashier):
    """A cashier whose name failed twenty times, from twenty addresses."""
    for number in range(20):
        fail(Client(), cashier, 1, f"10.2.0.{number}")
    return cashier


def test_twenty_failures_from_anywhere_ask_for_more_than_a_password(browser, attacked, director, branch):
    _device, key = services.register_device(by=director, unit=branch, kind="counter", name="1")
    browser.cookies["device"] = key

    refused = enter(browser, attacked, follow=True)
    services.release(by=director, staff=attacked)
    opened = enter(browser, attacked)

    assert "Somebody tried your name" in refused.content.decode()
    assert opened.headers["Location"] == "/"


def test_twenty_failures_lock_nobody_out_who_has_a_second_factor(browser, attacked, director, branch):
    second_factor.store_app(attacked, SECRET)
    _device, key = services.register_device(by=director, unit=branch, kind="counter", name="1")
    browser.cookies["device"] = key

    assert enter(browser, attacked).headers["Location"] == "/sign-in/code/"
    assert browser.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/"


def test_a_day_later_strangers_tries_are_forgotten(attacked):
    assert limits.is_under_attack(attacked)

    AccessFailureLog.objects.update(attempt_time=timezone.now() - timedelta(hours=24, seconds=1))

    assert not limits.is_under_attack(attacked)
    assert limits.forget_old_failures() == 20


def test_wrong_codes_count_like_wrong_passwords(browser, director):
    enter(browser, director, REMOTE_ADDR="10.1.1.1")
    for _try in range(5):
        browser.post("/sign-in/code/", {"code": "00000x"}, REMOTE_ADDR="10.1.1.1")

    refused = browser.post("/sign-in/code/", {"code": code()}, REMOTE_ADDR="10.1.1.1")

    assert "Too many tries" in refused.content.decode()


def test_codes_cannot_be_guessed_from_many_addresses(director):
    for number in range(10):
        other = Client()
        enter(other, director, REMOTE_ADDR=f"10.3.0.{number}")
        other.post("/sign-in/code/", {"code": "00000x"}, REMOTE_ADDR=f"10.3.0.{number}")

    last = Client()
    enter(last, director, REMOTE_ADDR="10.3.0.99")

    assert (
        "Too many tries"
        in last.post("/sign-in/code/", {"code": code()}, REMOTE_ADDR="10.3.0.99").content.decode()
    )


def test_each_try_stands_in_the_ledger(browser, director):
    fail(browser, director, 1)
    enter(browser, director)
    browser.post("/sign-in/code/", {"code": code()})
    browser.post("/sign-out/")

    deeds = AuditEntry.objects.filter(deed__startswith="sign").order_by("pk")
    assert [(entry.deed, entry.key) for entry in deeds] == [
        ("sign_in_failed", str(director.pk)),
        ("sign_in", str(director.pk)),
        ("sign_out", str(director.pk)),
    ]


def test_an_address_behind_a_proxy_is_that_of_the_person(rf, settings):
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="1.2.3.4, 10.9.9.9")

    assert limits.counted_address(request) == "127.0.0.1"
    settings.NUM_PROXIES = 1
    assert limits.counted_address(request) == "10.9.9.9"


def test_nobody_releases_who_is_not_theirs(director):
    from coopcrm.shared.errors import PermissionRefused

    with pytest.raises(PermissionRefused):
        services.release(by=director, staff=make_staff())
    with pytest.raises(PermissionRefused):
        services.release(by=director, staff=director)
