"""What a determined colleague with a password of their own tries, beyond the single cells of the matrix."""

from __future__ import annotations

import pytest

from branches.choices import PostCode
from branches.models import StaffMember
from customers.models import StaffHousehold
from tests.clients import Client
from tests.factories import TODAY, branch_of, make_customer, make_household, make_staff

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
