"""The counter as a cashier meets it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from customers.choices import CustomerKind
from customers.models import Customer
from customers.provenance.asking import ask_at_next_contact
from tests.factories import (
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_village,
    organisation_code,
    resident_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def officer(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(staff)
    return staff


@pytest.fixture
def accountant(client):
    staff = make_staff(PostCode.ACCOUNTANT)
    client.force_login(staff)
    return staff


def page(client, name, *args, **query):
    response = client.get(reverse(f"customers:{name}", args=args), query)
    return response, response.content.decode()


def counter_form(**given):
    return {"number": resident_number(), "name": "张桂兰", "home": "new", "kind": "ID18", **given}


def test_counter_registers_and_opens_the_page(client, cashier):
    village = make_village(unit=branch_of(cashier))
    form = counter_form(phone="139 1234 5678", village="sjc", group_no="3", occupation="farmer")

    response = client.post(reverse("customers:new"), form, follow=True)

    customer = Customer.objects.get()
    assert (customer.village, customer.group_no, customer.branch) == (village, "3", branch_of(cashier))
    assert customer.memberships.get().relation == "head"
    assert "Registered." in response.content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"number": "411522198005121230"}, "The last character should be 1"),
        ({"number": "41152219800512"}, "18 characters"),
        ({"number": "411522198013121231"}, "birth date inside"),
        ({"name": ""}, "as it stands on the document"),
        ({"phone": "12345"}, "11 digits"),
        ({"village": "nowhere"}, "No village is called so"),
        ({"home": "join"}, "number of the household"),
        ({"home": "join", "household": "999999"}, "no household of this number"),
    ],
)
def test_errors_stand_beside_the_field_in_words(client, cashier, given, words):
    response = client.post(reverse("customers:new"), counter_form(**given))

    assert words in response.content.decode()
    assert not Customer.objects.exists()


def test_invalid_number_is_kept_when_the_document_really_says_so(client, cashier):
    client.post(reverse("customers:new"), counter_form(number="411522198005121230", keep_number="on"))

    assert Customer.objects.get().documents.get().invalid_reason == "CHECKSUM"


def test_known_customer_of_another_branch_opens_masked(client, cashier):
    number = resident_number()
    known = make_customer(number=number)

    response = client.post(reverse("customers:new"), counter_form(number=number), follow=True)

    text = response.content.decode()
    assert response.redirect_chain[0][0] == reverse("customers:customer", args=[known.pk])
    assert "Nobody was written anew" in text
    assert "张*兰" in text


def test_number_under_another_name_asks_for_a_reason(client, cashier):
    number = resident_number()
    make_customer("王建国", number=number)

    refused = client.post(reverse("customers:new"), counter_form(number=number))
    accepted = client.post(reverse("customers:new"), counter_form(number=number, reason="Read twice."))

    assert "under another name" in refused.content.decode()
    assert "王*国" in refused.content.decode()
    assert (accepted.status_code, Customer.objects.filter(identity_conflict=True).count()) == (302, 2)


def test_fields_that_the_form_does_not_show_are_refused(client, cashier):
    for hidden in ({"branch": make_branch().pk}, {"state": "closed"}, {"identity_conflict": "1"}):
        answer = client.post(reverse("customers:new"), counter_form(**hidden))

        assert answer.status_code == 400
    assert not Customer.objects.exists()


def test_form_opened_from_a_household_joins_it(client, cashier):
    own, foreign = make_household(branch=branch_of(cashier)), make_household()

    response, _ = page(client, "new", household=own.pk)
    other, _ = page(client, "new", household=foreign.pk)

    assert (response.context["form"]["household"].value(), response.context["form"]["home"].value()) == (
        own.pk,
        "join",
    )
    assert other.context["form"]["home"].value() == "new"
    form = counter_form(home="join", household=own.pk, relation="son")
    client.post(f"{reverse('customers:new')}?household={own.pk}", form)
    assert own.memberships.filter(relation="son").count() == 1


def test_form_sent_twice_registers_one_person(client, cashier):
    form = counter_form(number="", form_key="0b0b5a0c-0f5e-4c5c-9d54-3a3b9b5d2c11")

    first = client.post(reverse("customers:new"), form)
    second = client.post(reverse("customers:new"), form)

    assert first.url == second.url
    assert Customer.objects.count() == 1


def test_every_form_has_a_key_of_its_own(client, cashier):
    keys = {page(client, "new")[0].context["form"]["form_key"].value() for _ in range(2)}

    assert len(keys) == 2


def test_number_is_judged_while_typing(client, cashier):
    url = reverse("customers:check-number")

    valid = client.post(url, {"number": "411522 19800512 1231"}).content.decode()
    wrong = client.post(url, {"number": "411522 19800512 1230"}).content.decode()

    assert 'data-birth-date="1980-05-12"' in valid
    assert "光山县" in valid
    assert "should be 1" in wrong


def test_duplicates_are_shown_while_typing_and_masked_when_foreign(client, cashier):
    number = resident_number()
    make_customer("张桂兰", number=number)

    text = client.post(reverse("customers:known"), {"number": number, "name": "张桂兰"}).content.decode()

    assert "张*兰" in text
    assert "same number, same name" in text


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("known", {"name": "王建国", "birth_date": "2024-13-45"}),
        ("known", {"name": "王\x00", "village_id": "9" * 40, "phone": "1" * 500}),
        ("villages", {"village": "\x00"}),
        ("villages", {"village": "东\x00岗"}),
        ("check-number", {"number": "\x00" + "9" * 5000}),
        ("search", {"q": "\x00%_'"}),
    ],
)
def test_whatever_is_typed_is_answered(client, cashier, name, typed):
    assert client.post(reverse(f"customers:{name}"), typed).status_code == 200


def test_villages_are_offered_by_pinyin(client, cashier):
    village = make_village(unit=branch_of(cashier))

    text = client.post(reverse("customers:villages"), {"village": "sunj"}).content.decode()

    assert f'data-id="{village.pk}"' in text


@pytest.mark.parametrize("post", [PostCode.HEAD_OFFICE, PostCode.AUDITOR, PostCode.ADMINISTRATOR])
def test_counter_is_closed_to_posts_that_do_not_register(client, post):
    client.force_login(make_staff(post))

    assert page(client, "new")[0].status_code == 403


def test_papers_are_said_in_words_before_anything_is_written(client, cashier):
    typed = {
        **counter_form(number=resident_number("19800512", 124)),
        "certificate": "J411522-2003-000123",
        "spouse_number": resident_number("19780301", 125),
        "spouse_name": "王建国",
        "about": "spouse_name",
    }

    page = client.post(reverse("customers:preview"), typed).content.decode()

    assert "2 persons, 1 household, marriage since 2003" in page
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("phone", "1391234", "11 digits"),
        ("phone", "139 1234 5678", None),
        ("spouse_number", "411522198005121230", "should be 1"),
        ("certificate", "光结字第12号", "kept as typed"),
        ("certificate", "j411522－2003－000123", None),
        ("married_on", "20030501", None),
        ("married_on", "1 May", "like 2003-05-01"),
    ],
)
def test_field_is_judged_the_moment_it_is_left(client, cashier, name, typed, words):
    answer = client.post(reverse("customers:check-field"), {name: typed, "about": name})

    found = " ".join(answer.json()["words"])
    assert (words in found) if words else found == ""


def licence_form(**given):
    number = organisation_code()
    return counter_form(number=number, kind="uscc", name="光山县孙家茶叶专业合作社", home="none", **given)


def test_licence_asks_who_represents_it_by_law(client, cashier):
    response = client.post(reverse("customers:new"), licence_form())

    assert "Ask who represents it by law" in response.content.decode()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("is_known", [True, False])
def test_legal_representative_is_found_or_registered_with_the_organisation(client, cashier, is_known):
    number = resident_number()
    person = make_customer("王建国", branch=branch_of(cashier), number=number) if is_known else None
    said = {"representative_number": f"#{person.pk}"} if person else {"representative_number": number}

    client.post(reverse("customers:new"), licence_form(representative_name="王建国", **said))

    firm = Customer.objects.get(kind=CustomerKind.ORGANISATION)
    acting = firm.representatives.get()
    assert (acting.role, acting.person.name, acting.person.village) == (
        "legal_representative",
        "王建国",
        None,
    )
    assert person is None or acting.person == person
    assert Customer.objects.count() == 2


def test_nothing_is_written_when_the_representative_is_refused(client, cashier):
    number = resident_number()
    make_customer("李秀英", branch=branch_of(cashier), number=number)

    form = licence_form(representative_number=number, representative_name="王建国")
    response = client.post(reverse("customers:new"), form)

    assert "under another name" in response.content.decode()
    assert not Customer.objects.filter(kind=CustomerKind.ORGANISATION).exists()


def test_what_is_to_be_asked_stands_beside_the_known_person_and_after_registering_again(client, cashier):
    number = resident_number()
    known = make_customer(branch=branch_of(cashier), number=number)
    ask_at_next_contact(staff=cashier, customer=known, on=timezone.localdate())

    line = client.post(reverse("customers:known"), counter_form(number=number)).content.decode()
    page = client.post(reverse("customers:new"), counter_form(number=number), follow=True).content.decode()

    assert "Ask for: phone, village" in line
    assert "Ask for: phone, village" in page
