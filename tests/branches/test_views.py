"""Pages of units, areas and staff, and the back office."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from branches.models import Unit
from tests.factories import branch_of, make_branch, make_customer, make_staff, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def administrator(client):
    staff = make_staff(PostCode.ADMINISTRATOR)
    client.force_login(staff)
    return staff


def text_of(client, name, *args, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_units_stand_as_a_tree_with_their_people(client, cashier):
    branch = branch_of(cashier)
    Unit.objects.create(code="100299", name="东街分社", kind="sub_branch", parent=branch)

    text = text_of(client, "branches:units")

    assert text.index("光山县联社") < text.index(branch.name) < text.index("东街分社")


def test_unit_shows_people_villages_and_units_below(client, cashier):
    branch = branch_of(cashier)
    make_village("孙家村", unit=branch)

    text = text_of(client, "branches:unit", branch.pk)

    assert cashier.full_name in text
    assert "孙家村" in text


def test_village_is_found_by_pinyin(client, cashier):
    village = make_village("孙家村")
    make_village("白雀园村")

    text = text_of(client, "branches:areas", q="sunj")

    assert reverse("branches:area", args=[village.pk]) in text
    assert "白雀园村" not in text


def test_member_shows_posts_and_never_a_secret(client, cashier):
    text = text_of(client, "branches:member", cashier.pk)

    assert "Cashier" in text
    assert cashier.password not in text


def test_tree_costs_the_same_with_more_units(client, cashier, django_assert_max_num_queries):
    text_of(client, "branches:units")
    for _ in range(5):
        make_branch()

    with django_assert_max_num_queries(10):  # two of them are the savepoint of the request
        text_of(client, "branches:units")


# -- back office -------------------------------------------------------------------------------------------------------


def test_back_office_has_the_one_sign_in(client):
    response = client.get("/admin/login/")

    assert response.url.startswith(reverse("sign-in"))


def test_head_office_reads_the_registry_and_changes_nothing(client):
    client.force_login(make_staff(PostCode.HEAD_OFFICE))
    customer = make_customer()

    assert "张桂兰" in text_of(client, "admin:customers_customer_changelist")
    assert client.get(reverse("admin:customers_customer_change", args=[customer.pk])).status_code == 200
    for name, args in (("add", []), ("delete", [customer.pk])):
        assert client.get(reverse(f"admin:customers_customer_{name}", args=args)).status_code == 403


def test_administrator_sees_no_customer(client, administrator):
    assert client.get(reverse("admin:customers_customer_changelist")).status_code == 403


def test_staff_is_appointed_and_not_deleted(client, administrator):
    text_of(client, "admin:branches_staffmember_add")
    text_of(client, "admin:branches_staffmember_change", administrator.pk)

    refused = client.get(reverse("admin:branches_staffmember_delete", args=[administrator.pk]))

    assert refused.status_code == 403


def test_back_office_reads_units_and_posts_and_changes_neither(client, administrator):
    branch = make_branch()

    assert client.get(reverse("admin:branches_unit_change", args=[branch.pk])).status_code == 200
    assert (
        client.post(reverse("admin:branches_unit_change", args=[branch.pk]), {"name": "x"}).status_code == 403
    )
    page = text_of(client, "admin:branches_staffmember_change", administrator.pk)
    assert 'name="posts-0-code"' not in page
