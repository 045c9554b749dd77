"""On a seeded county, the bulk paths say what the pure rules say, and every figure is made of its rows."""

from decimal import Decimal

import pytest
from django.db import transaction

from branches.models import Unit
from coopcrm.shared import work
from coopcrm.shared.models import JobState
from customers.models import ComputedTag, Household
from customers.tags.rules import who_is_meant
from kpi.closing import digests, order_closing
from kpi.drilldown import recompute
from kpi.indicators import INDICATORS, context_for
from kpi.models import BranchDay, KpiSnapshot, ScoreCard
from kpi.seeding import DEMO_AS_OF, DEMO_CLOSINGS
from kpi.seeding.county import seed_county
from kpi.seeding.plan import Plan
from kpi.seeding.tags import hang_by_rule
from kpi.selectors import latest, rows_of
from loans import selectors as book
from loans.classification import classify
from loans.models import LoanClassification
from ratings import selectors, tiers
from ratings.contribution import contribution
from ratings.models import Contribution, CreditRating, CustomerTier
from ratings.scorecard import rate
from ratings.services import rate_household, rating_columns

pytestmark = pytest.mark.django_db
HOUSEHOLDS_COMPARED = 400
COMPONENTS = ("deposit_spread", "loan_interest", "loan_ftp_cost", "risk_cost", "operating_cost", "fee_income")


def close(as_of):
    job = order_closing(as_of=as_of)
    work.work_until_idle(120)
    job.refresh_from_db()
    assert job.state == JobState.DONE, list(job.orders.exclude(error="").values_list("kind", "error"))
    return job


