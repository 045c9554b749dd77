"""Sessions: what the database keeps of them, when they end, and who ends them."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Post, Session
from branches.signals import post_ended
from branches.signin import marks, services, sessions
from coopcrm.shared.errors import PermissionRefused
from coopcrm.shared.models import AuditEntry
from tests.clients import Client
from tests.factories import TODAY, make_branch, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_for(client):
    """Open a session in ``client`` and return whose."""

    def open_session(post=PostCode.DIRECTOR, unit=None, browser=client):
        staff = make_staff(post, unit)
        browser.force_login(staff)
        return staff

    return open_session


def is_in(client) -> bool:
    return client.get("/").status_code == 200


def age(client, **past) -> None:
    """Let a session have been used last so long ago."""
    Session.objects.update(**{name: timezone.now() - ago for name, ago in past.items()})


def test_a_dump_holds_neither_key_nor_content_of_a_session(client, open_for):
    open_for()
    key = client.cookies["session"].value
    session = client.session
    session["note"] = "JBSWY3DPEHPK3PXP"
    session.save()

    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(data, 'escape') FROM branches_session t")
        stored = json.dumps(cursor.fetchall())

    assert client.session["note"] == "JBSWY3DPEHPK3PXP"
    assert key not in stored
    assert "JBSWY3DP" not in stored
    assert "_auth_user" not in stored


def test_content_moved_to_another_session_does_not_open(client, open_for):
    open_for()
    other = Client()
    other.force_login(make_staff())
    mine, theirs = Session.objects.order_by("pk")
    Session.objects.filter(pk=theirs.pk).update(data=mine.data)

    with pytest.raises(Exception, match="does not open"):
        other.get("/")


@pytest.mark.parametrize(
    ("user_agent", "minutes", "stays"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Firefox/140", 14, True),
        ("Mozilla/5.0 (Windows NT 10.0) Firefox/140", 16, False),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/120 Mobile", 16, True),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/120 Mobile", 31, False),
    ],
)
def test_a_session_without_work_ends_by_its_kind_of_device(user_agent, minutes, stays):
    kind = "phone" if "Android" in user_agent else "counter"
    started, seen = timezone.now() - timedelta(hours=2), timezone.now() - timedelta(minutes=minutes)

    from branches.signin.origin import kind_of

    assert kind_of(user_agent) == kind
    assert (sessions.end_of(kind, started, seen) > timezone.now()) == stays


def test_work_keeps_a_session_open_for_twelve_hours_at_most():
    started = timezone.now() - timedelta(hours=11, minutes=55)

    assert sessions.end_of("counter", started, timezone.now()) == started + sessions.LONGEST


def test_an_ended_session_is_nobodys(client, open_for):
    open_for()
    assert is_in(client)

    Session.objects.update(
        ends_at=timezone.now() - timedelta(seconds=1), started_at=timezone.now() - timedelta(hours=1)
    )

    assert not is_in(client)


def test_work_moves_the_end_and_a_page_that_asks_by_itself_does_not(client, open_for):
    open_for()
    early = timezone.now() - timedelta(minutes=10)
    Session.objects.update(seen_at=early, started_at=early)

    client.get("/sign-in/state/")
    assert Session.objects.get().seen_at == early
    client.get("/")

    assert Session.objects.get().seen_at > early


def test_the_page_is_told_how_long_it_has_and_asks_for_more(client, open_for):
    staff = open_for()
    early = timezone.now() - timedelta(minutes=14)
    Session.objects.update(seen_at=early, started_at=early, ends_at=early + timedelta(minutes=15))

    before = client.get("/sign-in/state/").json()
    after = client.post("/sign-in/stay/").json()

    assert before["seconds"] <= 60 < after["seconds"]
    assert before["staff"] == staff.pk
    assert client.get("/sign-in/state/").json()["csrf"]


def test_own_sessions_are_listed_and_ended_one_by_one_or_together(client, open_for):
    staff = open_for()
    others = [Client(), Client(), Client()]
    for other in others:
        other.force_login(staff)
    first = Session.objects.get(key_digest=sessions.digest_of(others[0].cookies["session"].value))

    page = client.get("/sign-in/mine/")
    client.post("/sign-in/sessions/end/", {"session": first.pk})
    after_one = [is_in(browser) for browser in (client, *others)]
    client.post("/sign-in/sessions/end/")

    assert len(page.context["sessions"]) == 4
    assert after_one == [True, False, True, True]
    assert [is_in(browser) for browser in (client, *others)] == [True, False, False, False]


def test_nobody_ends_a_session_of_somebody_else_by_its_id(client, open_for):
    open_for()
    other = Client()
    other.force_login(make_staff())
    theirs = Session.objects.get(key_digest=sessions.digest_of(other.cookies["session"].value))

    client.post("/sign-in/sessions/end/", {"session": theirs.pk})

    assert is_in(other)


@pytest.mark.parametrize("change", ["ends", "begins", "moves", "in bulk"])
def test_a_session_ends_with_any_change_of_posts(client, open_for, change):
    staff = open_for()
    if change == "ends":
        staff.posts.update(valid_to=TODAY)
    elif change == "begins":
        Post.objects.create(staff=staff, unit=make_branch(), code=PostCode.CASHIER, valid_from=TODAY)
    elif change == "moves":
        staff.posts.update(unit=make_branch())
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE branches_post SET code = 'auditor'")

    answer = client.get("/")

    assert answer.headers["Location"] == "/sign-in/"
    assert not Session.objects.filter(staff=staff).exists()
    ended = AuditEntry.objects.filter(deed="session_ended").values_list("table_name", "key")
    assert list(ended) == [("branches_staffmember", str(staff.pk))]


def test_sessions_end_at_once_when_a_post_is_told_to_have_ended(client, open_for):
    staff = open_for()

    post_ended.send(Post, staff=staff, post=staff.posts.get())

    assert not Session.objects.filter(staff=staff).exists()


def test_a_session_ends_when_an_account_is_closed(client, open_for):
    staff = open_for()
    staff.is_active = False
    staff.save()

    assert not is_in(client)


def test_the_api_ends_with_the_posts_too(client, open_for):
    staff = open_for()
    assert client.get("/api/v1/units/").status_code == 200
    staff.posts.update(valid_to=TODAY)

    assert client.get("/api/v1/units/").status_code == 401


def test_a_director_ends_sessions_of_the_branch_and_of_no_other(client, open_for):
    branch = make_branch()
    director, cashier, stranger = open_for(unit=branch), make_staff("cashier", branch), make_staff("cashier")
    browser = Client()
    browser.force_login(cashier)

    services.end_sessions_of(by=director, staff=cashier)

    assert not is_in(browser)
    with pytest.raises(PermissionRefused):
        services.end_sessions_of(by=director, staff=stranger)


def test_signing_out_removes_the_session(client, open_for):
    open_for()

    client.post("/sign-out/")

    assert not Session.objects.filter(staff__isnull=False).exists()


def test_the_gate_costs_no_query_of_its_own(client, open_for, django_assert_num_queries):
    open_for()
    client.get("/sign-in/mine/")

    with django_assert_num_queries(
        3
    ):  # the session with its person, and the two that frame the view's transaction
        client.get("/sign-in/state/")


def test_old_rows_are_cleared_away(client, open_for):
    open_for()
    Session.objects.update(
        ends_at=timezone.now() - timedelta(minutes=1), started_at=timezone.now() - timedelta(hours=1)
    )

    assert sessions.SessionStore.clear_expired() == 1


def test_a_session_remembers_how_it_was_opened(client, open_for):
    open_for()

    assert client.session[marks.MEANS] == marks.SECOND_FACTOR
