"""Every vector of the handbook, each through the function that carries its name."""

import json

import pytest

from customers import identity, masking
from kpi import measures, scorecards
from loans import classification, draws, groups
from ratings import contribution, integrity, retention, scorecard, tiers
from tests.vectors.runner import FOLDERS, cases

LISTS = {
    "ratings.json": {"cases", "draw_cases", "group_cases"},
    "five_category.json": {"cases", "portfolio_cases"},
    "contribution.json": {"cases", "tier_cases", "retention_cases", "clv_cases"},
    "kpi.json": {"cases", "scorecard_cases"},
    "integrity.json": {"cases"},
    "id_numbers.json": {
        "resident_id",
        "uscc",
        "marriage_certificate",
        "phone",
        "admin_code",
        "mask",
        "name_normalize",
        "match",
    },
}


@pytest.mark.parametrize("case", cases("ratings.json", "cases"))
def test_rating(case):
    assert scorecard.rate(case["input"], scorecard.RC_1).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("ratings.json", "draw_cases"))
def test_draw(case):
    assert draws.refusals(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("ratings.json", "group_cases"))
def test_group(case):
    assert groups.refusals(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("five_category.json", "cases"))
def test_classification(case):
    assert classification.classify(**case["input"]).as_dict() == case["expected"]
    assert classification.classify(case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("five_category.json", "portfolio_cases"))
def test_provisions(case):
    assert classification.provisions(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("contribution.json", "cases"))
def test_contribution(case):
    assert contribution.contribution(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("contribution.json", "tier_cases"))
def test_tiers_and_whale_curve(case):
    assigned = tiers.assign(**case["input"]).as_dict()
    curve = tiers.whale_curve(**case["input"]).as_dict()
    assert assigned | curve == case["expected"]


@pytest.mark.parametrize("case", cases("contribution.json", "retention_cases"))
def test_retention(case):
    assert retention.retention(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("contribution.json", "clv_cases"))
def test_lifetime_value(case):
    assert retention.lifetime_value(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("kpi.json", "cases"))
def test_measure(case):
    assert getattr(measures, case["code"].lower())(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("kpi.json", "scorecard_cases"))
def test_score_card(case):
    assert scorecards.score(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("integrity.json", "cases"))
def test_integrity_signal(case):
    assert getattr(integrity, case["code"].lower())(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(kind, *parameters.values, id=f"{kind}-{parameters.id}")
        for kind in ("resident_id", "uscc", "marriage_certificate", "phone", "admin_code")
        for parameters in cases("id_numbers.json", kind)
    ],
)
def test_identity_number(kind, case):
    assert getattr(identity, f"check_{kind}")(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("case", cases("id_numbers.json", "mask"))
def test_mask(case):
    given = dict(case["input"])
    assert getattr(masking, f"mask_{given.pop('kind')}")(**given) == case["expected"]


@pytest.mark.parametrize("case", cases("id_numbers.json", "name_normalize"))
def test_name(case):
    assert identity.normalize_name(**case["input"]) == case["expected"]


@pytest.mark.parametrize("case", cases("id_numbers.json", "match"))
def test_match(case):
    assert identity.compare(**case["input"]).as_dict() == case["expected"]


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_no_list_of_vectors_is_left_out(folder):
    for file, lists in LISTS.items():
        if (folder / file).exists():
            held = json.loads((folder / file).read_text(encoding="utf-8"))
            assert {name for name, value in held.items() if isinstance(value, list)} == lists


def test_variant_and_look_alike_tables_are_the_handbook_s():
    for folder in (folder for folder in FOLDERS if (folder / "id_numbers.json").exists()):
        meta = json.loads((folder / "id_numbers.json").read_text(encoding="utf-8"))["meta"]
        assert identity.VARIANTS.items() >= meta["variant_table"].items()
        assert {frozenset(pair) for pair in meta["look_alike_surnames"]} == identity.LOOK_ALIKE_SURNAMES
