"""Two records of one person become one, and two again."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from branches.models import Proposal
from coopcrm.shared import acting
from coopcrm.shared.errors import DomainError, PermissionRefused, Refused
from customers.choices import CustomerState, DocumentState, FactSource, Relation, ReviewState
from customers.homes.corrections import why_not
from customers.merging import later, selectors, strays
from customers.merging.choices import MergeState, MoveKind, Side
from customers.merging.relations import PLAIN_NUMBERS, pointing, uncovered
from customers.merging.services import merge, merge_households
from customers.merging.undoing import undo_merge
from customers.models import (
    Customer,
    HouseholdEvent,
    Marriage,
    Membership,
    Merge,
    Phone,
    ReviewPair,
)
from customers.persons.phones import add_phone
from customers.provenance.services import state_values
from loans.models import Loan
from tests.book import make_account, make_contributions, make_line, make_loan, make_rating
from tests.factories import (
    add_document,
    branch_of,
    hang_tag,
    make_branch,
    make_customer,
    make_household,
    make_pair,
    make_staff,
    make_tag,
    make_task,
    make_visit,
    resident_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def director():
    staff = make_staff(PostCode.DIRECTOR)
    with acting.for_staff(staff):
        yield staff


@pytest.fixture
def branch(director):
    return branch_of(director)


@pytest.fixture
def two(branch):
    """Zhang Guilan twice: in the counter's book with her number, in the officer's without."""
    return make_customer("张桂兰", branch=branch, number=resident_number()), make_customer(
        "張桂蘭", branch=branch
    )


def again(*rows):
    for row in rows:
        row.refresh_from_db()


# -- What is covered ---------------------------------------------------------------------------------------------------


def test_every_reference_to_a_person_or_household_is_known_to_the_merge():
    """Say in the app's ``AppConfig.ready`` what a merge does with the new relation (customers/merging/README.md)."""
    assert uncovered() == frozenset()
    assert len(pointing()) > 60


def test_a_merge_is_refused_while_a_relation_is_not_covered(two, director, monkeypatch):
    monkeypatch.setattr("customers.merging.services.uncovered", lambda: frozenset({"loans.Pledge.giver"}))

    with pytest.raises(Refused, match="Pledge") as refusal:
        merge(staff=director, survivor=two[0], other=two[1])

    assert refusal.value.code == "not_covered"
    assert not Merge.objects.exists()


def test_plain_numbers_that_name_people_are_listed_with_a_reason():
    from django.apps import apps

    labels = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }

    assert set(PLAIN_NUMBERS) <= labels
    assert all(PLAIN_NUMBERS.values())


# -- What moves --------------------------------------------------------------------------------------------------------


def test_what_points_to_the_other_record_points_to_the_survivor_and_back_again(director, branch, two):
    survivor, other = two
    account, tag = make_account(other), hang_tag(other)
    task = make_task(branch, customer=other)
    pair = make_pair(survivor, other)

    row = merge(staff=director, survivor=survivor, other=other, pair=pair, reason="Same card.")

    again(other, account, tag, task, pair)
    assert (row.state, other.state, other.merged_into) == (MergeState.DONE, CustomerState.MERGED, survivor)
    assert {account.customer_id, tag.customer_id, task.customer_id} == {survivor.pk}
    assert (pair.state, row.pair) == (ReviewState.SAME, pair)

    undo_merge(staff=director, merge=row, reason="Two sisters.")

    again(other, account, tag, task, pair)
    assert (other.state, other.merged_into) == (CustomerState.ACTIVE, None)
    assert {account.customer_id, tag.customer_id, task.customer_id} == {other.pk}
    assert pair.state == ReviewState.DIFFERENT


def test_preview_says_what_the_deed_does_and_leaves_nothing_behind(director, branch, two):
    survivor, other = two
    make_account(other)
    make_household(survivor, members=(other,))

    seen = selectors.preview(survivor, other, staff=director)
    assert not Merge.objects.exists()
    row = merge(staff=director, survivor=survivor, other=other)

    assert seen.lines == selectors.lines_of(row)
    assert seen.sentences == selectors.consequences(row)
    assert seen.moved == sum(len(move.ids) for move in row.moves.filter(kind=MoveKind.MOVED))


