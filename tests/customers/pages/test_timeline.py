"""A timeline tells everything, latest first, by kind, period and words, page by page."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from branches.choices import PostCode
from customers import registries
from customers.models import FactSheet
from customers.pages.timeline import Asked, timeline
from tests.factories import TODAY, branch_of, make_customer, make_household, make_staff, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(staff)
    return staff


def days_told(monkeypatch, days, kind="contact"):
    """A registry with one source that tells an event on each of the days."""
    sources = registries.TimelineSources()
    events = [registries.TimelineEvent(day, f"event {number}") for number, day in enumerate(days)]
    sources.register("told", lambda staff, customer, households, window: window.cut(events), kind=kind)
    monkeypatch.setattr(registries, "timeline_sources", sources)


def test_pages_of_a_timeline_follow_each_other_without_gap_or_repeat(officer, monkeypatch):
    customer = make_customer(branch=branch_of(officer))
    days_told(monkeypatch, [TODAY - timedelta(days=number // 3) for number in range(17)])

    shown, after = [], ""
    while True:
        page = timeline(officer, customer, [], Asked(after=after), size=4)
        shown += [event.title for event in page.events]
        after = page.after
        if not after:
            break

    assert shown == [f"event {number}" for number in range(17)]


def test_an_altered_cursor_begins_at_the_top(officer, monkeypatch):
    customer = make_customer(branch=branch_of(officer))
    days_told(monkeypatch, [TODAY])

    assert len(timeline(officer, customer, [], Asked(after="yesterday-x")).events) == 1


def test_a_timeline_is_narrowed_by_kind_period_and_words(client, officer):
    customer = make_customer(branch=branch_of(officer))
    household = make_household(customer)
    make_visit(household, officer, summary="Two pigs sold, a new greenhouse.")
    FactSheet.objects.create(
        household=household,
        recorded_on=TODAY,
        population=4,
        sources={"population": ["seen", officer.pk, TODAY.isoformat()]},
    )
    url = reverse("customers:customer-timeline", args=[customer.pk])

    def told(**given):
        return client.post(url, given, headers={"HX-Request": "true"}).content.decode()

    everything, contacts, facts = told(), told(kind="contact"), told(kind="facts")
    found, missed = told(words="GREENHOUSE pigs"), told(words="tractor")

    assert all(word in everything for word in ("greenhouse", "Facts recorded", "Registered at"))
    assert ("greenhouse" in contacts, "Facts recorded" in contacts) == (True, False)
    assert ("greenhouse" in facts, "Facts recorded" in facts, "source-seen" in facts) == (False, True, True)
    assert ("greenhouse" in found, "Facts recorded" in found) == (True, False)
    assert "Nothing of this kind has happened." in missed


def test_what_happened_before_the_period_is_left_out():
    window = registries.Window(10, since=date(2026, 1, 1), until=date(2026, 3, 1))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 2)]

    told = window.cut(registries.TimelineEvent(day, str(day)) for day in days)

    assert [event.at for event in told] == [date(2026, 3, 1), date(2026, 1, 1)]


def test_a_timeline_of_another_branch_is_not_there(client, officer):
    foreign = make_customer()
    household = make_household(foreign)

    answers = [
        client.post(reverse("customers:customer-timeline", args=[foreign.pk])),
        client.post(reverse("customers:household-timeline", args=[household.pk])),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_household_tells_its_own_story_without_any_person(client, officer):
    household = make_household(branch=branch_of(officer))
    make_visit(household, officer)

    response = client.post(reverse("customers:household-timeline", args=[household.pk]))
    text = response.content.decode()

    assert "New greenhouse" in text
    assert "Registered at" not in text


def test_a_source_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no kind of event"):
        registries.TimelineSources().register("gossip", lambda *given: [], kind="gossip")
