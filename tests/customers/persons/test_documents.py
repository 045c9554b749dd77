"""Documents in full: judged, kept with their days, renewed beside the old one, withdrawn, settled by two people."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches import proposals
from branches.choices import PostCode, ProposalState
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.choices import CustomerKind, DocumentKind, DocumentState, ReviewState
from customers.models import IdentityDocument, ReviewPair
from customers.persons import documents, selectors, settlements
from customers.persons.documents import Paper
from customers.persons.judging import date_reason, judge
from tests.factories import TODAY, add_document, branch_of, make_customer, make_staff, resident_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return make_staff(PostCode.CASHIER)


@pytest.fixture
def person(cashier):
    return make_customer(branch=branch_of(cashier))


@pytest.fixture
def accountant(person):
    return make_staff(PostCode.ACCOUNTANT, person.branch)


def add(staff, customer, number, kind=DocumentKind.ID18, **more):
    return documents.add_document(
        staff=staff, customer=customer, kind=kind, number=number, as_of=TODAY, **more
    )


@pytest.mark.parametrize(
    ("kind", "typed", "stored", "reason", "warning"),
    [
        ("ID18", "629901 19800512 003 2", "629901198005120032", "", ""),
        ("ID18", "411522800512003", "411522198005120038", "", "LEGACY15"),
        ("passport", "E1234567", "E1234567", "LENGTH", ""),
        ("passport", "e12345678", "E12345678", "", ""),
        ("passport", "123456789", "123456789", "CHARSET", ""),
        ("marriage", "J411522—2009－000123", "J411522-2009-000123", "", ""),
        ("marriage", "光结字第12号", "光结字第12号", "UNVERIFIED", ""),
        ("household_register", "0123 4567", "01234567", "", ""),
    ],
)
def test_numbers_of_every_kind_are_judged_and_never_corrected(kind, typed, stored, reason, warning):
    judged = judge(kind, typed, TODAY)

    if kind == "ID18" and not reason:
        assert judged.text[:17] == stored[:17]
    else:
        assert judged.text == stored
    assert (judged.reason, judged.warning) == (reason, warning)


@pytest.mark.parametrize(
    ("kind", "paper", "reason"),
    [
        ("ID18", {"issued_on": date(2020, 1, 1), "is_long_term": True}, ""),
        ("ID18", {"expires_on": date(2030, 1, 1), "is_long_term": True}, "LONG_TERM"),
        ("passport", {"is_long_term": True}, "LONG_TERM"),
        ("passport", {"issued_on": date(2020, 1, 1)}, "EXPIRY_MISSING"),
        ("ID18", {"issued_on": date(2026, 4, 1)}, "ISSUED_LATER"),
        ("ID18", {"expires_on": TODAY}, ""),
        ("ID18", {"expires_on": date(2026, 3, 30)}, "EXPIRED"),
        ("ID18", {"issued_on": date(2027, 1, 1), "expires_on": date(2026, 12, 1)}, "ISSUED_LATER"),
    ],
)
def test_days_of_a_document_stand_or_are_refused_with_a_reason(kind, paper, reason):
    given = {"issued_on": None, "expires_on": None, "is_long_term": False, **paper}

    assert date_reason(kind, as_of=TODAY, **given) == reason


def test_document_that_stands_is_held_with_its_days_and_verifies_the_person(cashier, person):
    number = resident_number()
    paper = Paper(date(2020, 5, 1), date(2040, 5, 1), issued_by="光山县 公安局")

    added = add(cashier, person, f"{number[:6]} {number[6:14]} {number[14:]}", paper=paper)

    person.refresh_from_db()
    row = added.document
    assert (row.state, row.open("number"), row.expires_on.year) == (DocumentState.HELD, number, 2040)
    assert (row.issued_by, person.verified_on) == ("光山县 公安局", TODAY)


def test_number_that_does_not_stand_is_kept_as_typed_only_when_the_paper_really_shows_it(cashier, person):
    wrong = resident_number()[:-1] + "?"

    with pytest.raises(Refused, match="Only digits"):
        add(cashier, person, wrong)
    kept = add(cashier, person, wrong, keep=True).document

    assert (kept.state, kept.invalid_reason) == (DocumentState.UNVERIFIED, "CHARSET")
    assert kept.open("number") == wrong


def test_renewal_retires_the_old_card_and_keeps_it(cashier, person):
    number = resident_number()
    old = add(cashier, person, number, paper=Paper(expires_on=TODAY)).document

    with pytest.raises(Refused, match="stays for life"):
        documents.renew_document(
            staff=cashier, document=old, as_of=TODAY, number=resident_number(), paper=Paper()
        )
    new = documents.renew_document(
        staff=cashier, document=old, as_of=TODAY, paper=Paper(is_long_term=True)
    ).document

    old.refresh_from_db()
    assert (old.state, old.retired_because, old.retired_on) == ("RETIRED", "renewed", TODAY)
    assert (new.state, new.open("number"), new.is_long_term) == ("HELD", number, True)
    assert set(IdentityDocument.objects.findable()) == {old, new}
    assert list(IdentityDocument.objects.in_use()) == [new]


def test_withdrawal_needs_a_reason_and_a_wrong_document_somebody_who_corrects(cashier, person, accountant):
    document = add(cashier, person, resident_number()).document
    deed = {"document": document, "because": "wrong", "as_of": TODAY}

    with pytest.raises(PermissionRefused):
        documents.withdraw_document(staff=cashier, note="typed for her sister", **deed)
    with pytest.raises(Refused, match="one sentence"):
        documents.withdraw_document(staff=accountant, note=" ", **deed)
    gone = documents.withdraw_document(staff=accountant, note="typed for her sister", **deed)

    assert (gone.state, gone.retired_by) == (DocumentState.RETIRED, accountant)
    assert not IdentityDocument.objects.findable().exists()


def test_one_register_number_serves_a_family_and_one_card_one_person(cashier, person):
    sister = make_customer("张桂芳", branch=person.branch)
    book = {"kind": DocumentKind.HOUSEHOLD_REGISTER}

    rows = [add(cashier, one, "00123456", **book).document.state for one in (person, sister)]
    add(cashier, person, resident_number())
    with pytest.raises(Refused) as refusal:
        add(cashier, person, resident_number())

    assert (rows, refusal.value.code) == (["HELD", "HELD"], "held_already")


def disputed(cashier, person):
    """Person claims what somebody of another branch holds."""
    holder = make_customer("王建国", number=resident_number())
    number = holder.documents.get().open("number")
    with pytest.raises(Refused) as refusal:
        add(cashier, person, number)
    assert refusal.value.code == "number_taken"
    added = add(cashier, person, number, reason="The card shows her photo")
    assert added.is_disputed
    return holder, added.document


def conflicts(*people):
    for person in people:
        person.refresh_from_db()
    return [person.identity_conflict for person in people]


def test_second_claim_is_disputed_until_two_people_have_settled_it(cashier, person, accountant):
    holder, claim = disputed(cashier, person)
    assert conflicts(person, holder) == [True, True]
    pair = ReviewPair.objects.get()

    deed = {"claim": claim, "holder": person, "reason": "Photo and name are hers"}
    proposal = settlements.propose_settlement(staff=accountant, **deed)
    with pytest.raises(PermissionRefused):
        proposals.confirm(proposal, by=accountant)
    director = make_staff(PostCode.DIRECTOR, holder.branch)
    done = proposals.confirm(proposal, by=director)

    claim.refresh_from_db()
    pair.refresh_from_db()
    lost = holder.documents.get()
    assert (done.state, claim.state, pair.state) == (ProposalState.CONFIRMED, "HELD", ReviewState.DIFFERENT)
    assert (lost.state, lost.retired_because, lost.retired_by) == ("RETIRED", "settled", director)
    assert conflicts(person, holder) == [False, False]


def test_block_stays_on_whoever_has_another_dispute(cashier, person, accountant):
    holder, claim = disputed(cashier, person)
    third = make_customer("李秀英", branch=person.branch)
    add(cashier, third, claim.open("number"), reason="Her card too")
    proposal = settlements.propose_settlement(
        staff=cashier, claim=claim, holder=holder, reason="It is a copy, the original is his"
    )

    proposals.confirm(proposal, by=accountant)

    claim.refresh_from_db()
    assert claim.state == DocumentState.RETIRED
    assert conflicts(person, holder, third) == [False, True, True]


def test_disputed_document_is_neither_renewed_nor_withdrawn(cashier, person, accountant):
    holder, claim = disputed(cashier, person)
    with pytest.raises(Refused, match="Settle that first"):
        documents.renew_document(staff=cashier, document=claim, as_of=TODAY, paper=Paper())
    own = make_staff(PostCode.ACCOUNTANT, holder.branch)
    with pytest.raises(Refused, match="Settle that first"):
        documents.withdraw_document(
            staff=own, document=holder.documents.get(), because="lost", note="on the bus", as_of=TODAY
        )


def test_expiring_documents_are_those_in_use_of_living_customers_of_the_branch(cashier, person):
    ends = date(2026, 5, 1)
    mine = add(cashier, person, resident_number(), paper=Paper(expires_on=ends)).document
    for name, fields in (("陈静", {}), ("王磊", {"branch": person.branch, "state": "deceased"})):
        other = add_document(make_customer(name, **fields), resident_number())
        IdentityDocument.objects.filter(pk=other.pk).update(expires_on=ends)

    found = selectors.expiring([person.branch_id], until=date(2026, 5, 31))

    assert list(found) == [mine]
    assert selectors.expiring(None, until=date(2026, 5, 31)).count() == 2
    assert not selectors.expiring(None, until=date(2026, 4, 30)).exists()


def test_database_keeps_what_the_pages_promise(person):
    document = add_document(person, resident_number())

    for wrong in (
        {"is_long_term": True, "expires_on": TODAY},
        {"retired_because": "lost"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            IdentityDocument.objects.filter(pk=document.pk).update(**wrong)


def test_organisation_shows_no_identity_card(cashier, person):
    firm = make_customer("光山县茶叶合作社", branch=person.branch, kind=CustomerKind.ORGANISATION)

    with pytest.raises(Refused) as refusal:
        add(cashier, firm, resident_number())

    assert refusal.value.code == "kind_unfit"


# -- Pages -------------------------------------------------------------------------------------------------------------


def test_page_of_documents_notes_renews_withdraws_and_shows_what_is_over(client, cashier, person):
    client.force_login(cashier)
    url = reverse("customers:documents", args=[person.pk])
    number = resident_number()

    wrong = client.post(url, {"kind": "ID18", "number": number[:17]}).content.decode()
    client.post(url, {"kind": "ID18", "number": number, "issued_by": "光山县公安局"})
    held = person.documents.get()
    client.post(reverse("customers:renew-document", args=[held.pk]), {"is_long_term": "on"})
    renewed = person.documents.latest("pk")
    lost = {"because": "lost", "note": "on the market"}
    page = client.post(
        reverse("customers:withdraw-document", args=[renewed.pk]), lost, follow=True
    ).content.decode()

    assert "18 characters" in wrong
    assert number not in page
    assert page.count(f"{number[:6]}********{number[-4:]}") == 2
    assert "A new one was issued" in page
    assert "on the market" in page


def test_foreign_side_of_a_dispute_stays_masked_and_second_signature_is_asked(client, cashier, person):
    holder, claim = disputed(cashier, person)
    client.force_login(cashier)
    url = reverse("customers:settle-document", args=[claim.pk])

    page = client.get(url).content.decode()
    answer = {"holder": person.pk, "seen": "on", "reason": "Photo and name are hers"}
    again = client.post(url, answer, follow=True).content.decode()

    assert "王*国" in page
    assert holder.name not in page
    assert "Another person confirms it" in again
    assert "Who holds it</h2>" not in again
    client.force_login(make_staff(PostCode.CASHIER, holder.branch))
    assert client.get(url).status_code == 200
    client.force_login(make_staff(PostCode.CASHIER))
    assert client.get(url).status_code == 404


def test_page_costs_the_same_with_one_document_and_with_three(
    client, cashier, person, django_assert_num_queries
):
    client.force_login(cashier)
    url = reverse("customers:documents", args=[person.pk])
    add(cashier, person, resident_number())
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    add(cashier, person, "E12345678", kind="passport", paper=Paper(expires_on=date(2030, 1, 1)))
    add(cashier, person, "00123456", kind="household_register")

    with django_assert_num_queries(len(one)):
        client.get(url)


def test_a_resident_number_added_later_tells_birth_date_and_sex_that_were_unknown(cashier):
    person = make_customer(branch=branch_of(cashier), birth_date=None, sex="F")

    add(cashier, person, "629901198005120032")

    person.refresh_from_db()
    assert (person.birth_date, person.sex) == (date(1980, 5, 12), "F")
    said = person.statements.get(attribute="birth_date")
    assert (said.source, said.author, said.observed_on) == ("document", cashier, TODAY)
