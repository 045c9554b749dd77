"""What the counter registers: one document, one person, whichever branch comes first."""

import threading
import uuid
from datetime import date

import pytest
from django.db import OperationalError, connection
from psycopg2 import errors

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError, PermissionRefused, Refused
from coopcrm.shared.fields import draw_keys
from customers.choices import DocumentKind, DocumentState, DocumentWarning, Relation, ReviewState
from customers.counter import services
from customers.homes.choices import EventKind
from customers.models import (
    Customer,
    Household,
    HouseholdEvent,
    IdentityDocument,
    ManagerAssignment,
    Membership,
    Phone,
    ReviewPair,
)
from tests.factories import (
    TODAY,
    branch_of,
    make_branch,
    make_household,
    make_staff,
    make_village,
    resident_number,
)

pytestmark = pytest.mark.django_db


def register(staff, **given):
    branch = given.pop("branch", None) or branch_of(staff)
    return services.register_customer(
        staff=staff, branch=branch, **{"name": "张桂兰", "as_of": TODAY, **given}
    )


def test_registration_fills_birth_date_and_sex_from_the_number_and_seals_it():
    cashier = make_staff()
    number = resident_number("19800512", 124)

    done = register(
        cashier, id_number=f" {number[:6]} {number[6:14]} {number[14:].lower()}", phone="139 1234 5678"
    )

    customer = done.customer
    assert (done.is_new, customer.birth_date, customer.sex) == (True, date(1980, 5, 12), "F")
    assert (customer.name_key, customer.given_key, customer.pinyin) == ("张桂兰", "桂兰", "zhangguilan")
    document = customer.documents.get()
    assert (document.open("number"), document.state) == (number, DocumentState.HELD)
    assert number.encode() not in bytes(document.number)
    assert customer.phones.get().open("number") == "13912345678"


def test_second_branch_finds_the_customer_the_first_registered():
    first, second = make_staff(), make_staff()
    number = resident_number()

    at_first = register(first, id_number=number)
    at_second = register(second, id_number=number, name="張桂蘭")

    assert (at_first.is_new, at_second.is_new) == (True, False)
    assert list(Customer.objects.all()) == [at_first.customer]
    assert at_second.customer.registered_at == branch_of(first)


def test_old_number_finds_the_holder_of_the_new_one():
    cashier = make_staff()
    new = "629901198005120032"
    held = register(cashier, id_number=new)

    again = register(cashier, id_number="629901800512003")

    assert (again.customer, again.is_new) == (held.customer, False)


def test_number_under_another_name_is_refused_until_a_reason_is_given():
    cashier = make_staff()
    number = resident_number()
    holder = register(cashier, id_number=number).customer

    with pytest.raises(services.NumberTaken) as refusal:
        register(cashier, id_number=number, name="王建国")

    assert refusal.value.holder == holder
    assert Customer.objects.count() == 1


def test_disputed_number_flags_both_and_goes_to_review():
    cashier = make_staff()
    number = resident_number()
    holder = register(cashier, id_number=number).customer

    done = register(cashier, id_number=number, name="王建国", reason="The card was read twice.")

    states = dict(IdentityDocument.objects.values_list("customer_id", "state"))
    assert states == {holder.pk: DocumentState.HELD, done.customer.pk: DocumentState.DISPUTED}
    assert set(Customer.objects.values_list("identity_conflict", flat=True)) == {True}
    pair = ReviewPair.objects.get()
    assert (pair.outcome, pair.rule, pair.state) == ("CONFLICT", "R2", ReviewState.OPEN)
    assert pair.evidence["said"] == "The card was read twice."


def test_near_name_with_equal_number_is_reviewed_but_blocks_nobody():
    cashier = make_staff()
    number = resident_number()
    register(cashier, id_number=number, name="付秀英")

    register(cashier, id_number=number, name="傅秀英", reason="Both spellings are on paper.")

    assert ReviewPair.objects.get().rule == "R1N"
    assert not Customer.objects.filter(identity_conflict=True).exists()


def test_invalid_number_is_kept_as_typed_and_flagged():
    done = register(make_staff(), id_number="411522198005121230")

    document = done.customer.documents.get()
    assert (document.state, document.invalid_reason) == (DocumentState.UNVERIFIED, "CHECKSUM")
    assert done.customer.verified_on is None


def test_probable_duplicate_asks_for_a_reason():
    cashier = make_staff()
    village = make_village()
    born = date(1980, 5, 12)
    known = register(cashier, village=village, birth_date=born).customer

    with pytest.raises(services.LikelyKnown) as refusal:
        register(cashier, village=village, birth_date=born)

    assert [(match.customer, match.rule) for match in refusal.value.matches] == [(known, "R6")]
    again = register(cashier, village=village, birth_date=born, reason="A namesake, same birthday.")
    assert again.is_new
    assert ReviewPair.objects.get().outcome == "PROBABLE"


