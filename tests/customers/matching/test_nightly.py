"""The registry compared with itself: found set-based, weighed by the one engine, asked once, joined never."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import work
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.choices import DocumentState, ReviewState
from customers.matching import nightly, roads, tallies
from customers.matching.judging import by_table, judge
from customers.matching.mentions import Profile
from customers.matching.population import Population
from customers.matching.records import known_people
from customers.models import (
    Customer,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    MatchingCandidate,
    MatchingScan,
    NameCount,
    ReviewPair,
)
from tests.book import make_account
from tests.clients import Client
from tests.factories import (
    add_document,
    make_customer,
    make_pair,
    make_staff,
    make_village,
    resident_number,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)
BORN = date(1980, 5, 12)


def scan(*, is_full=True):
    """Order a comparison and do it."""
    ordered = nightly.order_scan(as_of=DAY, is_full=is_full)
    while work.do_next_order():
        pass
    ordered.refresh_from_db()
    assert ordered.finished_at is not None
    return ordered


def asked():
    return {(pair.first_id, pair.second_id): (pair.rule, pair.outcome) for pair in ReviewPair.objects.all()}


def twice(name="张桂兰", *, other_name="", **fields):
    """One person in two branches' records."""
    fields = {"village": make_village(), "birth_date": BORN, **fields}
    return make_customer(name, **fields), make_customer(other_name or name, **fields)


def test_one_person_in_two_branches_becomes_one_question():
    one, other = twice()
    make_customer("王建国")

    found = scan()

    assert asked() == {(one.pk, other.pk): ("R6", "PROBABLE")}
    assert found.counts["compared"] == 1
    assert found.counts["rule R6"] == 1
    assert found.counts["roads"]["sound and village"] == 1
    assert not MatchingCandidate.objects.exists()
    assert set(Customer.objects.values_list("merged_into", flat=True)) == {None}


def test_evidence_is_kept_as_levels_and_bits_like_an_imports():
    twice()

    scan()

    evidence = ReviewPair.objects.get().evidence
    assert evidence["levels"]["birth"] == "day"
    assert evidence["levels"]["place"] == "village"
    assert set(evidence["bits"]) == {"base", *evidence["levels"]}


def row_naming(account, *, of):
    """A row of an account list that names an account and is taken for this person's."""
    run = LedgerImport.objects.create(as_of=DAY)
    origin = {"branch": of.branch, "kind": "account_list"}
    file = LedgerFile.objects.create(run=run, name="a.csv", digest=b"1", **origin)
    row = LedgerRow(
        file=file, row_number=1, row_key=b"k", outcome="matched", customer=of, account_key=account, **origin
    )
    row.seal("raw", "{}")
    row.save(force_insert=True)
    return row


def test_who_holds_an_account_and_whose_ledger_row_names_it_are_asked_about():
    one, other, third = (make_customer("欧阳桂兰") for _ in range(3))
    make_account(third)
    row = row_naming(make_account(one).number_key, of=other)

    found = scan()

    assert found.counts["roads"]["account"] == 1
    assert set(asked()) == {(one.pk, other.pk)}
    assert ReviewPair.objects.get().evidence["levels"]["account"] == "equal"
    assert not MatchingCandidate.objects.exists()
    LedgerRow.objects.filter(pk=row.pk).update(undone_at=timezone.now(), customer=None)
    assert scan().counts["roads"]["account"] == 0


def test_two_different_valid_numbers_are_never_asked_about():
    one, other = twice()
    for person in (one, other):
        add_document(person, resident_number())

    scan()

    assert asked() == {}


def test_one_number_under_two_names_is_a_conflict_and_marks_both():
    number = resident_number()
    one = make_customer("张桂兰", number=number)
    other = make_customer("王建国")
    add_document(other, number, state=DocumentState.DISPUTED)

    scan()

    assert asked() == {(one.pk, other.pk): ("R2", "CONFLICT")}
    assert set(Customer.objects.values_list("identity_conflict", flat=True)) == {True}


def test_a_mistyped_number_is_found_beside_the_valid_one():
    number = resident_number()
    one = make_customer("张桂兰", number=number, birth_date=BORN)
    other = make_customer("张桂兰", birth_date=BORN)
    typed = number[:9] + str((int(number[9]) + 1) % 10) + number[10:]
    document = add_document(other, typed, state=DocumentState.UNVERIFIED)
    type(document).objects.filter(pk=document.pk).update(invalid_reason="CHECKSUM")

    scan()

    assert asked() == {(one.pk, other.pk): ("R4", "PROBABLE")}


def test_former_name_and_former_phone_lead_to_the_person():
    phone = "13800000001"
    one = make_customer("张桂兰", phone=phone, village=make_village())
    one.phones.update(valid_to=DAY)
    one.other_names.create(
        kind="former", name="张小花", name_key="张小花", pinyin="zhangxiaohua", recorded_on=DAY
    )
    other = make_customer("张小花", phone=phone, village=one.village)

    scan()

    [pair] = ReviewPair.objects.all()
    assert (pair.first_id, pair.second_id) == (one.pk, other.pk)
    assert pair.evidence["levels"]["name"] == "alias"
    assert pair.evidence["levels"]["phone"] == "mobile"