def test_what_the_survivor_has_already_stays_with_the_other_record(director, two):
    survivor, other = two
    tag = make_tag()
    mine, theirs = hang_tag(survivor, tag), hang_tag(other, tag)
    for record in two:
        with acting.on_all_branches():
            add_phone(staff=director, customer=record, number="13800001111", as_of=timezone.localdate())
    Phone.objects.update(is_main=True)

    row = merge(staff=director, survivor=survivor, other=other)

    again(mine, theirs)
    assert (mine.customer, theirs.customer) == (survivor, other)
    kept = dict(row.moves.filter(kind=MoveKind.KEPT).values_list("relation", "ids"))
    assert kept["customers.CustomerTag.customer"] == [theirs.pk]
    assert Phone.objects.get(customer=survivor).is_main
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    assert Phone.objects.filter(is_main=True).count() == 2


def test_results_of_both_stay_and_are_not_added_up(director, branch, two):
    survivor, other = two
    tier = make_contributions(branch, ["120.00"])[0]
    type(tier).objects.filter(pk=tier.pk).update(customer=other)

    merge(staff=director, survivor=survivor, other=other)

    again(tier)
    assert tier.customer == other


def test_a_second_claim_to_the_same_number_goes_out_of_use_and_comes_back(director, branch):
    number = resident_number()
    survivor = make_customer("张桂兰", branch=branch, number=number, identity_conflict=True)
    other = make_customer("王桂兰", branch=branch, identity_conflict=True)
    claim = add_document(other, number, state=DocumentState.DISPUTED)
    make_pair(survivor, other, rule="R2", outcome="CONFLICT")

    waiting = merge(staff=director, survivor=survivor, other=other, reason="The card was seen.")
    row = confirmed(waiting, make_staff(PostCode.ACCOUNTANT, branch))

    again(claim, survivor)
    assert (claim.customer, claim.state, survivor.identity_conflict) == (
        survivor,
        DocumentState.RETIRED,
        False,
    )

    undo_merge(staff=director, merge=row, reason="The card shows somebody else.")

    again(claim, survivor, other)
    assert (claim.customer, claim.state) == (other, DocumentState.DISPUTED)
    assert survivor.identity_conflict
    assert other.identity_conflict


def confirmed(row, by):
    """The merge after another person has confirmed it."""
    with acting.for_staff(by):
        done = proposals.confirm(Proposal.objects.about(row).get(), by=by)
    assert done.decision_note == ""
    row.refresh_from_db()
    assert row.is_done
    return row


def test_statements_of_both_compete_and_return(director, branch):
    survivor = make_customer("张桂兰", branch=branch, occupation="farmer", source=FactSource.SAID)
    other = make_customer(
        "張桂蘭", branch=branch, occupation="driver", address="12", source=FactSource.DOCUMENT
    )

    row = merge(staff=director, survivor=survivor, other=other)

    again(survivor)
    assert (survivor.occupation, survivor.address) == ("driver", "12")
    state_values(
        customer=survivor,
        values={"address": "14"},
        source="document",
        on=timezone.localdate(),
        staff=director,
    )
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    again(survivor, other)
    assert (survivor.occupation, survivor.address) == ("farmer", "14")
    assert (other.occupation, other.address, other.name) == ("driver", "12", "張桂蘭")


def test_pairs_and_marriages_of_the_other_record_name_the_survivor(director, branch, two):
    survivor, other = two
    third, husband = make_customer("张桂蓝", branch=branch), make_customer("王建国", branch=branch)
    pair = make_pair(other, third)
    first, second = sorted((other, husband), key=lambda one: one.pk)
    marriage = Marriage.objects.create(first=first, second=second, valid_from=date(2003, 5, 1))

    row = merge(staff=director, survivor=survivor, other=other)

    again(pair, marriage)
    assert {pair.first_id, pair.second_id} == {survivor.pk, third.pk}
    assert {marriage.first_id, marriage.second_id} == {survivor.pk, husband.pk}
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    again(pair, marriage)
    assert {pair.first_id, pair.second_id} == {other.pk, third.pk}
    assert (marriage.first, marriage.second) == (first, second)


