"""Classification, draws and groups at their edges."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.classification import CATEGORIES, M_1, RANK, InvalidLoan, classify, provisions
from loans.draws import refusals as draw_refusals
from loans.groups import refusals as group_refusals

LOAN = {
    "class": "farmer",
    "guarantee": "credit",
    "level": "good",
    "principal_dpd": 0,
    "interest_dpd": 0,
    "technical": False,
    "flags": [],
    "ecl_ratio": None,
    "previous": "normal",
    "months_cured": 0,
    "policy": "strict",
}
DRAW = {
    "today": "2025-09-10",
    "valid_until": "2027-06-30",
    "review_due": "2026-06-30",
    "review_done": False,
    "limit": "50000.00",
    "outstanding": ["10000.00"],
    "amount": "20000.00",
    "household_overdue_days": 0,
    "drawer": "head",
    "documents": ["id_card"],
    "id_card_expiry": "2035-01-01",
    "maturity": "2026-09-09",
}


def member(number, **change):
    sound = {"grade": "A", "overdue_days": 0, "in_other_group": False, "leader": number == 1}
    money = {"net_income": "60000.00", "net_assets": "200000.00", "amount": "50000.00"}
    return {"household": f"HH{number:02}", **sound, **money, **change}


@pytest.mark.parametrize(
    ("level", "guarantee", "days", "expected"),
    [
        ("excellent", "credit", 60, "normal"),
        ("excellent", "credit", 61, "special_mention"),
        ("good", "credit", 90, "special_mention"),
        ("good", "credit", 91, "substandard"),
        ("good", "credit", 180, "substandard"),
        ("good", "credit", 181, "doubtful"),
        ("ordinary", "credit", 0, "normal"),
        ("ordinary", "credit", 1, "special_mention"),
        ("unrated", "joint", 1, "special_mention"),
        ("excellent", "pledge", 5000, "doubtful"),
    ],
)
def test_the_matrix_counts_its_last_day_in_and_never_says_loss(level, guarantee, days, expected):
    assert classify(LOAN, level=level, guarantee=guarantee, principal_dpd=days).matrix == expected


@pytest.mark.parametrize(
    ("days", "technical", "expected"),
    [
        (0, False, "normal"), (1, False, "special_mention"), (7, True, "normal"), (8, True, "special_mention"),
        (90, False, "special_mention"), (91, False, "substandard"), (270, False, "substandard"),
        (271, False, "doubtful"), (360, False, "doubtful"), (361, False, "loss"),
    ],
)  # fmt: skip
def test_days_overdue_set_a_floor(days, technical, expected):
    assert classify(LOAN, interest_dpd=days, technical=technical).floor_2023 == expected


@pytest.mark.parametrize(
    ("expected_loss", "expected"),
    [(None, "normal"), ("0.4999", "normal"), ("0.50", "doubtful"), ("0.8999", "doubtful"), ("0.90", "loss")],
)
def test_expected_loss_sets_a_floor(expected_loss, expected):
    assert classify(LOAN, ecl_ratio=expected_loss).flag_floor == expected


@pytest.mark.parametrize(("months", "final", "locked"), [(5, "substandard", True), (6, "normal", False)])
def test_a_bad_loan_stays_bad_until_it_is_cured(months, final, locked):
    judged = classify(LOAN, previous="loss", months_cured=months)

    assert (judged.final, judged.cure_lock, judged.needs_review) == (final, locked, True)


def test_a_first_loss_and_a_better_class_are_decided_by_the_union():
    assert classify(LOAN, flags=["BANKRUPT"], previous=None).needs_review
    assert not classify(LOAN, flags=["BANKRUPT"], previous="loss").needs_review
    assert classify(LOAN, previous="special_mention").needs_review


@pytest.mark.parametrize(
    "change", [{"class": "ship"}, {"flags": ["LATE"]}, {"previous": "fine"}, {"policy": "mild"}]
)
def test_a_loan_that_cannot_be_read_is_an_error(change):
    with pytest.raises(InvalidLoan):
        classify(LOAN | change)


@given(
    days=st.integers(0, 1000),
    more=st.integers(0, 400),
    level=st.sampled_from(["excellent", "good", "ordinary"]),
)
def test_more_days_overdue_never_make_a_class_better(days, more, level):
    now, later = (classify(LOAN, level=level, principal_dpd=d).final for d in (days, days + more))

    assert RANK[later] >= RANK[now]


@given(balances=st.lists(st.decimals(0, 10**9, places=2), min_size=5, max_size=5))
def test_required_provisions_lie_between_one_per_cent_and_everything(balances):
    result = provisions(balances=dict(zip(CATEGORIES, balances, strict=True)), reserves="0")

    assert result.required == result.shortfall == result.general_provision + result.special_provision
    assert result.special_provision <= result.total
    assert M_1.general_rate * result.total - Decimal("0.01") <= result.required


def test_an_empty_book_has_no_ratios():
    result = provisions(balances={}, reserves="0", overdue_90_plus="0")

    assert (result.npl_ratio, result.coverage, result.loan_provision_ratio, result.loan_provision_ok) == (
        None,
    ) * 4
    assert (result.coverage_ok, result.required) == (True, Decimal("0.00"))


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"amount": "1000.00"}, ()),
        ({"amount": "999.99"}, ("AMOUNT",)),
        ({"amount": "1050.00"}, ("AMOUNT",)),
        ({"today": "2026-07-30", "maturity": "2027-01-01"}, ()),
        ({"today": "2026-07-31", "maturity": "2027-01-01"}, ("REVIEW_OVERDUE",)),
        ({"today": "2026-07-31", "maturity": "2027-01-01", "review_done": True}, ()),
        ({"maturity": "2027-06-30"}, ()),
        ({"maturity": "2027-07-01"}, ("TERM",)),
        ({"maturity": "2025-09-10"}, ("TERM",)),
        ({"id_card_expiry": "2025-09-10"}, ()),
        ({"id_card_expiry": "2025-09-09"}, ("DOCS",)),
        ({"drawer": "spouse", "documents": ["id_card", "household_register"]}, ()),
        ({"drawer": "son"}, ("DOCS",)),
        ({"outstanding": ["60000.00"]}, ("OVER_LIMIT",)),
        ({"valid_until": "2030-06-30", "maturity": "2027-09-10"}, ()),
        ({"valid_until": "2030-06-30", "maturity": "2027-09-11"}, ("TERM",)),
    ],
    ids=str,
)
def test_a_draw_is_refused_with_every_reason(change, reasons):
    assert draw_refusals(**DRAW | change).reasons == reasons


def test_an_overdrawn_line_has_nothing_available():
    assert draw_refusals(**DRAW | {"outstanding": ["60000.00"]}).available == Decimal("0.00")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ([{}, {}, {}, {}, {"amount": "90000.00"}], ()),
        ([{}, {}, {}, {}, {"amount": "90000.01"}], ("CAP",)),
        ([{}, {}, {}, {}, {"net_income": "-1.00"}], ("CAP",)),
        ([{}, {}, {}, {}, {"grade": None}], ("BAD_MEMBER",)),
        ([{}, {}, {}, {}, {"household": "HH01"}], ("DUP_HOUSEHOLD",)),
        ([{"net_assets": "-1.00"}] + [{"net_assets": "104166.66"}] * 4, ("CAP",)),
        ([{"net_assets": "-1.00"}] + [{"net_assets": "104166.67"}] * 4, ()),
        ([{}] * 10, ()),
        ([{}] * 11, ("SIZE",)),
    ],
    ids=str,
)
def test_a_group_is_refused_with_every_reason(changes, reasons):
    members = [member(number, **change) for number, change in enumerate(changes, 1)]

    assert group_refusals(members=members, kin_pairs=[], term_months=36).reasons == reasons