def test_form_sent_twice_registers_once():
    cashier = make_staff()
    key = uuid.uuid4()

    first = register(cashier, form_key=key)
    second = register(cashier, form_key=key)

    assert (first.customer, second.is_new) == (second.customer, False)
    assert Customer.objects.count() == 1


def test_a_foreign_counter_registers_nobody():
    cashier = make_staff()

    with pytest.raises(PermissionRefused):
        register(cashier, branch=make_branch())

    assert not Customer.objects.exists()


@pytest.mark.parametrize("post", [PostCode.HEAD_OFFICE, PostCode.AUDITOR, PostCode.ADMINISTRATOR])
def test_posts_of_the_union_register_nobody(post):
    with pytest.raises(PermissionRefused):
        register(make_staff(post), branch=make_branch())


def test_new_household_has_the_person_as_its_head():
    village = make_village()

    customer = register(make_staff(), village=village, opens_household=True, register_no="0123").customer

    household = Household.objects.get()
    assert (household.head, household.village, household.register_no) == (customer, village, "0123")
    assert household.memberships.get().relation == Relation.HEAD


def test_person_joins_a_household_that_has_a_head():
    cashier = make_staff()
    household = make_household(branch=branch_of(cashier))

    done = register(cashier, name="王磊", household=household, relation=Relation.SON)

    assert done.customer.memberships.get().household == household
    with pytest.raises(DomainError):
        register(cashier, name="王强", household=household, relation=Relation.HEAD)
    assert not Customer.objects.filter(name="王强").exists()


def test_passport_is_held_once_too():
    cashier = make_staff()

    first = register(cashier, name="Li Xiuying", id_number="E1234 5678", id_kind=DocumentKind.PASSPORT)
    second = register(cashier, name="LI XIUYING", id_number="e12345678", id_kind=DocumentKind.PASSPORT)

    assert (second.customer, second.is_new) == (first.customer, False)


def test_passport_that_cannot_stand_is_kept_unverified_and_is_nobodys_alone():
    done = register(make_staff(), id_number="E1234", id_kind=DocumentKind.PASSPORT)

    document = done.customer.documents.get()
    assert (document.state, document.invalid_reason) == (DocumentState.UNVERIFIED, "LENGTH")


def test_old_number_is_kept_with_its_warning_and_the_first_phone_is_the_main_one():
    customer = register(make_staff(), id_number="629901800512003", phone="13912345678").customer

    assert customer.documents.get().warning == DocumentWarning.LEGACY15
    assert customer.phones.get().is_main


def test_registration_tells_the_household_once_and_asks_no_more_than_it_must(django_assert_max_num_queries):
    cashier, village = make_staff(), make_village()
    given = {"branch": branch_of(cashier), "village": village, "phone": "13912345678"}
    cashier.scope  # noqa: B018 (read once a request)
    draw_keys(
        Customer, IdentityDocument, Phone, Household, ManagerAssignment, Membership
    )  # names looked up once

    with django_assert_max_num_queries(9):
        register(cashier, id_number=resident_number(), opens_household=True, **given)
    home = Household.objects.get()
    with django_assert_max_num_queries(17):
        register(cashier, name="李四", household=home, relation=Relation.SON, **given)

    kinds = HouseholdEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [EventKind.OPENED, EventKind.JOINED]


@pytest.mark.parametrize("busy_times", [1, 2, 3])
def test_counter_waits_for_a_slow_one_and_then_says_so(busy_times):
    asked = []

    def deed():
        asked.append(1)
        if len(asked) <= busy_times:
            raise OperationalError("canceling statement") from errors.LockNotAvailable()
        return "done"

    if busy_times < services.RACES_RUN:
        assert services.in_turn(deed) == "done"
    else:
        with pytest.raises(Refused) as refused:
            services.in_turn(deed)
        assert refused.value.code == "try_again"


@pytest.mark.django_db(transaction=True)
def test_twenty_pairs_of_counters_with_one_number_each_register_twenty_customers():
    counters = [make_staff() for _ in range(2)]
    numbers = [resident_number() for _ in range(20)]
    gate, done = threading.Barrier(2), []

    def at(cashier):
        try:
            for number in numbers:
                gate.wait()
                done.append(register(cashier, id_number=number, opens_household=True))
        finally:
            connection.close()

    threads = [threading.Thread(target=at, args=[cashier]) for cashier in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(registration.is_new for registration in done) == len(numbers)
    assert len(done) == 2 * len(numbers)
    assert Customer.objects.count() == IdentityDocument.objects.count() == Household.objects.count() == 20