def test_a_decision_is_respected_and_nothing_is_asked_twice():
    one, other = twice()
    make_pair(one, other, state=ReviewState.DIFFERENT)

    first, second = scan(), scan()

    assert ReviewPair.objects.get().state == ReviewState.DIFFERENT
    assert first.counts["found"] == second.counts["found"] == 0


def test_by_night_only_whom_something_was_written_about_is_compared():
    scan()
    one, other = twice()
    night = scan(is_full=False)
    quiet = scan(is_full=False)

    assert not night.is_full
    assert asked() == {(one.pk, other.pk): ("R6", "PROBABLE")}
    assert night.counts["found"] == 1
    assert quiet.counts["found"] == 0


def test_the_first_night_compares_everybody():
    assert scan(is_full=False).is_full


def test_a_crowded_block_is_cut_by_a_second_key_and_counted(monkeypatch):
    monkeypatch.setattr(roads, "LARGEST", 3)
    phone = "13800000001"
    people = [make_customer(name, phone=phone) for name in ("张桂兰", "张桂兰", "王建国", "李小花")]

    found = scan()

    assert asked() == {(people[0].pk, people[1].pk): ("R7", "POSSIBLE")}
    assert found.counts["blocks cut"] == 1


def test_what_stays_too_crowded_is_counted_not_hidden(monkeypatch):
    monkeypatch.setattr(roads, "LARGEST", 2)
    phone = "13800000001"
    for _ in range(3):
        make_customer("张桂兰", phone=phone)

    assert scan().counts["blocks left out"] == 1


def test_orders_done_again_after_a_kill_write_nothing_twice():
    twice()
    ordered = nightly.order_scan(as_of=DAY, is_full=True)
    while work.do_next_order():
        pass
    job = work.Job.objects.get(pk=ordered.job_id)

    for order in job.orders.filter(kind__in=[nightly.FIND, nightly.COMPARE]):
        work._handlers[order.kind](work.Work(order=order, job=job))

    assert ReviewPair.objects.count() == 1


def test_streamed_pairs_are_judged_as_the_scalar_engine_judges_them():
    names = ["张桂兰", "张桂蓝", "张贵兰", "王建国", "张桂"]
    village = make_village()
    people = [make_customer(name, village=village, birth_date=BORN, phone=f"1380000000{i % 2}")
              for i, name in enumerate(names)]  # fmt: skip
    pairs = [(a.pk, b.pk) for i, a in enumerate(people) for b in people[i + 1 :]]
    tallies.count_names()

    streamed = nightly.verdicts_on(pairs, as_of=DAY)

    known = known_people([person.pk for person in people])
    profiles = {pk: Profile([person.mention(pk, DAY)]) for pk, person in known.items()}
    population = Population.of(list(profiles.values()))
    assert tallies.population_for(profiles.values()) == population
    for first, second in pairs:
        one, other = known[first], known[second]
        shared = min(one.phones & other.phones, default=None)
        table = by_table(
            one.records(DAY, shared or min(one.phones)), other.records(DAY, shared or min(other.phones))
        )
        alone = judge(table, profiles[first], profiles[second], population)
        assert streamed.get((first, second)) == alone


def test_names_are_counted_for_the_whole_registry():
    village = make_village()
    for name in ("张桂兰", "张桂兰", "张建国"):
        make_customer(name, village=village)

    tallies.count_names()

    counts = {(row.kind, row.word, row.place): row.people for row in NameCount.objects.all()}
    assert counts["name", "张桂兰", ""] == 2
    assert counts["surname", "张", ""] == 3
    assert counts["home", "张", village.code] == 3
    assert counts["people", "", ""] == 3


def test_head_office_alone_orders_a_comparison_and_one_at_a_time():
    with pytest.raises(PermissionRefused):
        nightly.order_scan(as_of=DAY, started_by=make_staff(PostCode.DIRECTOR))
    nightly.order_scan(as_of=DAY, started_by=make_staff(PostCode.HEAD_OFFICE))

    with pytest.raises(Refused, match="under way"):
        nightly.order_scan(as_of=DAY)


def test_page_shows_what_was_found_and_orders_one_more():
    twice()
    scan()
    browser = Client()
    browser.force_login(make_staff(PostCode.HEAD_OFFICE))

    page = browser.get(reverse("customers:scans"))
    answer = browser.post(reverse("customers:scans"), {"who": "all"})

    assert "R6" in page.content.decode()
    ordered = MatchingScan.objects.latest("pk")
    assert answer.url == reverse("jobs:job", args=[ordered.job_id])
    assert ordered.is_full
