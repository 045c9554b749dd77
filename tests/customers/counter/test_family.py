"""Spouse and household in the same flow: everybody on the papers, or nobody."""

from datetime import date

import pytest

from coopcrm.shared.errors import DomainError
from customers.choices import Relation
from customers.counter.desk import in_words_beforehand, register_at_counter
from customers.counter.family import Family, Line, OfLine
from customers.counter.services import LikelyKnown, NumberTaken
from customers.homes.selectors import membership_on
from customers.models import Customer, Household, HouseholdEvent, Marriage, Slip
from tests.factories import (
    TODAY,
    branch_of,
    make_customer,
    make_household,
    make_staff,
    make_village,
    resident_number,
)

pytestmark = pytest.mark.django_db

CERTIFICATE = "J411522-2003-000123"


def spouse(**given) -> Line:
    return Line("spouse", Relation.SPOUSE, **{"name": "王建国", "id_number": resident_number(), **given})


def at_counter(staff, family=None, **given):
    said = {
        "name": "张桂兰",
        "as_of": TODAY,
        "id_number": resident_number(),
        "opens_household": True,
        **given,
    }
    return register_at_counter(staff=staff, branch=branch_of(staff), family=family, **said)


def relations(household) -> dict[str, str]:
    rows = household.memberships.filter(valid_to=None).select_related("customer")
    return {row.customer.name: row.relation for row in rows}


def test_two_new_people_with_their_certificate_open_one_household():
    done = at_counter(make_staff(), Family(spouse=spouse(), certificate=CERTIFICATE))

    assert relations(Household.objects.get()) == {"张桂兰": "head", "王建国": "spouse"}
    assert Marriage.objects.get().open("number") == CERTIFICATE
    assert done.settled.in_words == "2 persons, 1 household, marriage since 2003"
    assert done.slip.content["beside"] == ["王*国"]


def test_words_beforehand_are_those_of_the_deed_and_nothing_is_written():
    cashier = make_staff()
    given = {
        "staff": cashier,
        "branch": branch_of(cashier),
        "as_of": TODAY,
        "name": "张桂兰",
        "family": Family(spouse=spouse(), certificate=CERTIFICATE),
        "opens_household": True,
    }

    words = in_words_beforehand(**given)

    assert not Customer.objects.exists()
    assert not HouseholdEvent.objects.exists()
    assert register_at_counter(**given).settled.in_words == words


def test_who_marries_a_known_person_moves_into_that_household():
    cashier, number = make_staff(), resident_number()
    known = make_customer("王建国", branch=branch_of(cashier), number=number)
    household = make_household(known)

    done = at_counter(cashier, Family(spouse=spouse(id_number=number), certificate=CERTIFICATE))

    assert done.settled.household == household
    assert relations(household) == {"王建国": "head", "张桂兰": "spouse"}
    assert done.settled.in_words == (
        f"1 person, 1 known already, household #{household.pk} takes them in, marriage since 2003"
    )


def test_register_names_the_head_and_the_others_line_by_line():
    village = make_village()
    members = (
        Line("m1", Relation.HEAD, name="王建国", id_number=resident_number()),
        Line("m2", Relation.SON, name="王磊", id_number=resident_number("20100101", 15)),
    )

    done = at_counter(
        make_staff(),
        Family(members=members),
        village=village,
        relation=Relation.SPOUSE,
        register_no="0123",
    )

    household = done.settled.household
    assert (household.register_no, household.village, household.head.name) == ("0123", village, "王建国")
    assert relations(household) == {"王建国": "head", "张桂兰": "spouse", "王磊": "son"}
    assert set(Customer.objects.values_list("village", flat=True)) == {village.pk}


def test_known_member_who_lives_elsewhere_moves_with_a_history():
    cashier = make_staff()
    son = make_customer("王磊", branch=branch_of(cashier))
    old = make_household(make_customer("王老汉", branch=branch_of(cashier)))
    old.memberships.create(customer=son, relation=Relation.SON, valid_from=date(2020, 1, 1))

    done = at_counter(cashier, Family(members=(Line("m1", Relation.SON, known=son),)))

    assert membership_on(son, TODAY).household == done.settled.household
    assert old.memberships.get(customer=son).valid_to == TODAY


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (Line("m1", Relation.SON, name="李秀英", id_number="411522198005121231"), NumberTaken),
        (Line("m1", Relation.SON, name="", id_number=""), DomainError),
    ],
)
def test_one_refused_line_leaves_nothing_behind(line, cause):
    make_customer("陈建军", number="411522198005121231")
    before = Customer.objects.count()

    with pytest.raises(OfLine) as refused:
        at_counter(make_staff(), Family(members=(line,)))

    assert refused.value.about == "m1"
    assert isinstance(refused.value.refusal, cause)
    assert (Customer.objects.count(), Household.objects.count(), Slip.objects.count()) == (before, 0, 0)


def test_reason_for_one_line_is_no_reason_for_another():
    cashier, village, born = make_staff(), make_village(), date(1980, 5, 12)
    make_customer("张桂兰", branch=branch_of(cashier), village=village, birth_date=born)
    line = Line("m1", Relation.HEAD, name="张桂兰", id_number=resident_number("19800512", 7))

    with pytest.raises(OfLine) as refused:
        at_counter(
            cashier,
            Family(members=(line,)),
            name="刘洋",
            village=village,
            relation=Relation.SPOUSE,
            reason="A namesake.",
        )

    assert isinstance(refused.value.refusal, LikelyKnown)


def test_person_of_another_branch_is_not_taken_into_a_household():
    number = resident_number()
    make_customer("王建国", number=number)

    with pytest.raises(OfLine) as refused:
        at_counter(make_staff(), Family(spouse=spouse(id_number=number), certificate=CERTIFICATE))

    assert refused.value.code == "other_branch"
    assert not Customer.objects.filter(name="张桂兰").exists()
