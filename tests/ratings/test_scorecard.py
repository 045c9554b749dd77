"""The scorecard at its edges: a fen below a band, day 90 and day 91, a vote too few, a fact unknown."""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.scorecard import (
    CARDS,
    RC_1,
    InvalidCard,
    InvalidFacts,
    card_from_json,
    load_card,
    rate,
    what_would_raise,
)

SOUND = {
    "as_of": "2026-03-31",
    "birth_date": "1985-05-05",
    "population": 4,
    "labour": 2,
    "residence_years": "15",
    "net_income": "88000.00",
    "living_expenditure": "48000.00",
    "income_sources": 2,
    "assets": "260000.00",
    "liabilities": "40000.00",
    "guarantees_given": "0.00",
    "worst_overdue_days_36m": 0,
    "current_overdue_days": 0,
    "credit_report": "clean",
    "deposit_years": "6",
    "panel_votes": [8, 8, 9, 8, 9],
    "panel_village_reps": 2,
    "panel_vetoes": 0,
    "bonus": [],
    "malus": [],
    "flags": [],
    "second_investigator": True,
    "info_age_days": 20,
    "other_unsecured": "0.00",
    "county_income_ref": "22000.00",
    "county_net_asset_ref": "150000.00",
}
PANEL = ("panel_votes", "panel_village_reps", "panel_vetoes")


def points(**change):
    return rate(SOUND | change).points


@pytest.mark.parametrize(
    ("net_income", "expected"),
    [
        ("176000.00", 12), ("175999.99", 10), ("132000.00", 10), ("131999.99", 8), ("88000.00", 8), ("87999.99", 5),
        ("61600.00", 5), ("61599.99", 2), ("35200.00", 2), ("35199.99", 0), ("-5.00", 0),
    ],
)  # fmt: skip
def test_income_per_head_is_judged_a_fen_exact(net_income, expected):
    assert points(net_income=net_income)["B1"] == expected


@pytest.mark.parametrize(
    ("assets", "liabilities", "expected"),
    [
        ("300000.00", "0", 9), ("299999.99", "0", 7), ("150000.00", "0", 7), ("149999.99", "0", 5),
        ("30000.00", "0", 3), ("29999.99", "0", 1), ("0.01", "0", 1), ("0", "0", 0), ("10.00", "10.01", 0),
    ],
)  # fmt: skip
def test_net_assets_just_above_nothing_earn_a_point(assets, liabilities, expected):
    assert points(assets=assets, liabilities=liabilities)["B3"] == expected


@pytest.mark.parametrize(
    ("assets", "liabilities", "expected"),
    [
        ("100.00", "20.00", 8),
        ("100.00", "20.01", 6),
        ("100.00", "80.00", 1),
        ("100.00", "80.01", 0),
        ("0", "0", 2),
        ("0", "0.01", 0),
    ],
)
def test_debts_without_assets_are_worse_than_neither(assets, liabilities, expected):
    assert points(assets=assets, liabilities=liabilities)["B4"] == expected


@pytest.mark.parametrize(
    ("net_income", "living", "expected"),
    [
        ("100", "60", 6),
        ("100", "60.01", 5),
        ("100", "100", 1),
        ("100", "100.01", 0),
        ("0", "0", 0),
        ("-1", "0", 0),
    ],
)
def test_surplus_needs_an_income(net_income, living, expected):
    assert points(net_income=net_income, living_expenditure=living)["B5"] == expected


@pytest.mark.parametrize(
    ("days", "expected"), [(None, 8), (0, 14), (1, 10), (30, 10), (31, 5), (60, 5), (61, 2), (90, 2), (91, 0)]
)
def test_never_borrowed_is_neither_late_nor_punctual(days, expected):
    assert points(worst_overdue_days_36m=days)["C1"] == expected


@pytest.mark.parametrize(
    ("guarantees", "net_income", "expected"),
    [
        ("0", "-1", 4),
        ("0.01", "0", 0),
        ("44000", "88000", 3),
        ("44000.01", "88000", 1),
        ("88000.01", "88000", 0),
    ],
)
def test_a_guarantee_without_income_earns_nothing(guarantees, net_income, expected):
    assert points(guarantees_given=guarantees, net_income=net_income)["C4"] == expected


@pytest.mark.parametrize(
    ("now", "codes", "caps"), [(0, (), ()), (1, (), ("S2",)), (30, (), ("S2",)), (31, ("K01",), ())]
)
def test_a_month_overdue_is_a_knock_out(now, codes, caps):
    rating = rate(SOUND | {"current_overdue_days": now})

    assert (rating.knockouts, rating.soft_caps) == (codes, caps)


@pytest.mark.parametrize(("days", "codes"), [(90, ()), (91, ("K02",))])
def test_day_91_is_a_knock_out_and_day_90_is_not(days, codes):
    assert rate(SOUND | {"worst_overdue_days_36m": days}).knockouts == codes


