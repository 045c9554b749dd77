"""Computed tables: each run leaves count and hash of its rows, and a row changed afterwards is found."""

from datetime import date

import pytest
from django.utils import timezone

from coopcrm.shared.models import AuditEntry, Deed
from coopcrm.shared.results import Slice, record_run
from coopcrm.shared.verification import verify
from ratings.models import CreditRating
from tests.book import make_rating
from tests.factories import make_customer, make_household

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 31)
TABLE = "ratings_creditrating"


def run_of(job_id: int, low: int = 0, high: int = 2**62) -> int:
    return record_run(Slice(TABLE, "as_of", DAY, DAY, "household_id", low, high, job_id))


@pytest.fixture
def ratings():
    households = [make_household(make_customer(f"张桂{n}")) for n in range(3)]
    for household in households:
        make_rating(household)
    CreditRating.objects.update(as_of=DAY, job_id=5)
    return CreditRating.objects.order_by("id")


def found() -> list[str]:
    return [finding.place for finding in verify().findings]


def test_a_run_says_how_many_rows_it_wrote_and_is_silent_when_nothing_is_new(ratings):
    assert run_of(5) == 3
    assert run_of(5) == 0
    entry = AuditEntry.objects.get(deed=Deed.RUN)
    assert (entry.table_name, entry.new["rows"], len(entry.new["digest"])) == (TABLE, 3, 64)
    assert found() == []


@pytest.mark.parametrize("change", ["edited", "deleted", "added"])
def test_a_result_that_was_touched_afterwards_is_found(ratings, change):
    run_of(5)
    row = ratings[1]
    if change == "edited":
        CreditRating.objects.filter(pk=row.pk).update(branch_id=9)
    elif change == "deleted":
        row.delete()
    else:
        row.pk, row.digest = None, b"other"
        row.save(force_insert=True)

    assert found() == [f"table {TABLE} {DAY} household_id 0"]


def test_what_somebody_rates_on_a_page_afterwards_is_a_run_of_its_own(ratings):
    run_of(5)
    row = ratings[0]
    row.pk, row.digest, row.job_id = None, b"other", None
    row.save(force_insert=True)
    record_run(Slice(TABLE, "as_of", DAY, DAY, "id", row.pk, row.pk + 1))

    assert found() == []
    CreditRating.objects.filter(pk=row.pk).update(branch_id=9)
    assert found() == [f"table {TABLE} {DAY} id {row.pk}"]


def test_hashing_leaves_times_as_they_were(ratings):
    before = CreditRating.objects.latest("id").computed_at

    run_of(5)

    assert CreditRating.objects.latest("id").computed_at == before
    assert abs((timezone.now() - before).total_seconds()) < 3600
