"""After a merge every list, search and figure sees one person, through the real pages."""

import pytest

from branches.choices import PostCode
from coopcrm.shared import acting
from customers import personal
from customers.merging.services import merge
from customers.models import Customer
from ratings.selectors import tier_counts
from tests.book import make_contributions
from tests.clients import Client
from tests.factories import branch_of, make_customer, make_staff, resident_number

pytestmark = pytest.mark.django_db


def test_a_joined_record_is_met_once_by_lists_search_copies_and_tiers():
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    number = resident_number()
    survivor = make_customer("张桂兰", branch=branch, number=number)
    other = make_customer("張桂蘭", branch=branch, phone="13900002222")
    tier = make_contributions(branch, ["120.00"])[0]
    type(tier).objects.filter(pk=tier.pk).update(customer=other)
    client = Client()
    client.force_login(director)
    with acting.for_staff(director):
        merge(staff=director, survivor=survivor, other=other)

    listed = client.get("/customers/").content.decode()
    found = {words: client.post("/customers/search/", {"q": words}) for words in ("张桂兰", "13900002222")}
    api = client.get(f"/api/v1/customers/{other.pk}/").json()

    assert f"/customers/{survivor.pk}/" in listed
    assert f"/customers/{other.pk}/" not in listed
    for answer in found.values():
        shown = answer.headers.get("Location", "") + answer.content.decode()
        assert f"/customers/{survivor.pk}/" in shown
        assert f"/customers/{other.pk}/" not in shown
    assert api["merged_into"] == survivor.pk
    assert sum(tier_counts(tier.period_end, branch.pk).values()) == 0
    copied = {one.table: len(one.rows) for one in personal.gather(Customer.objects.get(pk=survivor.pk))}
    assert (copied["customers_customer"], copied["customers_phone"], copied["customers_merge"]) == (2, 1, 1)
