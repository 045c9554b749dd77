"""A customer answers by a one-time link: once, in words of their own, without sign-in, cookie or name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from coopcrm.shared.work import do_next_order
from customers.choices import CustomerState
from customers.feedback import qr, services
from customers.feedback.slips import slip_part
from customers.models import Feedback, Invitation, Task
from tests.clients import Client
from tests.factories import (
    branch_of,
    make_customer,
    make_household,
    make_invitation,
    make_staff,
    make_visit,
)
from tests.roles import WEB, as_role

pytestmark = pytest.mark.django_db
GOOD = {"satisfaction": "5", "recommendation": "9", "words": "办得快。"}


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """The run itself asks more often than people do."""
    monkeypatch.setattr("customers.feedback.public.count", lambda name, window: (1, True))


@pytest.fixture
def officer():
    return make_staff(PostCode.LOAN_OFFICER)


@pytest.fixture
def issued(officer):
    return make_invitation(make_customer("周玉珍", branch=branch_of(officer)), officer)


def link(issued) -> str:
    return f"/say/{issued.token}/"


def test_the_page_asks_in_three_languages_and_names_branch_and_day_but_nobody(issued):
    browser = Browser()

    pages = {
        code: browser.get(f"{link(issued)}?l={code}").content.decode()
        for code in ("en", "zh-hans", "zh-hant")
    }

    assert len(set(pages.values())) == 3
    for page in pages.values():
        assert str(issued.invitation.branch) in page
        assert "周玉珍" not in page


def test_answering_needs_no_cookie_no_sign_in_and_no_script(issued):
    browser = Browser(enforce_csrf_checks=True)

    page = browser.get(link(issued))
    sent = browser.post(link(issued), GOOD)
    thanks = browser.get(sent.headers["Location"])

    assert page.status_code == 200
    assert sent.status_code == 302
    assert thanks.status_code == 200
    assert not page.cookies
    assert not sent.cookies
    assert not thanks.cookies
    assert "<script" not in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert issued.token not in sent.headers["Location"]
    answer = Feedback.objects.get(invitation=issued.invitation)
    assert (answer.satisfaction, answer.recommendation, answer.words) == (5, 9, "办得快。")
    assert (answer.customer, answer.branch) == (issued.invitation.customer, issued.invitation.branch)


def test_a_link_is_used_once_and_a_used_an_expired_and_an_invented_one_read_alike(issued, officer):
    expired = make_invitation(
        make_customer(branch=branch_of(officer)), on=timezone.localdate() - timedelta(days=40)
    )
    browser = Browser()
    browser.post(link(issued), GOOD)

    seen = [browser.get(link(found)) for found in (issued, expired)] + [
        browser.get("/say/NoSuchTokenAtAll22chars/")
    ]
    again = browser.post(link(issued), {"satisfaction": "1"})

    assert {answer.status_code for answer in [*seen, again]} == {410}
    assert len({answer.content for answer in seen}) == 1
    assert Feedback.objects.get().satisfaction == 5


def test_only_a_digest_of_the_link_is_kept(issued):
    with connection.cursor() as cursor:
        cursor.execute("SELECT i::text FROM customers_invitation i")
        stored = cursor.fetchone()[0]

    assert issued.token not in stored
    assert services.digest_of(issued.token).hex() in stored


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"satisfaction": "6"},
        {"satisfaction": "-1"},
        {"recommendation": "11"},
        {"recommendation": "NaN"},
        {"words": "x" * 501},
        {"words": "a\x00b"},
        {"words": " \u200b\u202e "},
    ],
)
def test_what_is_no_answer_is_asked_again_and_keeps_the_link(issued, sent):
    answer = Browser().post(link(issued), sent)

    assert answer.status_code == 422
    assert not Feedback.objects.exists()


def test_words_come_back_as_text_without_marks_that_turn_a_page_round(issued, officer):
    words = "<script>alert(1)</script>\u202e'; DROP TABLE customers_feedback; --"
    Browser().post(link(issued), {"words": words})
    director = make_staff(PostCode.DIRECTOR, branch_of(officer))
    client = Client()
    client.force_login(director)

    page = client.get("/feedback/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_a_field_that_the_page_does_not_show_is_refused(issued):
    answer = Browser(raise_request_exception=False).post(link(issued), {**GOOD, "customer": "1"})

    assert answer.status_code == 400
    assert not Feedback.objects.exists()


def test_another_site_cannot_send_an_answer(issued):
    answer = Browser().post(link(issued), GOOD, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert not Feedback.objects.exists()


def test_somebody_of_the_union_does_not_answer_for_a_customer(issued, officer):
    client = Client()
    client.force_login(officer)

    assert client.get(link(issued)).status_code == 403
    assert client.post(link(issued), GOOD).status_code == 403
    assert not Feedback.objects.exists()


def test_one_address_that_asks_too_often_waits(issued, monkeypatch):
    monkeypatch.setattr("customers.feedback.public.count", lambda name, window: (61, True))

    assert Browser().get(link(issued)).status_code == 429


def test_the_web_role_sees_no_invitation_while_nobody_is_signed_in_and_writes_through_the_function_alone(
    issued,
):
    with as_role(WEB), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('coopcrm.scope', '', true)")
        cursor.execute("SELECT count(*) FROM customers_invitation")
        seen = cursor.fetchone()[0]
        cursor.execute("SELECT branch FROM coopcrm_invitation(%s)", [services.digest_of(issued.token)])
        known = cursor.fetchone()

    assert seen == 0
    assert known == (str(issued.invitation.branch),)


def test_a_slip_printed_again_ends_the_first_one_and_counts(issued):
    again = make_invitation(issued.invitation.customer)

    assert services.asked_by(issued.token) is None
    assert services.asked_by(again.token) is not None
    assert Invitation.objects.get().issued == 2


def test_nobody_is_asked_twice_after_an_answer_and_nobody_after_death(issued, officer):
    Browser().post(link(issued), GOOD)
    dead = make_customer(branch=branch_of(officer), state=CustomerState.DECEASED)

    with pytest.raises(Refused):
        make_invitation(issued.invitation.customer)
    with pytest.raises(Refused):
        make_invitation(dead)


def test_only_the_managing_branch_asks(issued):
    with pytest.raises(PermissionRefused):
        make_invitation(issued.invitation.customer, by=make_staff(PostCode.CASHIER))


def test_the_slip_of_a_visit_holds_the_link_as_text_and_as_a_drawing_and_no_style(officer):
    head = make_customer(branch=branch_of(officer))
    visit = make_visit(make_household(head), officer)
    client = Client()
    client.force_login(officer)

    page = client.post(f"/feedback/visit/{visit.pk}/slip/").content.decode()

    assert "http://testserver/say/" in page
    assert "<svg" in page
    assert "style=" not in page
    assert Invitation.objects.get().staff == officer


def test_a_qr_code_draws_every_dark_module_once():
    drawing = qr.drawing_of("https://example.org/say/abc")

    assert drawing.side == 37
    assert drawing.path.startswith("M4 4h7v1h-7z")


def test_the_director_reads_words_with_names_and_who_served_sees_sums_alone(issued, officer):
    Browser().post(link(issued), GOOD)
    client, pages = Client(), {}
    for post in (PostCode.DIRECTOR, PostCode.LOAN_OFFICER):
        client.force_login(make_staff(post, branch_of(officer)))
        pages[post] = client.get("/feedback/").content.decode()

    assert "周玉珍" in pages[PostCode.DIRECTOR]
    assert "办得快。" in pages[PostCode.DIRECTOR]
    assert "周玉珍" not in pages[PostCode.LOAN_OFFICER]
    assert "办得快。" not in pages[PostCode.LOAN_OFFICER]


def test_a_low_answer_and_a_wish_for_a_call_become_the_directors_tasks_without_the_words(issued):
    Browser().post(link(issued), {"satisfaction": "2", "words": "排队太久", "wishes_call": "on"})
    while do_next_order():
        pass

    tasks = Task.objects.order_by("kind")

    assert [task.kind for task in tasks] == ["call_back", "low_rating"]
    assert {task.post for task in tasks} == {PostCode.DIRECTOR}
    assert {task.customer for task in tasks} == {issued.invitation.customer}
    assert not any("排队太久" in f"{task.reason}{task.reason_params}" for task in tasks)


@pytest.mark.parametrize(
    ("satisfaction", "recommendation", "words", "expected"),
    [
        (2, None, "", True),
        (3, 7, "", False),
        (None, 6, "", False),
        (None, 6, "慢", True),
        (5, 7, "慢", False),
        (None, 0, "慢", True),
    ],
)
def test_dissatisfied_or_a_detractor_with_words_is_looked_into(satisfaction, recommendation, words, expected):
    assert services.needs_follow_up(satisfaction, recommendation, words) is expected


def test_the_slip_of_a_registration_asks_once_and_only_where_customers_reach_the_page(officer, settings):
    person = make_customer(branch=branch_of(officer), registered_by=officer)
    nowhere = slip_part(officer, person)
    settings.PUBLIC_URL = "https://say.example.com"

    _template, shown = slip_part(officer, person)

    assert nowhere is None
    assert shown["link"].startswith("https://say.example.com/say/")
    assert slip_part(officer, person) is None
    assert slip_part(make_staff(PostCode.CASHIER), person) is None