# -- Households --------------------------------------------------------------------------------------------------------


def stays_of(customer):
    """Where somebody belongs now: household and relation."""
    found = Membership.objects.filter(customer=customer, valid_to=None)
    return list(found.values_list("household", "relation"))


def test_in_one_household_the_survivor_is_the_head_when_the_other_record_was(director, two):
    survivor, other = two
    household = make_household(other, members=(survivor,))

    row = merge(staff=director, survivor=survivor, other=other)

    again(household)
    assert (stays_of(survivor), stays_of(other)) == ([(household.pk, Relation.HEAD)], [])
    assert household.head == survivor
    event = HouseholdEvent.objects.get(deed=row.deed)
    assert "its own page" in why_not(director, event)
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    again(household)
    assert household.head == other
    assert stays_of(survivor) == [(household.pk, Relation.OTHER)]
    assert stays_of(other) == [(household.pk, Relation.HEAD)]


@pytest.mark.parametrize("keeps", Side.values)
def test_of_two_households_the_chosen_one_stays_and_the_line_of_the_other_is_frozen(director, two, keeps):
    survivor, other = two
    son = make_customer("王小强", branch=survivor.branch)
    mine, theirs = make_household(survivor), make_household(other, members=(son,))
    line = make_line(theirs if keeps == Side.SURVIVOR else mine)

    waiting = merge(staff=director, survivor=survivor, other=other, keeps=keeps, reason="One card.")
    assert waiting.state == MergeState.WAITING
    assert stays_of(other) == [(theirs.pk, Relation.HEAD)]
    with pytest.raises(Refused) as refusal:
        merge(staff=director, survivor=survivor, other=other, keeps=keeps)
    assert refusal.value.code == "proposed_already"
    row = confirmed(waiting, make_staff(PostCode.DEPUTY_DIRECTOR, survivor.branch))

    again(line, theirs, mine)
    assert stays_of(survivor) == [((mine if keeps == Side.SURVIVOR else theirs).pk, Relation.HEAD)]
    assert line.state == "frozen"
    assert (mine.valid_to is None) == (keeps == Side.SURVIVOR)
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    again(line, theirs, mine)
    assert line.state == "active"
    assert (stays_of(survivor), stays_of(other)) == (
        [(mine.pk, Relation.HEAD)],
        [(theirs.pk, Relation.HEAD)],
    )
    assert (mine.head, mine.valid_to, theirs.head) == (survivor, None, other)


def test_two_records_of_one_household_are_joined_with_what_was_seen_there(director, branch):
    officer = make_staff(PostCode.LOAN_OFFICER, branch)
    head, twin = make_customer("王建国", branch=branch), make_customer("王小强", branch=branch)
    home, left = make_household(head), make_household(twin)
    visit, rating, line = make_visit(left, officer), make_rating(left), make_line(left)

    row = confirmed(
        merge_households(staff=director, household=home, other=left, reason="One register."),
        make_staff(PostCode.ACCOUNTANT, branch),
    )

    again(home, left, visit, rating, line)
    assert stays_of(twin) == [(home.pk, Relation.OTHER)]
    assert (visit.household, line.household, rating.household) == (home, home, left)
    assert (line.state, left.valid_to) == ("frozen", timezone.localdate())
    undo_merge(staff=director, merge=row, reason="Two hearths.")
    again(home, left, visit, line)
    assert stays_of(twin) == [(left.pk, Relation.HEAD)]
    assert (visit.household, line.household, line.state) == (left, left, "active")
    assert (left.valid_to, left.head, home.head) == (None, twin, head)


