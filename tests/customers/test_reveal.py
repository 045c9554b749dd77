"""Full numbers: for a purpose, one at a time, on record, counted and limited; probing shows."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared import counting
from coopcrm.shared.models import AuditEntry
from customers import readings, reveal
from customers.models import StaffHousehold
from tests.answers import bare
from tests.book import make_account
from tests.factories import TODAY, branch_of, make_customer, make_household, make_staff, resident_number

pytestmark = pytest.mark.django_db
PHONE = "13912345678"


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch):
    cache.clear()
    counting._local.clear()


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def person(cashier):
    return make_customer(branch=branch_of(cashier), number=resident_number(), phone=PHONE)


def address(person, what="phone", pk=None):
    pk = pk or (person.phones.get().pk if what == "phone" else person.documents.get().pk)
    return reverse("customers:reveal", args=[person.pk, what, pk])


def ask(client, person, purpose="contact", what="phone", **more):
    data = {"purpose": purpose, "note": more.pop("note", "")}
    return client.post(address(person, what, **more), data, headers={"HX-Request": "true"})


def test_a_page_holds_no_full_number_before_it_is_asked_for(client, person):
    text = client.get(reverse("customers:customer", args=[person.pk])).content.decode()

    assert PHONE not in text
    assert person.documents.get().open("number") not in text
    assert address(person) in text


@pytest.mark.parametrize("what", ["phone", "document"])
def test_a_number_is_shown_for_a_purpose_and_the_reading_is_on_record(client, cashier, person, what):
    response = ask(client, person, what=what, note="Asked to be called.")

    row = person.phones.get() if what == "phone" else person.documents.get()
    assert row.open("number") in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    entry = AuditEntry.objects.get(deed="reading")
    assert (entry.actor_id, entry.subject_id, entry.key) == (cashier.pk, person.pk, str(row.pk))
    assert (entry.purpose, entry.new) == ("contact", {"what": what, "note": "Asked to be called."})


def test_an_account_number_is_shown_the_same_way(client, person):
    account = make_account(person)

    response = ask(client, person, "core", "account", pk=account.pk)

    assert account.open("number") in response.content.decode()


@pytest.mark.parametrize(("purpose", "note"), [("", ""), ("curiosity", ""), ("contact", "13912345678")])
def test_without_a_purpose_or_with_a_number_in_the_note_nothing_is_shown(client, person, purpose, note):
    response = ask(client, person, purpose, note=note)

    assert "data-revealed" not in response.content.decode()
    assert not AuditEntry.objects.filter(deed="reading").exists()


def test_a_post_without_purpose_with_numbers_is_refused(client, cashier, person):
    client.force_login(make_staff(PostCode.LOAN_GROUP, branch_of(cashier)))

    assert ask(client, person).status_code == 403
    assert address(person) not in client.get(reverse("customers:customer", args=[person.pk])).content.decode()


def test_foreign_and_missing_numbers_look_the_same(client, cashier, person):
    foreign = make_customer(phone="13887654321")
    urls = [
        address(foreign),
        reverse("customers:reveal", args=[foreign.pk + 99_999, "phone", 1]),
        reverse("customers:reveal", args=[person.pk, "phone", foreign.phones.get().pk]),
        reverse("customers:reveal", args=[person.pk, "nothing", 1]),
    ]

    answers = [client.post(url, {"purpose": "contact"}) for url in urls]

    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1
    assert not AuditEntry.objects.filter(deed="reading").exists()


@pytest.mark.parametrize("in_redis", [True, False])
def test_more_than_the_limit_is_refused_and_on_record(client, person, monkeypatch, in_redis):
    monkeypatch.setattr(reveal, "MOST_IN_WINDOW", 3)
    monkeypatch.setattr(reveal, "MOST_WITHOUT_REDIS", 2)
    if not in_redis:
        monkeypatch.setattr(counting, "_count_in_redis", lambda *given: 1 / 0)

    shown = ["data-revealed" in ask(client, person).content.decode() for _ in range(5)]

    most = 3 if in_redis else 2
    assert shown == [True] * most + [False] * (5 - most)
    assert AuditEntry.objects.filter(deed="refusal", outcome="refused").count() == 5 - most


def test_relatives_other_branches_and_many_a_day_are_signals(client, cashier, person, monkeypatch):
    household = make_household(person)
    StaffHousehold.objects.create(staff=cashier, household=household, declared_on=TODAY)
    monkeypatch.setattr(reveal, "UNUSUAL_A_DAY", 1)
    ask(client, person)
    ask(client, person)
    client.force_login(make_staff(PostCode.UNION_RISK))
    ask(client, person)

    signals = [entry.new["signals"] for entry in AuditEntry.objects.filter(deed="reading").order_by("id")]

    assert signals == [["relative"], ["over_daily", "relative"], ["outside_branch"]]


def test_a_whole_number_that_hits_a_foreign_person_leaves_a_row_and_a_part_does_not(client, cashier):
    foreign = make_customer("孙志强", phone=PHONE)

    client.post(reverse("customers:search"), {"q": PHONE[-4:]})
    assert AuditEntry.objects.get(deed="reading").subject_id is None
    client.post(reverse("customers:search"), {"q": PHONE})

    entry = AuditEntry.objects.get(deed="reading", subject_id__isnull=False)
    assert (entry.actor_id, entry.subject_id, entry.purpose) == (cashier.pk, foreign.pk, "search")


def test_the_auditor_sees_who_read_how_much_the_unusual_first(
    client, cashier, person, django_assert_max_num_queries
):
    for _ in range(3):
        ask(client, person)
    prober = make_staff()
    client.force_login(prober)
    for number in range(6):
        make_customer(phone=f"1388765432{number}")
        client.post(reverse("customers:search"), {"q": f"1388765432{number}"})
    auditor = make_staff(PostCode.AUDITOR)
    client.force_login(auditor)

    text = client.get(reverse("customers:readings")).content.decode()

    assert text.index(prober.full_name) < text.index(cashier.full_name)
    assert PHONE not in text
    with django_assert_max_num_queries(2):
        assert [row.numbers for row in readings.readers(today=timezone.localdate())] == [0, 3]
