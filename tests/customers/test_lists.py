"""The list of customers: filters in the address, columns and order of one's own, views that are kept."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared.errors import PermissionRefused
from coopcrm.shared.periods import add_months
from customers.lists import services
from customers.lists.columns import columns_for
from customers.lists.filters import filtered_customers, in_words
from customers.models import ListView
from tests.clients import Client
from tests.factories import (
    branch_of,
    make_branch,
    make_customer,
    make_household,
    make_staff,
    make_village,
    make_visit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier():
    return make_staff()


@pytest.fixture
def client(cashier):
    client = Client()
    client.force_login(cashier)
    return client


def shown(client, query=""):
    """Names on the page, in order, and the page itself."""
    response = client.get(f"{reverse('customers:list')}?{query}")
    assert response.status_code == 200
    return [row.customer.name for row in response.context["rows"]], response


def found(staff, **filters):
    return {customer.name for customer in filtered_customers(staff, filters)}


def test_filters_of_the_registry_narrow_the_list(cashier):
    branch, today = branch_of(cashier), timezone.localdate()
    village = make_village(unit=branch)
    young = make_customer(
        "王小红", branch=branch, sex="F", birth_date=add_months(today, -20 * 12), phone="13912345678"
    )
    old = make_customer(
        "李大山", branch=branch, sex="M", birth_date=add_months(today, -70 * 12), village=village
    )
    shop = make_customer("砚河合作社", branch=branch, kind="organisation", registered_on=date(2026, 1, 5))

    assert found(cashier, sex="F") == {young.name}
    assert found(cashier, age="18-29") == {young.name}
    assert found(cashier, age="70-") == {old.name}
    assert found(cashier, kind="organisation") == {shop.name}
    assert found(cashier, phone="yes") == {young.name}
    assert found(cashier, lacks="village") == {young.name, shop.name}
    assert found(cashier, lacks="birth_date") == {shop.name}
    assert found(cashier, village=village.pk) == {old.name}
    assert found(cashier, since="2026-01-01") == {shop.name}
    assert found(cashier, until=date(2025, 12, 31), lacks="number") == {young.name, old.name}


def test_whom_nobody_has_seen_for_long_is_found(cashier):
    branch, today = branch_of(cashier), timezone.localdate()
    visited, forgotten = (make_household(make_customer(name, branch=branch)) for name in ("王安", "王兵"))
    officer = make_staff(PostCode.LOAN_OFFICER, branch)
    make_visit(visited, officer, visited_on=add_months(today, -2))
    make_visit(forgotten, officer, visited_on=add_months(today, -14))

    assert found(cashier, quiet="12") == {"王兵"}
    assert found(cashier, quiet="24") == set()
    assert found(cashier, manager="post") == {"王安", "王兵"}
    assert found(cashier, lacks="household") == set()


def test_filters_never_open_another_branch(cashier):
    foreign = make_customer("外人氏", branch=make_branch())

    assert found(cashier, branch=foreign.branch_id) == set()


def test_filters_are_said_in_words(cashier):
    village = make_village("孙家村", unit=branch_of(cashier))

    words = in_words(cashier, {"village": village.pk, "sex": "F", "since": "2026-01-01"})

    assert [text for _name, _label, text in words] == ["孙家村", "female", "2026-01-01"]


def test_list_goes_forth_and_back(client, cashier, monkeypatch):
    monkeypatch.setattr(
        "customers.lists.selectors.customer_list.__kwdefaults__",
        {"order": "name", "after": "", "before": "", "size": 2},
    )
    for name in ("王安", "王兵", "王春", "王大", "王二"):
        make_customer(name, branch=branch_of(cashier))

    first, response = shown(client)
    second, response = shown(client, f"after={response.context['page'].after}")
    third, last = shown(client, f"after={response.context['page'].after}")
    back, middle = shown(client, f"before={last.context['page'].before}")

    assert (first, second, third, back) == (["王安", "王兵"], ["王春", "王大"], ["王二"], ["王春", "王大"])
    assert (last.context["page"].after, bool(middle.context["page"].before)) == ("", True)


def test_order_and_columns_are_the_persons_choice(client, cashier):
    branch = branch_of(cashier)
    make_customer("王安", branch=branch, registered_on=date(2024, 1, 1))
    make_customer("王兵", branch=branch, registered_on=date(2025, 1, 1), phone="13912345678")

    names, response = shown(client, "order=newest&column=group&column=customers.phone")

    assert names == ["王兵", "王安"]
    assert [str(head.label) for head in response.context["headings"]] == ["Group", "Phone"]
    assert "139****5678" in response.content.decode()


def test_view_keeps_filters_columns_and_order_as_codes(client, cashier):
    village = make_village(unit=branch_of(cashier))
    make_customer("王安", branch=branch_of(cashier), village=village)
    make_customer("王兵", branch=branch_of(cashier))
    query = f"village={village.pk}&order=newest&column=group"

    answer = client.post(reverse("customers:keep-view"), {"name": "Sun village", "shown": query})

    view = ListView.objects.get()
    assert answer.url == f"{reverse('customers:list')}?view={view.pk}"
    assert (view.filters, view.order, view.columns) == ({"village": village.pk}, "newest", ["group"])
    assert shown(client, f"view={view.pk}")[0] == ["王安"]
    assert shown(client, f"view={view.pk}&village=")[0] == ["王兵", "王安"]


def test_view_shown_first_opens_with_the_list(client, cashier):
    make_customer("王安", branch=branch_of(cashier), sex="F")
    make_customer("王兵", branch=branch_of(cashier), sex="M")
    services.keep_view(staff=cashier, name="Women", filters={"sex": "F"}, is_default=True)

    assert shown(client)[0] == ["王安"]
    assert shown(client, "order=")[0] == ["王安", "王兵"]


def test_shared_view_is_used_by_the_branch_and_changed_by_owner_and_director(client, cashier):
    branch = branch_of(cashier)
    owner, director = make_staff(PostCode.LOAN_OFFICER, branch), make_staff(PostCode.DIRECTOR, branch)
    stranger = make_staff(PostCode.DIRECTOR)
    view = services.keep_view(staff=owner, name="Round", filters={"sex": "F"}, is_shared=True)

    assert shown(client, f"view={view.pk}")[1].context["view"] == view
    assert client.post(reverse("customers:change-view", args=[view.pk]), {"deed": "drop"}).status_code == 403
    for other in (cashier, stranger):
        with pytest.raises(PermissionRefused):
            services.drop_view(staff=other, view=view)
    services.drop_view(staff=director, view=view)

    assert not ListView.objects.exists()


def test_foreign_view_is_not_there(client):
    view = services.keep_view(staff=make_staff(), name="Mine", filters={})

    assert client.post(reverse("customers:change-view", args=[view.pk]), {"deed": "drop"}).status_code == 404


def test_one_view_is_shown_first_whatever_happens_at_once(cashier):
    services.keep_view(staff=cashier, name="One", filters={}, is_default=True)
    services.keep_view(staff=cashier, name="Two", filters={}, is_default=True)

    assert list(ListView.objects.filter(is_default=True).values_list("name", flat=True)) == ["Two"]
    with pytest.raises(IntegrityError), transaction.atomic():
        ListView.objects.update(is_default=True)


def test_every_column_can_be_shown(client, cashier):
    make_household(make_customer("王安", branch=branch_of(cashier), phone="13912345678"))

    _names, response = shown(client, "&".join(f"column={code}" for code in columns_for(cashier)))

    assert len(response.context["headings"]) == len(columns_for(cashier))
