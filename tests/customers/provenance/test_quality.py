"""The quality of a record: its score by hand, its sentences, and the same parts for the whole registry in SQL."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from branches.choices import PostCode
from coopcrm.shared import acting
from customers.choices import DocumentKind, DocumentState
from customers.models import Customer, IdentityDocument, Phone
from customers.provenance import quality, quality_sql, records
from customers.provenance.quality import Paper, Record, gaps, parts, score
from tests.factories import (
    add_document,
    make_branch,
    make_customer,
    make_pair,
    make_staff,
    make_village,
    resident_number,
)

DAY = date(2026, 3, 31)
GOOD = Record(
    has_birth_date=True,
    has_sex=True,
    has_village=True,
    papers=(Paper("ID18", "HELD", expires_on=date(2030, 1, 1)),),
    phones=("mobile",),
    verified_on=date(2026, 1, 1),
)


def scored(record):
    return score(parts(record, DAY).fractions())


def codes(record):
    return [gap.code for gap in gaps(record, DAY)]


def changed(**more):
    return Record(**{**GOOD.__dict__, **more})


def test_a_whole_valid_fresh_and_single_record_has_a_hundred_points_and_no_gap():
    assert (scored(GOOD), codes(GOOD)) == (Decimal("100.00"), [])


def test_an_empty_record_scores_without_the_part_that_has_no_cases():
    # completeness 0 of 5, nothing to check, not fresh, distinct: 0.1 / 0.7
    assert scored(Record()) == Decimal("14.29")
    assert codes(Record()) == ["document", "phone", "village", "birth_date", "sex", "stale"]


@pytest.mark.parametrize(
    ("change", "points", "code"),
    [
        ({"has_village": False}, "92.00", ["village"]),
        ({"phones": ("unknown",)}, "85.00", ["phone_wrong"]),
        ({"papers": (Paper("ID18", "HELD", expires_on=date(2026, 3, 30)),)}, "85.00", ["document_expired"]),
        ({"papers": (Paper("ID18", "HELD", expires_on=DAY),)}, "100.00", []),
        ({"papers": (*GOOD.papers, Paper("ID18", "RETIRED"))}, "100.00", []),
        ({"papers": (*GOOD.papers, Paper("marriage", "UNVERIFIED"))}, "100.00", []),
        ({"papers": (Paper("ID18", "DISPUTED"),)}, "77.00", ["document", "document_disputed"]),
        ({"disputed": ("village",)}, "90.00", ["disputed"]),
        ({"verified_on": date(2025, 3, 31)}, "80.00", ["stale"]),
        ({"verified_on": date(2025, 4, 1)}, "100.00", []),
        ({"is_double": True}, "90.00", ["double"]),
    ],
)
def test_each_gap_costs_what_its_part_weighs_and_has_a_sentence(change, points, code):
    assert (scored(changed(**change)), codes(changed(**change))) == (Decimal(points), code)
    assert all(str(gap.text).endswith(".") for gap in gaps(changed(**change), DAY))


def test_nothing_scores_nothing():
    assert score(dict.fromkeys(quality.WEIGHTS, (0, 0))) is None


def random_person(chance, branch, villages):
    days = [None, DAY, DAY - timedelta(days=364), DAY - timedelta(days=365), DAY + timedelta(days=1)]
    person = make_customer(
        branch=branch,
        village=chance.choice([None, *villages]),
        sex=chance.choice(["", "F"]),
        birth_date=chance.choice([None, date(1980, 5, 12)]),
        verified_on=chance.choice(days),
        disputed=chance.choice([[], [], ["village"], ["name", "sex"]]),
    )
    for _ in range(chance.randint(0, 3)):
        state = chance.choice(DocumentState.values)
        kind = chance.choice([DocumentKind.ID18, DocumentKind.MARRIAGE, DocumentKind.HOUSEHOLD_REGISTER])
        row = add_document(person, resident_number(), kind=kind, state=state)
        IdentityDocument.objects.filter(pk=row.pk).update(
            expires_on=chance.choice([None, DAY, DAY - timedelta(days=1)]),
            invalid_reason=chance.choice(["", "", "CHECK"]),
            recorded_on=chance.choice([DAY, DAY, DAY + timedelta(days=1)]),
        )
    for number in range(chance.randint(0, 2)):
        Phone.objects.create(
            customer=person,
            kind=chance.choice(["mobile", "unknown"]),
            number=b"",
            number_key=f"{person.pk}-{number}".encode(),
            valid_from=chance.choice([DAY, DAY + timedelta(days=1)]),
            valid_to=chance.choice([None, DAY, DAY + timedelta(days=1)]),
        )
    return person


@pytest.mark.django_db
def test_the_sql_of_all_records_says_the_same_as_the_rule_of_one():
    chance, branch = random.Random(20260331), make_branch()
    villages = [make_village()]
    people = [random_person(chance, branch, villages) for _ in range(60)]
    for one, other in zip(people[::7], people[1::7], strict=False):
        make_pair(one, other, state=chance.choice(["open", "different"]))
    with connection.cursor() as cursor:
        after = DAY - timedelta(days=quality.FRESH_DAYS)
        given = {"as_of": DAY, "verified_after": after, "branch": branch.pk}
        cursor.execute(f"SELECT * FROM ({quality_sql.scored()}) s ORDER BY customer_id", given)
        names = [column.name for column in cursor.description]
        bulk = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    one_by_one = []
    for pk, record in sorted(records.records_of(Customer.objects.all(), DAY).items()):
        counted = parts(record, DAY)
        one_by_one.append({"customer_id": pk, **counted.__dict__, "score": score(counted.fractions())})

    assert len(bulk) == 60
    assert bulk == one_by_one


@pytest.mark.django_db
def test_a_branch_sees_its_villages_and_people_the_worst_first(django_assert_num_queries):
    branch, bad, good = make_branch(), make_village("王家村"), make_village("孙家村")
    number, phone = resident_number(), "13900001111"
    whole = {"sex": "F", "birth_date": date(1980, 5, 12), "verified_on": date(2026, 3, 1)}
    make_customer("李梅", branch=branch, village=good, number=number, phone=phone, **whole)
    worst = make_customer("王强", branch=branch, village=bad)
    better = make_customer("王丽", branch=branch, village=bad, **whole)
    make_customer("locked", branch=branch, village=bad, is_locked=True)

    lines = records.villages_to_complete(branch, DAY)
    director = make_staff(PostCode.DIRECTOR, unit=branch)
    with acting.for_staff(director), django_assert_num_queries(5):
        people = records.people_to_complete(director, branch, bad.pk, DAY)

    assert [(line.village, line.people, line.poor) for line in lines] == [(bad, 2, 1), (good, 1, 0)]
    assert [line.customer for line in people] == [worst, better]
    assert [gap.code for gap in people[1].gaps] == ["document", "phone"]
