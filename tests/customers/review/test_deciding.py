"""What people decide about pairs: who may, who must confirm, what is kept, what is taken back."""

import pytest
from django.db import IntegrityError, transaction

from branches import proposals
from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.choices import DecisionStep, PairDecision, ReviewState
from customers.models import Customer, Merge, ReviewDecision, ReviewPair, Task
from customers.review import asking, figures, joining, placing, queue, services
from customers.review.questions import ask
from customers.tasks.services import drop_task
from tests.book import make_loan
from tests.factories import branch_of, make_branch, make_customer, make_household, make_pair, make_staff

pytestmark = pytest.mark.django_db
LEVELS = {"levels": {"name": "equal", "phone": "mobile", "birth": "another year"}, "weights": "2026-1"}


@pytest.fixture
def accountant():
    return make_staff(PostCode.ACCOUNTANT)


@pytest.fixture
def pair(accountant):
    branch = branch_of(accountant)
    return make_pair(make_customer(branch=branch), make_customer("张桂蓝", branch=branch), evidence=LEVELS)


def decide(staff, pair, decision, **more):
    return services.decide_pair(staff=staff, pair=pair, decision=decision, **more)


def test_decision_is_kept_with_the_evidence_that_was_shown(accountant, pair):
    decide(accountant, pair, "different", ground="paper", seconds=9)

    pair.refresh_from_db()
    kept = ReviewDecision.objects.get()
    assert (pair.state, pair.decided_by) == (ReviewState.DIFFERENT, accountant)
    assert (kept.levels, kept.weights, kept.weight) == (LEVELS["levels"], "2026-1", pair.weight)
    assert (kept.decided_by, kept.ground, kept.seconds) == (accountant, "paper", 9)
    with pytest.raises(Refused):
        decide(accountant, pair, "same")


def test_a_third_branch_and_an_officer_decide_nothing(pair):
    for staff in (make_staff(PostCode.ACCOUNTANT), make_staff(PostCode.LOAN_OFFICER, pair.first.branch)):
        with pytest.raises(PermissionRefused):
            decide(staff, pair, "different")


def test_cashier_decides_what_needs_no_second_person_and_proposes_the_rest(pair):
    cashier = make_staff(PostCode.CASHIER, pair.first.branch)

    proposed = decide(cashier, pair, "same")

    pair.refresh_from_db()
    assert (proposed.step, pair.state) == (DecisionStep.PROPOSED, ReviewState.OPEN)
    assert list(queue.queue(cashier, queue.Filters())) == []
    assert list(queue.queue(cashier, queue.Filters(tab="confirm"))) == [pair]


def test_disputed_number_is_decided_by_two_who_are_not_the_same(accountant):
    branch = branch_of(accountant)
    one, other = make_customer(branch=branch), make_customer("王建国", branch=branch)
    pair = make_pair(one, other, rule="R2", outcome="CONFLICT")
    Customer.objects.filter(pk__in=[one.pk, other.pk]).update(identity_conflict=True)

    decide(accountant, pair, "different")
    waiting = services.waiting_for(pair)
    with pytest.raises(PermissionRefused):
        proposals.confirm(waiting, by=accountant)
    director = make_staff(PostCode.DIRECTOR, branch)
    proposals.confirm(waiting, by=director)

    pair.refresh_from_db()
    one.refresh_from_db()
    done = ReviewDecision.objects.get(step=DecisionStep.DONE)
    assert (pair.state, done.proposed_by, done.decided_by) == (ReviewState.DIFFERENT, accountant, director)
    assert one.identity_conflict is False


def test_database_refuses_one_person_as_both(accountant, pair):
    decide(accountant, pair, "different")
    row = ReviewDecision.objects.get()
    row.pk, row.proposed_by = None, accountant

    with pytest.raises(IntegrityError, match="review_decision_two_persons"), transaction.atomic():
        row.save(force_insert=True)


def test_pair_across_branches_with_credit_waits_for_a_second_person(accountant):
    mine, foreign = make_customer(branch=branch_of(accountant)), make_customer("张桂蓝")
    pair = make_pair(mine, foreign)
    assert joining.second_person(accountant, pair, "same") == []

    make_loan(make_household(foreign))

    assert len(joining.second_person(accountant, pair, "same")) >= 1
    assert joining.second_person(accountant, pair, "different") == []
    assert decide(accountant, pair, "same").step == DecisionStep.PROPOSED


def test_same_joins_the_records_and_undo_makes_them_two_again(accountant, pair):
    first, second = pair.first, pair.second

    decide(accountant, pair, "same", survivor=second)

    first.refresh_from_db()
    assert (first.merged_into, list(queue.queue(accountant, queue.Filters()))) == (second, [])
    assert list(figures.decisions_as_truth()) == [(LEVELS["levels"], True)]

    services.undo_last(staff=accountant)

    first.refresh_from_db()
    pair.refresh_from_db()
    assert (first.merged_into, pair.state) == (None, ReviewState.OPEN)
    assert list(figures.decisions_as_truth()) == []


