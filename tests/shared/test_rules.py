"""Amounts and periods: the arithmetic every rule stands on."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coopcrm.shared.errors import DomainError, PermissionRefused, Refused, require
from coopcrm.shared.money import ratio, round_down_to, rounded, to_decimal, yuan
from coopcrm.shared.periods import (
    Period,
    add_months,
    clock_starts_on,
    completed_years,
    month_of,
    quarter_of,
    workdays_in,
)
from coopcrm.shared.plain import plain


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.0049", "0.00"),
        ("-0.0049", "0.00"),
        ("2.675", "2.68"),
        (3, "3.00"),
    ],
)
def test_half_a_fen_is_rounded_away_from_zero(amount, expected):
    assert str(yuan(amount)) == expected


def test_a_binary_float_is_no_amount():
    with pytest.raises(TypeError):
        to_decimal(0.1)


def test_nothing_is_divided_by_nothing():
    assert ratio(Decimal(1), Decimal(0)) is None
    assert ratio(Decimal(1), Decimal(3), 4) == Decimal("0.3333")


@pytest.mark.parametrize(("amount", "expected"), [("47500", 47000), ("999.99", 0), ("-1", 0), ("1000", 1000)])
def test_a_limit_comes_in_whole_steps(amount, expected):
    assert round_down_to(Decimal(amount), 1000) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2025, 1, 31), -2, date(2024, 11, 30)),
    ],
)
def test_months_keep_the_day_or_end_with_the_month(day, months, expected):
    assert add_months(day, months) == expected


def test_who_is_born_on_leap_day_turns_on_the_first_of_march():
    assert completed_years(date(2004, 2, 29), date(2025, 2, 28)) == 20
    assert completed_years(date(2004, 2, 29), date(2025, 3, 1)) == 21


def test_a_period_ends_before_its_end():
    march = month_of(date(2026, 3, 31))

    assert march == Period(date(2026, 3, 1), date(2026, 4, 1))
    assert (date(2026, 4, 1) in march, march.last_day, march.days) == (False, date(2026, 3, 31), 31)
    assert quarter_of(date(2026, 3, 31)) == Period(date(2026, 1, 1), date(2026, 4, 1))


def test_holidays_are_off_and_make_up_days_are_worked():
    october = Period(date(2025, 9, 28), date(2025, 10, 6))
    holidays = {date(2025, 10, 1), date(2025, 10, 2), date(2025, 10, 3)}

    assert workdays_in(october, holidays, {date(2025, 9, 28)}) == 3


def test_the_clock_starts_on_the_next_working_day_from_the_cut_off_on():
    friday = date(2025, 10, 10)

    before, after = (
        clock_starts_on(datetime.combine(friday, t), time(16, 30)) for t in (time(16, 29, 59), time(16, 30))
    )

    assert (before, after) == (friday, date(2025, 10, 13))


def test_a_refusal_has_a_code_and_a_text_for_people():
    with pytest.raises(PermissionRefused, match="not your counter"):
        require(False, "not your counter")
    with pytest.raises(Refused) as refusal:
        require([], "nothing left", code="line_empty")
    assert (refusal.value.code, isinstance(refusal.value, DomainError)) == ("line_empty", True)
    require(True, "never said")


def test_results_become_plain_json_values():
    value = {"a": Decimal("1E+3"), "b": (date(2026, 3, 31), None), "c": frozenset({1})}

    assert plain(value) == {"a": "1000", "b": ["2026-03-31", None], "c": [1]}


@given(st.decimals(-(10**9), 10**9, places=6))
def test_rounding_moves_by_half_a_fen_at_most(amount):
    assert abs(rounded(amount, 2) - amount) <= Decimal("0.005")
