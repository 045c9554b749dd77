"""What a person has allowed: rows that are never changed, and the one question asked before data are used."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError
from customers import exports
from customers.choices import Channel, CustomerState, Decision, Purpose
from customers.consents import may_use, record_consent, standings, usable_for
from customers.counter.services import register_customer
from customers.models import Consent, ConsentText, Customer
from customers.purposes import AT_COUNTER, CONSENTED, RULES
from tests.factories import TODAY, branch_of, make_branch, make_customer, make_staff, resident_number

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 10) -> datetime:
    return timezone.make_aware(datetime(2026, 3, day, hour))


def on(day: int) -> date:
    return date(2026, 3, day)


def say(customer, decision=Decision.GIVEN, *, when=None, purpose=Purpose.MARKETING, staff=None, **fields):
    staff = staff or make_staff(unit=customer.branch)
    return record_consent(
        staff=staff,
        customer=customer,
        purpose=purpose,
        decision=decision,
        channel=Channel.COUNTER,
        at=when or at(1),
        **fields,
    )


def test_every_purpose_has_a_rule_and_every_consented_one_a_text_in_three_languages():
    texts = {text.purpose: text for text in ConsentText.objects.all()}

    assert set(RULES) == set(Purpose.values)
    assert set(texts) == set(CONSENTED)
    for text in texts.values():
        words = {text.words(language, union="光山县联社") for language in ("en", "zh-hans", "zh-hant")}
        assert len(words) == 3
        assert all("光山县联社" in one and "{" not in one for one in words)


def test_contract_needs_no_consent_and_silence_is_no():
    customer = make_customer()

    assert may_use(customer, Purpose.CREDIT, on=TODAY)
    assert may_use(customer, Purpose.IDENTITY_CHECK, on=TODAY)
    assert not any(may_use(customer, purpose, on=TODAY) for purpose in CONSENTED)


def test_withdrawal_stops_its_own_purpose_alone_and_from_its_day_on():
    customer = make_customer()
    say(customer, when=at(1))
    say(customer, purpose=Purpose.NOTICE_BOARD, when=at(1))

    withdrawal = say(customer, Decision.WITHDRAWN, when=at(10))

    days = {day: may_use(customer, Purpose.MARKETING, on=on(day)) for day in (1, 9, 10, 11)}
    assert days == {1: True, 9: True, 10: False, 11: False}
    assert may_use(customer, Purpose.NOTICE_BOARD, on=on(11))
    assert withdrawal.withdraws.decision == Decision.GIVEN
    assert Consent.objects.filter(customer=customer).count() == 3


def test_before_the_first_answer_nothing_was_allowed():
    customer = make_customer()
    say(customer, when=at(5))

    assert not may_use(customer, Purpose.MARKETING, on=on(4))


def test_the_same_answer_again_writes_nothing_and_a_new_text_is_asked_anew():
    customer = make_customer()
    first, again = say(customer, when=at(1)), say(customer, when=at(2))
    wording = ConsentText.objects.get(purpose=Purpose.MARKETING).wording
    ConsentText.objects.create(purpose=Purpose.MARKETING, version=2, valid_from=on(3), wording=wording)

    newer = say(customer, when=at(4))

    assert again == first
    assert (newer.text.version, newer.pk > first.pk) == (2, True)


@pytest.mark.parametrize(
    ("before", "decision", "code"),
    [
        ([], Decision.WITHDRAWN, "nothing_to_withdraw"),
        ([Decision.REFUSED], Decision.WITHDRAWN, "nothing_to_withdraw"),
        ([Decision.GIVEN], Decision.REFUSED, "withdraw_instead"),
    ],
)
def test_answers_that_do_not_fit_are_refused(before, decision, code):
    customer = make_customer()
    for answer in before:
        say(customer, answer)

    with pytest.raises(DomainError) as refusal:
        say(customer, decision)

    assert refusal.value.code == code


def test_a_guardian_decides_for_a_child_and_nothing_counts_beside_that():
    branch = make_branch()
    child = make_customer("张小宝", branch=branch, birth_date=date(2018, 6, 1))
    mother = make_customer("张桂兰", branch=branch, birth_date=date(1990, 6, 1))
    with pytest.raises(DomainError) as refusal:
        say(child, purpose=Purpose.CHILDREN)

    say(child, guardian=mother)
    before = may_use(child, Purpose.MARKETING, on=TODAY)
    say(child, purpose=Purpose.CHILDREN, guardian=mother)

    assert refusal.value.code == "guardian_missing"
    assert (before, may_use(child, Purpose.MARKETING, on=TODAY)) == (False, True)
    assert may_use(child, Purpose.CHILDREN, on=TODAY)


def test_nobody_writes_to_the_dead():
    customer = make_customer()
    say(customer)
    Customer.objects.filter(pk=customer.pk).update(state=CustomerState.DECEASED)

    assert not may_use(customer, Purpose.MARKETING, on=TODAY)


def test_many_are_asked_as_one_is_in_one_query(django_assert_num_queries):
    people = [make_customer(name) for name in ("张桂兰", "李秀英", "王建国", "刘洋")]
    say(people[0])
    say(people[1])
    say(people[1], Decision.WITHDRAWN, when=at(2))
    say(people[2], Decision.REFUSED)

    with django_assert_num_queries(1):
        usable = list(usable_for(Customer.objects.all(), Purpose.MARKETING, on=TODAY))

    assert usable == [one for one in people if may_use(one, Purpose.MARKETING, on=TODAY)] == [people[0]]


def test_another_branch_records_nothing():
    with pytest.raises(DomainError) as refusal:
        say(make_customer(), staff=make_staff())

    assert refusal.value.code == "not_permitted"


# -- what the database keeps -------------------------------------------------------------------------------------------


def broken(**fields):
    """A row that no service would write."""
    customer = make_customer()
    text = ConsentText.objects.get(purpose=Purpose.MARKETING)
    row = {"purpose": Purpose.MARKETING, "text": text, "decision": Decision.GIVEN, "channel": Channel.COUNTER}
    consent = Consent(customer=customer, decided_at=at(1), **{**row, **fields})
    with pytest.raises(IntegrityError), transaction.atomic():
        consent.save()


def test_database_refuses_what_does_not_hold_together():
    other = say(make_customer())

    broken(decision=Decision.WITHDRAWN)
    broken(withdraws=other)
    broken(decision=Decision.WITHDRAWN, withdraws=other)
    broken(purpose=Purpose.NOTICE_BOARD)
    broken(purpose=Purpose.CHILDREN, text=ConsentText.objects.get(purpose=Purpose.CHILDREN))


def test_web_and_worker_may_not_change_an_answer():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM unnest(ARRAY['customers_consent', 'customers_consenttext']) AS t,"
            " unnest(ARRAY['coopcrm_web', 'coopcrm_worker']) AS r, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS d"
            " WHERE has_table_privilege(r, t, d) OR (d = 'UPDATE' AND has_any_column_privilege(r, t, d))"
        )
        assert cursor.fetchone() == (0,)


# -- the counter and the pages -----------------------------------------------------------------------------------------


def test_counter_takes_consents_while_registering(client):
    cashier = make_staff()
    client.force_login(cashier)

    client.post(
        reverse("customers:new"),
        {"number": resident_number(), "name": "张桂兰", "home": "new", "agrees_to": list(AT_COUNTER)},
    )

    rows = Consent.objects.filter(customer__name="张桂兰")
    assert set(rows.values_list("purpose", "decision", "channel")) == {
        (purpose, "given", "counter") for purpose in AT_COUNTER
    }
    assert set(rows.values_list("recorded_by", flat=True)) == {cashier.pk}


def test_counter_takes_no_consents_from_a_child():
    cashier = make_staff()
    born = timezone.localdate() - timedelta(days=365 * 9)

    with pytest.raises(DomainError) as refusal:
        register_customer(
            staff=cashier,
            branch=branch_of(cashier),
            name="张小宝",
            birth_date=born,
            as_of=timezone.localdate(),
            agrees_to=[Purpose.MARKETING],
        )

    assert refusal.value.code == "guardian_missing"
    assert not Customer.objects.filter(name="张小宝").exists()


def test_page_gives_withdraws_and_shows_every_answer(client, django_assert_num_queries):
    cashier = make_staff()
    customer = make_customer(branch=branch_of(cashier))
    client.force_login(cashier)
    address = reverse("customers:consents", args=[customer.pk])

    for decision in ("given", "withdrawn"):
        answer = {"purpose": "marketing", "decision": decision, "channel": "phone", "reference": "T-17"}
        assert client.post(address, answer).status_code == 302

    text = client.get(address).content.decode()
    assert [row.decision for row in Consent.objects.order_by("pk")] == ["given", "withdrawn"]
    assert text.count("T-17") == 2
    assert "no consent needed" in text


def test_page_says_in_words_what_it_refuses(client):
    cashier = make_staff()
    customer = make_customer(branch=branch_of(cashier))
    client.force_login(cashier)

    response = client.post(
        reverse("customers:consents", args=[customer.pk]),
        {"purpose": "marketing", "decision": "withdrawn", "channel": "counter"},
    )

    assert "There is no consent to withdraw." in response.content.decode()


@pytest.mark.parametrize(
    ("language", "word"), [("en", "I agree"), ("zh-hans", "本人同意"), ("zh-hant", "簡訊")]
)
def test_text_is_printed_in_the_language_of_the_page(client, language, word):
    cashier = make_staff(language=language)
    customer = make_customer(branch=branch_of(cashier))
    client.force_login(cashier)

    text = client.get(reverse("customers:consent-text", args=[customer.pk, "marketing"])).content.decode()

    assert word in text
    assert "光山县联社" in text


def test_customer_page_shows_the_last_answers(client):
    director = make_staff(PostCode.DIRECTOR)
    customer = make_customer(branch=branch_of(director))
    say(customer)
    client.force_login(director)

    text = client.get(reverse("customers:customer", args=[customer.pk])).content.decode()

    assert "Offers and messages" in text
    assert "Not asked about 7 more purposes" in text
    assert [line.is_given for line in standings(customer) if line.consent] == [True]


def test_a_list_for_offers_and_its_export_hold_only_those_who_agree(client):
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    yes, withdrew = make_customer("张桂兰", branch=branch), make_customer("李秀英", branch=branch)
    make_customer("王建国", branch=branch)
    for customer in (yes, withdrew):
        say(customer)
    say(withdrew, Decision.WITHDRAWN, when=at(2))
    client.force_login(director)

    page = client.get(reverse("customers:list"), {"agrees": "marketing"})

    assert [row.customer for row in page.context["rows"]] == [yes]
    assert exports._count_customers(director, {"agrees": "marketing"}, 10) == 1
