"""What people may ask about their data: taken in, answered in time, carried out, and locked instead of destroyed."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.choices import DayKind, PostCode
from branches.models import CalendarDay
from coopcrm.shared.errors import DomainError
from coopcrm.shared.models import AuditEntry, Job
from coopcrm.shared.work import Work
from customers import copies, erasure, rights
from customers.choices import Channel, Purpose, RequestKind, RequestState
from customers.consents import may_use, record_consent
from customers.counter.services import register_customer
from customers.models import Customer, ErasureProof, PersonLock, Phone, RightsRequest, Statement
from customers.search import search
from customers.selectors import name_for
from tests.book import make_account, make_rating
from tests.factories import (
    TODAY,
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_request,
    make_staff,
    resident_number,
)

pytestmark = pytest.mark.django_db
ANSWER = "The value was corrected as the card says."


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def cashier(branch):
    return make_staff(PostCode.CASHIER, branch)


@pytest.fixture
def director(branch):
    return make_staff(PostCode.DIRECTOR, branch)


def take(staff, customer, kind=RequestKind.CORRECTION, **fields):
    if kind == RequestKind.CORRECTION:
        fields = {"field": "name", "asked_value": "张桂蓝", **fields}
    return rights.take_request(
        staff=staff, customer=customer, kind=kind, channel=Channel.COUNTER, as_of=TODAY, **fields
    )


def answer(staff, request, decision=RequestState.GRANTED, **fields):
    fields = {"answer": ANSWER, "as_of": TODAY, "source": "document", **fields}
    return rights.answer_request(staff=staff, request=request, decision=decision, **fields)


def refusal_of(deed, *args, **fields) -> str:
    with pytest.raises(DomainError) as refusal:
        deed(*args, **fields)
    return refusal.value.code


# -- due days ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_due_after_fifteen_working_days_by_the_calendar():
    assert rights.due_day(asked_on=date(2026, 3, 31)) == date(2026, 4, 21)
    for day in (6, 7):
        CalendarDay.objects.create(day=date(2026, 4, day), kind=DayKind.HOLIDAY)
    CalendarDay.objects.create(day=date(2026, 4, 11), kind=DayKind.EXTRA_WORKDAY)

    assert rights.due_day(asked_on=date(2026, 3, 31)) == date(2026, 4, 22)


# -- corrections -------------------------------------------------------------------------------------------------------


def test_a_granted_correction_changes_the_field_with_its_search_keys_and_keeps_both_values(
    cashier, director, branch
):
    customer = make_customer("张桂兰", branch=branch)
    request = take(cashier, customer, evidence="identity card")

    answered = answer(director, request)

    customer.refresh_from_db()
    assert (customer.name, customer.pinyin) == ("张桂蓝", "zhangguilan")
    told = (
        Statement.objects.filter(customer=customer).order_by("pk").values_list("value", "source", "settles")
    )
    assert list(told) == [("张桂兰", "document", False), ("张桂蓝", "document", True)]
    assert (answered.open("present_value"), answered.open("asked_value")) == ("张桂兰", "张桂蓝")
    assert (answered.state, answered.closed_by, answered.closed_on) == ("granted", director, TODAY)


def test_a_corrected_phone_is_added_and_the_one_before_ends(cashier, director, branch):
    customer = make_customer(branch=branch, phone="13900001111")
    request = take(cashier, customer, field="phone", asked_value="139 0000 2222")

    answer(director, request, source="said")

    now = [phone.open("number") for phone in Phone.objects.filter(customer=customer, valid_to=None)]
    assert now == ["13900002222"]
    assert request.open("present_value") == "13900001111"
    assert b"13900002222" not in bytes(request.asked_value)


def test_a_corrected_fact_is_a_new_sheet_of_the_household(cashier, director, branch):
    household = make_household(make_customer(branch=branch))
    make_rating(household)
    request = take(cashier, household.head, field="net_income", asked_value="91,000")

    answer(director, request, source="said")

    sheet = household.fact_sheets.order_by("-id").first()
    assert (sheet.net_income, sheet.sources["net_income"][0]) == (91000, "said")
    assert request.open("present_value") == "88000.00"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("birth_date", "2026-13-01"), ("birth_date", "2030-01-01"), ("sex", "x"), ("phone", "12"),
     ("net_income", "much"), ("population", "99"), ("grade", "AA")],
)  # fmt: skip
def test_what_cannot_stand_there_is_not_taken_in(cashier, branch, field, value):
    customer = make_customer(branch=branch)

    assert refusal_of(take, cashier, customer, field=field, asked_value=value) in (
        "bad_value",
        "unknown_field",
    )


def test_a_refusal_needs_words_and_changes_nothing(cashier, director, branch):
    customer = make_customer("张桂兰", branch=branch)
    request = take(cashier, customer)

    assert refusal_of(answer, director, request, RequestState.REFUSED, answer="no") == "answer_missing"
    answer(director, request, RequestState.REFUSED)

    customer.refresh_from_db()
    assert customer.name == "张桂兰"
    assert refusal_of(answer, director, request) == "answered_already"


def test_the_same_request_again_is_the_same_row(cashier, branch):
    customer = make_customer(branch=branch)

    assert take(cashier, customer) == take(cashier, customer)
    assert take(cashier, customer, RequestKind.COPY) != take(cashier, customer)


# -- nobody decides alone ----------------------------------------------------------------------------------------------


def test_whoever_took_in_an_objection_does_not_decide_about_it(director, branch):
    request = take(director, make_customer(branch=branch), RequestKind.OBJECTION)

    assert refusal_of(answer, director, request) == "not_permitted"
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=request.pk).update(
            state="granted", closed_by=director, closed_on=TODAY, answer=ANSWER
        )
    assert answer(make_staff(PostCode.DEPUTY_DIRECTOR, branch), request).state == "granted"


@pytest.mark.parametrize("post", [PostCode.CASHIER, PostCode.LOAN_OFFICER, PostCode.AUDITOR])
def test_counter_officers_and_auditors_do_not_answer(post, branch):
    request = make_request(make_customer(branch=branch), RequestKind.EXPLANATION)
    staff = make_staff(post, None if post == PostCode.AUDITOR else branch)

    assert refusal_of(answer, staff, request) == "not_permitted"


# -- deletion: a lock, then the erasure --------------------------------------------------------------------------------


def locked(customer, cashier, director):
    request = take(cashier, customer, RequestKind.DELETION)
    answer(director, request)
    customer.refresh_from_db()
    return request


def test_inside_the_retention_a_deletion_is_a_lock_with_the_day_of_the_erasure(cashier, director, branch):
    customer = make_customer(branch=branch)
    record_consent(
        staff=cashier, customer=customer, purpose=Purpose.MARKETING, decision="given", channel="counter",
        at=timezone.now() - timedelta(days=1),
    )  # fmt: skip

    request = locked(customer, cashier, director)

    lock = PersonLock.objects.get(customer=customer)
    assert (lock.request, lock.relation_ended_on, lock.erasure_due_on) == (
        request,
        date(2024, 1, 1),
        date(2034, 1, 1),
    )
    assert not may_use(customer, Purpose.MARKETING, on=timezone.localdate())
    auditor, risk = make_staff(PostCode.AUDITOR), make_staff(PostCode.UNION_RISK)
    sees = {
        staff.username: Customer.objects.visible_to(staff).filter(pk=customer.pk).exists()
        and len(search(staff, customer.name).hits) == 1
        for staff in (cashier, director, make_staff(PostCode.HEAD_OFFICE), auditor, risk)
    }
    assert [name for name, may in sees.items() if may] == [auditor.username, risk.username]
    assert name_for(director, customer) == "张*兰"
    assert name_for(risk, customer) == "张桂兰"


def test_while_something_is_open_a_deletion_is_not_granted(cashier, director, branch):
    customer = make_customer(branch=branch)
    make_account(customer)
    request = take(cashier, customer, RequestKind.DELETION)

    assert refusal_of(answer, director, request) == "relation_open"
    assert answer(director, request, RequestState.REFUSED).state == "refused"


def test_a_locked_person_who_comes_back_is_unlocked_by_risk_with_a_reason(cashier, director, branch):
    number = resident_number()
    customer = make_customer(branch=branch, number=number)
    locked(customer, cashier, director)
    register = {"staff": cashier, "branch": branch, "name": "张桂兰", "id_number": number, "as_of": TODAY}
    assert refusal_of(register_customer, **register) == "person_locked"
    lift = {"customer": customer, "reason": "came back to open an account", "as_of": TODAY}
    assert refusal_of(rights.lift_lock, staff=director, **lift) == "not_permitted"

    rights.lift_lock(staff=make_staff(PostCode.UNION_RISK), **lift)

    assert register_customer(**register).customer == customer
    assert Customer.objects.visible_to(cashier).filter(pk=customer.pk).exists()


def test_the_night_erases_a_locked_person_when_the_day_has_come(cashier, director, branch):
    customer = make_customer("欧阳翠微", branch=branch, registered_on=date(2009, 5, 1))
    locked(customer, cashier, director)
    job = Job.objects.create(kind=erasure.KIND, title="Retention", as_of=TODAY)
    order = job.orders.create(kind=erasure.ERASE, key="erase 1")

    done = erasure.erase(Work(order, job))

    customer.refresh_from_db()
    proof = ErasureProof.objects.get(customer=customer)
    assert (done, customer.state, customer.name) == ({"erased": 1}, "erased", "＊")
    assert (proof.due_on, proof.rules["identity_years"], proof.job_id) == (date(2019, 5, 1), 10, job.pk)
    assert PersonLock.objects.get(customer=customer).reason == "＊"


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def made_copy(customer, staff, kind=RequestKind.COPY):
    request = make_request(customer, kind)
    job = copies.order_copy(staff=staff, request=request, as_of=timezone.localdate())
    copies.write_copy(Work(job.orders.get(), job))
    request.refresh_from_db()
    return request


def test_a_copy_is_sealed_at_rest_handed_over_to_a_known_person_and_recorded(director, branch, media):
    number = resident_number()
    customer = make_customer("欧阳翠微", branch=branch, number=number)
    request = made_copy(customer, director)
    today = timezone.localdate()
    opened = {"staff": director, "request": request, "today": today, "purpose": "copy"}
    stored = next(media.rglob("*.sealed")).read_bytes()
    assert number.encode() not in stored
    assert "欧阳".encode() not in stored
    assert refusal_of(copies.read_copy, **opened) == "no_copy"
    hand = {"staff": director, "request": request, "as_of": today}
    assert refusal_of(copies.hand_over, identity_check="", **hand) == "check_missing"

    opened["request"] = copies.hand_over(identity_check="identity card seen", **hand)
    document = copies.read_copy(**opened)

    assert document["format"] == "coopcrm.personal-copy"
    assert number in json.dumps(document, ensure_ascii=False)
    assert opened["request"].state == "granted"
    entry = AuditEntry.objects.get(deed="export")
    assert (entry.subject_id, entry.purpose, entry.new) == (customer.pk, "copy", {"request": request.pk})


def test_a_copy_expires_and_the_night_removes_it(director, branch, media):
    request = made_copy(make_customer(branch=branch), director)
    day = request.expires_on + timedelta(days=1)
    job = Job.objects.create(kind=erasure.KIND, title="Retention", as_of=day)

    done = copies.remove_expired(Work(job.orders.create(kind=erasure.KIND, key="copies"), job))

    request.refresh_from_db()
    assert (done, request.file, list(media.rglob("*.sealed"))) == ({"copies_removed": 1}, "", [])
    assert request.expires_on == timezone.localdate() + timedelta(days=7)


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_request_goes_from_the_counter_to_its_answer_on_pages_alone(client, cashier, director, branch):
    customer = make_customer("张桂兰", branch=branch)
    client.force_login(cashier)
    asked = {
        "kind": "correction",
        "channel": "counter",
        "field": "occupation",
        "asked_value": "养蜂人",
        "evidence": "said",
    }
    taken = client.post(reverse("customers:customer-rights", args=[customer.pk]), asked)
    request = RightsRequest.objects.get()
    assert taken.url == reverse("customers:right", args=[request.pk])
    client.force_login(director)

    client.post(reverse("customers:right-take", args=[request.pk]))
    client.post(
        reverse("customers:right-answer", args=[request.pk]),
        {"decision": "granted", "source": "said", "answer": "Corrected as asked."},
    )

    customer.refresh_from_db()
    request.refresh_from_db()
    assert (customer.occupation, request.owner, request.state) == ("养蜂人", director, "granted")
    text = client.get(reverse("customers:right", args=[request.pk])).content.decode()
    assert "Corrected as asked." in text


def test_queue_shows_the_overdue_first_and_costs_the_same_for_many(
    client, director, branch, django_assert_num_queries
):
    today = timezone.localdate()
    client.force_login(director)
    address = reverse("customers:rights")
    for days in (10, -3):
        make_request(
            make_customer(branch=branch),
            asked_on=today - timedelta(days=30),
            due_on=today + timedelta(days=days),
        )
    make_request(make_customer("外人氏"))
    client.get(address)

    with CaptureQueriesContext(connection) as few:
        text = client.get(address).content.decode()
    for _more in range(5):
        make_request(make_customer(branch=branch))
    with django_assert_num_queries(len(few)):
        client.get(address)

    assert text.count("overdue") == 1
    assert "外人氏" not in text
    assert client.get(address, {"tab": "late"}).context["page"].rows[0].due_on < today


def test_copy_page_prints_and_downloads_for_whoever_may_answer(
    client, director, cashier, branch, tmp_path, settings
):
    number = resident_number()
    customer = make_customer("欧阳翠微", branch=branch, number=number)
    request = made_copy(customer, director, RequestKind.TRANSFER)
    client.force_login(director)
    address = reverse("customers:right-copy", args=[request.pk])
    assert client.get(address).status_code == 404
    client.post(
        reverse("customers:right-hand-over", args=[request.pk]), {"identity_check": "identity card seen"}
    )

    page, file = client.get(address), client.get(address, {"as": "json"})
    client.force_login(cashier)

    assert number in page.content.decode()
    assert file.json()["customer"] == customer.pk
    assert "attachment" in file.headers["Content-Disposition"]
    assert client.get(address).status_code == 403
    assert AuditEntry.objects.filter(deed="export").count() == 2


def test_objection_leads_to_the_rating_sheet(client, director, branch):
    household = make_household(make_customer(branch=branch))
    rating = make_rating(household)
    request = make_request(household.head, RequestKind.OBJECTION)
    client.force_login(director)

    text = client.get(reverse("customers:right", args=[request.pk])).content.decode()

    assert reverse("ratings:rating", args=[rating.pk]) in text
    assert "Decided anew by a person" in text


def test_erasures_page_lists_who_would_be_due_and_risk_may_order(client, branch):
    due = make_customer(branch=branch, state="closed", registered_on=date(2012, 1, 1))
    risk = make_staff(PostCode.UNION_RISK)
    client.force_login(risk)

    text = client.get(reverse("customers:erasures")).content.decode()
    ordered = client.post(reverse("customers:erasures"))

    assert f"#{due.pk}" in text
    assert due.name not in text
    assert Job.objects.get(kind=erasure.KIND).orders.count() == 3
    assert ordered.status_code == 302
    client.force_login(make_staff(PostCode.HEAD_OFFICE))
    assert client.post(reverse("customers:erasures")).status_code == 403


def test_a_locked_member_is_veiled_on_the_household_page(client, cashier, director, branch):
    stays, leaves = make_customer("王建国", branch=branch), make_customer("李秀英", branch=branch)
    household = make_household(stays, members=(leaves,))
    locked(leaves, cashier, director)
    client.force_login(director)

    text = client.get(reverse("customers:household", args=[household.pk])).content.decode()

    life = client.get(reverse("customers:home-events", args=[household.pk])).content.decode()
    assert "李秀英" not in text + life
    assert text.count("李*英") >= 2, "the list of members and the tree"
    assert "李*英" in life
    assert branch_of(director) == branch
