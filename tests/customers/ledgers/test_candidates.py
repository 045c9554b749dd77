"""Whom an import looks at in the registry: found by keys, and by a name alone only where few bear it."""

import json
from datetime import date

import pytest

from customers import numbers
from customers.choices import DocumentState
from customers.ledgers import candidates
from customers.matching.mentions import Mention
from customers.models import IdentityDocument
from tests.factories import add_document, make_customer, make_village, resident_number

pytestmark = pytest.mark.django_db
DAY = date(2015, 3, 31)
BORN = date(1980, 5, 12)
PHONE = "13800000001"
NAME, SOUND, SAME_SOUND = "张桂兰", "zhangguilan", "张贵兰"


def found(**said):
    return candidates.found_by(candidates.keys_of([Mention(0, **{"name": NAME, "sound": SOUND, **said})]))


@pytest.fixture
def crowd():
    """More namesakes than a name alone brings."""
    for _ in range(candidates.FEW + 1):
        make_customer(NAME)


def test_a_common_name_alone_brings_nobody(crowd):
    assert found() == set()


def test_a_rare_name_brings_its_bearers_and_those_who_sound_alike():
    bearers = {make_customer(NAME).pk, make_customer(SAME_SOUND).pk}

    assert found() == bearers


def test_a_common_name_finds_people_by_whatever_stands_beside_it(crowd):
    village, number = make_village(), resident_number()
    at_home, born = make_customer(SAME_SOUND, village=village), make_customer(NAME, birth_date=BORN)
    named, called = make_customer("李小花", number=number), make_customer("李小花", phone=PHONE)

    assert found(village=village.code) == {at_home.pk}
    assert found(birth=BORN, birth_precision="day") == {born.pk}
    assert found(number=number) == {named.pk}
    assert found(phones=frozenset({PHONE})) == {called.pk}


def test_a_damaged_number_finds_the_whole_one(crowd):
    number = resident_number()
    holder = make_customer(NAME, number=number)

    assert found(cleaned=number[:17], prefix=number[:17]) == {holder.pk}
    assert found(cleaned=number[-12:], suffix=number[-12:]) == {holder.pk}
    assert found(cleaned="1" * 18, guess=number) == {holder.pk}


def test_a_number_that_was_typed_wrong_twice_is_found():
    typed = "110105194912310039"
    holder = make_customer("李小花")
    row = IdentityDocument(
        customer=holder, kind="ID18", **numbers.document_keys("ID18", typed)._asdict(),
        state=DocumentState.UNVERIFIED, invalid_reason="CHECKSUM", recorded_on=DAY,
    )  # fmt: skip
    row.seal("number", typed)
    row.save(force_insert=True)

    assert found(cleaned=typed) == {holder.pk}


def test_two_valid_numbers_do_not_meet_by_their_name():
    make_customer(NAME, number=resident_number())
    without = make_customer(NAME)

    assert found(number=resident_number()) == {without.pk}


def test_another_birthday_keeps_namesakes_apart_unless_it_lies_near():
    make_customer(NAME, birth_date=date(1950, 1, 1))
    lunar, unknown = make_customer(NAME, birth_date=date(1980, 6, 10)), make_customer(NAME)

    assert found(birth=BORN, birth_precision="day") == {lunar.pk, unknown.pk}


def test_a_name_alone_brings_nobody_from_another_village_unless_more_is_told():
    here, there = make_village(), make_village("石桥村")
    elsewhere, unsettled = make_customer(NAME, village=there), make_customer(NAME)
    everybody = {elsewhere.pk, unsettled.pk}

    assert found(village=here.code) == {unsettled.pk}
    assert found() == everybody
    assert found(village=here.code, birth=BORN, birth_precision="day") == {unsettled.pk}
    for more in ({"spouse": "李小花"}, {"tail": "0038"}, {"birth": BORN, "birth_precision": "month"}):
        assert found(village=here.code, **more) == everybody


def test_a_former_name_and_a_merged_record_lead_to_the_person(crowd):
    survivor = make_customer("王秀英")
    survivor.other_names.create(
        kind="former", name="张小花", name_key="张小花", pinyin="zhangxiaohua", recorded_on=DAY
    )
    number = resident_number()
    merged = make_customer(NAME)
    add_document(merged, number)
    type(merged).objects.filter(pk=merged.pk).update(merged_into=survivor, state="merged")

    assert found(name="张小花", sound="zhangxiaohua") == {survivor.pk}
    assert found(number=number) == {merged.pk, survivor.pk}
    seen = candidates.Seen([Mention(0, name="无名", number=number)])
    assert [mention.customer for mention in seen.mentions(start=1, as_of=DAY)] == [survivor.pk]


def test_the_phone_of_an_office_says_nothing():
    for _ in range(candidates.LARGEST + 1):
        make_customer("李小花", phone=PHONE)

    assert found(phones=frozenset({PHONE})) == set()


def test_keys_that_were_kept_find_the_same_people(django_assert_num_queries):
    village = make_village()
    people = {make_customer(NAME, village=village, birth_date=BORN, phone=PHONE).pk for _ in range(3)}
    said = {"village": village.code, "birth": BORN, "birth_precision": "day", "phones": frozenset({PHONE})}
    keys = candidates.keys_of([Mention(0, name=NAME, sound=SOUND, **said)])

    assert candidates.found_by(json.loads(json.dumps(keys))) == people
    seen = candidates.Seen([Mention(0, name=NAME, sound=SOUND, **said)])
    with django_assert_num_queries(10):
        mentions = seen.mentions(start=5, as_of=DAY)
    assert [mention.key for mention in mentions] == [5, 6, 7]
    assert {mention.customer for mention in mentions} == people
    assert all(mention.branch for mention in mentions)
