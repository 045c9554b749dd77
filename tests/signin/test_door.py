"""Coming in: password, second factor, registered devices, and what must be done first."""

import time

import pytest

from branches.choices import PostCode
from branches.models import StaffMember
from branches.signin import marks, second_factor, services
from tests.factories import PASSWORD, make_staff
from tests.signin.conftest import SECRET, code, enter

pytestmark = pytest.mark.django_db
WEAK_POSTS = ("cashier", "loan_officer", "customer_manager")


def opens(client) -> bool:
    """Whether the home page answers."""
    return client.get("/").status_code == 200


def register(browser, director, branch) -> None:
    _device, key = services.register_device(by=director, unit=branch, kind="counter", name="Counter 1")
    browser.cookies["device"] = key


def test_password_and_code_open_the_door(browser, director):
    asked = enter(browser, director)
    answered = browser.post("/sign-in/code/", {"code": code()})

    assert (asked.status_code, asked.headers["Location"]) == (302, "/sign-in/code/")
    assert (answered.status_code, answered.headers["Location"]) == (302, "/")
    assert opens(browser)
    assert browser.session[marks.MEANS] == marks.SECOND_FACTOR


def test_a_password_alone_opens_nothing(browser, director):
    enter(browser, director)

    assert browser.get("/").headers["Location"] == "/sign-in/?next=/"
    assert browser.get("/api/v1/units/").status_code == 401


def test_where_one_wanted_to_go_is_remembered(browser, director):
    browser.post("/sign-in/?next=/customers/", {"username": director.username, "password": PASSWORD})

    assert browser.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/customers/"


def test_nobody_is_sent_to_a_foreign_site(browser, director):
    browser.post("/sign-in/?next=//evil.example/", {"username": director.username, "password": PASSWORD})

    assert browser.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/"


def test_a_wrong_code_opens_nothing(browser, director):
    enter(browser, director)

    refused = browser.post("/sign-in/code/", {"code": "000000" if code() != "000000" else "111111"})

    assert refused.status_code == 200
    assert "not right" in refused.content.decode()
    assert not opens(browser)


def test_a_code_opens_once(browser, director, client):
    enter(browser, director)
    browser.post("/sign-in/code/", {"code": code()})

    enter(client, director)
    refused = client.post("/sign-in/code/", {"code": code()})
    later = client.post("/sign-in/code/", {"code": code(1)})

    assert "used already" in refused.content.decode()
    assert later.status_code == 302


def test_a_recovery_code_opens_once(browser, client, director):
    first, *_others = second_factor.new_recovery_codes(director)
    enter(browser, director)
    opened = browser.post("/sign-in/code/", {"code": first})
    enter(client, director)
    refused = client.post("/sign-in/code/", {"code": first})

    assert (opened.status_code, refused.status_code) == (302, 200)
    assert second_factor.recovery_codes_left(director) == 9


@pytest.mark.parametrize("post", [code for code in PostCode.values if code not in WEAK_POSTS])
def test_posts_with_rights_bind_a_second_factor_before_anything_else_opens(browser, branch, post):
    staff = make_staff(post)

    enter(browser, staff)

    assert browser.get("/").headers["Location"] == "/sign-in/second-factor/"
    assert browser.get("/admin/").headers["Location"] == "/sign-in/second-factor/"
    assert browser.get("/api/v1/units/").status_code == 403


def test_binding_an_app_opens_the_door_and_shows_the_recovery_codes_once(browser, branch):
    staff = make_staff(PostCode.DIRECTOR, branch)
    enter(browser, staff)
    page = browser.get("/sign-in/second-factor/")
    secret = page.context["secret"].replace(" ", "")

    bound = browser.post("/sign-in/second-factor/", {"code": second_factor.code_at(secret, time.time())})
    codes = browser.get("/sign-in/recovery-codes/").context["codes"]
    browser.post("/sign-in/recovery-codes/")

    assert bound.headers["Location"] == "/sign-in/recovery-codes/"
    assert len(set(codes)) == 10
    assert browser.get("/sign-in/recovery-codes/").status_code == 302
    assert opens(browser)
    assert page.context["picture"].startswith("data:image/svg+xml;base64,")


def test_a_cashier_comes_in_by_password_on_a_registered_device_of_the_branch(
    browser, director, cashier, branch
):
    register(browser, director, branch)

    assert enter(browser, cashier).headers["Location"] == "/"
    assert opens(browser)
    assert browser.session[marks.MEANS] == marks.REGISTERED_DEVICE


def test_a_cashier_does_not_come_in_elsewhere(browser, cashier):
    answer = enter(browser, cashier, follow=True)

    assert "not a registered device" in answer.content.decode()
    assert not opens(browser)


def test_a_cashier_of_another_branch_does_not_come_in_here(browser, director, branch):
    register(browser, director, branch)

    assert "not a registered device" in enter(browser, make_staff("cashier"), follow=True).content.decode()


def test_a_cashier_with_a_second_factor_comes_in_anywhere(browser, cashier):
    second_factor.store_app(cashier, SECRET)

    enter(browser, cashier)
    browser.post("/sign-in/code/", {"code": code()})

    assert opens(browser)


def test_a_director_needs_the_code_on_a_registered_device_too(browser, director, branch):
    register(browser, director, branch)

    assert enter(browser, director).headers["Location"] == "/sign-in/code/"


def test_an_ended_device_opens_nothing_and_its_sessions_end(browser, director, cashier, branch):
    register(browser, director, branch)
    enter(browser, cashier)

    services.end_device(by=director, device=branch.devices.get())

    assert not opens(browser)
    assert "not a registered device" in enter(browser, cashier, follow=True).content.decode()


def test_people_of_a_demonstration_do_not_come_in_elsewhere(browser, director, settings):
    StaffMember.objects.filter(pk=director.pk).update(is_demonstration=True)
    assert enter(browser, director).status_code == 302

    settings.DEMONSTRATION = False

    assert enter(browser, director).status_code == 200


def test_a_secret_of_one_person_does_not_open_for_another(director, cashier):
    second_factor.store_app(cashier, "COOPCRMOTHERSECRETCOOPCRMOTHERSE")
    theirs = cashier.authenticator_set.get()
    theirs.data = director.authenticator_set.get().data
    theirs.save()

    with pytest.raises(second_factor.SecondFactorSecret.DoesNotExist):
        second_factor.verify(cashier, code())


def test_coming_back_to_the_first_page_starts_anew(browser, director):
    enter(browser, director)

    assert browser.get("/sign-in/").status_code == 200
    assert browser.get("/sign-in/code/").headers["Location"] == "/sign-in/"


def test_there_is_no_sign_up_and_no_password_by_mail(client, director):
    client.force_login(director)

    for path in ("signup/", "password/reset/", "email/", "2fa/", "accounts/signup/", "login/"):
        assert client.get(f"/sign-in/{path}").status_code == 404