@pytest.mark.parametrize(
    ("born", "age", "codes"),
    [
        ("2008-03-31", 18, ()),
        ("2008-04-01", 17, ("K07",)),
        ("1960-04-01", 65, ()),
        ("1960-03-31", 66, ("K07",)),
    ],
)
def test_age_counts_completed_years(born, age, codes):
    rating = rate(SOUND | {"birth_date": born})

    assert (rating.age, rating.knockouts) == (age, codes)


@pytest.mark.parametrize(
    ("votes", "vetoes", "codes"), [(6, 2, ("K11",)), (7, 2, ()), (5, 1, ()), (5, 2, ("K11",))]
)
def test_a_third_of_vetoes_refuses(votes, vetoes, codes):
    assert rate(SOUND | {"panel_votes": [8] * votes, "panel_vetoes": vetoes}).knockouts == codes


@pytest.mark.parametrize(("age_days", "caps"), [(365, ()), (366, ("S5",))])
def test_facts_older_than_a_year_cap_the_grade(age_days, caps):
    assert rate(SOUND | {"info_age_days": age_days}).soft_caps == caps


def test_every_code_is_listed_and_the_lowest_cap_wins():
    rating = rate(
        SOUND | {"worst_overdue_days_36m": None, "credit_report": "not_queried", "second_investigator": False}
    )

    assert (rating.soft_caps, rating.grade) == (("S1", "S4", "S6"), "B")


def test_vetoes_without_a_quorum_refuse_nobody():
    rating = rate(SOUND | {"panel_votes": [8] * 4, "panel_vetoes": 4})

    assert (rating.status, rating.knockouts, rating.points["D"], rating.grade) == (
        "PENDING_PANEL",
        (),
        None,
        None,
    )


def test_a_knock_out_refuses_also_without_a_quorum():
    rating = rate(SOUND | {"panel_votes": [], "flags": ["fraud"]})

    refused = (rating.status, rating.grade, rating.limit, rating.total, rating.matrix_level)
    assert refused == ("REJECTED", "C", 0, None, "ordinary")


@pytest.mark.parametrize("change", [{"panel_votes": []}, {"panel_votes": None}, dict.fromkeys(PANEL)])
def test_no_votes_wait_for_the_panel(change):
    assert rate(SOUND | change).status == "PENDING_PANEL"


@pytest.mark.parametrize("name", sorted(set(SOUND) - {"as_of", *PANEL}))
def test_a_fact_that_is_absent_makes_the_rating_incomplete(name):
    rating = rate({key: value for key, value in SOUND.items() if key != name})

    unscored = (rating.total, rating.grade, rating.limit, rating.matrix_level, rating.points)
    assert (rating.status, rating.missing, *unscored) == ("INCOMPLETE", (name,), None, None, None, None, {})


def test_missing_facts_are_listed_in_alphabetical_order():
    rating = rate(SOUND | {"net_income": None, "assets": None, "credit_report": None})

    assert rating.as_dict()["missing"] == ["assets", "credit_report", "net_income"]


def test_an_unknown_repayment_record_is_not_the_same_as_none():
    unknown = rate(SOUND | {"worst_overdue_days_36m": None, "repayment_known": False})

    assert (unknown.status, unknown.missing) == ("INCOMPLETE", ("worst_overdue_days_36m",))
    assert rate(SOUND | {"worst_overdue_days_36m": None}).status == "RATED"


@pytest.mark.parametrize(
    "breach",
    [
        {"population": 0},
        {"labour": 5},
        {"labour": -1},
        {"assets": "-0.01"},
        {"panel_votes": [8, 8, 8, 8, 11]},
        {"credit_report": "good"},
        {"bonus": ["UNHEARD_OF"]},
        {"flags": ["unheard_of"]},
        {"county_income_ref": "0"},
        {"birth_date": "2026-04-01"},
        {"net_income": 88000.0},
        {"net_income": "many"},
        {"net_income": "NaN"},
        {"population": "2.5"},
        {"panel_votes": [8, 8, 8, 8, "8.5"]},
    ],
    ids=str,
)
def test_contradicting_facts_are_an_error_and_no_score(breach):
    with pytest.raises(InvalidFacts):
        rate(SOUND | breach)


def test_a_contradiction_counts_before_what_is_missing():
    with pytest.raises(InvalidFacts):
        rate(SOUND | {"net_income": None, "population": 0})


def test_bonus_and_malus_count_once_and_up_to_their_ceiling():
    rating = rate(SOUND | {"bonus": list(RC_1.bonus.points) * 2, "malus": list(RC_1.malus.points)})

    assert (rating.bonus, rating.malus) == (5, 10)


def test_the_limit_is_rounded_down_and_small_ones_are_none():
    poor = SOUND | {"assets": "42000.00", "liabilities": "40000.00"}

    assert rate(SOUND | {"other_unsecured": "0.01"}).limit == 59_000
    assert (rate(poor).cap_asset, rate(poor).limit) == (Decimal("1000.00"), 1000)
    assert rate(poor | {"other_unsecured": "0.01"}).limit == 0
    assert rate(poor | {"other_unsecured": "0.01"}).valid_until is None


