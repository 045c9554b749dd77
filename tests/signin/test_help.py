"""Asking again, lost factors, devices, and that secrets do not stand in the database."""

import re
import time

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from branches import proposals
from branches.choices import PostCode
from branches.models import Device, Session, StaffMember
from branches.signin import lost_factor, marks, second_factor, services
from coopcrm.shared import rotation
from coopcrm.shared.errors import PermissionRefused, Refused
from tests.factories import PASSWORD, make_branch, make_staff
from tests.signin.conftest import SECRET, code

pytestmark = pytest.mark.django_db


def make_stale(client) -> None:
    """Let the sign-in have been an hour ago."""
    session = client.session
    session[marks.FRESH] = time.time() - 3600
    session.save()


def test_a_sensitive_deed_asks_again_and_goes_on_by_itself(client, director, cashier):
    client.force_login(director)
    make_stale(client)

    asked = client.post(f"/staff/{cashier.pk}/first-password/")
    before = StaffMember.objects.get(pk=cashier.pk).password
    page = client.get(asked.headers["Location"])
    done = client.post("/sign-in/again/", {"code": code(), "next": page.context["next"]})

    assert asked.headers["Location"].startswith("/sign-in/again/?next=")
    assert before == cashier.password
    assert "data-first-password" in done.content.decode()
    assert marks.is_fresh(done.wsgi_request, minutes=5)


def test_a_wrong_code_does_not_go_on(client, director, cashier):
    client.force_login(director)
    make_stale(client)
    client.post(f"/staff/{cashier.pk}/first-password/")

    refused = client.post(
        "/sign-in/again/", {"code": "00000x", "next": f"/staff/{cashier.pk}/first-password/"}
    )

    assert refused.status_code == 200
    assert StaffMember.objects.get(pk=cashier.pk).password == cashier.password


def test_who_has_no_second_factor_is_asked_for_the_password(client, cashier):
    client.force_login(cashier)
    make_stale(client)

    assert client.get("/sign-in/second-factor/").headers["Location"].startswith("/sign-in/again/")
    done = client.post("/sign-in/again/", {"password": PASSWORD, "next": "/sign-in/second-factor/"})

    assert done.headers["Location"] == "/sign-in/second-factor/"
    assert client.get("/sign-in/second-factor/").status_code == 200


@pytest.fixture
def officer(branch):
    staff = make_staff(PostCode.ACCOUNTANT, branch)
    second_factor.store_app(staff, SECRET)
    second_factor.new_recovery_codes(staff)
    return staff


def test_a_lost_factor_is_removed_by_director_and_head_office_together(client, director, officer):
    client.force_login(officer)
    head_office = make_staff(PostCode.HEAD_OFFICE)

    asked = lost_factor.propose_removal(by=director, staff=officer, reason="Fell into the river")
    assert second_factor.is_enrolled(officer)
    done = proposals.confirm(asked, by=head_office)

    assert done.state == "confirmed"
    assert not second_factor.is_enrolled(officer)
    assert second_factor.recovery_codes_left(officer) == 0
    assert not Session.objects.filter(staff=officer).exists()


def test_nobody_removes_a_factor_alone_or_their_own(director, officer):
    head_office = make_staff(PostCode.HEAD_OFFICE)
    second_factor.store_app(head_office, SECRET)
    asked = lost_factor.propose_removal(by=head_office, staff=officer, reason="Lost")
    own = lost_factor.propose_removal(by=make_staff(PostCode.HEAD_OFFICE), staff=head_office, reason="Lost")

    for proposal, by in ((asked, head_office), (asked, director), (asked, officer), (own, head_office)):
        with pytest.raises(PermissionRefused):
            proposals.confirm(proposal, by=by)
    for by, staff in ((director, director), (head_office, head_office), (director, make_staff())):
        with pytest.raises(PermissionRefused):
            lost_factor.propose_removal(by=by, staff=staff, reason="Lost")
    with pytest.raises(Refused):
        lost_factor.propose_removal(by=director, staff=officer, reason=" ")
    assert second_factor.is_enrolled(officer)


def test_the_page_asks_head_office(client, director, officer):
    client.force_login(director)

    client.post(f"/staff/{officer.pk}/lost-factor/", {"reason": "Stolen on the market"})

    assert "Stolen on the market" in str(list(proposals.Proposal.objects.values()))
    page = client.get(f"/staff/{officer.pk}/sign-in/")
    assert "second signature" in page.content.decode()


def test_a_browser_is_registered_where_it_stands(client, director, branch):
    client.force_login(director)

    client.post("/devices/", {"unit": branch.pk, "kind": "counter", "name": "Counter 2"})

    device = Device.objects.get()
    assert (device.name, device.unit, device.registered_by) == ("Counter 2", branch, director)
    assert client.cookies["device"]["httponly"]
    assert client.cookies["device"].value.encode() not in bytes(device.key_digest)


def test_a_director_registers_nothing_elsewhere(client, director):
    client.force_login(director)

    refused = client.post("/devices/", {"unit": make_branch().pk, "kind": "counter", "name": "x"})

    assert refused.status_code == 200
    assert not Device.objects.exists()
    with pytest.raises(PermissionRefused):
        services.register_device(by=director, unit=make_branch(), kind="counter", name="x")


def test_a_device_is_ended_by_somebody(director, branch):
    services.register_device(by=director, unit=branch, kind="counter", name="x")

    with pytest.raises(IntegrityError), transaction.atomic():
        Device.objects.update(ended_at="2026-01-01T00:00Z")


def test_no_secret_of_a_second_factor_stands_in_the_database(client, officer):
    client.force_login(officer)
    client.get("/sign-in/second-factor/")
    secrets = [SECRET, client.session["new_secret"], *second_factor.new_recovery_codes(officer)]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'r'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        dump = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            dump += [row for (row,) in cursor.fetchall()]
    text = "\n".join(dump) + bytes.fromhex(
        "".join(re.findall(r"\\x((?:[0-9a-f]{2})+)", "\n".join(dump)))
    ).decode("latin-1")

    assert officer.username in text
    assert [secret for secret in secrets if secret in text] == []


def test_keys_of_second_factors_are_renewed_with_the_others():
    assert {"branches_secondfactorsecret.secret", "branches_session.data"} <= {
        f"{entry.table}.{entry.column}" for entry in rotation.columns()
    }


def test_the_first_administrator_gets_the_password_from_the_operator(capsys, branch):
    staff = StaffMember.objects.create_superuser("chen", full_name="陈静")

    call_command("first_password", "chen")

    staff.refresh_from_db()
    assert staff.check_password(capsys.readouterr().out.splitlines()[0])
    assert staff.first_password_until


def test_a_part_of_a_page_is_not_replaced_by_the_door(client):
    answer = client.get("/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "session-ended")


def test_the_back_office_has_the_same_door(client, director):
    assert client.get("/admin/").status_code == 302
    client.force_login(make_staff(PostCode.ADMINISTRATOR))
    assert client.get("/admin/").status_code == 200

    session = client.session
    session[marks.MEANS] = marks.PASSWORD
    session.save()

    assert client.get("/admin/").headers["Location"] == "/sign-in/second-factor/"
