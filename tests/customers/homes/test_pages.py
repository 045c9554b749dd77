"""The forms of a household's life: what will change stands there in words before it is confirmed; the farm."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from branches.choices import PostCode
from coopcrm.shared.errors import DomainError
from customers.choices import Relation
from customers.homes import farm
from customers.models import Household, HouseholdEvent, LandParcel
from tests.book import make_line
from tests.factories import branch_of, join, make_customer, make_household, make_staff

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


@pytest.fixture
def officer(client):
    staff = make_staff(PostCode.LOAN_OFFICER)
    client.force_login(staff)
    return staff


@pytest.fixture
def home(officer):
    household = make_household(make_customer("张桂兰", branch=branch_of(officer)))
    join(household, make_customer("王小明", branch=household.branch, sex="M"), Relation.SON)
    return household


def son_of(household: Household):
    return household.memberships.get(relation=Relation.SON)


def test_a_split_is_told_in_words_first_and_done_when_exactly_that_is_confirmed(client, home):
    make_line(home, limit=Decimal(60000))
    url = reverse("customers:life", args=[home.pk, "split"])
    typed = {"head": son_of(home).pk, "on": "2026-03-01", "reason": "", "paper": "register"}

    shown = client.post(url, typed)

    lines = shown.context["lines"]
    assert lines[0] == "1 person moves."
    assert (
        f"Of household #{home.pk}, the line of ¥ 60,000.00 is frozen until a director has reviewed it."
        in lines
    )
    assert "Debts stay with those who signed them." in lines
    assert "A new household opens; it starts unrated and without a line." in lines, (
        "its number is not drawn yet"
    )
    assert (Household.objects.count(), HouseholdEvent.objects.count()) == (1, 0), "nothing is written yet"

    other = client.post(url, {**typed, "reason": "wedding", "seen": shown.context["seen"]})
    assert (other.status_code, Household.objects.count()) == (200, 1), "what was not shown is not confirmed"

    done = client.post(url, {**typed, "seen": shown.context["seen"]})
    assert (done.status_code, Household.objects.count()) == (302, 2)


def test_a_refusal_stands_above_the_form_and_nothing_is_written(client, home):
    url = reverse("customers:life", args=[home.pk, "head"])

    answer = client.post(url, {"head": son_of(home).pk, "on": "2020-01-01", "reason": "", "paper": "none"})

    assert "nothing happened to it before" in answer.content.decode()
    assert not HouseholdEvent.objects.exists()


@pytest.mark.parametrize("more", [0, 3])
def test_the_life_of_a_household_costs_the_same_queries_however_long(
    client, home, more, django_assert_max_num_queries
):
    for _number in range(more):
        join(home, make_customer(branch=home.branch))
        HouseholdEvent.objects.create(household=home, kind="joined", happened_on=DAY)

    with django_assert_max_num_queries(22):
        page = client.get(reverse("customers:home-events", args=[home.pk]))

    assert page.status_code == 200


def test_land_and_livestock_of_the_present_rows_reach_the_fact_sheet(officer, home):
    def write(part, values, **fields):
        given = {"source": "seen", "observed_on": DAY, "as_of": DAY, **fields}
        return farm.record_row(staff=officer, household=home, part=part, values=values, **given)

    own = write("land", {"name": "East", "mu": Decimal("3.5"), "tenure": "own", "has_certificate": True})
    write("land", {"name": "River", "mu": Decimal(2), "tenure": "leased_in", "has_certificate": False})
    write("land", {"name": "Hill", "mu": Decimal(1), "tenure": "leased_out", "has_certificate": True})
    write("animals", {"kind": "pigs", "heads": Decimal(12), "value": None})
    write("land", {"name": "East", "mu": Decimal(4), "tenure": "own", "has_certificate": True}, replaces=own)

    sheet = home.fact_sheets.order_by("-pk").first()
    assert (sheet.land_mu, sheet.livestock) == (Decimal("6.00"), {"pigs": 12})
    assert sheet.sources["land_mu"] == ["seen", officer.pk, "2026-03-01"]
    assert LandParcel.objects.count() == 4, "the corrected row stays"


def test_a_row_that_somebody_has_changed_meanwhile_is_not_changed_again(officer, home):
    common = {"staff": officer, "household": home, "part": "animals", "source": "seen", "as_of": DAY}
    row = farm.record_row(values={"kind": "pigs", "heads": Decimal(3)}, observed_on=DAY, **common)
    farm.end_row(row=row, observed_on=DAY, **common)

    with pytest.raises(DomainError, match="changed this row meanwhile"):
        farm.end_row(row=row, observed_on=DAY, **common)

    assert farm.farm_of(home).is_empty
    assert home.fact_sheets.order_by("-pk").first().livestock == {}


def test_a_row_is_added_and_taken_off_on_the_page(client, home):
    url = reverse("customers:farm-row", args=[home.pk, "machines"])
    today = timezone.localdate().isoformat()

    client.post(url, {"kind": "tractor", "built_year": "2020", "source": "seen", "observed_on": today})
    [row] = farm.rows_of(home, "machines")
    page = client.get(reverse("customers:farm", args=[home.pk]))
    client.post(reverse("customers:farm-row-gone", args=[home.pk, "machines", row.pk]))

    assert "Tractor" in page.content.decode()
    assert not farm.rows_of(home, "machines").exists()


def test_digits_that_are_no_number_in_an_address_are_nobody(client, home):
    life = reverse("customers:life", args=[home.pk, "marriage"])
    farm_page = reverse("customers:farm-row", args=[home.pk, "land"])

    for digits in ("²", "9" * 30):
        assert client.get(life, {"member": digits, "partner": digits}).status_code == 200
        assert client.get(farm_page, {"row": digits}).status_code in (200, 404)

    typed = {"member": son_of(home).pk, "partner": "²", "where": "here", "on": "2026-03-01", "reason": ""}
    assert client.post(life, {**typed, "certificate": ""}).context["form"].errors["partner"]


def test_no_number_of_a_person_is_kept_in_the_words_of_a_deed(client, home):
    url = reverse("customers:life", args=[home.pk, "head"])
    typed = {"head": son_of(home).pk, "on": timezone.localdate().isoformat(), "paper": "none"}

    answer = client.post(url, {**typed, "reason": "identity card 411522196211031422"})

    assert "Leave numbers of documents" in answer.content.decode()
    assert not HouseholdEvent.objects.exists()
