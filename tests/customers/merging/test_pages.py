"""What people see and press: the preview, the deed, the way back, the list."""

import pytest
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode
from branches.models import Proposal
from customers.choices import CustomerState
from customers.masking import mask_bank_card
from customers.merging.choices import MergeState
from customers.merging.services import merge
from customers.models import Merge
from customers.persons.phones import add_phone
from tests.book import make_account
from tests.clients import Client
from tests.factories import (
    branch_of,
    make_customer,
    make_household,
    make_staff,
    resident_number,
)

pytestmark = pytest.mark.django_db


def client_of(staff):
    client = Client()
    client.force_login(staff)
    return client


def test_two_records_are_joined_and_taken_back_on_their_pages():
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    client = client_of(director)
    survivor = make_customer("张桂兰", branch=branch, number=resident_number())
    other = make_customer("張桂蘭", branch=branch, phone="13900002222", occupation="driver")
    make_account(other)
    address = f"/merges/new/?first={survivor.pk}&second={other.pk}"

    before = client.get(address)
    answer = client.post(address, {"reason": "The same card."})

    row = Merge.objects.get()
    assert before.context["preview"].moved >= 3
    assert "customers/merging/new.html" in [one.name for one in before.templates]
    assert answer.url == f"/merges/{row.pk}/"
    assert client.get(f"/customers/{other.pk}/").url == f"/customers/{survivor.pk}/"
    assert client.get(f"/customers/{survivor.pk}/").status_code == 200
    page = client.get(answer.url)
    assert page.context["lines"] == before.context["preview"].lines
    assert client.get("/merges/").context["lines"][0]["merge"] == row

    assert client.get(f"/merges/{row.pk}/undo/").status_code == 200
    back = client.post(f"/merges/{row.pk}/undo/", {"reason": "Two sisters."})

    other.refresh_from_db()
    row.refresh_from_db()
    assert back.status_code == 302
    assert (row.state, other.state) == (MergeState.UNDONE, CustomerState.ACTIVE)
    assert client.get(f"/merges/{row.pk}/").status_code == 200


def test_a_phone_or_account_written_since_is_named_by_its_masked_number_and_never_by_the_whole():
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    survivor, other = make_customer(branch=branch), make_customer(branch=branch)
    row = merge(staff=director, survivor=survivor, other=other)
    add_phone(staff=director, customer=survivor, number="13900002222", as_of=timezone.localdate())
    account = make_account(survivor)

    page = client_of(director).get(f"/merges/{row.pk}/undo/").content.decode()

    assert "139****2222" in page
    assert mask_bank_card(account.open("number")) in page
    assert "13900002222" not in page
    assert account.open("number") not in page


def test_a_wrong_number_of_a_household_is_answered_in_the_form_alike_for_foreign_and_for_missing_ones():
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    own, other = make_household(branch=branch), make_household(branch=branch)
    foreign, client = make_household(), client_of(director)

    def errors_of(first, second):
        return dict(
            client.get(f"/merges/?first={first}&second={second}&kind=household").context["form"].errors
        )

    assert errors_of(own.pk, foreign.pk) == errors_of(own.pk, 99_999_999) != {}
    assert set(errors_of(own.pk, own.pk)) == set(errors_of(own.pk, "")) == {"second"}
    found = client.get(f"/merges/?first={own.pk}&second={other.pk}&kind=household")
    assert found.url == f"/merges/new/?first={own.pk}&second={other.pk}&kind=household"


@pytest.mark.parametrize("ending", ["declined", "expired"])
def test_a_merge_that_nobody_confirmed_is_shown_as_not_joined_and_may_be_asked_again(ending):
    director = make_staff(PostCode.DIRECTOR)
    branch = branch_of(director)
    client = client_of(director)
    survivor, other = [make_customer("张桂兰", branch=branch, number=resident_number()) for _ in range(2)]
    address = f"/merges/new/?first={survivor.pk}&second={other.pk}"
    client.post(address, {"reason": "The same card."})
    row = Merge.objects.get()
    waiting = Proposal.objects.about(row).get()
    assert [line["merge"].pk for line in client.get("/merges/?state=waiting").context["lines"]] == [row.pk]

    if ending == "declined":
        proposals.decline(waiting, by=make_staff(PostCode.ACCOUNTANT, branch), note="Two sisters.")
    else:
        proposals.expire(now=waiting.expires_at)

    assert client.get("/merges/?state=waiting").context["lines"] == []
    assert [line["merge"].pk for line in client.get("/merges/?state=dropped").context["lines"]] == [row.pk]
    page = client.get(f"/merges/{row.pk}/").content.decode()
    assert "Waits for a second person" not in page
    assert ("Two sisters." in page) == (ending == "declined")
    assert client.post(address, {"reason": "The same card."}).status_code == 302
    assert Merge.objects.count() == 2