def test_a_cap_is_shown_rounded_but_the_limit_comes_from_the_exact_one():
    rating = rate(SOUND | {"net_income": "1666.66", "living_expenditure": "0", "current_overdue_days": 1})

    assert (rating.grade, rating.cap_income, rating.limit) == ("B", Decimal("1000.00"), 0)


def test_the_first_cap_is_named_on_a_tie():
    rating = rate(SOUND | {"net_income": "50000.00", "living_expenditure": "0", "liabilities": "140000.00"})

    assert (rating.grade, rating.cap_income, rating.cap_asset) == (
        "A",
        Decimal("50000.00"),
        Decimal("60000.00"),
    )
    tie = rate(SOUND | {"net_income": "100000.00", "assets": "60000.00", "liabilities": "0"})
    assert (tie.grade, tie.cap_grade, tie.cap_asset, tie.binding) == (
        "AA",
        Decimal("60000.00"),
        Decimal("30000.00"),
        "asset",
    )


def test_dates_end_with_the_month():
    rating = rate(SOUND | {"as_of": "2024-02-29"})

    assert (rating.review_due, rating.valid_until) == (date(2025, 2, 28), date(2026, 2, 28))


def test_facts_may_come_as_decimals_and_dates_or_as_plain_text():
    typed = SOUND | {
        "net_income": Decimal("88000.00"),
        "as_of": date(2026, 3, 31),
        "birth_date": date(1985, 5, 5),
    }

    assert rate(typed) == rate(SOUND) == rate(SOUND, "RC-1")


def test_the_result_turns_into_a_dictionary_without_more_keys_than_promised():
    rating = rate(SOUND)

    assert asdict(rating).keys() == rating.as_dict().keys()
    assert "missing" not in rating.as_dict()


def test_what_would_raise_names_the_nearest_better_band_and_its_points():
    lines = [(x.factor, x.from_band, x.to_band, x.points) for x in what_would_raise(SOUND)]

    assert lines == [("B1", "≥ 1.0", "≥ 1.5", 2), ("B3", "≥ 1.0", "≥ 2.0", 2), ("B2", "≥ 2", "≥ 3", 1)]


def test_nobody_is_advised_to_be_a_little_late():
    lines = {line.factor: line.to_band for line in what_would_raise(SOUND | {"worst_overdue_days_36m": None})}

    assert lines["C1"] == "≤ 0"


def test_incomplete_facts_get_no_advice():
    assert what_would_raise(SOUND | {"assets": None}) == []


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("grades", [{"grade": "A", "at_least": "70", "matrix_level": "good"}]),
        ("panel", {"scale": "2", "max": 20}),
        ("panel", {"quorum_votes": 2}),
        ("panel", {"scale": "1.3"}),
        ("soft_caps", [{"code": "S1", "grade": "Z", "all": []}]),
    ],
    ids=[
        "grades end above zero",
        "over 100 points",
        "quorum of two",
        "scale beyond the maximum",
        "cap without grade",
    ],
)
def test_a_card_that_contradicts_itself_is_refused(part, change):
    data = json.loads((CARDS / "rc-1.json").read_text(encoding="utf-8"))
    data[part] = data[part] | change if isinstance(change, dict) else change

    with pytest.raises(InvalidCard):
        card_from_json(data)


def test_cards_are_read_from_data():
    assert load_card("RC-1") == RC_1
    assert " ".join(factor.code for factor in RC_1.factors) == "A1 A2 A3 A4 B1 B2 B3 B4 B5 C1 C2 C3 C4"


AMOUNTS = st.decimals(min_value=0, max_value=10_000_000, places=2)


@given(income=AMOUNTS, more=AMOUNTS, living=AMOUNTS)
def test_more_income_never_lowers_the_total(income, more, living):
    poorer = rate(SOUND | {"net_income": income, "living_expenditure": living})
    richer = rate(SOUND | {"net_income": income + more, "living_expenditure": living})

    assert richer.total >= poorer.total
    assert richer.limit >= poorer.limit


@given(assets=AMOUNTS, liabilities=AMOUNTS, elsewhere=AMOUNTS)
def test_the_limit_is_whole_thousands_under_every_cap(assets, liabilities, elsewhere):
    rating = rate(SOUND | {"assets": assets, "liabilities": liabilities, "other_unsecured": elsewhere})
    caps = [rating.cap_grade, rating.cap_income, rating.cap_asset]

    assert rating.limit % 1000 == 0
    assert 0 <= rating.limit <= max(min(caps) - elsewhere, 0)


@given(votes=st.lists(st.integers(0, 10), min_size=5, max_size=30))
def test_the_panel_gives_between_nothing_and_its_maximum(votes):
    assert 0 <= rate(SOUND | {"panel_votes": votes}).points["D"] <= 12