def test_two_sign_for_a_disputed_number_that_is_one_person(accountant):
    branch = branch_of(accountant)
    one, other = make_customer(branch=branch), make_customer("张桂蓝", branch=branch)
    pair = make_pair(one, other, rule="R2", outcome="CONFLICT")
    director = make_staff(PostCode.DIRECTOR, branch)

    decide(make_staff(PostCode.CASHIER, branch), pair, "same", survivor=one)
    proposals.confirm(services.waiting_for(pair), by=director)

    other.refresh_from_db()
    done = Merge.objects.get()
    assert (other.merged_into, done.state, done.confirmed_by) == (one, "done", director)


def test_who_was_decided_to_be_two_is_not_joined_through_a_third(accountant):
    branch = branch_of(accountant)
    one, two, third = (make_customer(f"张桂兰{n}", branch=branch) for n in range(3))
    decide(accountant, make_pair(one, two), "different")
    decide(accountant, make_pair(two, third), "same", survivor=two)

    with pytest.raises(Refused):
        decide(accountant, make_pair(one, third), "same")


def test_last_decision_is_taken_back_one_after_another(accountant, pair):
    second = make_pair(
        make_customer(branch=branch_of(accountant)), make_customer("李明", branch=pair.first.branch)
    )
    decide(accountant, pair, "different")
    decide(accountant, second, "later")

    services.undo_last(staff=accountant)
    services.undo_last(staff=accountant)

    states = list(ReviewPair.objects.order_by("pk").values_list("state", flat=True))
    assert states == [ReviewState.OPEN, ReviewState.OPEN]
    assert Task.objects.open().count() == 0
    with pytest.raises(Refused):
        services.undo_last(staff=accountant)
    assert list(figures.decisions_as_truth()) == []


def test_what_another_has_confirmed_is_not_taken_back(pair):
    cashier = make_staff(PostCode.CASHIER, pair.first.branch)
    pair.outcome = "CONFLICT"
    pair.save()
    decide(cashier, pair, "different")
    proposals.confirm(services.waiting_for(pair), by=make_staff(PostCode.DIRECTOR, pair.first.branch))

    assert services.last_undoable(cashier) is None


def test_later_opens_a_question_that_tells_nothing_and_brings_the_pair_back(accountant, pair):
    decide(accountant, pair, "later")

    task = Task.objects.open().get()
    asked = asking.asked_of([task.customer_id])[task.customer_id]
    assert asked == [str(asking.QUESTIONS[code]) for code in ("number", "birth", "place")]
    assert asking.wake_answered() == 0

    drop_task(task=task, by=make_staff(PostCode.DIRECTOR, task.branch), on=task.opened_on, reason="Asked.")
    assert asking.wake_answered() == 1
    pair.refresh_from_db()
    assert pair.state == ReviewState.OPEN


def test_different_is_remembered_until_weighty_evidence_comes(accountant, pair):
    decide(accountant, pair, "different")

    def again(weight):
        sides = {"first_id": pair.first_id, "second_id": pair.second_id}
        return ask([ReviewPair(**sides, rule="R4", outcome="PROBABLE", weight=weight, evidence=LEVELS)])

    assert again(pair.weight + 5).again == 0
    assert again(pair.weight + 6).again == 1

    pair.refresh_from_db()
    last = ReviewDecision.objects.latest("pk")
    assert (pair.state, pair.rule) == (ReviewState.OPEN, "R4")
    assert (last.decision, last.decided_by) == (PairDecision.AGAIN, None)


def test_decisions_teach_the_engine(accountant, pair):
    decide(accountant, pair, "different")

    assert list(figures.decisions_as_truth()) == [(LEVELS["levels"], False)]


def test_pairs_that_hang_together_are_placed_and_decided_at_once(accountant):
    branch = branch_of(accountant)
    people = [make_customer(f"张桂兰{n}", branch=branch) for n in range(4)]
    for one, other in ((0, 1), (1, 2), (2, 3)):
        make_pair(people[one], people[other], weight=3 - one)
    stray = make_pair(make_customer(branch=branch), make_customer(branch=make_branch()), weight=9)

    placing.place_pairs()
    groups = queue.grouped(queue.with_sides(queue.queue(accountant, queue.Filters())).order_by(*queue.ORDER))

    assert [(len(group.pairs), len(group.people)) for group in groups] == [(1, 2), (3, 4)]
    assert groups[0].pairs == [stray]
    done = services.decide_group(
        staff=accountant,
        pairs=groups[1].pairs,
        decision="same",
        people=[people[0].pk, people[1].pk],
    )
    assert sorted(row.decision for row in done) == ["different", "same"]
    assert list(
        queue.queue(accountant, queue.Filters()).values_list("weight", flat=True).order_by("weight")
    ) == [1, 9]


def test_marked_people_whom_no_pairs_join_are_refused(accountant, pair):
    other = make_pair(make_customer(branch=pair.first.branch), make_customer(branch=pair.first.branch))

    with pytest.raises(Refused):
        services.decide_group(
            staff=accountant,
            pairs=[pair, other],
            decision="same",
            people=[pair.first_id, pair.second_id, other.first_id, other.second_id],
        )
    assert ReviewDecision.objects.count() == 0
