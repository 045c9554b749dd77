"""The counter asks the engine of the imports: the table binds, the weights order and explain, four queries."""

from datetime import date

import pytest

from customers import duplicates
from customers.duplicates import Claim, find
from customers.matching import live, nightly
from customers.models import ReviewPair
from customers.persons import documents
from customers.persons.judging import judge
from tests.factories import add_document, make_customer, make_village, resident_number

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)
BORN = date(1980, 5, 12)
PHONE = "13800000001"


def found(**claim):
    return [(match.customer.pk, match.rule, match.outcome) for match in find(Claim(**claim), as_of=DAY)]


def test_four_queries_whatever_is_found(django_assert_max_num_queries):
    village, number = make_village(), resident_number()
    for _ in range(5):
        make_customer("张桂兰", village=village, birth_date=BORN, phone=PHONE)
    claim = Claim("张桂兰", id_no=number, birth_date=BORN, phone=PHONE, village=village)

    find(claim, as_of=DAY)  # the weights in force are asked for once in five minutes

    with django_assert_max_num_queries(4):
        assert len(find(claim, as_of=DAY)) == 5


def test_counter_and_night_say_the_same_of_two_people():
    village = make_village()
    one, other = (make_customer("张桂兰", village=village, birth_date=BORN, phone=PHONE) for _ in range(2))

    night = nightly.verdicts_on([(one.pk, other.pk)], as_of=DAY)[one.pk, other.pk]
    match = find(Claim("张桂兰", birth_date=BORN, phone=PHONE, village=village), as_of=DAY)[0]

    assert (match.rule, match.outcome) == (night.rule, night.outcome) == ("R6", "PROBABLE")
    assert match.evidence["levels"] == night.evidence["levels"]


def test_former_name_leads_to_the_person_and_is_told_as_an_alias():
    village = make_village()
    person = make_customer("张桂兰", village=village, birth_date=BORN)
    person.other_names.create(
        kind="former", name="张小花", name_key="张小花", pinyin="zhangxiaohua", recorded_on=DAY
    )

    [match] = find(Claim("张小花", birth_date=BORN, village=village), as_of=DAY)

    assert match.customer == person
    assert match.evidence["levels"]["name"] == "alias"
    assert match.outcome == "NAME"


def test_what_the_weights_alone_see_becomes_a_question_and_refuses_nobody():
    village = make_village()
    person = make_customer("张桂兰", village=village, birth_date=BORN, phone=PHONE)
    person.phones.update(valid_to=DAY)
    [match] = find(Claim("张桂蓝", phone=PHONE, village=village, birth_date=None), as_of=DAY)
    new = make_customer("张桂蓝", village=village)

    duplicates.note_for_review(new, [match], said="another person")

    assert match.outcome == "NAME"
    pair = ReviewPair.objects.get()
    assert (pair.rule, pair.outcome) == ("NAME", "POSSIBLE")
    assert pair.evidence["said"] == "another person"
    assert pair.evidence["levels"]["phone"] == "mobile"


def test_another_valid_number_is_another_person():
    village = make_village()
    make_customer("张桂兰", village=village, birth_date=BORN, phone=PHONE, number=resident_number())

    assert found(name="张桂兰", id_no=resident_number(), phone=PHONE, village=village) == []


def test_namesakes_with_other_numbers_that_stand_are_not_opened(django_assert_num_queries):
    for _ in range(3):
        make_customer("张桂兰", birth_date=BORN, number=resident_number())

    with django_assert_num_queries(1):
        assert found(name="张桂兰", id_no=resident_number()) == []


def test_somebody_with_one_number_that_stands_and_one_mistyped_is_told_by_the_latter():
    number = resident_number()
    damaged = f"{number[:-1]}{'0' if number[-1] != '0' else '1'}"
    person = make_customer("张桂兰", birth_date=BORN, number=resident_number())
    add_document(person, damaged, state="UNVERIFIED")

    assert found(name="张桂兰", id_no=number) == [(person.pk, "R4", "PROBABLE")]


def test_numbers_and_phones_are_found_under_every_key_in_use(monkeypatch):
    number, other = resident_number(), b"x" * 16
    person = make_customer("张桂兰", number=number, phone=PHONE)
    monkeypatch.setattr(live, "forms", lambda digest: (other, digest))
    monkeypatch.setattr(documents, "forms", lambda digest: (other, digest))

    assert found(name="王芳", id_no=number) == [(person.pk, "R2", "CONFLICT")]
    assert found(name="张桂兰", phone=PHONE) == [(person.pk, "R7", "POSSIBLE")]
    assert documents.holder_of(judge("ID18", number, DAY)) == person


def test_namesake_of_the_village_is_told_and_not_asked_about():
    village = make_village()
    person = make_customer("张桂兰", village=village, birth_date=BORN)
    stranger = find(Claim("张桂兰", village=village, birth_date=date(1950, 1, 1)), as_of=DAY)

    assert [(match.customer, match.rule) for match in stranger] == [(person, "NAME")]
    assert not stranger[0].is_question


def test_the_likelier_of_two_comes_first():
    village = make_village()
    less = make_customer("张桂兰", birth_date=BORN, village=village)
    more = make_customer("张桂兰", birth_date=BORN, village=village, phone=PHONE)

    told = found(name="张桂兰", birth_date=BORN, phone=PHONE, village=village)

    assert told == [(more.pk, "R6", "PROBABLE"), (less.pk, "R6", "PROBABLE")]