def test_of_two_lines_in_force_one_moves_and_both_wait_for_a_review(director, branch):
    home, left = (make_household(make_customer(branch=branch)) for _name in range(2))
    mine, theirs = make_line(home), make_line(left)

    confirmed(
        merge_households(staff=director, household=home, other=left), make_staff(PostCode.ACCOUNTANT, branch)
    )

    again(mine, theirs)
    assert (mine.state, theirs.state, mine.household, theirs.household) == ("frozen", "frozen", home, left)


# -- Chains ------------------------------------------------------------------------------------------------------------


def test_of_a_chain_every_record_points_to_the_living_end_and_any_link_is_taken_back(director, branch):
    a, b, c = (make_customer(name, branch=branch) for name in ("张桂兰", "張桂蘭", "张桂蘭"))
    accounts = [make_account(one) for one in (a, b, c)]
    first = merge(staff=director, survivor=b, other=a)
    second = merge(staff=director, survivor=c, other=b)

    again(a, b)
    assert (a.merged_into, b.merged_into) == (c, c)
    undo_merge(staff=director, merge=first, reason="Somebody else.")
    again(a, b, *accounts)
    assert (a.merged_into, b.merged_into) == (None, c)
    assert [one.customer for one in accounts] == [a, c, c]
    undo_merge(staff=director, merge=second, reason="Somebody else.")
    again(b, *accounts)
    assert [one.customer for one in accounts] == [a, b, c]


# -- Written since -----------------------------------------------------------------------------------------------------


def test_what_was_written_since_goes_where_it_belongs_and_people_are_asked_about_the_rest(
    director, branch, two
):
    survivor, other = two
    number = "13900002222"
    add_phone(staff=director, customer=other, number=number, as_of=timezone.localdate())
    account = make_account(other)
    row = merge(staff=director, survivor=survivor, other=other)
    again(account)
    loan = Loan.objects.create(
        account=account,
        borrower=survivor,
        branch=branch,
        principal=Decimal(1000),
        disbursed_on=date(2026, 1, 1),
        due_on=date(2026, 12, 1),
    )
    document = add_document(survivor, resident_number())
    tag = hang_tag(survivor)

    rows = {one.relation.label: one for one in later.written_since(row)}

    borrower = rows["loans.Loan.borrower"]
    assert (borrower.side, borrower.is_known) == (Side.OTHER, True)
    asked = {label for label, one in rows.items() if not one.is_known}
    assert asked == {"customers.IdentityDocument.customer", "customers.CustomerTag.customer"}
    answers = {("customers.IdentityDocument.customer", document.pk): Side.OTHER}
    undo_merge(staff=director, merge=row, reason="Two sisters.", answers=answers)
    again(loan, document, tag)
    assert (loan.borrower, document.customer, tag.customer) == (other, other, survivor)


def test_the_same_two_may_be_joined_again_by_people(director, two):
    survivor, other = two
    row = merge(staff=director, survivor=survivor, other=other)
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    pair = ReviewPair.objects.get()

    waiting = merge(staff=director, survivor=survivor, other=other, pair=pair)

    assert waiting.state == MergeState.WAITING
    confirmed(waiting, make_staff(PostCode.ACCOUNTANT, survivor.branch))
    with pytest.raises(Refused) as refusal:
        undo_merge(staff=director, merge=row, reason="Again.")
    assert refusal.value.code == "not_in_force"


# -- Refusals and second persons ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "deceased", "deceased_on": date(2026, 1, 1)}, "one_deceased"),
        ({"is_locked": True}, "record_locked"),
        ({"state": "erased"}, "record_ended"),
    ],
)
def test_what_can_never_be_one_is_refused(director, branch, fields, code):
    survivor, other = make_customer(branch=branch), make_customer(branch=branch)
    Customer.objects.filter(pk=other.pk).update(**fields)

    with pytest.raises(Refused) as refusal:
        merge(staff=director, survivor=survivor, other=other)

    assert refusal.value.code == code
    assert not Merge.objects.exists()


