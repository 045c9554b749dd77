"""Weights in the open: a version takes two people, shows what it would change, and is learned from what was seen."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bench.dirt import KINDS, book
from branches import proposals
from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.matching import trials, versions, weight_views
from customers.matching.clusters import link
from customers.matching.weights import DEFAULT, Level, Weights
from customers.models import MatchingRule, MatchingRun
from tests.clients import Client
from tests.factories import make_staff

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows():
    return book(60, [*KINDS], seed=5).mentions


@pytest.fixture
def run(rows):
    return versions.remember(versions.figures_of(link(rows), rows, DEFAULT), as_of=DAY)


@pytest.fixture
def today():
    return timezone.localdate()


def head_office():
    return make_staff(PostCode.HEAD_OFFICE)


def stricter(**changed):
    return Weights("stricter", DEFAULT.tables, **{"link": 30.0, **changed})


def test_a_run_is_kept_by_appearance_and_without_any_person(run, rows):
    linked = [pattern for pattern in run.patterns if pattern["state"] == trials.LINKED]

    assert (run.mentions, run.weights) == (len(rows), DEFAULT.version)
    assert sum(pattern["pairs"] for pattern in linked) == run.links > 0
    assert set(linked[0]) == {"state", "levels", "weight", "pairs"}
    assert 0 <= run.expected_wrong < run.links


def test_a_run_that_only_asked_counts_its_questions():
    asked = [({"name": "equal", "phone": "mobile"}, 0.0), ({"name": "equal", "phone": "mobile"}, 0.0)]

    found = trials.run_of_questions(asked)

    assert (found.links, found.questions, found.expected_missed) == (0, 2, 1.0)
    assert [pattern["pairs"] for pattern in found.patterns] == [2]


@pytest.mark.parametrize(
    ("share", "words"), [(0.85, "85 %"), (0.045, "4.5 %"), (0.00005, "1 in 20,000"), (2e-7, "1 in 5,000,000")]
)
def test_a_chance_is_said_in_percent_or_as_one_in_so_many(share, words):
    assert weight_views.chance(share) == words


def test_the_same_weights_would_change_nothing(run):
    found = trials.effect(run.patterns, DEFAULT, DEFAULT)

    assert (found.linked_before, found.newly_linked, found.no_longer_linked) == (run.links, 0, 0)


def test_a_higher_threshold_shows_the_links_it_would_lose(run):
    found = trials.effect(run.patterns, DEFAULT, stricter())

    assert found.no_longer_linked == found.linked_before - found.linked_after > 0


def test_another_level_moves_the_pairs_that_reach_it(run):
    tables = {**DEFAULT.tables, "phone": {**DEFAULT.tables["phone"], "mobile": Level(1e-6, 1.0)}}

    found = trials.effect(run.patterns, DEFAULT, Weights("no phones", tables))

    assert found.no_longer_linked > 0


def test_two_people_of_head_office_put_learned_weights_into_force(run, today):
    first, second = head_office(), head_office()

    proposal = versions.propose_learned(staff=first, today=today)
    assert versions.weights_on(today + timedelta(days=1)) == DEFAULT
    proposals.confirm(proposal=proposal, by=second)

    rule = MatchingRule.objects.get()
    assert (rule.proposed_by, rule.confirmed_by) == (first, second)
    assert versions.weights_on(today) == DEFAULT
    assert versions.weights_on(today + timedelta(days=1)).version == rule.version


def test_a_version_that_was_a_mistake_is_followed_by_one_like_the_version_before(run, today):
    first, second = head_office(), head_office()
    learned = versions.propose_learned(staff=first, today=today)
    proposals.confirm(proposal=learned, by=second)

    again = versions.propose_again(staff=second, earlier=DEFAULT.version, today=today)
    told = proposals.lines_of(second, again)
    proposals.confirm(proposal=again, by=first)

    back = versions.weights_on(today + timedelta(days=2))
    assert (back.tables, back.link) == (DEFAULT.tables, DEFAULT.link)
    assert {row.valid_from for row in MatchingRule.objects.all()} == {
        today + timedelta(days=1),
        today + timedelta(days=2),
    }
    assert any(str(line.label).endswith("(bits)") for line in told)
    assert not any("tables." in str(line.label) for line in told)


def test_without_a_run_nothing_is_learned(today):
    with pytest.raises(Refused):
        versions.propose_learned(staff=head_office(), today=today)


def test_a_branch_proposes_no_weights(run, today):
    with pytest.raises(PermissionRefused):
        versions.propose_learned(staff=make_staff(PostCode.DIRECTOR), today=today)


@pytest.mark.parametrize(
    "change",
    [{"link": -1.0}, {"ask": 5.0, "link": 1.0}, {"partners": 0.0}, {"tables": {}}],
)
def test_data_that_do_not_stand_are_refused(change):
    with pytest.raises((ValueError, KeyError)):
        versions.check({**DEFAULT.as_payload(), **change})


def test_the_page_shows_levels_and_errors_and_proposes(run):
    client = Client()
    client.force_login(head_office())

    page = client.get(reverse("customers:weights"))
    proposed = client.post(reverse("customers:weights"))

    assert page.context["weights"] == DEFAULT
    assert page.context["chart_rows"][0][1] == run.links
    assert proposed.status_code == 302
    assert "same date of birth" in page.content.decode()


def test_the_page_costs_the_same_with_more_runs(run, rows, django_assert_max_num_queries):
    client = Client()
    client.force_login(head_office())
    client.get(reverse("customers:weights"))
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("customers:weights"))
    MatchingRun.objects.bulk_create(
        [
            MatchingRun(
                weights="x", as_of=DAY, mentions=1, links=1, questions=1, expected_wrong=0, expected_missed=0
            )
        ]
        * 1
    )

    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse("customers:weights"))
