"""The closing of a day as one job: its steps, its repetition, its digests."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

import coopcrm.celery  # noqa: F401 - messages go to the broker of the tests
from branches.models import Unit
from coopcrm.shared import work
from coopcrm.shared.errors import Refused
from coopcrm.shared.models import Job, JobState
from kpi import services
from kpi.closing import digests, order_closing
from kpi.models import BranchDay, KpiSnapshot, ScoreCard
from loans.models import AccountMonth, LoanClassification
from ratings.models import Contribution, CreditRating, CustomerTier
from tests.factories import make_branch, make_village
from tests.kpi.books import CLOSED_ON, make_account, make_family, make_line, make_loan, make_references

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county() -> Unit:
    """Two branches with a few households each."""
    make_references()
    for place in range(2):
        branch = make_branch()
        village = make_village(unit=branch)
        village.registered_households = 5
        village.save()
        for n in range(3):
            household = make_family(branch, village)
            make_account(
                household.head, days={date(2026, 1, 10): Decimal(1000 * (n + 1)), date(2026, 3, 5): 5000}
            )
            make_line(household)
            make_loan(household, paid=n != place)
    return branch


def close(as_of: date = CLOSED_ON, **options) -> Job:
    job = order_closing(as_of=as_of, **options)
    work.work_until_idle(60)
    job.refresh_from_db()
    assert job.state == JobState.DONE, (
        job.error,
        list(job.orders.exclude(error="").values_list("kind", "error")),
    )
    return job


def test_a_closing_leaves_every_result_of_its_day(county):
    job = close()

    assert job.result["classes"] == LoanClassification.objects.filter(as_of=CLOSED_ON).count() == 6
    assert job.result["ratings"] == CreditRating.objects.filter(as_of=CLOSED_ON).count() == 6
    assert (
        job.result["contributions"] == Contribution.objects.filter(period_end=date(2026, 4, 1)).count() == 6
    )
    assert job.result["tiers"] == CustomerTier.objects.count() == 6
    assert AccountMonth.objects.filter(month=date(2026, 3, 1)).count() == 12
    assert KpiSnapshot.objects.filter(as_of=CLOSED_ON).count() == 3 * 21
    assert ScoreCard.objects.filter(as_of=CLOSED_ON).count() == 3
    assert BranchDay.objects.filter(day=CLOSED_ON).count() == 2


def test_a_second_closing_of_the_day_changes_nothing(county):
    close()
    before = digests(CLOSED_ON)

    job = close()

    assert digests(CLOSED_ON) == before
    assert {name: n for name, n in job.result.items() if n} == {}


def test_a_closing_may_stop_at_a_step_and_go_on_later(county):
    close(until="ratings")
    assert (CreditRating.objects.count(), Contribution.objects.count()) == (6, 0)

    close()

    assert (CreditRating.objects.count(), Contribution.objects.count()) == (6, 6)


def test_a_date_far_in_the_future_is_taken_for_a_slip_of_the_pen(county):
    with pytest.raises(CommandError, match="2126-03-31 lies in the future"):
        call_command("close_day", "--date", "2126-03-31")

    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("today", "latest"), [(date(2026, 2, 1), date(2026, 4, 5)), (date(2026, 6, 1), date(2026, 6, 1))]
)
def test_the_latest_date_is_today_or_a_month_after_the_last_booking(county, today, latest):
    services.refuse_far_future(as_of=latest, today=today)
    with pytest.raises(Refused, match=latest.isoformat()):
        services.refuse_far_future(as_of=latest + timedelta(days=1), today=today)


def test_a_correction_supersedes_what_was_computed_before(county):
    close()
    first = CreditRating.objects.order_by("pk").first()
    sheet = first.fact_sheet
    sheet.pk, sheet.net_income = None, 120_000
    sheet.save()

    job = close()

    assert job.result["ratings"] == 1
    assert list(
        CreditRating.objects.filter(household=first.household)
        .order_by("pk")
        .values_list("fact_sheet", flat=True)
    ) == [
        first.fact_sheet_id,
        sheet.pk,
    ]


def test_the_digest_command_names_every_table(county, capsys):
    close()

    call_command("closing_digest", "--date", "2026-03-31")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines][-3:] == ["kpi_kpisnapshot", "kpi_scorecard", "all"]


@pytest.mark.parametrize(
    ("table", "step_done_before"),
    [
        ("loans_accountmonth", 0),
        ("loans_loanclassification", 1),
        ("ratings_creditrating", 2),
        ("ratings_contribution", 3),
        ("ratings_customertier", 4),
        ("kpi_kpisnapshot", 5),
    ],
)
def test_an_error_of_the_database_in_a_step_leaves_nothing_of_it(
    county, table, step_done_before, monkeypatch
):
    monkeypatch.setattr(work, "RETRY_SECONDS", -1)
    close(until="roll_up")
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse_the_third() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF (SELECT count(*) FROM {table}) >= 2 THEN RAISE division_by_zero; END IF; RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse_the_third BEFORE INSERT ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_the_third()"
        )
    try:
        job = order_closing(as_of=CLOSED_ON)
        work.work_until_idle(60)
        job.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert (job.state, cursor.fetchone()[0], job.stage) == (JobState.FAILED, 0, step_done_before)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER refuse_the_third ON {table}")

    close()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 2