@pytest.fixture(scope="module")
def county(django_db_setup, django_db_blocker):
    """A county seeded and closed for its last months, for all tests of this module; rolled back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed_county(Plan(1400, 11, DEMO_AS_OF), lambda line: None)
        for day in DEMO_CLOSINGS:
            close(day)
        yield
        transaction.set_rollback(True)


def test_every_figure_is_what_its_rows_add_up_to(county):
    stored = {(row.unit_id, row.code): row for row in latest(KpiSnapshot).filter(as_of=DEMO_AS_OF)}
    units = Unit.objects.in_bulk({unit_id for unit_id, _ in stored})

    differing = {}
    for (unit_id, code), row in stored.items():
        made = recompute(code, units[unit_id], DEMO_AS_OF)
        if (made.value, made.reason or "") != (row.value, row.reason):
            differing[unit_id, code] = (row.value, row.reason, made)

    assert differing == {}
    assert len(stored) == 13 * len(INDICATORS)
    assert {code for (_, code), row in stored.items() if row.value is not None} == set(INDICATORS)


def test_tags_that_wait_for_grades_and_tiers_are_hung_after_the_closing(county):
    meant = {"model-payer": {"grade": "AAA"}, "vip-care": {"tier": "vip"}}
    expected = {
        code: set(who_is_meant(filters).values_list("pk", flat=True)) for code, filters in meant.items()
    }

    hang_by_rule(DEMO_AS_OF)

    rows = ComputedTag.objects.filter(tag__code__in=meant, valid_to=None)
    hung = {code: set(rows.filter(tag__code=code).values_list("customer", flat=True)) for code in meant}
    assert hung == expected
    assert all(expected.values())


def test_ratings_in_bulk_equal_the_scorecard_household_by_household(county):
    card = selectors.card_in_force(DEMO_AS_OF)
    rows = {row.household_id: row for row in CreditRating.objects.filter(as_of=DEMO_AS_OF)}

    statuses = set()
    for household_id, row in list(rows.items())[:HOUSEHOLDS_COMPARED]:
        facts = selectors.facts_for(household_id, DEMO_AS_OF)
        expected = rating_columns(rate(facts, card), card)
        assert {name: getattr(row, name) for name in expected} == expected, household_id
        assert (bytes(row.digest), row.other_facts) == (bytes(facts["digest"]), facts["other_facts"])
        statuses.add(row.status)

    assert statuses == {"RATED", "REJECTED", "PENDING_PANEL", "INCOMPLETE"}


def test_rating_a_household_at_the_counter_finds_what_the_closing_wrote(county):
    row = CreditRating.objects.filter(as_of=DEMO_AS_OF, status="RATED").first()

    again = rate_household(household=Household.objects.get(pk=row.household_id), as_of=DEMO_AS_OF)

    assert again.pk == row.pk


def test_classes_in_bulk_equal_the_rule_loan_by_loan(county):
    parameters = {**book.date_parameters(DEMO_AS_OF), "low": 0, "high": 2**40}
    facts = rows_of(book.classification_inputs(selectors.levels_before()), parameters)
    stored = {row.loan_id: row for row in LoanClassification.objects.filter(as_of=DEMO_AS_OF)}

    assert len(facts) == len(stored) > 50
    for given in facts:
        expected, row = classify(given), stored[given["loan_id"]]
        for name in (
            "dpd",
            "matrix",
            "floor_2023",
            "flag_floor",
            "final",
            "cure_lock",
            "provision_rate",
            "needs_review",
        ):
            assert getattr(row, name) == getattr(expected, name), (given["loan_id"], name)
    assert {row.final for row in stored.values()} > {"normal", "special_mention"}


def test_contribution_in_bulk_equals_the_rule_customer_by_customer(county):
    period_end = context_for(DEMO_AS_OF, None)["period_end"]
    rule = selectors.contribution_rule(DEMO_AS_OF)
    rows = Contribution.objects.filter(period_end=period_end).order_by("customer_id")

    assert rows.count() > 700
    for row in rows[:HOUSEHOLDS_COMPARED]:
        expected = contribution(**selectors.contribution_inputs(row.customer_id, period_end), rule=rule)
        for name in (*COMPONENTS, "contribution"):
            assert getattr(row, name) == getattr(expected, name), (row.customer_id, name)
    assert sum(row.loan_interest > 0 for row in rows) > 20


def test_a_customers_contribution_is_the_sum_of_its_components(county):
    for row in Contribution.objects.all():
        signs = dict.fromkeys(COMPONENTS, 1) | {"loan_ftp_cost": -1, "risk_cost": -1, "operating_cost": -1}
        assert row.contribution == sum(
            (getattr(row, name) * sign for name, sign in signs.items()), Decimal(0)
        )


def test_tiers_in_bulk_equal_the_rule_with_its_memory(county):
    in_force: dict[int, tuple[str, str]] = {}
    for day in DEMO_CLOSINGS:
        period_end = context_for(day, None)["period_end"]
        active = Contribution.objects.filter(period_end=period_end, is_active=True)
        expected = tiers.assign({"id": row.customer_id, "contribution": row.contribution} for row in active)
        stored = {row.customer_id: row for row in CustomerTier.objects.filter(period_end=period_end)}

        assert [row.customer_id for row in sorted(stored.values(), key=lambda row: row.rank)] == list(
            expected.order
        )
        for pk, earned in expected.tiers.items():
            tier, earned_before = in_force.get(pk, (None, None))
            assert (stored[pk].earned, stored[pk].tier) == (earned, tiers.settle(tier, earned, earned_before))
        in_force |= {pk: (row.tier, row.earned) for pk, row in stored.items()}

    assert any(row.tier != row.earned for row in stored.values())


def test_the_whale_curve_ends_at_the_whole(county):
    period_end = context_for(DEMO_AS_OF, None)["period_end"]

    curve = selectors.whale_curve(period_end)

    assert curve.total <= 0 or (curve.curve[-1] == 1 and curve.peak_share >= 1)
    assert (
        sum(selectors.tier_counts(period_end).values())
        == CustomerTier.objects.filter(period_end=period_end).count()
    )


def test_every_branch_and_the_union_have_a_score_with_both_halves(county):
    cards = latest(ScoreCard).filter(as_of=DEMO_AS_OF)

    assert len(cards) == 13
    assert all(
        card.score is not None and card.hard_score is not None and card.soft_score is not None
        for card in cards
    )


def test_closing_the_day_again_writes_nothing(county):
    before = digests(DEMO_AS_OF)

    job = close(DEMO_AS_OF)

    assert digests(DEMO_AS_OF) == before
    assert {name: n for name, n in job.result.items() if n} == {}


def test_the_days_of_a_branch_end_where_its_accounts_stand(county):
    statement = """
        SELECT a.branch_id, sum(m.balance_end) FILTER (WHERE p.family = 'deposit') AS deposits,
            sum(m.balance_end) FILTER (WHERE p.family = 'loan') AS loans
        FROM loans_accountmonth m JOIN loans_account a ON a.id = m.account_id
            JOIN loans_product p ON p.id = a.product_id
        WHERE m.month = %(month)s GROUP BY a.branch_id
    """

    for day in DEMO_CLOSINGS:
        stood = {
            r["branch_id"]: (r["deposits"], r["loans"])
            for r in rows_of(statement, {"month": day.replace(day=1)})
        }
        days = BranchDay.objects.filter(day=day).values_list("branch_id", "deposits", "loans")
        assert {branch: (deposits, loans) for branch, deposits, loans in days} == stood
