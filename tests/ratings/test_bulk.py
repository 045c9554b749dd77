"""Ratings, contribution and tiers in bulk, on households small enough to work by hand."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from customers.models import Customer
from loans.models import Account, CreditLine, Loan
from loans.services import classify_loans, prepare_months, roll_up_months
from ratings import selectors
from ratings.contribution import CT_1, contribution
from ratings.models import Contribution, CreditRating, CustomerTier
from ratings.scorecard import RC_1, InvalidFacts
from ratings.services import (
    NOT_RATED,
    assign_tiers,
    compute_contributions,
    freeze_lines_of_rejected,
    rate_household,
    rate_households,
)
from ratings.tiers import TR_1
from tests.book import make_class
from tests.factories import make_branch, make_customer, make_household, make_staff, make_village, make_visit
from tests.kpi.books import (
    add_day,
    make_account,
    make_facts,
    make_family,
    make_line,
    make_loan,
    make_panel,
    make_references,
)

pytestmark = pytest.mark.django_db
AS_OF, PERIOD_END = date(2026, 3, 31), date(2026, 4, 1)
EVERYTHING = {"low": 0, "high": 2**40}


@pytest.fixture
def household():
    """R03 of the handbook: 80.0 points, AA, a limit of 60,000."""
    make_references()
    branch = make_branch()
    household = make_family(branch, make_village(unit=branch))
    make_account(household.head, days={date(2024, 1, 15): 900}, opened_on=date(2024, 1, 15))
    loan = make_loan(household, on=date(2024, 6, 3), months=12)
    loan.instalments.update(principal_paid_on=date(2025, 6, 3))
    type(loan).objects.filter(pk=loan.pk).update(closed_on=date(2025, 6, 3))
    for due in loan.instalments.all():
        type(due).objects.filter(pk=due.pk).update(interest_paid_on=due.due_on, principal_paid_on=due.due_on)
    return household


def rating_of(household, as_of=AS_OF) -> CreditRating:
    rate_households(**EVERYTHING, as_of=as_of, card=RC_1)
    return CreditRating.objects.filter(household=household, as_of=as_of).latest("pk")


def test_the_handbooks_household_reaches_its_grade_and_limit(household):
    row = rating_of(household)

    assert (row.status, row.total, row.grade, row.limit, row.binding) == (
        "RATED",
        Decimal("80.0"),
        "AA",
        60_000,
        "grade",
    )
    assert (row.review_due, row.valid_until, row.matrix_level) == (
        date(2027, 3, 31),
        date(2028, 3, 31),
        "excellent",
    )


def test_rating_twice_writes_once_and_the_counter_finds_the_same(household):
    first = rating_of(household)

    assert rate_households(**EVERYTHING, as_of=AS_OF, card=RC_1) == (0, [])
    assert rate_household(household=household, as_of=AS_OF).pk == first.pk


def test_the_counter_writes_what_the_closing_would_write(household):
    at_counter = rate_household(household=household, as_of=AS_OF)

    assert rate_households(**EVERYTHING, as_of=AS_OF, card=RC_1) == (0, [])
    assert (at_counter.grade, at_counter.limit) == ("AA", 60_000)


def test_a_household_that_never_borrowed_is_rated_and_capped(household):
    never = make_family(household.branch, household.village, credit_report="thin")
    make_account(never.head, days={date(2024, 1, 15): 900})

    row = rating_of(never)

    assert (row.status, row.soft_caps, row.other_facts["repayment_known"]) == ("RATED", ["S1"], True)
    assert "worst_overdue_days_36m" not in row.other_facts


def test_a_loan_without_terms_makes_the_record_unknown(household):
    make_account(household.head, "loan", balance=5_000)

    row = rating_of(household)

    assert (row.status, row.missing) == ("INCOMPLETE", ["current_overdue_days", "worst_overdue_days_36m"])
    assert (row.total, row.grade, row.limit) == (None, None, None)


def test_a_household_known_from_ledgers_alone_is_incomplete_and_never_scored_as_zero(household):
    bare = make_household(make_customer(branch=household.branch))

    row = rating_of(bare)

    assert (row.status, row.total, row.points) == ("INCOMPLETE", None, [])
    assert {"birth_date", "population", "net_income", "credit_report", "flags"} <= set(row.missing)


def test_the_facts_are_those_known_on_the_day(household):
    make_facts(household, recorded_on=date(2026, 4, 10), net_income=1)

    assert rating_of(household).grade == "AA"
    assert rating_of(household, date(2026, 4, 10)).grade != "AA"


def test_facts_seen_after_the_day_are_not_of_negative_age(household):
    make_facts(household, oldest_core_on=date(2026, 4, 2))

    facts = selectors.facts_for(household.pk, AS_OF)
    assert facts["info_age_days"] == 0
    assert rating_of(household).grade == "AA"

    make_facts(household, oldest_core_on=None)
    assert selectors.facts_for(household.pk, AS_OF)["info_age_days"] is None


def test_a_second_run_of_the_night_judges_only_what_has_changed(household):
    rating_of(household)
    other = make_family(household.branch, make_village(unit=household.branch))
    with connection.cursor() as cursor:
        parameters = {**selectors.date_parameters(AS_OF), **EVERYTHING, "card": RC_1.code}
        cursor.execute(f"SELECT household_id FROM ({NOT_RATED}) t", parameters)
        assert cursor.fetchall() == [(other.pk,)]

    assert rate_households(**EVERYTHING, as_of=AS_OF, card=RC_1) == (1, [])


def test_a_panel_of_more_than_two_years_ago_is_no_panel(household):
    assert rating_of(household, date(2028, 3, 9)).status != "PENDING_PANEL"
    assert rating_of(household, date(2028, 3, 10)).status == "PENDING_PANEL"


def test_contradicting_facts_are_named_and_nothing_is_stored(household):
    make_facts(household, flags=["unheard_of"])

    assert rate_households(**EVERYTHING, as_of=AS_OF, card=RC_1) == (0, [household.pk])
    with pytest.raises(InvalidFacts):
        rate_household(household=household, as_of=AS_OF)
    assert CreditRating.objects.count() == 0


def test_a_bad_loan_knocks_out_and_freezes_the_line_but_never_raises_one(household):
    make_line(household)
    loan = make_loan(household, on=date(2025, 6, 2), paid=False)
    classify_loans(**EVERYTHING, as_of=AS_OF, levels=selectors.levels_before())

    row = rating_of(household)
    frozen = freeze_lines_of_rejected(**EVERYTHING, as_of=AS_OF)

    assert (row.status, row.grade, row.limit, loan.household_id) == ("REJECTED", "C", 0, household.pk)
    assert {"K01", "K02", "K03"} <= set(row.knockouts)
    assert (frozen, CreditLine.objects.get().state) == (1, "frozen")


def test_a_new_panel_supersedes_the_rating_of_the_day(household):
    rating_of(household)
    make_panel(household, votes=(8, 8, 8, 8, 9, 9), held_on=AS_OF)

    row = rating_of(household)

    assert (row.total, row.grade, row.limit) == (Decimal("79.9"), "A", 30_000)
    assert CreditRating.objects.filter(household=household).count() == 2


# -- Contribution ------------------------------------------------------------------------------------------------------


def contribution_of(customer) -> Contribution:
    prepare_months(AS_OF)
    roll_up_months(**EVERYTHING, as_of=AS_OF)
    compute_contributions(**EVERYTHING, period_end=PERIOD_END, rule=CT_1)
    return Contribution.objects.filter(customer=customer).latest("pk")


def test_a_years_deposit_brings_its_spread_less_twelve_account_months():
    customer = make_customer()
    make_account(customer, days={date(2025, 4, 1): 18_000})

    row = contribution_of(customer)

    assert (row.deposit_spread, row.operating_cost, row.contribution) == (288, 18, 270)
    assert (row.period_start, row.is_active) == (date(2025, 4, 1), True)


def test_visits_are_borne_by_the_head():
    household = make_household(make_customer(branch=make_branch()))
    officer = make_staff("loan_officer", unit=household.branch)
    make_visit(household, officer, visited_on=date(2026, 3, 1))
    make_visit(household, officer, visited_on=date(2025, 3, 31))  # before the period

    row = contribution_of(household.head)

    assert (row.operating_cost, row.contribution, row.is_active) == (60, -60, False)


def test_a_loan_written_off_is_a_loss_and_no_release():
    branch = make_branch()
    household = make_family(branch, make_village(unit=branch))
    loan = make_loan(household, 20_000, on=date(2024, 1, 8), months=12, paid=False)
    make_class(loan, dpd=280, as_of=date(2025, 3, 31))  # doubtful when the period begins
    Loan.objects.filter(pk=loan.pk).update(written_off_on=date(2025, 12, 20))
    Account.objects.filter(pk=loan.account_id).update(closed_on=date(2025, 12, 20))
    add_day(loan.account, date(2025, 12, 20), 0)

    row = contribution_of(household.head)
    inputs = selectors.contribution_inputs(household.head_id, PERIOD_END)

    assert row.risk_cost == 10_000  # 20,000 × 100 % − 20,000 × 50 %
    assert contribution(**inputs).risk_cost == row.risk_cost
    (counted,) = inputs["loans"]
    assert (counted["balance_end"], counted["category_end"], counted["outstanding"]) == (20_000, "loss", 0)


def test_a_merged_customer_brings_the_sum_of_the_parts_to_the_survivor():
    survivor, merged = make_customer(), make_customer()
    for customer in (survivor, merged):
        make_account(customer, days={date(2025, 4, 1): 18_000})
    Customer.objects.filter(pk=merged.pk).update(state="merged", merged_into=survivor)

    row = contribution_of(survivor)

    assert (row.deposit_spread, Contribution.objects.count()) == (576, 1)


def test_a_transaction_within_180_days_keeps_a_small_account_active():
    customers = [make_customer() for _ in range(2)]
    for customer, day in zip(customers, (date(2025, 10, 3), date(2025, 10, 2)), strict=True):
        account = make_account(customer, days={date(2025, 5, 1): 20})
        add_day(account, day, 20, counter_count=1)

    assert [contribution_of(customer).is_active for customer in customers] == [True, False]


# -- Tiers -------------------------------------------------------------------------------------------------------------


def brought(amounts: dict[Customer, int], period_end: date) -> dict[Customer, CustomerTier]:
    zeros = dict.fromkeys(
        ("deposit_spread", "loan_interest", "loan_ftp_cost", "risk_cost", "operating_cost", "fee_income"), 0
    )
    for customer, amount in amounts.items():
        Contribution.objects.create(
            customer=customer, period_start=date(period_end.year - 1, 1, 1), period_end=period_end, rules="CT-1",
            digest=b"0", branch_id=customer.branch_id, contribution=amount, is_active=True, **zeros,
        )  # fmt: skip
    assign_tiers(after=0, upto=100, period_end=period_end, rule=TR_1)
    return {row.customer: row for row in CustomerTier.objects.filter(period_end=period_end)}


def test_a_customer_falls_after_two_periods_and_rises_at_once():
    best, other = make_customer(), make_customer()

    january = brought({best: 9_000, other: 2_500}, date(2026, 1, 1))
    february = brought({best: 50, other: 9_000}, date(2026, 2, 1))
    march = brought({best: 60, other: 9_000}, date(2026, 3, 1))

    assert [rows[best].tier for rows in (january, february, march)] == ["vip", "vip", "standard"]
    assert [rows[best].earned for rows in (january, february, march)] == ["vip", "standard", "standard"]
    assert [rows[other].tier for rows in (january, february)] == ["silver", "vip"]


def test_ties_are_settled_by_number_and_a_loss_is_watched():
    customers = [make_customer() for _ in range(3)]

    rows = brought(dict(zip(customers, (700, 700, -1), strict=True)), date(2026, 3, 1))

    assert [(rows[c].rank, rows[c].tier) for c in customers] == [(1, "gold"), (2, "silver"), (3, "watch")]
    curve = selectors.whale_curve(date(2026, 3, 1))
    assert (curve.total, curve.peak_rank) == (1399, 2)
