"""What one person proposes another confirms: over the page, in the service and in the database."""

import threading
from dataclasses import replace
from datetime import timedelta

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode, ProposalState
from branches.models import Proposal, Unit
from coopcrm import embedded
from coopcrm.shared import database
from coopcrm.shared.errors import PermissionRefused, Refused
from tests.answers import bare
from tests.factories import branch_of, make_branch, make_staff

KIND = "test.rename"


def works_there(staff, proposal):
    return proposal.branch_id in staff.scope.branch_ids


def is_director(staff, proposal):
    return works_there(staff, proposal) and staff.scope.holds(PostCode.DIRECTOR)


@pytest.fixture(autouse=True)
def renaming(monkeypatch):
    monkeypatch.setattr(proposals, "KINDS", dict(proposals.KINDS))

    @proposals.kind(
        KIND,
        title="Rename a branch",
        may_propose=works_there,
        may_confirm=is_director,
        confirmers={PostCode.DIRECTOR},
        together=True,
    )
    def rename(proposal, by):
        unit = proposals.subject_of(proposal)
        if proposal.change["name"] == "refused":
            raise Refused("No branch is called so.", code="bad_name")
        unit.name = proposal.change["name"]
        unit.save(update_fields=["name"])


def suggest(by, name="新名", **more):
    unit = more.pop("unit", None) or branch_of(by)
    return proposals.propose(KIND, subject=unit, change={"name": name}, by=by, branch=unit, **more)


@pytest.fixture
def cashier(db):
    return make_staff()


@pytest.fixture
def director(cashier):
    return make_staff(PostCode.DIRECTOR, branch_of(cashier))


def name_of(unit):
    return Unit.objects.values_list("name", flat=True).get(pk=unit.pk)


def test_a_proposal_changes_nothing_until_another_person_confirms(cashier, director):
    branch = branch_of(cashier)
    proposal = suggest(cashier, reason="The town was renamed.")
    assert name_of(branch) == branch.name
    assert proposal.before == {"name": branch.name}

    confirmed = proposals.confirm(proposal, by=director)

    assert name_of(branch) == "新名"
    assert (confirmed.state, confirmed.decided_by) == (ProposalState.CONFIRMED, director)


def test_nobody_confirms_the_own_proposal(director):
    proposal = suggest(director)

    with pytest.raises(PermissionRefused):
        proposals.confirm(proposal, by=director)
    with pytest.raises(PermissionRefused):
        proposals.decline(proposal, by=director, note="no")

    assert name_of(branch_of(director)) != "新名"
    assert not proposals.may_decide(director, proposal)