def test_a_person_and_an_organisation_are_two(director, branch):
    farm = make_customer("茶叶合作社", branch=branch, kind="organisation")

    with pytest.raises(Refused) as refusal:
        merge(staff=director, survivor=make_customer(branch=branch), other=farm)

    assert refusal.value.code == "another_kind"


def test_husband_and_wife_are_two(director, two):
    first, second = sorted(two, key=lambda one: one.pk)
    Marriage.objects.create(first=first, second=second, valid_from=date(2003, 5, 1))

    with pytest.raises(Refused) as refusal:
        merge(staff=director, survivor=second, other=first)

    assert refusal.value.code == "two_persons"


def test_a_cashier_and_another_branch_do_not_join_records(two):
    for staff in (make_staff(unit=two[0].branch), make_staff(PostCode.DIRECTOR)):
        with acting.for_staff(staff), pytest.raises(PermissionRefused):
            merge(staff=staff, survivor=two[0], other=two[1])


def test_customers_of_two_branches_who_owe_and_two_numbers_need_a_second_person(director, branch):
    survivor = make_customer(branch=branch, number=resident_number())
    other = make_customer(branch=make_branch("泼陂河信用社"), number=resident_number())
    make_loan(make_household(other))

    row = merge(staff=director, survivor=survivor, other=other, reason="One card.")

    [proposal] = Proposal.objects.about(row)
    assert row.state == MergeState.WAITING
    assert len(proposal.change["why"]) == 2
    theirs = make_staff(PostCode.ACCOUNTANT, other.branch)
    with acting.for_staff(theirs):
        assert [one.pk for one in proposals.waiting_for(theirs)] == [proposal.pk]
        assert proposals.subject_in_words(theirs, proposal).count("*") == 1
    confirmed(row, theirs)
    assert Loan.objects.get().borrower == survivor


# -- At the same moment ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_of_one_record_at_once_one_is_done():
    staff = make_staff(PostCode.DIRECTOR)
    branch = branch_of(staff)
    record = make_customer(branch=branch)
    rivals = [make_customer(branch=branch), make_customer(branch=branch)]
    make_account(record)
    together, answers = Barrier(2), []

    def join_to(survivor):
        try:
            with acting.for_staff(staff):
                together.wait()
                merge(staff=staff, survivor=survivor, other=record)
            answers.append("done")
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=join_to, args=[rival]) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    record.refresh_from_db()
    assert sorted(answers) == ["done", "merged_already"]
    assert record.accounts.count() == 0
    assert record.merged_into.accounts.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_written_in_the_moment_of_a_merge_is_found_at_the_record_that_stays():
    staff = make_staff(PostCode.DIRECTOR)
    branch = branch_of(staff)
    survivor, other = make_customer(branch=branch), make_customer(branch=branch)
    together, started = Barrier(2), timezone.now() - timedelta(hours=1)

    def at_once(deed):
        try:
            with acting.for_staff(staff):
                together.wait()
                deed()
        finally:
            connection.close()

    deeds = [
        lambda: merge(staff=staff, survivor=survivor, other=other),
        lambda: [make_account(Customer(pk=other.pk, branch=branch)) for _ in range(5)],
    ]
    threads = [Thread(target=at_once, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    strays.follow(since=started)

    assert (other.accounts.count(), survivor.accounts.count()) == (0, 5)
    row = Merge.objects.get()
    with acting.for_staff(staff):
        undo_merge(staff=staff, merge=row, reason="Two sisters.")
    assert (other.accounts.count(), survivor.accounts.count()) == (5, 0)


def test_what_was_left_behind_in_the_moment_of_the_merge_follows(director, two):
    survivor, other = two
    row = merge(staff=director, survivor=survivor, other=other)
    stray = make_account(other)
    started = timezone.now() - timedelta(hours=1)

    assert [strays.follow(since=started), strays.follow(since=started)] == [1, 0]

    again(stray)
    assert stray.customer == survivor
    undo_merge(staff=director, merge=row, reason="Two sisters.")
    again(stray)
    assert stray.customer == other
