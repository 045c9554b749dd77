"""Organisations: the register entry, who acts for them, who belongs to them, and exactly one who is responsible."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from branches.models import Post
from coopcrm.shared.errors import PermissionRefused, Refused
from customers.choices import CustomerKind
from customers.counter.services import register_customer
from customers.models import Customer, Organisation, OrganisationManager
from customers.persons import organisation_selectors, organisations
from customers.portfolios import organisations as managers
from customers.portfolios.services import adopt_orphans
from tests.factories import (
    branch_of,
    make_customer,
    make_household,
    make_staff,
    organisation_code,
    resident_number,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def director():
    return make_staff(PostCode.DIRECTOR)


@pytest.fixture
def cashier(director):
    return make_staff(PostCode.CASHIER, branch_of(director))


@pytest.fixture
def cooperative(cashier):
    done = register_customer(
        staff=cashier,
        branch=branch_of(cashier),
        name="光山县孙家茶叶专业合作社",
        id_kind="uscc",
        id_number=organisation_code(),
        as_of=TODAY,
    )
    return done.customer


def person_of(branch, name="王建国"):
    return make_customer(name, branch=branch, number=resident_number())


def check_now():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_counter_opens_the_entry_with_the_category_of_the_code_under_the_directors_post(cooperative):
    entry = Organisation.objects.get()

    manager = managers.responsible_on(cooperative, TODAY)
    check_now()

    assert (cooperative.kind, entry.category) == (CustomerKind.ORGANISATION, "farmers_cooperative")
    assert (entry.legal_form, manager.staff, manager.valid_from) == ("cooperative", None, TODAY)


def test_new_legal_representative_ends_the_one_before(cashier, cooperative):
    branch = cooperative.branch
    first, second = person_of(branch), person_of(branch, "李秀英")
    deed = {"staff": cashier, "organisation": cooperative, "role": "legal_representative", "as_of": TODAY}
    year = TODAY - timedelta(days=365)
    before = organisations.add_representative(person=first, valid_from=year, **deed)

    after = organisations.add_representative(person=second, valid_from=TODAY, **deed)

    before.refresh_from_db()
    assert (before.valid_to, after.valid_to) == (TODAY, None)
    with pytest.raises(Refused) as again:
        organisations.add_representative(person=second, valid_from=TODAY, **deed)
    assert again.value.code == "noted_already"
    with pytest.raises(IntegrityError), transaction.atomic():
        cooperative.representatives.create(person=first, role="legal_representative", valid_from=TODAY)


def test_organisation_is_represented_by_living_people_and_kept_by_its_branch(cashier, cooperative):
    other = make_customer("光山县茶厂", branch=cooperative.branch)
    Customer.objects.filter(pk=other.pk).update(state="deceased")
    other.refresh_from_db()
    deed = {"organisation": cooperative, "role": "contact", "valid_from": TODAY, "as_of": TODAY}

    with pytest.raises(Refused):
        organisations.add_representative(staff=cashier, person=other, **deed)
    with pytest.raises(PermissionRefused):
        organisations.add_representative(staff=make_staff(), person=person_of(cooperative.branch), **deed)


def test_members_of_a_cooperative_hold_shares_and_are_persons_or_households(cashier, cooperative):
    branch = cooperative.branch
    home = make_household(make_customer("孙志强", branch=branch))
    deed = {"staff": cashier, "organisation": cooperative, "valid_from": TODAY, "as_of": TODAY}

    organisations.add_member(person=person_of(branch), share_amount=Decimal(2000), **deed)
    organisations.add_member(household=home, share_amount=Decimal("5000.50"), **deed)
    with pytest.raises(Refused) as both:
        organisations.add_member(person=person_of(branch), household=home, **deed)
    page = organisation_selectors.organisation_page(cashier, cooperative, today=TODAY)

    assert both.value.code == "one_member"
    assert (page.member_count, page.share_total) == (2, Decimal("7000.50"))
    assert page.lacks_legal


def test_enterprise_has_no_members(cashier):
    firm = register_customer(
        staff=cashier,
        branch=branch_of(cashier),
        name="光山县茶叶有限公司",
        id_kind="uscc",
        id_number=organisation_code("91411522MA44XYW1"),
        as_of=TODAY,
    ).customer

    with pytest.raises(Refused) as refusal:
        organisations.add_member(
            staff=cashier, organisation=firm, person=person_of(firm.branch), valid_from=TODAY, as_of=TODAY
        )

    assert refusal.value.code == "no_members_here"


def test_exactly_one_manager_follows_another(director, cooperative):
    officer = make_staff(PostCode.CUSTOMER_MANAGER, cooperative.branch)
    Customer.objects.filter(pk=cooperative.pk).update(registered_on=date(2024, 1, 1))
    managers.put_under_director([cooperative.pk])
    cooperative.refresh_from_db()

    managers.name_manager(organisation=cooperative, manager=officer, from_day=TODAY, by=director)
    check_now()

    assert managers.responsible_on(cooperative, TODAY).staff == officer
    assert managers.responsible_on(cooperative, TODAY - timedelta(days=1)).staff is None
    assert list(managers.managed_by(officer, on=TODAY)) == [cooperative]
    with pytest.raises(Refused, match="holds no post"):
        managers.name_manager(
            organisation=cooperative, manager=make_staff(PostCode.LOAN_OFFICER), from_day=TODAY, by=director
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        OrganisationManager.objects.create(organisation=cooperative, staff=director, valid_from=TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():  # checked at once since the look above
        OrganisationManager.objects.filter(staff=officer).update(valid_to=TODAY + timedelta(days=1))


def test_organisations_of_a_leaver_fall_to_the_directors_post(director, cooperative):
    officer = make_staff(PostCode.CUSTOMER_MANAGER, cooperative.branch)
    managers.name_manager(organisation=cooperative, manager=officer, from_day=TODAY, by=director)
    Post.objects.filter(staff=officer).update(valid_to=TODAY)

    released = adopt_orphans(on=TODAY)
    check_now()

    assert released == 1
    assert managers.responsible_on(cooperative, TODAY).staff is None


def test_pages_note_entry_representative_member_and_manager(client, director, cooperative):
    client.force_login(director)
    url = reverse("customers:organisation", args=[cooperative.pk])
    person = person_of(cooperative.branch)
    number = person.documents.get().open("number")
    officer = make_staff(PostCode.LOAN_OFFICER, cooperative.branch)

    client.post(url, {"legal_form": "cooperative", "business_scope": "茶叶种植、加工"})
    role = {"person": number, "role": "legal_representative", "valid_from": TODAY.isoformat()}
    client.post(reverse("customers:add-representative", args=[cooperative.pk]), role)
    share = {"person": f"#{person.pk}", "share_amount": "3000", "valid_from": TODAY.isoformat()}
    client.post(reverse("customers:add-coop-member", args=[cooperative.pk]), share)
    named = {"manager": officer.pk, "from_day": TODAY.isoformat()}
    client.post(reverse("customers:name-organisation-manager", args=[cooperative.pk]), named)
    page = client.get(reverse("customers:customer", args=[cooperative.pk])).content.decode()
    theirs = client.get(reverse("customers:customer", args=[person.pk])).content.decode()

    assert "茶叶种植、加工" in page
    assert "王建国" in page
    assert str(officer) in page
    assert number not in page
    assert cooperative.name in theirs


def test_list_is_narrowed_to_organisations(client, director, cooperative):
    make_customer("王磊", branch=cooperative.branch)
    client.force_login(director)

    page = client.get(reverse("customers:list"), {"kind": "organisation"}).content.decode()

    assert cooperative.name in page
    assert "王磊" not in page
