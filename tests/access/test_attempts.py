"""What a determined colleague with a password of their own tries, beyond the single cells of the matrix."""

from __future__ import annotations

import psycopg2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Export, Post, StaffMember, Unit
from branches.signin import second_factor
from coopcrm import embedded
from coopcrm.shared import acting
from coopcrm.shared.database import WEB, WORKER
from coopcrm.shared.models import AuditEntry, Deed
from customers.exports import CUSTOMERS
from customers.models import Handover, StaffHousehold
from ratings.models import RuleSet
from tests.access.world import make_handover, make_sharing, make_things
from tests.clients import Client
from tests.factories import (
    TODAY,
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    resident_number,
)
from tests.roles import as_role

pytestmark = pytest.mark.django_db


def signed_in(staff: StaffMember) -> Client:
    client = Client()
    client.force_login(staff)
    return client


# -- The back office ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lookup",
    [
        "password__startswith=a",
        "first_password_until__isnull=1",
        "is_superuser__exact=0",
        "sessions__address=1",
    ],
)
def test_the_back_office_answers_no_question_about_columns_it_does_not_offer(lookup):
    office = signed_in(make_staff(PostCode.ADMINISTRATOR))

    assert office.get(f"/admin/branches/staffmember/?{lookup}").status_code == 400
    assert office.get("/admin/branches/staffmember/?is_active__exact=1").status_code == 200


def test_the_registry_in_the_back_office_is_narrowed_by_its_own_filters_alone():
    office = signed_in(make_staff(PostCode.HEAD_OFFICE))

    assert office.get("/admin/customers/customer/?address__startswith=a").status_code == 400
    assert office.get("/admin/customers/customer/?state__exact=active").status_code == 200


def test_lists_leave_by_the_road_with_purpose_and_mark_not_by_the_back_office():
    office = signed_in(make_staff(PostCode.HEAD_OFFICE))

    for table in ("unit", "area"):
        assert "export" not in office.get(f"/admin/branches/{table}/").content.decode()
        assert office.get(f"/admin/branches/{table}/export/", follow=True).status_code != 500


def test_a_sign_in_name_stays_in_the_back_office_too():
    member = make_staff()
    office = signed_in(make_staff(PostCode.ADMINISTRATOR))
    sent = {"username": "somebody-else", "full_name": "王芳", "language": "en", "is_active": "on"}
    forms = {"posts-TOTAL_FORMS": "0", "posts-INITIAL_FORMS": "0", "is_superuser": "on", "is_staff": "on"}

    office.post(f"/admin/branches/staffmember/{member.pk}/change/", {**sent, **forms})

    changed = StaffMember.objects.get(pk=member.pk)
    assert (changed.full_name, changed.username) == ("王芳", member.username)
    assert {changed.is_superuser, changed.is_staff} == {False}


def test_a_declared_household_is_not_taken_off_the_list():
    staff = make_staff(PostCode.HEAD_OFFICE)
    declared = StaffHousehold.objects.create(staff=staff, household=make_household(), declared_on=TODAY)
    sent = {"staff": make_staff().pk, "household": declared.household_id, "declared_on": TODAY.isoformat()}

    answer = signed_in(staff).post(f"/admin/customers/staffhousehold/{declared.pk}/change/", sent)

    declared.refresh_from_db()
    assert (answer.status_code, declared.staff_id) == (403, staff.pk)


# -- Altered fields ----------------------------------------------------------------------------------------------------

ENDLESS = "9" * 5000


def test_an_endless_number_is_no_error_of_ours():
    staff = make_staff(PostCode.ACCOUNTANT)
    browser = signed_in(staff)
    sent = {
        "/customers/new/known/": {"name": "张桂兰", "village_id": ENDLESS},
        "/customers/new/": {"name": "张桂兰", "village": "x", "village_id": ENDLESS, "household": ENDLESS},
        "/exports/": {
            "kind": "customers.ledger_report",
            "format": "csv",
            "purpose": "x",
            "rows_file": ENDLESS,
        },
        "/sign-in/sessions/end/": {"session": ENDLESS},
    }
    for address, fields in sent.items():
        assert browser.post(address, fields).status_code in (200, 302), address
    for address in ("/customers/", "/rights/", "/exports/", "/jobs/", "/review/", "/proposals/?tab=mine"):
        asked = dict.fromkeys(("after", "branch", "village"), ENDLESS)
        assert browser.get(address, asked).status_code == 200, address


