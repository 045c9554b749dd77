"""Who acts is told to the database in every transaction, and forgotten with it."""

import pytest
from django.db import connection, transaction
from django.http import HttpResponse

from coopcrm.shared import acting
from coopcrm.shared.middleware import Actor, RequestLog
from coopcrm.shared.models import Job, JobState
from coopcrm.shared.work import NewOrder, do_next_order, handles, order_work
from tests.factories import branch_of, make_staff

SETTINGS = ("actor", "actor_name", "request", "scope")
told_to_handler: list[dict] = []


def told() -> dict:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(f"coalesce(current_setting('coopcrm.{s}', true), '')" for s in SETTINGS)
        )
        return dict(zip(SETTINGS, cursor.fetchone(), strict=True))


NOTHING = dict.fromkeys(SETTINGS, "")
LI = acting.Acting(7, "Li Na", "r-1", frozenset({3, 5}))


@pytest.mark.django_db(transaction=True)
def test_a_transaction_knows_who_acts_and_the_next_statement_does_not():
    with acting.using(LI):
        with transaction.atomic():
            assert told() == {"actor": "7", "actor_name": "Li Na", "request": "r-1", "scope": "{3,5}"}
        assert told() == NOTHING  # outside a transaction nothing is said, and nothing opens


@pytest.mark.django_db
def test_somebody_else_may_act_for_a_while_within_one_transaction():
    with acting.using(LI):
        with acting.on_all_branches():
            assert told()["scope"] == "all"
        assert told()["scope"] == "{3,5}"
    assert told()["actor_name"] == "tests"  # the process that the test run is


@pytest.mark.django_db
def test_taking_back_a_part_of_a_transaction_does_not_leave_the_wrong_actor():
    with acting.using(LI):
        told()
        with transaction.atomic(), acting.as_system("closing"):
            assert told()["actor_name"] == "closing"
            transaction.set_rollback(True)
        assert told()["actor_name"] == "Li Na"


@pytest.mark.django_db
def test_a_request_acts_as_its_person_with_the_branches_of_their_posts(rf):
    officer, seen, before = make_staff("loan_officer"), [], acting.current()
    request = rf.get("/", HTTP_X_REQUEST_ID="request-0001")
    request.user = officer
    request.resolver_match = None

    def view(request):
        seen.append(told())
        return HttpResponse()

    RequestLog(Actor(view))(request)

    branch = branch_of(officer).pk
    assert seen == [
        {
            "actor": str(officer.pk),
            "actor_name": str(officer),
            "request": "request-0001",
            "scope": f"{{{branch}}}",
        }
    ]
    assert acting.current() is before


@handles("test.who")
def note_who(work):
    told_to_handler.append(told())


@handles("test.who.mine", as_person=True)
def note_who_of_person(work):
    told_to_handler.append(told())


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["test.who", "test.who.mine"])
def test_an_order_is_done_for_the_person_who_started_it(kind):
    officer = make_staff("loan_officer")
    branch = branch_of(officer).pk
    told_to_handler.clear()
    job = order_work(kind=kind, title="x", orders=[NewOrder(kind)], started_by=officer)

    while do_next_order():
        pass

    assert Job.objects.get(pk=job.pk).state == JobState.DONE
    [who] = told_to_handler
    assert who["actor"] == str(officer.pk)
    assert who["scope"] == ("all" if kind == "test.who" else f"{{{branch}}}")
