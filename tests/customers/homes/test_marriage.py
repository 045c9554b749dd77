"""Two people marry: who moves leaves one household and joins the other, and nobody is married twice."""

from datetime import date
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from coopcrm.shared.errors import DomainError
from customers.choices import DocumentKind, DocumentState, Relation
from customers.homes import couples, selectors
from customers.masking import mask_name
from customers.models import Household, HouseholdEvent, IdentityDocument, Marriage, Membership
from tests.factories import branch_of, join, make_branch, make_customer, make_household, make_staff

DAY, TODAY = date(2026, 3, 1), date(2026, 3, 31)
CERTIFICATE = "J411522-2026-000123"

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return make_staff()


@pytest.fixture
def branch(cashier):
    return branch_of(cashier)


def single(branch, name="王小明", **fields):
    return make_customer(name, branch=branch, **fields)


def household_of(branch, name="张桂兰") -> Household:
    return make_household(make_customer(name, branch=branch))


def wed(cashier, first, second, **fields):
    return couples.marry(staff=cashier, first=first, second=second, **{"on": DAY, "as_of": TODAY, **fields})


def relations(household, day=TODAY) -> dict[str, str]:
    return {row.customer.name: row.relation for row in selectors.members_on(household, day)}


def test_the_daughter_who_marries_leaves_her_parents_and_is_the_spouse_in_the_other_household(
    cashier, branch
):
    hers, his = household_of(branch, "李家父"), household_of(branch, "王小明")
    daughter = single(branch, "李小红")
    join(hers, daughter, Relation.DAUGHTER)

    wedding = wed(cashier, daughter, his.head, certificate=CERTIFICATE, household=his)

    assert (wedding.household, wedding.moved, wedding.is_new_household) == (his, [daughter], False)
    assert relations(his) == {"王小明": "head", "李小红": "spouse"}
    assert relations(hers) == {"李家父": "head"}
    assert relations(hers, date(2026, 2, 28)) == {"李家父": "head", "李小红": "daughter"}
    assert selectors.spouse_on(daughter, DAY) == his.head
    kinds = HouseholdEvent.objects.order_by("household_id").values_list("household_id", "kind", "customer_id")
    assert list(kinds) == [(hers.pk, "marriage", daughter.pk), (his.pk, "marriage", daughter.pk)]


def test_who_marries_the_son_of_a_household_belongs_to_its_daughters(cashier, branch):
    parents, son, bride = household_of(branch), single(branch, "张小伟"), single(branch, "李小红")
    join(parents, son, Relation.SON)

    wed(cashier, son, bride, household=parents)

    assert relations(parents) == {"张桂兰": "head", "张小伟": "son", "李小红": "daughter"}


def test_two_who_leave_home_open_a_household_of_their_own(cashier, branch):
    hers, his = household_of(branch, "李家父"), household_of(branch, "王家父")
    daughter, son = single(branch, "李小红"), single(branch, "王小明")
    join(hers, daughter, Relation.DAUGHTER)
    join(his, son, Relation.SON)

    wedding = wed(cashier, son, daughter, certificate=CERTIFICATE)

    assert wedding.is_new_household
    assert relations(wedding.household) == {"王小明": "head", "李小红": "spouse"}
    wedding.household.refresh_from_db()
    assert (wedding.household.head, wedding.household.valid_from) == (son, DAY)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # somebody manages the new household


def test_two_of_one_household_stay_where_they_are(cashier, branch):
    home, partner = household_of(branch), single(branch)
    join(home, partner)

    wedding = wed(cashier, home.head, partner)

    assert (wedding.household, wedding.moved) == (home, [])
    assert relations(home) == {"张桂兰": "head", "王小明": "spouse"}


def test_a_certificate_that_stands_is_sealed_and_belongs_to_both(cashier, branch):
    one, other = single(branch), single(branch, "李小红")

    wedding = wed(cashier, one, other, certificate=" j411522－2026－000123 ")

    assert not wedding.needs_look
    assert wedding.marriage.open("number") == CERTIFICATE
    assert bytes(wedding.marriage.number) != CERTIFICATE.encode()
    papers = IdentityDocument.objects.filter(kind=DocumentKind.MARRIAGE).order_by("customer_id")
    assert [(p.customer, p.state, p.open("number")) for p in papers] == [
        (one, DocumentState.HELD, CERTIFICATE),
        (other, DocumentState.HELD, CERTIFICATE),
    ]


