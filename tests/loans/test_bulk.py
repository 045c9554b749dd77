"""Months rolled up and classes given in bulk, on books small enough to work by hand."""

from datetime import date
from decimal import Decimal

import pytest

from loans.models import AccountMonth, CreditLine, Instalment, LoanClassification
from loans.services import classify_loans, freeze_lines, last_completed_month, prepare_months, roll_up_months
from tests.factories import make_branch, make_customer, make_household
from tests.kpi.books import add_day, make_account, make_line, make_loan

pytestmark = pytest.mark.django_db
EVERYTHING = {"low": 0, "high": 2**40}


def month_of(account, month=date(2026, 3, 1)) -> AccountMonth:
    return AccountMonth.objects.get(account_id=account.pk, month=month)


def roll_up(as_of=date(2026, 3, 31)) -> int:
    prepare_months(as_of)
    return roll_up_months(**EVERYTHING, as_of=as_of)


def test_each_balance_counts_for_the_days_it_stood():
    account = make_account(make_customer(), days={date(2026, 2, 20): 10_000, date(2026, 3, 11): 4_000})

    roll_up()

    assert (month_of(account).adb, month_of(account).balance_end) == (Decimal("5935.483871"), Decimal(4_000))
    assert month_of(account, date(2026, 2, 1)).adb == Decimal("3214.285714")  # nine days of twenty-eight


def test_the_next_month_starts_from_the_month_before():
    account = make_account(make_customer(), days={date(2026, 1, 1): 3_100})
    roll_up(date(2026, 2, 28))
    add_day(account, date(2026, 3, 31), 0, counter_count=2, fees=Decimal("1.50"))

    written = roll_up()

    row = month_of(account)
    assert (written, row.adb, row.balance_end) == (1, Decimal(3_000), 0)
    assert (row.counter_count, row.fees) == (2, Decimal("1.50"))


def test_the_whole_history_and_month_by_month_are_the_same_months():
    days = {date(2026, 1, 10): 700, date(2026, 1, 31): 1_900, date(2026, 3, 1): 50, date(2026, 3, 31): 80}
    at_once, stepwise = (make_account(make_customer(), days=days) for _ in range(2))

    prepare_months(date(2026, 3, 31))
    roll_up_months(low=at_once.pk, high=at_once.pk + 1, as_of=date(2026, 3, 31))
    for day in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)):
        roll_up_months(low=stepwise.pk, high=stepwise.pk + 1, as_of=day)

    shape = ("month", "adb", "balance_end")
    months = [
        list(AccountMonth.objects.filter(account_id=a.pk).values_list(*shape).order_by("month"))
        for a in (at_once, stepwise)
    ]
    assert months[0] == months[1]
    assert len(months[0]) == 3


def test_a_closed_account_has_no_month_after_its_closing():
    account = make_account(
        make_customer(), days={date(2026, 1, 1): 310, date(2026, 2, 14): 0}, closed_on=date(2026, 2, 14)
    )

    roll_up()

    assert list(
        AccountMonth.objects.filter(account_id=account.pk).values_list("month", flat=True).order_by("month")
    ) == [
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]


def test_an_account_known_from_a_list_holds_the_listed_balance():
    account = make_account(make_customer(), balance=500, balance_on=date(2026, 3, 1))

    roll_up()

    assert month_of(account).adb == 500


@pytest.mark.parametrize(("day", "month"), [("2026-03-30", "2026-02-01"), ("2026-03-31", "2026-03-01")])
def test_a_month_is_completed_on_its_last_day(day, month):
    assert last_completed_month(date.fromisoformat(day)) == date.fromisoformat(month)


def class_of(loan, as_of=date(2026, 3, 31), level="good") -> LoanClassification:
    classify_loans(**EVERYTHING, as_of=as_of, levels=f"SELECT '{level}'::text AS level")
    return LoanClassification.objects.filter(loan=loan, as_of=as_of).latest("pk")


@pytest.fixture
def loan():
    """Drawn on 16 June 2025 for a year, interest each quarter, all paid so far."""
    return make_loan(make_household(make_customer(branch=make_branch())))


def test_days_overdue_are_counted_from_the_oldest_unpaid_part(loan):
    loan.instalments.filter(due_on__gte=date(2025, 12, 16)).update(interest_paid_on=None)

    row = class_of(loan)

    assert (row.principal_dpd, row.interest_dpd, row.final) == (0, 105, "substandard")
    assert (row.balance, row.level) == (Decimal(30_000), "good")


def test_what_was_paid_later_counts_as_unpaid_on_the_day(loan):
    Instalment.objects.filter(loan=loan, due_on=date(2026, 3, 16)).update(interest_paid_on=date(2026, 4, 2))

    assert (class_of(loan).interest_dpd, class_of(loan, date(2026, 4, 2)).interest_dpd) == (15, 0)


@pytest.mark.parametrize(
    ("paid_on", "final", "cure_lock"), [("2026-01-10", "substandard", True), ("2025-09-30", "normal", False)]
)
def test_a_cured_loan_waits_six_months(loan, paid_on, final, cure_lock):
    Instalment.objects.filter(loan=loan, due_on=date(2025, 9, 16)).update(interest_paid_on=paid_on)
    row = class_of(loan, date(2025, 9, 15))
    LoanClassification.objects.filter(pk=row.pk).update(final="substandard")

    row = class_of(loan)

    assert (row.previous, row.final, row.cure_lock) == ("substandard", final, cure_lock)


def test_an_extension_counts_from_the_day_it_was_made(loan):
    type(loan).objects.filter(pk=loan.pk).update(flags=["EXTENDED"], extended_on=date(2026, 4, 1))

    assert (class_of(loan).final, class_of(loan, date(2026, 4, 1)).final) == ("normal", "special_mention")


def test_a_loan_repaid_in_an_earlier_month_is_not_classified(loan):
    type(loan).objects.filter(pk=loan.pk).update(closed_on=date(2026, 2, 28))

    written, refused = classify_loans(**EVERYTHING, as_of=date(2026, 3, 31))

    assert (written, refused) == (0, [])


def test_a_loan_the_matrix_cannot_read_keeps_its_class_and_is_named(loan):
    type(loan).objects.filter(pk=loan.pk).update(flags=["UNHEARD_OF"])

    assert classify_loans(**EVERYTHING, as_of=date(2026, 3, 31)) == (0, [loan.pk])


def test_only_active_lines_are_frozen_and_none_is_thawed():
    households = [make_household(make_customer(branch=make_branch())) for _ in range(2)]
    active, cancelled = make_line(households[0]), make_line(households[1], state="cancelled")

    frozen = freeze_lines(households="SELECT id FROM customers_household", parameters={})

    assert frozen == 1
    assert [CreditLine.objects.get(pk=line.pk).state for line in (active, cancelled)] == [
        "frozen",
        "cancelled",
    ]
