"""Indicators and score cards where a figure cannot be said, and at the edges of their bands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi import measures
from kpi.scorecards import InvalidTarget, score
from ratings import integrity, retention, tiers

VISIT = {"household": "H1", "minutes": 10, "distance_m": 1000, "note_chars": 30, "duplicate": False}


def value_and_reason(measure):
    return measure.value, measure.reason


@pytest.mark.parametrize(
    "measure",
    [
        measures.npl_ratio(npl=2, total=1),
        measures.due_recovery(due_principal=1, recovered=2),
        measures.interest_collection(collected_current=2, receivable_current=1),
        measures.market_share(own=2, market=1),
        measures.high_end_share(vip=1, gold=1, active=1),
        measures.retention(retained=2, start=1),
        measures.rated_coverage(rated_valid=2, households=1),
        measures.credit_coverage(with_limit=2, households=1),
        measures.usage_rate(with_balance=2, with_limit=1),
        measures.origination_npl(npl_now=2, outstanding_now=1),
    ],
)
def test_a_share_above_one_is_bad_data(measure):
    assert value_and_reason(measure) == (None, "NUMERATOR_GT_DENOMINATOR")


@pytest.mark.parametrize(
    "measure",
    [
        measures.profit_completion(actual=1, plan=0),
        measures.dep_adb_growth(current=1, base=-1),
        measures.cost_income(cost=1, income=0),
        measures.products_per_customer(holdings=[]),
        measures.visit_coverage(assigned=[], visits=[VISIT]),
        measures.data_quality(completeness=[0, 0], validity=[0, 0], freshness=[0, 0], uniqueness=[0, 0]),
        measures.market_share_change(own_now=1, market_now=0, own_base=1, market_base=1),
        measures.csat(scores=[], min_n=0),
    ],
)
def test_nothing_is_divided_by_nothing(measure):
    assert value_and_reason(measure) == (None, "ZERO_DENOMINATOR")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"minutes": 9}, False),
        ({"distance_m": 1001}, False),
        ({"distance_m": None}, False),
        ({"note_chars": 29}, False),
        ({"duplicate": True}, False),
    ],
)
def test_a_valid_visit_was_long_near_noted_and_no_copy(change, expected):
    assert measures.is_valid_visit(VISIT | change) is expected


def test_a_part_of_data_quality_without_cases_drops_out():
    result = measures.data_quality(completeness=[9, 10], validity=[0, 0], freshness=[1, 2], uniqueness=[0, 0])

    assert result.value == Decimal("76.67")  # (0.4 × 0.9 + 0.2 × 0.5) / 0.6


@pytest.mark.parametrize(
    ("actual", "expected", "band"),
    [
        ("1.2", "120.00", "excellent"),
        ("0.9", "90.00", "excellent"),
        ("0.89995", "90.00", "excellent"),
        ("0.8999", "89.99", "good"),
        ("0.6999", "69.99", "improve"),
        ("-1", "0.00", "improve"),
    ],
)
def test_bands_are_read_from_the_rounded_score(actual, expected, band):
    item = {"code": "X", "weight": "10", "direction": "higher", "target": "1", "floor": "0", "cap": "1.20"}

    result = score(items=[item | {"actual": actual}])

    assert (str(result.score), result.band) == (expected, band)


def test_a_card_without_any_figure_has_no_score():
    item = {
        "code": "X",
        "weight": "10",
        "direction": "lower",
        "target": "0",
        "floor": "1",
        "cap": "1.20",
        "actual": None,
    }

    assert score(items=[item]).as_dict() == {
        "achievement": {"X": None},
        "weight_used": "0.00",
        "score": None,
        "band": None,
    }


def test_a_floor_that_is_no_worse_than_the_target_is_a_mistake_of_configuration():
    item = {
        "code": "X",
        "weight": "10",
        "direction": "lower",
        "target": "1",
        "floor": "0",
        "cap": "1.2",
        "actual": "1",
    }

    with pytest.raises(InvalidTarget):
        score(items=[item])


CUSTOMERS = st.lists(st.decimals(-10_000, 100_000, places=2), max_size=40).map(
    lambda amounts: [{"id": n, "contribution": amount} for n, amount in enumerate(amounts)]
)


@given(CUSTOMERS)
def test_tiers_never_rank_a_lesser_customer_higher(customers):
    for assigned in (tiers.assign(customers), tiers.assign_by_share(customers)):
        places = [tiers.TIERS.index(assigned.tiers[pk]) for pk in assigned.order]
        assert places == sorted(places)


@given(CUSTOMERS)
def test_the_whale_curve_ends_at_one_and_peaks_above(customers):
    curve = tiers.whale_curve(customers)

    if curve.curve is not None:
        assert curve.curve[-1] == 1
        assert curve.peak_share == max(curve.curve) >= curve.top10_share


def test_a_customer_steps_down_only_after_two_periods():
    assert tiers.settle("gold", "standard", None) == "gold"
    assert tiers.settle("gold", "standard", "gold") == "gold"
    assert tiers.settle("gold", "standard", "silver") == "silver"
    assert tiers.settle("gold", "vip", "silver") == "vip"
    assert tiers.settle(None, "watch", None) == "watch"


def test_tiers_by_share_ask_what_lies_before():
    customers = [{"id": n, "contribution": amount} for n, amount in enumerate([50, 30, 15, 5, 0, -1])]

    assert list(tiers.assign_by_share(customers).tiers.values()) == [
        "vip",
        "gold",
        "silver",
        "standard",
        "standard",
        "watch",
    ]


def test_merges_are_followed_to_the_last_survivor():
    kept = retention.retention(start_active=["a", "b"], end_active=["c"], merged={"a": "b", "b": "c"})

    assert (kept.base, kept.retained, kept.lifetime_years) == (1, 1, None)


def test_a_life_without_end_has_no_value():
    assert retention.lifetime_value(m=100, r=1, d=0).clv is None
    assert retention.lifetime_value(m=100, r="0.5", d="0.1", a=1000).uplift is None


@pytest.mark.parametrize(
    ("result", "level"),
    [
        (integrity.heaping(values=[1] * 30, multiple=10, peer_share=0), "insufficient"),
        (integrity.benford(digit_counts=[299, 0, 0, 0, 0, 0, 0, 0, 0]), "insufficient"),
        (integrity.cutoff_bump(above=19, below=0), "insufficient"),
        (integrity.cutoff_bump(above=14, below=6), "amber"),
        (integrity.smr(grades={}, observed=1), "insufficient"),
        (integrity.inflation(pairs=[(3, 0)] * 10), "amber"),
        (integrity.inflation(pairs=[(3, 0)] * 9), "insufficient"),
        (integrity.revisit(fields=[]), "insufficient"),
    ],
)
def test_signals_need_enough_cases(result, level):
    assert result.level == level


def test_short_notes_are_not_compared():
    assert integrity.text(a="一" * 19, b="一" * 30).jaccard is None
    assert integrity.text(a="一二" * 10, b="一二" * 10).duplicate


@pytest.mark.parametrize(
    ("visits", "red", "due"), [(3, 0, 3), (100, 0, 5), (101, 0, 6), (143, 6, 13), (10, 10, 10)]
)
def test_a_sample_holds_all_red_visits_and_five_per_cent_of_the_rest(visits, red, due):
    assert integrity.sample(visits=visits, red_flagged=red).required == due
