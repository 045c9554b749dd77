"""Indicators in words: names, what they are made of, how their values are written, why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

NONE = "–"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Words:
    """One indicator for people. ``kind``: ratio, points, money, count or index; ``good``: up or down."""

    code: str
    name: Promise
    short: Promise
    formula: Promise
    kind: str = "ratio"
    good: str = "up"
    is_hard: bool = False


INDICATORS = {
    words.code: words
    for words in (
        Words(
            "PROFIT_COMPLETION",
            _("Profit against plan"),
            _("Profit"),
            _("1 + (profit − planned profit) / planned profit without its sign, year to date"),
            is_hard=True,
        ),
        Words(
            "DEP_ADB_GROWTH",
            _("Growth of daily average deposits"),
            _("Deposits"),
            _("daily average deposits of the period / those of the same period last year − 1"),
            is_hard=True,
        ),
        Words(
            "LOAN_GROWTH",
            _("Growth of farm loans"),
            _("Loans"),
            _("balance of farm-related loans / their balance at the end of last year − 1"),
            is_hard=True,
        ),
        Words(
            "NPL_RATIO",
            _("Non-performing loans"),
            _("NPL"),
            _("balance of substandard, doubtful and loss loans / balance of all loans"),
            good="down",
            is_hard=True,
        ),
        Words(
            "DUE_RECOVERY",
            _("Recovery of due loans"),
            _("Recovery"),
            _(
                "principal due in the period and repaid by its end / principal due; extended counts as not recovered"
            ),
            is_hard=True,
        ),
        Words(
            "INTEREST_COLLECTION",
            _("Collection of interest"),
            _("Interest"),
            _("interest collected of what fell due in the period / interest that fell due"),
            is_hard=True,
        ),
        Words(
            "MARKET_SHARE",
            _("Market share of deposits"),
            _("Market share"),
            _("own deposits / deposits of all institutions in the township"),
            is_hard=True,
        ),
        Words(
            "MARKET_SHARE_CHANGE",
            _("Change of the market share"),
            _("Share gained"),
            _("(market share now − market share a year ago) × 100, percentage points"),
            kind="points",
            is_hard=True,
        ),
        Words(
            "COST_INCOME",
            _("Cost against income"),
            _("Cost / income"),
            _("operating cost / operating income"),
            good="down",
            is_hard=True,
        ),
        Words(
            "HIGH_END_SHARE",
            _("High-end customers"),
            _("High-end"),
            _("customers of tier VIP and gold / active customers"),
        ),
        Words(
            "CSAT",
            _("Satisfied customers"),
            _("Satisfaction"),
            _("answers of 4 and 5 / valid answers from 1 to 5"),
        ),
        Words(
            "NPS",
            _("Would recommend us"),
            _("NPS"),
            _("(answers of 9 and 10 − answers from 0 to 6) / valid answers × 100"),
            kind="index",
        ),
        Words(
            "RETENTION",
            _("Retained customers"),
            _("Retention"),
            _("customers active a year ago and still active / customers active a year ago"),
        ),
        Words(
            "CONTRIB_PER_CUSTOMER",
            _("Contribution per customer"),
            _("Contribution"),
            _("contribution of the period / active customers, ¥"),
            kind="money",
        ),
        Words(
            "PRODUCTS_PER_CUSTOMER",
            _("Products per customer"),
            _("Products"),
            _("product families held / active customers"),
            kind="count",
        ),
        Words(
            "RATED_COVERAGE",
            _("Households rated"),
            _("Rated"),
            _("households with a valid rating / households in the village register"),
        ),
        Words(
            "CREDIT_COVERAGE",
            _("Households with a line"),
            _("With line"),
            _("households with a limit above zero / households in the village register"),
        ),
        Words(
            "USAGE_RATE",
            _("Lines in use"),
            _("In use"),
            _("households with a balance / households with a limit"),
        ),
        Words(
            "VISIT_COVERAGE",
            _("Households visited"),
            _("Visits"),
            _("assigned households with a valid visit / assigned households"),
        ),
        Words(
            "SAME_DAY_RATE",
            _("Paid out the same day"),
            _("Same day"),
            _("applications paid out in time / paid out or still open past their day"),
        ),
        Words(
            "DATA_QUALITY",
            _("Quality of data"),
            _("Data"),
            _("100 × (0.4 completeness + 0.3 validity + 0.2 freshness + 0.1 uniqueness)"),
            kind="index",
        ),
    )
}
SCORE = Words(
    "SCORE",
    _("Score card"),
    _("Score"),
    _("sum of weight × achievement / sum of weights × 100, over the indicators that are known"),
    kind="index",
)

REASONS = {
    "ZERO_DENOMINATOR": _("Nothing to divide by: the base is zero or not above zero."),
    "SMALL_SAMPLE": _("Too few valid answers to say."),
    "NUMERATOR_GT_DENOMINATOR": _("The part is larger than the whole: the data need a look."),
    "NO_DATA": _("A figure that it needs was never entered."),
}
NOT_COMPUTED = _("Not computed for this day.")

BANDS = {
    "excellent": _("excellent"),
    "good": _("good"),
    "pass": _("pass"),
    "improve": _("improve"),
}

INPUTS = {
    "actual": _("actual"),
    "plan": _("plan"),
    "profit_actual": _("profit"),
    "profit_plan": _("planned profit"),
    "operating_cost": _("operating cost"),
    "operating_income": _("operating income"),
    "current": _("now"),
    "base": _("base"),
    "npl": _("non-performing balance"),
    "total": _("total"),
    "collected_current": _("interest collected"),
    "receivable_current": _("interest receivable"),
    "due_principal": _("principal due"),
    "recovered": _("repaid in time"),
    "extended": _("extended"),
    "own": _("own deposits"),
    "market": _("deposits of all institutions"),
    "own_now": _("own deposits now"),
    "market_now": _("deposits of all institutions now"),
    "own_base": _("own deposits a year ago"),
    "market_base": _("deposits of all institutions a year ago"),
    "cost": _("operating cost"),
    "income": _("operating income"),
    "vip": _("VIP customers"),
    "gold": _("gold customers"),
    "active": _("active customers"),
    "scores": _("answers"),
    "answers": _("valid answers"),
    "satisfied": _("answers of 4 and 5"),
    "promoters": _("answers of 9 and 10"),
    "detractors": _("answers from 0 to 6"),
    "min_n": _("fewest answers needed"),
    "retained": _("still active"),
    "start": _("active a year ago"),
    "holdings": _("product families held"),
    "rated_valid": _("households with a valid rating"),
    "with_limit": _("households with a line"),
    "with_balance": _("households with a balance"),
    "households": _("households in the village register"),
    "assigned": _("assigned households"),
    "visited": _("of them visited"),
    "visits": _("valid visits"),
    "in_time": _("paid out in time"),
    "counted": _("applications counted"),
    "applications": _("applications"),
    "paid": _("paid out"),
    "waiting": _("still open"),
    "refused": _("declined or withdrawn"),
    "filled": _("fields filled"),
    "required": _("fields required"),
    "passed": _("values valid"),
    "checked": _("values checked"),
    "fresh": _("customers verified within a year"),
    "customers": _("customers"),
    "distinct_persons": _("customers who are no possible duplicate"),
    "completeness": _("completeness"),
    "validity": _("validity"),
    "freshness": _("freshness"),
    "uniqueness": _("uniqueness"),
}


def words_for(code: str) -> Words:
    """The words of an indicator; an unknown code stands for itself."""
    if code == SCORE.code:
        return SCORE
    return INDICATORS.get(code) or Words(code, code, code, "")


def places_of(kind: str) -> int:
    """Decimals shown."""
    return {"ratio": 2, "points": 2, "money": 2, "count": 2, "index": 1}[kind]


def shown(code: str, value: Decimal | None) -> str:
    """A value as people read it: per cent, percentage points, yuan or a plain figure; none is a dash."""
    if value is None:
        return NONE
    kind = words_for(code).kind
    if kind == "ratio":
        return f"{plain(value * 100, 2)} %"
    if kind == "points":
        return gettext("%(value)s points") % {"value": plain(value, 2, sign=True)}
    return plain(value, places_of(kind))


def change(code: str, now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """How much an indicator moved, in the unit it is shown in (percentage points for shares)."""
    if now is None or before is None:
        return None
    factor = 100 if words_for(code).kind == "ratio" else 1
    return (now - before) * factor


def change_in_words(code: str, moved: Decimal | None) -> str:
    """A change with its sign; of shares in percentage points."""
    if moved is None:
        return NONE
    kind = words_for(code).kind
    text = plain(moved, 1 if kind == "index" else 2, sign=True)
    return gettext("%(change)s points") % {"change": text} if kind in ("ratio", "points") else text


def plain(value: Any, places: int, *, sign: bool = False) -> str:
    """A figure with separators and a true minus sign."""
    number = round(Decimal(str(value)), places)
    text = number_format(abs(number), places, force_grouping=True)
    if number < 0:
        return MINUS + text
    return f"+{text}" if sign and number > 0 else text


def input_in_words(name: str, value: Any) -> tuple[str, str]:
    """An input of a figure: its label and its value; lists are counted, not printed."""
    label = str(INPUTS.get(name, name.replace("_", " ")))
    if isinstance(value, list):
        return label, ngettext("%(n)d entry", "%(n)d entries", len(value)) % {"n": len(value)}
    if isinstance(value, dict):
        return label, ", ".join(f"{key}: {each}" for key, each in value.items())
    if value is None:
        return label, NONE
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return label, str(value)
    return label, plain(number, 0 if number == number.to_integral_value() and "." not in str(value) else 2)


def inputs_in_words(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """The inputs of a figure in the order they are stored; how often each answer was given is told as such."""
    told = []
    for name, value in inputs.items():
        if name.startswith("n_") and name[2:].isdigit():
            if Decimal(str(value)):
                told.append((gettext("counted with %(answer)s") % {"answer": name[2:]}, plain(value, 0)))
        else:
            told.append(input_in_words(name, value))
    return told
