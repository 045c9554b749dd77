"""Passwords: what is taken, what is refused, and letters with a first one."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import timezone

from branches.choices import PostCode
from branches.signin import passwords, services
from coopcrm.shared.errors import PermissionRefused
from tests.clients import Client
from tests.factories import PASSWORD, make_branch, make_staff
from tests.signin.conftest import enter

pytestmark = pytest.mark.django_db
GOOD = "seven herons over wet rice"


@pytest.fixture
def officer(branch):
    return make_staff(
        PostCode.LOAN_OFFICER, branch, full_name="王建国", username="wangjianguo", employee_no="SA0042"
    )


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        " leading and trailing blanks ",
        "七只白鹭飞过湿润的稻田边",
        "🌾" * 6 + "kVqzP2",
        "x7#Lq" * 3 + "~ßç" * 30,
    ],
)
def test_long_passwords_of_any_characters_are_taken(officer, password):
    validate_password(password, officer)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x7#Lq9!vT2m", "short"),
        ("x7#Lq" * 26, "long"),
        ("password1234", "guessable"),
        ("qwertyuiop123", "guessable"),
        ("1q2w3e4r5t6y", "guessable"),
        ("iloveyou2026", "guessable"),
        ("111111111111", "guessable"),
        ("Wangjianguo-88", "names"),
        ("王建国王建国王建国王建国", "names"),
        ("Baiqueyuan2026", "names"),
        ("白雀园信用社白雀园信用社", "names"),
        ("guangshan-1002", "names"),
        ("sa0042sa0042sa0042", "names"),
    ],
)
def test_common_breached_and_local_passwords_are_refused(officer, password, code):
    with pytest.raises(ValidationError) as refused:
        validate_password(password, officer)

    assert code in {error.code for error in refused.value.error_list}


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_passwords_are_stored_as_argon2id():
    stored = make_password(GOOD)

    assert stored.startswith("argon2$argon2id$")
    assert identify_hasher(stored).algorithm == "argon2"


def test_first_passwords_are_random_and_cannot_be_misread():
    made = {passwords.first_password() for _time in range(200)}

    assert len(made) == 200
    assert not set("".join(made)) & set("01OIl")


def test_a_first_password_must_be_changed_before_anything_else_opens(branch):
    director, staff = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.ACCOUNTANT, branch)
    browser = Client()
    first = services.issue_first_password(by=director, staff=staff)

    enter(browser, staff, first)
    sent = browser.get("/")
    same = browser.post("/sign-in/password/", {"current": first, "new": first, "again": first})
    weak = browser.post(
        "/sign-in/password/", {"current": first, "new": "password1234", "again": "password1234"}
    )
    done = browser.post("/sign-in/password/", {"current": first, "new": GOOD, "again": GOOD})

    assert sent.headers["Location"] == "/sign-in/password/"
    assert (same.status_code, weak.status_code, done.status_code) == (200, 200, 302)
    assert browser.get("/").headers["Location"] == "/sign-in/second-factor/"
    staff.refresh_from_db()
    assert staff.check_password(GOOD)
    assert staff.first_password_until is None


def test_a_first_password_expires_in_a_day(branch):
    director, staff = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.ACCOUNTANT, branch)
    first = services.issue_first_password(by=director, staff=staff)
    assert timedelta(hours=23) < staff.first_password_until - timezone.now() <= timedelta(hours=24)

    staff.first_password_until = timezone.now()
    staff.save()

    assert "expired" in enter(Client(), staff, first).content.decode()


def test_a_letter_ends_the_old_password_and_the_open_sessions(branch):
    director, staff = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.ACCOUNTANT, branch)
    browser = Client()
    browser.force_login(staff)

    services.issue_first_password(by=director, staff=staff)

    assert browser.get("/").status_code == 302
    assert enter(Client(), staff, PASSWORD).status_code == 200


def test_a_letter_is_shown_once_to_the_director_of_the_branch(client, branch):
    director, staff = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.CASHIER, branch)
    client.force_login(director)

    letter = client.post(f"/staff/{staff.pk}/first-password/")

    staff.refresh_from_db()
    assert staff.check_password(letter.context["password"])
    assert letter.context["password"] in letter.content.decode()
    assert "no-store" in letter.headers["Cache-Control"]
    assert letter.context["password"] not in client.get(f"/staff/{staff.pk}/sign-in/").content.decode()


@pytest.mark.parametrize(
    ("by", "of", "allowed"),
    [
        (PostCode.DIRECTOR, PostCode.CASHIER, True),
        (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR, True),
        (PostCode.DEPUTY_DIRECTOR, PostCode.CASHIER, True),
        (PostCode.DEPUTY_DIRECTOR, PostCode.DIRECTOR, False),
        (PostCode.ADMINISTRATOR, PostCode.DIRECTOR, True),
        (PostCode.HEAD_OFFICE, PostCode.DIRECTOR, False),
        (PostCode.CASHIER, PostCode.CASHIER, False),
        (PostCode.DIRECTOR, PostCode.AUDITOR, False),
    ],
)
def test_who_writes_letters_for_whom(branch, by, of, allowed):
    local = lambda post: None if post in ("administrator", "head_office", "auditor") else branch  # noqa: E731
    one, other = make_staff(by, local(by)), make_staff(of, local(of))

    if allowed:
        assert services.issue_first_password(by=one, staff=other)
    else:
        with pytest.raises(PermissionRefused):
            services.issue_first_password(by=one, staff=other)


def test_nobody_writes_a_letter_for_themselves_or_another_branch(branch):
    director, administrator = make_staff(PostCode.DIRECTOR, branch), make_staff(PostCode.ADMINISTRATOR)

    for by, staff in ((director, director), (administrator, administrator), (director, make_staff())):
        with pytest.raises(PermissionRefused):
            services.issue_first_password(by=by, staff=staff)


def test_changing_a_password_ends_all_other_sessions(branch):
    staff = make_staff(PostCode.ACCOUNTANT, branch)
    here, there = Client(), Client()
    here.force_login(staff)
    there.force_login(staff)

    changed = here.post("/sign-in/password/", {"current": PASSWORD, "new": GOOD, "again": GOOD})

    assert changed.status_code == 302
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)


def test_the_back_office_sets_nobodys_password(client):
    client.force_login(make_staff(PostCode.ADMINISTRATOR))
    other = make_staff()

    page = client.get(f"/admin/branches/staffmember/{other.pk}/password/", follow=True)
    assert b'type="password"' not in page.content
    assert b'name="password1"' not in client.get("/admin/branches/staffmember/add/").content


def test_make_branch_names_are_read_in_pinyin(officer):
    assert {"wangjianguo", "baiqueyuan", "guangshan"} <= set(passwords.names_around(officer))
    make_branch()