def test_the_database_refuses_the_proposer_as_second_person(director):
    proposal = suggest(director)
    deed = {"state": ProposalState.CONFIRMED, "decided_by": director, "decided_at": timezone.now()}

    with pytest.raises(IntegrityError, match="proposal_two_persons"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(**deed)
    with pytest.raises(IntegrityError, match="stays as it was proposed"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(**deed, proposed_by=make_staff())
    proposal.pk, proposal.state = None, ProposalState.CONFIRMED
    with pytest.raises(IntegrityError, match="begins open"), transaction.atomic():
        proposal.save(force_insert=True)


def test_state_and_decision_agree(cashier, director):
    proposal = suggest(cashier)
    rows = Proposal.objects.filter(pk=proposal.pk)

    for wrong in (
        {"state": ProposalState.CONFIRMED},
        {"decided_by": director},
        {"state": ProposalState.WITHDRAWN, "decided_by": director, "decided_at": timezone.now()},
    ):
        with pytest.raises(IntegrityError, match="proposal_state_and_decision_agree"), transaction.atomic():
            rows.update(**wrong)


def test_a_decided_proposal_stays_decided(cashier, director):
    proposal = proposals.decline(suggest(cashier), by=director, note="Not now.")

    with pytest.raises(Refused):
        proposals.confirm(proposal, by=director)
    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="open", decided_by=None, decided_at=None)

    assert name_of(branch_of(cashier)) != "新名"


def test_a_post_that_may_not_propose_or_confirm_is_refused(cashier):
    stranger, colleague = make_staff(PostCode.DIRECTOR), make_staff(unit=branch_of(cashier))

    with pytest.raises(PermissionRefused):
        suggest(stranger, unit=branch_of(cashier))
    proposal = suggest(cashier)
    for other in (stranger, colleague):
        with pytest.raises(PermissionRefused):
            proposals.confirm(proposal, by=other)

    assert Proposal.objects.get().state == ProposalState.OPEN


def test_the_same_is_proposed_once_at_a_time(cashier):
    first = suggest(cashier)

    with pytest.raises(Refused) as refusal:
        suggest(cashier, "另名")
    assert refusal.value.code == "proposed_already"
    proposals.withdraw(first, by=cashier)
    suggest(cashier, "另名")

    assert Proposal.objects.filter(state=ProposalState.OPEN).count() == 1


def test_a_change_on_outdated_values_is_not_carried_out(cashier, director):
    branch = branch_of(cashier)
    proposal = suggest(cashier)
    Unit.objects.filter(pk=branch.pk).update(name="第三名")

    failed = proposals.confirm(proposal, by=director)

    assert failed.state == ProposalState.FAILED
    assert name_of(branch) == "第三名"


def test_a_refused_deed_leaves_the_proposal_failed_with_the_reason(cashier, director):
    failed = proposals.confirm(suggest(cashier, "refused"), by=director)

    assert (failed.state, failed.decision_note) == (ProposalState.FAILED, "No branch is called so.")
    assert name_of(branch_of(cashier)) != "refused"


def test_an_expired_proposal_is_not_confirmed_and_is_closed_by_the_task(cashier, director):
    proposal = suggest(cashier, now=timezone.now() - timedelta(days=proposals.DAYS_OPEN, seconds=1))

    with pytest.raises(Refused) as refusal:
        proposals.confirm(proposal, by=director)
    assert refusal.value.code == "proposal_expired"
    assert proposals.waiting_for(director) == []
    assert (proposals.expire(), proposals.expire()) == (1, 0)

    assert Proposal.objects.get().state == ProposalState.EXPIRED


@pytest.mark.parametrize("text", ["411522198005121231", "call 139 1234 5678 please", "41152219800512123X"])
def test_numbers_of_people_stay_out_of_proposals(cashier, text):
    with pytest.raises(Refused) as refusal:
        suggest(cashier, reason=text)

    assert refusal.value.code == "number_in_text"
    assert not Proposal.objects.exists()


def test_days_and_amounts_are_no_numbers_of_people():
    assert not proposals.holds_a_number("from 2026-03-31 to 2026-04-30 08:00, at most 100000000.00")


# -- pages -------------------------------------------------------------------------------------------------------------


def test_second_person_finds_it_in_the_queue_and_confirms(client, cashier, director):
    proposal = suggest(cashier)
    client.force_login(director)
    assert "Rename a branch" in client.get(reverse("branches:proposals")).content.decode()
    url = reverse("branches:proposal", args=[proposal.pk])
    assert "新名" in client.get(url).content.decode()

    client.post(url, {"deed": "confirm"})
    client.post(url, {"deed": "confirm"})  # a double click

    assert name_of(branch_of(cashier)) == "新名"
    assert Proposal.objects.get().decided_by == director


def test_the_proposer_gets_no_button_and_403(client, director):
    proposal = suggest(director)
    client.force_login(director)
    url = reverse("branches:proposal", args=[proposal.pk])

    assert 'value="confirm"' not in client.get(url).content.decode()
    assert client.post(url, {"deed": "confirm"}).status_code == 403
    assert Proposal.objects.get().state == ProposalState.OPEN


def test_proposals_of_another_branch_look_like_missing(client, cashier, director):
    proposal = suggest(make_staff())
    client.force_login(director)

    foreign = client.get(reverse("branches:proposal", args=[proposal.pk]))
    missing = client.get(reverse("branches:proposal", args=[proposal.pk + 1000]))

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert bare(foreign) == bare(missing)


def test_queue_costs_the_same_queries_with_one_and_with_many(client, director):
    client.force_login(director)
    branch, counts = branch_of(director), []
    for number in (1, 3):
        for _ in range(number):
            suggest(make_staff(unit=branch), key=str(Proposal.objects.count()))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("branches:proposals"), {"tab": "decided"})
        counts.append(len(queries))

    assert counts[0] == counts[1]


# -- together ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "looked_at"), [(1, 1), (2, 2), (3, 3), (30, 3), (31, 4), (200, 20)])
def test_a_tenth_and_at_least_three_are_looked_at(number, looked_at):
    assert proposals.sample_size(number) == looked_at


@pytest.fixture
def five(cashier, director):
    for number in range(5):
        unit = Unit.objects.create(code=f"t{number}", name="x", kind="counter", parent=branch_of(cashier))
        proposals.propose(KIND, subject=unit, change={"name": "好"}, by=cashier, branch=branch_of(cashier))
    return proposals.draw_sample(KIND, by=director)


