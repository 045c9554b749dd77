"""A person of another branch: what is known, asking for sharing or transfer, and what an answer opens and closes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode, ProposalState
from branches.models import Proposal
from coopcrm.shared import acting
from coopcrm.shared.database import WEB
from coopcrm.shared.errors import PermissionRefused, Refused
from coopcrm.shared.models import AuditEntry
from customers import sharing
from customers.choices import SharingPurpose
from customers.models import Customer, Household, ManagerAssignment, Sharing, Task, VisitNote
from customers.tasks.services import open_task
from ratings.models import CreditRating
from tests.answers import bare
from tests.book import make_loan, make_rating
from tests.factories import (
    branch_of,
    make_branch,
    make_case,
    make_customer,
    make_household,
    make_staff,
    make_village,
    make_visit,
    resident_number,
)
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(staff)
    return staff


@pytest.fixture
def household():
    """A household of another branch, visited in March."""
    branch = make_branch("寨河信用社")
    customer = make_customer("孙志强", branch=branch, village=make_village(), number=resident_number())
    found = make_household(customer)
    make_visit(found, make_staff(PostCode.LOAN_OFFICER, branch))
    return found


@pytest.fixture
def director(household):
    return make_staff(PostCode.DIRECTOR, household.branch)


def ask(officer, household, purpose=SharingPurpose.CREDIT_CHECK):
    return sharing.ask_for_sharing(staff=officer, customer=household.head, purpose=purpose)


def shared(officer, household, director):
    proposals.confirm(ask(officer, household), by=director)
    return Sharing.objects.get()


def page(client, household):
    return client.get(reverse("customers:customer", args=[household.head_id]))


def test_a_foreign_person_is_a_card_with_masked_name_village_branch_and_month(client, officer, household):
    text = page(client, household).content.decode()

    for shown in ("孙*强", "孙家村", "寨河信用社", "2026-03"):
        assert shown in text
    assert "孙志强" not in text
    assert "2026-03-18" not in text


def test_search_and_counter_show_the_same_card(client, officer, household):
    found = client.post(reverse("customers:search"), {"q": "孙志"}).content.decode()
    typed = {"name": "孙志强", "village_id": household.village_id}
    known = client.post(reverse("customers:known"), typed).content.decode()

    for text in (found, known):
        assert "known elsewhere" in text
        assert "last contact 2026-03" in text
        assert "孙志强" not in text.replace('value="孙志"', "")


def test_everything_beneath_a_foreign_person_looks_like_missing(client, officer, household):
    visit = VisitNote.objects.get()
    for name, pk in (("household", household.pk), ("record-facts", household.pk), ("visit", visit.pk)):
        foreign = client.get(reverse(f"customers:{name}", args=[pk]))
        missing = client.get(reverse(f"customers:{name}", args=[pk + 99_999]))
        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert bare(foreign) == bare(missing)


def test_search_costs_the_same_queries_with_one_foreign_person_and_with_many(client, officer, household):
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.post(reverse("customers:search"), {"q": "孙志"})
        counts.append(len(queries))
        make_household(make_customer("孙志明", branch=household.branch))

    assert counts[0] == counts[1]


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_asking_opens_nothing_and_the_answer_opens_household_facts_and_visits(
    client, officer, household, director
):
    url = reverse("customers:ask-elsewhere", args=[household.head_id])
    before = bare(page(client, household))
    client.post(url, {"deed": "sharing", "purpose": "credit_check"})
    assert client.get(reverse("customers:household", args=[household.pk])).status_code == 404
    assert "孙志强" not in bare(page(client, household))
    assert "孙志强" not in before

    proposals.confirm(Proposal.objects.get(), by=director)

    text = client.get(reverse("customers:household", args=[household.pk])).content.decode()
    assert "孙志强" in text
    assert "New greenhouse" in text
    visit = VisitNote.objects.get()
    assert client.get(reverse("customers:visit", args=[visit.pk])).status_code == 200


def test_what_is_shared_is_read_and_not_written(client, officer, household, director):
    loan = make_loan(household)
    shared(officer, household, director)

    assert client.get(reverse("loans:loan", args=[loan.pk])).status_code == 404
    assert "¥" not in client.get(reverse("customers:household", args=[household.pk])).content.decode()
    for name in ("record-facts",):
        assert client.get(reverse(f"customers:{name}", args=[household.pk])).status_code == 403
    visit_form = client.get(reverse("customers:new-visit"), {"household": household.pk})
    assert visit_form.status_code == 403


def test_reading_what_is_shared_is_on_record_with_its_purpose(client, officer, household, director):
    shared(officer, household, director)
    client.get(reverse("customers:household", args=[household.pk]))

    entry = AuditEntry.objects.get(deed="reading")

    assert (entry.actor_id, entry.purpose, entry.key) == (officer.pk, "credit_check", str(household.pk))


def test_a_sharing_ends_by_its_date_or_by_either_branch(client, officer, household, director):
    given = shared(officer, household, director)
    today = timezone.localdate()
    assert (given.valid_to - given.valid_from).days == sharing.SHARED_DAYS
    assert not Sharing.objects.on(today + timedelta(days=30)).exists()
    with pytest.raises(PermissionRefused):
        sharing.end_sharing(staff=make_staff(PostCode.DIRECTOR), sharing=given, today=today)

    client.post(reverse("customers:end-sharing", args=[given.pk]))

    assert client.get(reverse("customers:household", args=[household.pk])).status_code == 404
    assert Sharing.objects.get().ended_by == officer


def test_the_asker_and_a_stranger_do_not_answer(officer, household):
    proposal = ask(officer, household)
    own_director = make_staff(PostCode.DIRECTOR, branch_of(officer))

    for staff in (officer, own_director, make_staff(PostCode.HEAD_OFFICE)):
        with pytest.raises(PermissionRefused):
            proposals.confirm(proposal, by=staff)

    assert not Sharing.objects.exists()


def test_the_asker_sees_the_masked_name_in_the_queue_and_the_director_the_whole(
    client, officer, household, director
):
    proposal = ask(officer, household)
    url = reverse("branches:proposal", args=[proposal.pk])

    asker = client.get(url).content.decode()
    client.force_login(director)
    answerer = client.get(url).content.decode()

    assert "孙志强" not in asker
    assert "孙*强" in asker
    assert "孙志强" in answerer


def test_a_purpose_that_needs_consent_fails_without_it(officer, household, director):
    proposal = ask(officer, household, SharingPurpose.SERVICE)

    failed = proposals.confirm(proposal, by=director)

    assert failed.state == ProposalState.FAILED
    assert not Sharing.objects.exists()


def test_the_same_is_asked_once_at_a_time(client, officer, household):
    ask(officer, household)
    with pytest.raises(Refused):
        ask(officer, household)

    other = make_staff(PostCode.LOAN_OFFICER)
    ask(other, household)  # another branch learns nothing of the first


def test_own_people_are_not_asked_for(client, officer):
    own = make_customer(branch=branch_of(officer))

    response = client.post(reverse("customers:ask-elsewhere", args=[own.pk]), {"purpose": "moving"})

    assert response.status_code == 403
    assert not Proposal.objects.exists()


def test_the_database_keeps_one_sharing_at_a_time_and_two_persons(officer, household, director):
    given = shared(officer, household, director)
    copy = {
        "household": household,
        "branch": given.branch,
        "purpose": "moving",
        "valid_from": given.valid_from + timedelta(days=3),
        "valid_to": given.valid_to + timedelta(days=3),
    }

    with pytest.raises(IntegrityError, match="sharing_once_at_a_time"), transaction.atomic():
        Sharing.objects.create(**copy, asked_by=officer, granted_by=director)
    with pytest.raises(IntegrityError, match="sharing_granted_by_another_person"), transaction.atomic():
        Sharing.objects.create(**{**copy, "branch": make_branch()}, asked_by=director, granted_by=director)


# -- transfer ----------------------------------------------------------------------------------------------------------


def test_a_transfer_moves_the_household_with_its_members_once_the_other_branch_agrees(
    client, officer, household, director
):
    ManagerAssignment.objects.update(staff=director)
    url = reverse("customers:ask-elsewhere", args=[household.head_id])
    client.post(url, {"deed": "transfer", "reason": "They farm on our side of the river."})
    assert Household.objects.get().branch == household.branch

    proposals.confirm(Proposal.objects.get(), by=director)

    new = branch_of(officer)
    assert Household.objects.get().branch == new
    assert Customer.objects.get(pk=household.head_id).branch == new
    managers = list(ManagerAssignment.objects.order_by("valid_from").values_list("staff", "valid_to"))
    assert managers == [(director.pk, timezone.localdate()), (None, None)]
    assert client.get(reverse("customers:household", args=[household.pk])).status_code == 200
    client.force_login(director)
    assert client.get(reverse("customers:household", args=[household.pk])).status_code == 404


def test_a_declined_transfer_changes_nothing_and_says_why(client, officer, household, director):
    proposal = sharing.ask_for_transfer(staff=officer, customer=household.head, reason="Nearer.")

    proposals.decline(proposal, by=director, note="The loan is overdue here.")

    assert Household.objects.get().branch == household.branch
    assert "The loan is overdue here." in page(client, household).content.decode()


@pytest.mark.django_db(transaction=True)
def test_open_tasks_go_with_the_household_but_for_the_complaint_that_the_branch_owes():
    officer, branch = make_staff(PostCode.LOAN_OFFICER), make_branch()
    director = make_staff(PostCode.DIRECTOR, branch)
    with transaction.atomic():
        household = make_household(make_customer(branch=branch))
        about = {"branch": branch, "due_on": timezone.localdate(), "owner": director}
        person = open_task(kind="call", reason="Call back.", customer=household.head, **about)
        home = open_task(kind="call", reason="Look in.", household=household, **about)
        stranger = open_task(kind="call", reason="Call.", **about)
        case = make_case(make_staff(PostCode.CASHIER, branch), customer=household.head)
        proposal = sharing.ask_for_transfer(staff=officer, customer=household.head, reason="Nearer.")

    with as_role(WEB), acting.for_staff(director), transaction.atomic():
        done = proposals.confirm(proposal, by=director)

    assert done.state == ProposalState.CONFIRMED
    moved = Task.objects.filter(branch=branch_of(officer))
    assert {(task.pk, task.owner) for task in moved} == {(person.pk, None), (home.pk, None)}
    stays = set(Task.objects.filter(branch=branch).values_list("pk", "source"))
    assert stays == {(stranger.pk, ""), (Task.objects.get(key=str(case.pk), source="case").pk, "case")}


@pytest.mark.django_db(transaction=True)
def test_row_level_security_opens_what_is_shared_for_reading_alone():
    officer, branch = make_staff(PostCode.LOAN_OFFICER), make_branch()
    with transaction.atomic():
        household = make_household(make_customer(branch=branch))
        make_visit(household, make_staff(PostCode.LOAN_OFFICER, branch))
        make_rating(household)
    proposals.confirm(ask(officer, household), by=make_staff(PostCode.DIRECTOR, branch))

    with as_role(WEB), acting.for_staff(officer), transaction.atomic():
        seen = [VisitNote.objects.count(), CreditRating.objects.count()]
        written = VisitNote.objects.update(is_duplicate=True)
    Sharing.objects.update(valid_to=timezone.localdate())
    with as_role(WEB), acting.for_staff(officer), transaction.atomic():
        seen_after = VisitNote.objects.count()

    assert (seen, written, seen_after) == ([1, 0], 0, 0)