def test_where_a_foreign_name_stands_in_the_alphabet_is_not_told():
    staff = make_staff(PostCode.CASHIER)
    make_customer("周敏", branch=branch_of(staff))
    foreign = make_customer("安康")

    page = signed_in(staff).get("/customers/", {"after": foreign.pk})

    assert "周敏" not in page.content.decode()


# -- The database, under the roles of daily work -----------------------------------------------------------------------


def refuses(role: str, statement: str, values: list, error: type[Exception]) -> None:
    """Expect PostgreSQL to refuse a statement of a role that sees all branches."""
    with (
        as_role(role),
        acting.as_system("test"),
        pytest.raises(error),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


@pytest.mark.parametrize("role", [WEB, WORKER])
def test_a_post_takes_two_signatures_and_is_only_shortened(role):
    staff = make_staff()
    post, key = staff.posts.get(), [staff.pk, staff.posts.get().unit_id]
    ended = Post.objects.create(
        staff=staff, unit=post.unit, code="director", valid_from="2026-01-01", valid_to="2026-02-01"
    )
    insert = (
        "INSERT INTO branches_post (staff_id, unit_id, code, valid_from, ended_because, extended_because)"
        " VALUES (%s, %s, 'accountant', '2026-01-01', '', '')"
    )

    refuses(role, insert, key, IntegrityError)
    refuses(role, "UPDATE branches_post SET valid_to = NULL WHERE id = %s", [ended.pk], IntegrityError)
    for column, value in (("code", "auditor"), ("unit_id", post.unit_id), ("confirmed_by_id", staff.pk)):
        refuses(
            role, f"UPDATE branches_post SET {column} = %s WHERE id = %s", [value, post.pk], ProgrammingError
        )


@pytest.mark.parametrize("role", [WEB, WORKER])
def test_rules_in_force_stay_and_new_ones_take_two_signatures(role):
    RuleSet.objects.create(
        kind="tiers", version="T-0", data={}, valid_from="2020-01-01", valid_to="2021-01-01"
    )
    insert = (
        "INSERT INTO ratings_ruleset (kind, version, data, valid_from) VALUES ('tiers', 'T', '{}', now())"
    )

    refuses(role, insert, [], IntegrityError)
    refuses(role, "UPDATE ratings_ruleset SET valid_to = NULL WHERE version = %s", ["T-0"], IntegrityError)
    refuses(role, "UPDATE ratings_ruleset SET data = '{}'", [], ProgrammingError)
    refuses(role, "UPDATE kpi_indicatorset SET data = '{}'", [], ProgrammingError)


@pytest.mark.parametrize("role", [WEB, WORKER])
def test_a_signed_handover_stays_as_it_was_signed(role):
    officer = make_staff(PostCode.LOAN_OFFICER)
    handover = make_handover(make_household(branch=branch_of(officer)), officer)
    Handover.objects.update(given_at=timezone.now(), given_by=officer, taken_at=timezone.now())
    item = handover.items.get()

    for column, value in (("taken_at", None), ("given_at", None), ("effective_on", "2020-01-01")):
        statement = f"UPDATE customers_handover SET {column} = %s WHERE id = %s"
        refuses(role, statement, [value, handover.pk], IntegrityError)
    statement = "UPDATE customers_handoveritem SET difference = 'x' WHERE id = %s"
    refuses(role, statement, [item.pk], IntegrityError)


@pytest.mark.parametrize("role", [WEB, WORKER])
def test_a_sharing_is_not_made_longer(role):
    officer = make_staff(PostCode.LOAN_OFFICER)
    sharing = make_sharing(make_household(branch=branch_of(officer)), officer)

    statement = "UPDATE customers_sharing SET valid_to = '2099-01-01' WHERE id = %s"
    refuses(role, statement, [sharing.pk], IntegrityError)
    refuses(role, "UPDATE customers_sharing SET branch_id = %s", [branch_of(officer).pk], ProgrammingError)


def test_the_web_forges_no_entry_of_runs_and_erasures_and_the_worker_erases_no_trace():
    for role, statement in (
        (WEB, "SELECT coopcrm_ledger_record('run', 'x', '1', NULL, '', 'done', '{}')"),
        (WEB, "SELECT coopcrm_ledger_record('erasure', 'x', '1', NULL, '', 'done', '{}')"),
        (WORKER, "SELECT coopcrm_ledger_erase('branches_post', '1', '')"),
    ):
        opened = psycopg2.connect(embedded.places().database_url(role, connection.settings_dict["NAME"]))
        with opened.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
        opened.close()


# -- Alone, by a way around --------------------------------------------------------------------------------------------


def test_many_short_lists_are_a_long_one(monkeypatch):
    monkeypatch.setattr("branches.exports.services.ALONE_ROWS", 3)
    staff = make_staff(PostCode.ACCOUNTANT)
    for _ in range(2):
        make_customer(branch=branch_of(staff))
    browser = signed_in(staff)

    for _ in range(3):
        browser.post(
            "/exports/", {"kind": CUSTOMERS, "format": "csv", "purpose": "Round of visits", "use": "records"}
        )

    orders = Export.objects.order_by("pk").values_list("needs_approval", flat=True)
    assert list(orders) == [False, True, True]


def test_nobody_opens_a_branch_to_people_by_moving_their_unit():
    own, other = make_branch(), make_branch()
    counter = Unit.objects.create(code="1002991", name="Counter", kind="counter", parent=own)
    make_staff(PostCode.CASHIER, counter)
    browser = signed_in(make_staff(PostCode.ADMINISTRATOR))

    answer = browser.post(
        f"/organisation/units/{counter.pk}/change/", {"name": "Counter", "parent": other.pk, "address": ""}
    )

    counter.refresh_from_db()
    assert (counter.parent_id, "two signatures" in answer.content.decode()) == (own.pk, True)


def test_codes_are_not_guessed_where_the_site_asks_again():
    director = make_staff(PostCode.DIRECTOR)
    second_factor.store_app(director, second_factor.new_secret())
    browser = signed_in(director)
    for number in range(11):
        answer = browser.post("/sign-in/again/", {"code": "00000x"}, REMOTE_ADDR=f"10.3.0.{number}")

    assert "Too many tries" in answer.content.decode()


# -- On record ---------------------------------------------------------------------------------------------------------


def readings_of(staff: StaffMember) -> list[tuple[str, str]]:
    """Table and kind of every reading of a person."""
    found = AuditEntry.objects.filter(deed=Deed.READING, actor_id=staff.pk).order_by("id")
    return [(entry.table_name, entry.new["what"]) for entry in found]


@pytest.mark.parametrize("post", [PostCode.HEAD_OFFICE, PostCode.AUDITOR, PostCode.UNION_CREDIT])
def test_who_reads_for_the_union_leaves_an_entry_for_each_record(post):
    staff, things = make_staff(post), make_things()
    browser = signed_in(staff)

    browser.get(f"/customers/{things.customer.pk}/")
    browser.get(f"/households/{things.household.pk}/")
    browser.get(f"/visits/{things.visit.pk}/")
    browser.get(f"/loans/{things.loan.pk}/")
    browser.get(f"/ratings/{things.rating.pk}/")

    household = ("customers_household", "record")
    expected = [("customers_customer", "record"), household, household]
    expected += [("loans_loan", "record"), ("ratings_creditrating", "record")]
    assert readings_of(staff) == expected


def test_who_works_at_the_branch_reads_without_an_entry():
    things = make_things()
    browser = signed_in(things.officer)

    for address in (f"/customers/{things.customer.pk}/", f"/loans/{things.loan.pk}/"):
        assert browser.get(address).status_code == 200

    assert readings_of(things.officer) == []


def test_trying_numbers_by_registering_and_by_their_ends_is_on_record():
    number = resident_number("19800512")
    foreign = make_customer("张桂兰", number=number, phone="13937601234")
    staff = make_staff(PostCode.CASHIER)
    browser = signed_in(staff)

    browser.post("/customers/new/", {"number": number, "name": "张桂兰", "home": "none"})
    browser.post("/customers/search/", {"q": "1234"})

    assert readings_of(staff) == [("customers_customer", "search"), ("", "end of a number")]
    assert AuditEntry.objects.filter(deed=Deed.READING, subject_id=foreign.pk).count() == 1


def test_a_refused_question_of_the_back_office_is_on_record():
    staff = make_staff(PostCode.ADMINISTRATOR)

    signed_in(staff).get("/admin/branches/staffmember/?password__startswith=a")

    (entry,) = AuditEntry.objects.filter(deed=Deed.REFUSAL, actor_id=staff.pk)
    assert (entry.new["route"], entry.new["status"]) == ("admin/branches/staffmember/", 400)


def test_a_file_that_is_not_taken_in_is_on_record():
    things = make_things()
    drawing = SimpleUploadedFile("card.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")

    signed_in(things.officer).post(f"/documents/{things.document.pk}/photo/", {"photo": drawing})

    (entry,) = AuditEntry.objects.filter(deed=Deed.REFUSAL, actor_id=things.officer.pk)
    assert (entry.new["route"], entry.new["codes"]) == ("documents/<int:pk>/photo/", ["no_photo"])
