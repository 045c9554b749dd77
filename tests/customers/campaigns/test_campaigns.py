"""A campaign: who is on its list, who is left alone by chance, what is written down, and what it changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from coopcrm.shared.work import do_next_order
from customers import consents
from customers.campaigns import exports, rules, segments, selectors, services
from customers.choices import CampaignOutcome, CampaignState, CustomerState, Decision, Purpose
from customers.models import Campaign, CampaignMember, Customer, Segment, SegmentMember
from customers.standards import ensure_texts
from loans.campaigns import NEW_PRODUCT
from tests.book import make_account
from tests.factories import branch_of, make_branch, make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db
SEED = bytes(range(16))


@pytest.fixture
def director():
    ensure_texts()
    return make_staff(PostCode.DIRECTOR)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def agree(staff, *people: Customer) -> None:
    for person in people:
        consents.record_consent(
            staff=staff,
            customer=person,
            purpose=Purpose.MARKETING,
            decision=Decision.GIVEN,
            channel="counter",
            at=timezone.now() - timedelta(days=1),
        )


def people_of(staff, number: int, **fields) -> list[Customer]:
    return [make_customer(branch=branch_of(staff), **fields) for _ in range(number)]


def segment_of(staff, name: str = "存款客户", filters: dict | None = None) -> Segment:
    return segments.make_segment(staff=staff, name=name, filters=filters or {}, branch=branch_of(staff))


def planned(staff, today: date, segment: Segment | None = None, **fields) -> Campaign:
    given = {"holdout_percent": 0, "starts_on": today, "ends_on": today + timedelta(days=30), **fields}
    return services.plan_campaign(
        staff=staff,
        name="秋收存款",
        segment=segment or segment_of(staff),
        goal="存款增加",
        channel="call",
        offer="一年定期",
        **given,
    )


def started(staff, today: date, **fields) -> Campaign:
    campaign = planned(staff, today, **fields)
    assert services.start_campaign(staff=staff, campaign=campaign, on=today) is None
    campaign.refresh_from_db()
    return campaign


# -- Segments ----------------------------------------------------------------------------------------------------------


def test_a_segment_knows_its_size_by_day_and_who_entered_and_who_left(director, today):
    first, second = people_of(director, 2)
    segment = segment_of(director)
    segments.count_segment(segment, on=today - timedelta(days=1))
    Customer.objects.filter(pk=first.pk).update(state=CustomerState.DECEASED)
    third = people_of(director, 1)[0]

    day = segments.count_segment(segment, on=today)

    assert (day.size, day.entered, day.gone) == (2, 1, 1)
    assert set(SegmentMember.objects.filter(valid_to=None).values_list("customer", flat=True)) == {
        second.pk,
        third.pk,
    }
    assert SegmentMember.objects.get(customer=first).valid_to == today


def test_counting_twice_on_a_day_changes_nothing(director, today):
    people_of(director, 3)
    segment = segment_of(director)
    first = segments.count_segment(segment, on=today)

    again = segments.count_segment(segment, on=today)

    assert (again.pk, again.size, again.entered, again.gone) == (first.pk, 3, 3, 0)


def test_a_segment_of_a_branch_holds_that_branchs_customers_alone(director, today):
    people_of(director, 2)
    make_customer(branch=make_branch())

    assert segments.count_segment(segment_of(director), on=today).size == 2


def test_changed_filters_are_a_new_version_and_the_old_one_stays(director):
    segment = segment_of(director)

    version = segments.change_filters(staff=director, segment=segment, filters={"agrees": "marketing"})
    same = segments.change_filters(staff=director, segment=segment, filters={"agrees": "marketing"})

    assert (version.number, same.pk) == (2, version.pk)
    assert [row.filters for row in segment.versions.order_by("number")] == [{}, {"agrees": "marketing"}]


def test_the_segment_that_somebody_keeps_is_counted_in_the_background(director):
    people_of(director, 2)
    segment = segment_of(director)
    while do_next_order():
        pass

    assert segment.days.get().size == 2


def test_only_directors_and_head_office_keep_segments():
    with pytest.raises(PermissionRefused):
        segment_of(make_staff(PostCode.LOAN_OFFICER))


# -- The list ----------------------------------------------------------------------------------------------------------


def test_nobody_without_a_consent_in_force_enters_the_list_and_the_page_says_how_many_and_why(
    director, today
):
    yes, never_asked, gone, locked, conflict, withdrew = people_of(director, 6)
    agree(director, yes, gone, locked, conflict, withdrew)
    consents.record_consent(
        staff=director,
        customer=withdrew,
        purpose=Purpose.MARKETING,
        decision=Decision.WITHDRAWN,
        channel="phone",
        at=timezone.now(),
    )
    Customer.objects.filter(pk=gone.pk).update(state=CustomerState.DECEASED)
    Customer.objects.filter(pk=locked.pk).update(is_locked=True)
    Customer.objects.filter(pk=conflict.pk).update(identity_conflict=True)

    campaign = started(director, today)

    assert [member.customer for member in campaign.members.all()] == [yes]
    assert campaign.left_out == {"not_active": 1, "locked": 1, "conflict": 1, "no_consent": 2}
    assert campaign.state == CampaignState.RUNNING
    assert never_asked.pk not in campaign.members.values_list("customer", flat=True)


def test_nobody_is_on_the_lists_of_two_campaigns_that_run(director, today):
    person = people_of(director, 1)[0]
    agree(director, person)
    segment = segment_of(director)
    started(director, today, segment=segment)
    second = planned(director, today, segment=segment)

    with pytest.raises(Refused):
        services.start_campaign(staff=director, campaign=second, on=today)


def test_chance_leaves_some_alone_and_the_database_draws_the_same_lots_as_the_rule(director, today):
    people = people_of(director, 40)
    agree(director, *people)
    campaign = planned(director, today, holdout_percent=30)
    Campaign.objects.filter(pk=campaign.pk).update(seed=SEED)

    services.start_campaign(staff=director, campaign=campaign, on=today)

    drawn = dict(campaign.members.values_list("customer", "is_holdout"))
    assert drawn == {person.pk: rules.is_held_out(SEED, person.pk, 30) for person in people}
    assert 0 < sum(drawn.values()) < 40


def test_the_list_goes_to_the_managers_of_the_households(director, today):
    officer = make_staff(PostCode.LOAN_OFFICER, branch_of(director))
    managed, alone = people_of(director, 2)
    household = make_household(managed)
    household.assignments.update(staff=officer)
    agree(director, managed, alone)

    campaign = started(director, today)

    assert dict(campaign.members.values_list("customer", "assigned_to")) == {
        managed.pk: officer.pk,
        alone.pk: None,
    }


def test_the_filters_of_the_list_are_frozen_when_it_is_drawn(director, today):
    agree(director, *people_of(director, 1))
    campaign = started(director, today)

    segments.change_filters(staff=director, segment=campaign.segment, filters={"agrees": "marketing"})

    assert campaign.version.number == 1
    assert campaign.members.count() == 1


def test_a_long_list_is_drawn_after_a_second_person_has_signed(director, today, monkeypatch):
    monkeypatch.setattr(services, "SIGNED_FROM", 2)
    agree(director, *people_of(director, 2))
    campaign = planned(director, today)

    proposal = services.start_campaign(staff=director, campaign=campaign, on=today)
    before = campaign.members.count()
    proposals.confirm(proposal, by=make_staff(PostCode.HEAD_OFFICE))

    assert before == 0
    assert campaign.members.count() == 2
    campaign.refresh_from_db()
    assert campaign.is_running


# -- Working -----------------------------------------------------------------------------------------------------------


def member_of(campaign: Campaign) -> CampaignMember:
    return campaign.members.select_related("customer").get()


def test_do_not_contact_again_withdraws_the_consent_and_ends_every_other_list(director, today):
    person = people_of(director, 1)[0]
    agree(director, person)
    campaign = started(director, today)

    services.note_outcome(staff=director, member=member_of(campaign), outcome=CampaignOutcome.NEVER)

    assert not consents.may_use(person, Purpose.MARKETING, on=today)
    assert not services.may_be_contacted(campaign.members.all(), on=today).exists()
    with pytest.raises(Refused):
        services.note_outcome(staff=director, member=member_of(campaign), outcome=CampaignOutcome.BOUGHT)


def test_a_withdrawal_at_the_counter_takes_a_person_off_the_work_list_and_the_file_at_once(director, today):
    person = people_of(director, 1)[0]
    agree(director, person)
    campaign = started(director, today)
    on_the_list = selectors.work_list(director, campaign, on=today, everybody=True).count()

    consents.record_consent(
        staff=director,
        customer=person,
        purpose=Purpose.MARKETING,
        decision=Decision.WITHDRAWN,
        channel="counter",
        at=timezone.now(),
    )

    assert on_the_list == 1
    assert not selectors.work_list(director, campaign, on=today, everybody=True).exists()
    assert not exports.rows_of(director, {"campaign": campaign.pk}).exists()


def test_whom_chance_left_alone_is_not_contacted(director, today):
    agree(director, *people_of(director, 1))
    campaign = started(director, today)
    campaign.members.update(is_holdout=True, assigned_to=None)

    with pytest.raises(Refused):
        services.note_outcome(staff=director, member=member_of(campaign), outcome=CampaignOutcome.REACHED)
    assert not selectors.work_list(director, campaign, on=today, everybody=True).exists()


def test_another_branch_writes_nothing_down(director, today):
    agree(director, *people_of(director, 1))
    campaign = started(director, today)

    with pytest.raises(PermissionRefused):
        services.note_outcome(
            staff=make_staff(PostCode.DIRECTOR), member=member_of(campaign), outcome=CampaignOutcome.REACHED
        )


def test_a_campaign_is_stopped_with_a_reason_extended_and_finished_by_its_last_day(director, today):
    agree(director, *people_of(director, 1))
    campaign = started(director, today)

    services.extend_campaign(staff=director, campaign=campaign, ends_on=today + timedelta(days=60))
    with pytest.raises(Refused):
        services.stop_campaign(staff=director, campaign=campaign, reason=" ", on=today)
    early = services.finish_due(on=today + timedelta(days=60))
    late = services.finish_due(on=today + timedelta(days=61))

    assert (early, late) == (0, 1)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


# -- Results -----------------------------------------------------------------------------------------------------------


def test_the_difference_of_two_groups_by_hand():
    told = rules.difference(rules.Group(100, 0.30, 0.21), rules.Group(50, 0.10, 0.09))

    assert (told.value, told.low, told.high) == (Decimal("0.2"), Decimal("0.0776"), Decimal("0.3224"))
    assert told.is_certain


def test_below_thirty_people_on_a_side_nothing_is_said():
    told = rules.difference(rules.Group(500, 0.30, 0.21), rules.Group(29, 0.10, 0.09))

    assert not told.is_told
    assert not told.is_certain


def test_results_count_those_who_took_a_new_product_on_both_sides(director, today):
    contacted, left_alone = people_of(director, 2)
    agree(director, contacted, left_alone)
    campaign = started(director, today)
    campaign.members.filter(customer=left_alone).update(is_holdout=True, assigned_to=None)
    make_account(contacted, opened_on=today)
    make_account(left_alone, opened_on=today - timedelta(days=90))

    results = {result.label: result.difference for result in selectors.results(campaign, as_of=today)}

    taken = results[NEW_PRODUCT.label]
    assert (taken.contacted.n, taken.contacted.mean) == (1, 1.0)
    assert (taken.held_out.n, taken.held_out.mean) == (1, 0.0)


# -- Pages -------------------------------------------------------------------------------------------------------------


def test_an_officer_works_through_the_list_on_a_page(client, director, today, django_assert_max_num_queries):
    officer = make_staff(PostCode.LOAN_OFFICER, branch_of(director))
    people = people_of(director, 5)
    agree(director, *people)
    campaign = started(director, today)
    client.force_login(officer)
    with django_assert_max_num_queries(40):
        page = client.get(f"/campaigns/{campaign.pk}/work/").content.decode()

    member = campaign.members.first()
    client.post(f"/campaigns/people/{member.pk}/outcome/", {"outcome": "bought"})

    assert all(person.name in page for person in people)
    member.refresh_from_db()
    assert (member.outcome, member.outcome_by) == ("bought", officer)


def test_what_was_noted_by_mistake_is_found_and_corrected_but_never_a_withdrawal(client, director, today):
    agree(director, *people_of(director, 2))
    campaign = started(director, today)
    first, second = campaign.members.order_by("pk")
    client.force_login(director)
    note, listed = "/campaigns/people/{}/outcome/", f"/campaigns/{campaign.pk}/work/"
    client.post(note.format(first.pk), {"outcome": "bought"})
    client.post(note.format(second.pk), {"outcome": "never"})

    contacted = {
        member.pk: may_note for member, _, may_note in client.get(f"{listed}?contacted=1").context["lines"]
    }
    assert contacted == {first.pk: True, second.pk: False}

    client.post(note.format(first.pk), {"outcome": "not_reached"})
    assert [member.pk for member, _, _ in client.get(listed).context["lines"]] == [first.pk]


def test_my_day_says_whom_campaigns_wait_for(director, today):
    agree(director, *people_of(director, 3))
    campaign = started(director, today)

    assert [(row, n) for row, n in selectors.waiting_by_campaign(director, on=today, everybody=True)] == [
        (campaign, 3)
    ]
    assert selectors.waiting_by_campaign(director, on=today + timedelta(days=400), everybody=True) == []


def test_the_pages_of_a_campaign_and_a_segment_show_what_there_is(client, director, today):
    agree(director, *people_of(director, 3))
    campaign = started(director, today)
    segments.count_segment(campaign.segment, on=today)
    client.force_login(director)

    shown = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    segment = client.get(f"/segments/{campaign.segment_id}/").content.decode()

    assert "too few to say" in shown
    assert "一年定期" in shown
    assert "3 customers" in segment


def test_the_file_of_a_list_is_ordered_through_the_road_of_lists(director, today):
    agree(director, *people_of(director, 2))
    campaign = started(director, today)
    campaign.members.filter(pk=campaign.members.first().pk).update(is_holdout=True, assigned_to=None)

    table = exports._table(director, {"campaign": campaign.pk}, False)

    assert len(list(table.rows)) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_campaignmember")
        assert cursor.fetchone()[0] == 2
