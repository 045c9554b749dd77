"""Asking at the next contact: the task, where it shows, how it closes, and the director's list."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.choices import DocumentState
from customers.models import Customer, IdentityDocument, Phone, Task
from customers.provenance import asking, quality
from customers.provenance.records import quality_of, records_of
from tests.factories import (
    add_document,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_village,
    resident_number,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def cashier(branch):
    return make_staff(unit=branch)


def codes(task):
    return [gap.code for gap in asking.asked_in(task)]


def test_one_click_opens_one_task_that_lists_what_is_missing(cashier, branch):
    person = make_customer(branch=branch, sex="F", birth_date=date(1980, 5, 12))

    task = asking.ask_at_next_contact(staff=cashier, customer=person, on=DAY)
    again = asking.ask_at_next_contact(staff=cashier, customer=person, on=DAY)

    assert again == task
    assert codes(task) == ["document", "phone", "village", "stale"]
    assert task.words.startswith("Ask at the next contact: 4 things")
    assert (task.kind, task.customer, task.due_on) == ("complete_record", person, DAY + timedelta(days=90))


def test_a_whole_record_asks_nothing(cashier, branch):
    person = make_customer(
        branch=branch,
        village=make_village(),
        number=resident_number(),
        phone="13900001111",
        sex="F",
        birth_date=date(1980, 5, 12),
        verified_on=DAY,
    )

    with pytest.raises(Refused, match="Nothing is missing"):
        asking.ask_at_next_contact(staff=cashier, customer=person, on=DAY)


def test_another_branch_does_not_ask(branch):
    with pytest.raises(PermissionRefused):
        asking.ask_at_next_contact(staff=make_staff(), customer=make_customer(branch=branch), on=DAY)

    assert not Task.objects.exists()


def test_the_task_closes_by_itself_when_everything_asked_is_known(client, cashier, branch):
    client.force_login(cashier)
    person = make_customer(branch=branch, number=resident_number(), phone="13900001111", sex="F")
    task = asking.ask_at_next_contact(staff=cashier, customer=person, on=timezone.localdate())
    village = make_village(unit=branch)
    data = {"name": person.name, "sex": "F", "birth_date": "1980-05-12", "village": "", "group_no": ""}
    data |= {
        "address": "",
        "occupation": "",
        "source": "seen",
        "observed_on": timezone.localdate().isoformat(),
    }
    address = reverse("customers:statements", args=[person.pk])

    client.post(address, data)
    task.refresh_from_db()
    assert task.is_open

    client.post(address, {**data, "village": village.pk})
    task.refresh_from_db()
    assert not task.is_open


@pytest.mark.parametrize("code", asking._still(DAY))
def test_the_task_of_each_sentence_stays_open_exactly_while_the_record_lacks_it(cashier, branch, code):
    village = make_village()
    people = [
        make_customer(branch=branch),
        make_customer(branch=branch, village=village, sex="F", birth_date=date(1980, 5, 12), verified_on=DAY),
        make_customer(branch=branch, disputed=["sex"], verified_on=DAY - timedelta(days=365)),
        make_customer(branch=branch, phone="13900001111", number=resident_number()),
    ]
    for person, state in zip(people, DocumentState.values, strict=True):
        row = add_document(person, resident_number(), state=state)
        IdentityDocument.objects.filter(pk=row.pk).update(expires_on=DAY - timedelta(days=1))
    Phone.objects.create(
        customer=people[1], kind="unknown", number=b"", number_key=b"k", valid_from=date(2024, 1, 1)
    )
    for person in people:
        reason = {"count": 1, "asked": [code]}
        Task.objects.create(
            branch=branch, customer=person, kind=asking.KIND, reason="x", reason_params=reason,
            post="director", due_on=DAY, opened_on=DAY,
        )  # fmt: skip

    done = set(asking.settled(Task.objects.open(), DAY).values_list("customer", flat=True))

    lacking = {
        pk
        for pk, record in records_of(Customer.objects.all(), DAY).items()
        if code in {gap.code for gap in quality.gaps(record, DAY)}
    }
    assert done == {person.pk for person in people} - lacking


def test_the_visit_shows_what_is_to_be_asked_of_the_people_who_live_there(client, branch):
    officer = make_staff(PostCode.LOAN_OFFICER, unit=branch)
    client.force_login(officer)
    household = make_household(make_customer(branch=branch))
    asking.ask_at_next_contact(staff=officer, customer=household.head, on=timezone.localdate())

    page = client.get(reverse("customers:new-visit"), {"household": household.pk}).content.decode()

    assert "To be asked at this contact" in page
    assert "Ask for a phone number." in page


def test_the_person_s_page_shows_the_score_and_one_click_asks(client, cashier, branch):
    client.force_login(cashier)
    person = make_customer(branch=branch)
    score = quality_of(person, timezone.localdate()).score

    page = client.get(reverse("customers:customer", args=[person.pk])).content.decode()
    assert f"{score:.0f}/100" in page
    assert "Ask in which village the person lives." in page

    answer = client.post(reverse("customers:ask-missing", args=[person.pk]), follow=True)
    assert "Will be asked at the next contact" in answer.content.decode()


def test_a_director_sees_villages_people_and_disputes_of_the_branch_alone(client, branch):
    client.force_login(make_staff(PostCode.DIRECTOR, unit=branch))
    village = make_village("王家村")
    make_customer("王强", branch=branch, village=village, disputed=["birth_date"])
    make_customer("李四海", village=village, disputed=["sex"])
    address = reverse("customers:records")

    villages = client.get(address).content.decode()
    people = client.get(address, {"village": village.pk}).content.decode()
    disputed = client.get(address, {"tab": "disputed"}).content.decode()

    assert "王家村" in villages
    assert ("王强" in people, "李四海" in people) == (True, False)
    assert ("王强" in disputed, "李四海" in disputed, "Date of birth" in disputed) == (True, False, True)
    assert "Nobody of this branch lives here." in client.get(address, {"village": "none"}).content.decode()
