"""How a new sheet of facts stands on the one before."""

from datetime import date

import pytest

from customers.facts import Observed, Sheet, carry_over

SPRING, AUTUMN = date(2025, 4, 1), date(2025, 10, 1)


def test_first_sheet_holds_what_was_observed():
    sheet = carry_over(None, {"population": Observed(4, "said")}, staff_id=7, observed_on=SPRING)

    assert sheet == Sheet({"population": 4}, {"population": ["said", 7, "2025-04-01"]})


def test_unknown_values_are_left_out_and_none_is_not_zero():
    sheet = carry_over(
        None,
        {"liabilities": Observed(0, "said"), "assets": Observed(None, "said")},
        staff_id=7,
        observed_on=SPRING,
    )

    assert sheet.values == {"liabilities": 0}


def test_oldest_core_day_comes_from_core_fields_alone():
    before = Sheet({"land_mu": 3}, {"land_mu": ["said", 7, "2020-01-01"]})

    sheet = carry_over(before, {"assets": Observed(100, "seen")}, staff_id=7, observed_on=AUTUMN)

    assert sheet.oldest_core_on == AUTUMN


def test_a_field_that_no_sheet_has_is_an_error():
    with pytest.raises(KeyError):
        carry_over(None, {"grade": Observed("AAA", "said")}, staff_id=7, observed_on=SPRING)