def test_a_list_is_confirmed_after_its_sample_was_opened(client, director, five):
    client.force_login(director)
    page = reverse("branches:proposal-batch", args=[five.pk])
    assert proposals.draw_sample(KIND, by=director) == five  # no second draw

    client.post(page)
    assert not Proposal.objects.exclude(state=ProposalState.OPEN).exists()
    for number in five.sample_ids:
        client.post(reverse("branches:proposal-sample", args=[five.pk, number]))
    client.post(page)

    assert Unit.objects.filter(name="好").count() == 5


def test_one_declined_of_the_sample_closes_the_list(director, five):
    for number in five.sample_ids:
        proposals.open_of_sample(five, number, by=director)
    proposals.decline(Proposal.objects.get(pk=five.sample_ids[0]), by=director, note="Wrong.")

    assert proposals.confirm_together(five, by=director) == {}

    assert not Unit.objects.filter(name="好").exists()


def test_the_database_refuses_a_list_whose_sample_was_not_opened(five):
    with pytest.raises(IntegrityError, match="proposal_batch_sample_opened"), transaction.atomic():
        type(five).objects.filter(pk=five.pk).update(confirmed_at=timezone.now())


# -- real transactions and roles ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_parallel_confirmations_carry_it_out_once(monkeypatch):
    cashier = make_staff()
    directors = [make_staff(PostCode.DIRECTOR, branch_of(cashier)) for _ in range(2)]
    for director in directors:
        assert director.scope.posts
    proposal, done, results = suggest(cashier), [], []
    kind = proposals.KINDS[KIND]
    monkeypatch.setitem(
        proposals.KINDS, KIND, type(kind)(**{**kind.__dict__, "apply": lambda row, by: done.append(by.pk)})
    )
    barrier = threading.Barrier(4)

    def sign(director):
        barrier.wait()
        try:
            results.append(proposals.confirm(proposal, by=director).state)
        except Refused as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(who,)) for who in (*directors, *directors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 1
    assert sorted(results) == ["confirmed", "confirmed", "decided_already", "decided_already"]


@pytest.mark.django_db(transaction=True)
def test_plain_sql_of_the_web_role_meets_the_constraint():
    director = make_staff(PostCode.DIRECTOR)
    proposal = suggest(director)
    web = psycopg2.connect(embedded.places().database_url(database.WEB, connection.settings_dict["NAME"]))
    web.autocommit = True
    decide = "UPDATE branches_proposal SET state = 'confirmed', decided_at = now(), decided_by_id = %s WHERE id = %s"
    try:
        with web.cursor() as cursor:
            with pytest.raises(psycopg2.errors.CheckViolation):
                cursor.execute(decide, [director.pk, proposal.pk])
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("UPDATE branches_proposal SET proposed_by_id = NULL")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("DELETE FROM branches_proposal")
    finally:
        web.close()

    assert Proposal.objects.get().state == ProposalState.OPEN
    assert make_branch().name


def test_the_badge_is_counted_once_and_anew_after_anything_was_proposed_or_decided(
    cashier, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(proposals, "SECONDS_KEPT", 60)
    director = make_staff(PostCode.DIRECTOR, branch_of(cashier))
    assert proposals.count_waiting(director) == 0
    proposal = suggest(cashier)
    assert proposals.count_waiting(director) == 1
    assert director.scope.posts  # read before: a page knows them
    with django_assert_num_queries(0):
        assert proposals.count_waiting(director) == 1

    proposals.decline(proposal, by=director, note="no")

    assert proposals.count_waiting(director) == 0
    assert proposals.count_waiting(cashier) == 0


def test_what_waits_is_read_with_its_subjects_at_once(cashier, monkeypatch, django_assert_max_num_queries):
    director = make_staff(PostCode.DIRECTOR, branch_of(cashier))
    looks = replace(
        proposals.KINDS[KIND], may_confirm=lambda staff, one: bool(proposals.subject_of(one).name)
    )
    monkeypatch.setitem(proposals.KINDS, KIND, looks)
    suggest(cashier)
    with django_assert_max_num_queries(4) as few:
        proposals.waiting_for(director)
    for number in range(3):
        suggest(cashier, key=str(number))

    with django_assert_max_num_queries(len(few.captured_queries)):
        assert len(proposals.waiting_for(director)) == 4