@pytest.mark.parametrize("typed", ["光民结字第12号", "L411522-2026-000123", ""])
def test_any_other_text_is_kept_and_the_paper_is_to_be_looked_at(cashier, branch, typed):
    wedding = wed(cashier, single(branch), single(branch, "李小红"), certificate=typed)

    assert wedding.needs_look
    assert (wedding.marriage.open("number"), wedding.marriage.state) == (typed, DocumentState.UNVERIFIED)


def test_who_is_married_is_told_what_to_do_and_nothing_is_written(cashier, branch):
    one, other, third = single(branch), single(branch, "李小红"), single(branch, "赵丽")
    wed(cashier, one, other)
    before = (Marriage.objects.count(), Membership.objects.count(), Household.objects.count())

    with pytest.raises(DomainError, match=r"王小明 is married to 李小红.*write down the divorce"):
        wed(cashier, third, one)

    assert (Marriage.objects.count(), Membership.objects.count(), Household.objects.count()) == before


def test_one_certificate_is_not_of_two_couples(cashier, branch):
    wed(cashier, single(branch), single(branch, "李小红"), certificate=CERTIFICATE)

    with pytest.raises(DomainError, match="another couple"):
        wed(cashier, single(branch, "赵丽"), single(branch, "钱伟"), certificate=CERTIFICATE)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": date(2026, 4, 1)}, "future"),
        ({"on": date(2023, 12, 31)}, "since 2024-01-01"),
    ],
)
def test_a_day_that_cannot_be_is_refused(cashier, branch, fields, words):
    home = household_of(branch)

    with pytest.raises(DomainError, match=words):
        wed(cashier, home.head, single(branch), household=home, **fields)


def test_the_dead_do_not_marry(cashier, branch):
    late = single(branch, "赵丽", deceased_on=date(2026, 2, 1), state="deceased")

    with pytest.raises(DomainError, match="died on 2026-02-01"):
        wed(cashier, late, single(branch))


def test_a_person_of_another_branch_is_handed_over_first(cashier, branch):
    home, elsewhere = household_of(branch), single(make_branch())

    with pytest.raises(DomainError, match="Ask for the transfer"):
        wed(cashier, home.head, elsewhere, household=home)

    assert not Marriage.objects.exists()


def test_nothing_is_told_about_a_person_of_another_branch(cashier, branch):
    home, far = household_of(branch), make_branch()
    husband, wife = single(far, "欧阳建国"), single(far, "李小红")
    wed(make_staff(unit=far), husband, wife)
    late = single(far, "赵大明", deceased_on=date(2026, 2, 1), state="deceased")

    for person in (husband, late):
        with pytest.raises(DomainError) as refused:
            wed(cashier, home.head, person, household=home)
        words = str(refused.value)
        assert words.startswith(f"{mask_name(person.name)} is a customer of {far}. Ask for the transfer")
        assert not any(told in words for told in (person.name, wife.name, "2026", "died", "married"))


def test_the_last_who_leaves_closes_the_household(cashier, branch):
    hers, his = household_of(branch, "李小红"), household_of(branch, "王小明")

    wed(cashier, hers.head, his.head, household=his)

    hers.refresh_from_db()
    assert (hers.valid_to, hers.head) == (DAY, None)


def test_the_database_refuses_a_second_marriage_a_second_head_and_a_member_after_death(cashier, branch):
    home, one, third = household_of(branch), single(branch), single(branch, "赵丽")
    wed(cashier, home.head, one, household=home)

    def second_marriage():
        Marriage(first=one, second=third, valid_from=TODAY).save()

    def second_head():
        Membership.objects.create(household=home, customer=third, relation="head", valid_from=TODAY)

    def member_after_death():
        type(one).objects.filter(pk=one.pk).update(deceased_on=TODAY)

    for write, rule in (
        (second_marriage, "married already"),
        (second_head, "one_head_at_a_time"),
        (member_after_death, "still a member"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            write()


@pytest.mark.django_db(transaction=True)
def test_of_two_marriages_of_one_person_at_once_one_wins():
    cashier = make_staff()
    branch = branch_of(cashier)
    one, rivals = single(branch), [single(branch, "李小红"), single(branch, "赵丽")]
    together, answers = Barrier(2), []

    def at_the_counter(rival):
        try:
            together.wait()
            answers.append(wed(cashier, one, rival).marriage.pk)
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=at_the_counter, args=[rival]) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [marriage] = Marriage.objects.all()
    assert sorted(map(str, answers)) == sorted([str(marriage.pk), "married_already"])
    assert Household.objects.count() == 1
