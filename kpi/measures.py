"""One function per indicator (handbook §4.2, §4.4): plain figures in, a value or the reason for none out.

Ratios have six decimals; points, money and counts per unit two; NPS one. A value that cannot be said is None with
its reason, never zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import rounded, to_decimal
from coopcrm.shared.periods import clock_starts_on, to_date, to_moment, to_time
from coopcrm.shared.plain import Result
from customers.provenance import quality

ZERO_DENOMINATOR = "ZERO_DENOMINATOR"
SMALL_SAMPLE = "SMALL_SAMPLE"
NUMERATOR_GT_DENOMINATOR = "NUMERATOR_GT_DENOMINATOR"
MIN_ANSWERS = 30
VISIT_MINUTES, VISIT_DISTANCE_M, VISIT_NOTE_CHARS = 10, 1000, 30


@dataclass(frozen=True)
class Measure(Result):
    """The value of an indicator, or the reason why there is none."""

    value: Decimal | None
    reason: str | None = None


def _over(
    numerator: Any, denominator: Any, places: int = 6, *, times: int = 1, share: bool = False
) -> Measure:
    """Numerator × times over denominator; a share above one is bad data."""
    top, bottom = to_decimal(numerator), to_decimal(denominator)
    if bottom <= 0:
        return Measure(None, ZERO_DENOMINATOR)
    if share and top > bottom:
        return Measure(None, NUMERATOR_GT_DENOMINATOR)
    return Measure(rounded(top * times / bottom, places))


def _growth(current: Any, base: Any) -> Measure:
    return _over(to_decimal(current) - to_decimal(base), base)


def profit_completion(*, actual: Any, plan: Any) -> Measure:
    """1 + (actual − plan) / |plan|; yuan. A smaller loss than planned is above one."""
    actual, plan = to_decimal(actual), to_decimal(plan)
    return _over(abs(plan) + actual - plan, abs(plan))


def dep_adb_growth(*, current: Any, base: Any) -> Measure:
    """Average daily deposits against the same period last year; yuan."""
    return _growth(current, base)


def loan_growth(*, current: Any, base: Any) -> Measure:
    """Farm-related loan balance against the last year end; yuan."""
    return _growth(current, base)


def npl_ratio(*, npl: Any, total: Any) -> Measure:
    """Non-performing balance over total balance; yuan."""
    return _over(npl, total, share=True)


def due_recovery(*, due_principal: Any, recovered: Any, extended: Any = 0) -> Measure:
    """Principal due in the period and repaid by its end over principal due; what was extended is not recovered."""
    return _over(recovered, due_principal, share=True)


def interest_collection(*, collected_current: Any, receivable_current: Any) -> Measure:
    """Collected of this period's receivable interest; old arrears are not counted."""
    return _over(collected_current, receivable_current, share=True)


def market_share(*, own: Any, market: Any) -> Measure:
    """Own deposits over the deposits of all institutions in the township."""
    return _over(own, market, share=True)


def market_share_change(*, own_now: Any, market_now: Any, own_base: Any, market_base: Any) -> Measure:
    """Share now less share at the base, in percentage points."""
    market_now, market_base = to_decimal(market_now), to_decimal(market_base)
    if market_now <= 0 or market_base <= 0:
        return Measure(None, ZERO_DENOMINATOR)
    change = to_decimal(own_now) * market_base - to_decimal(own_base) * market_now
    return Measure(rounded(change * 100 / (market_now * market_base), 2))


def cost_income(*, cost: Any, income: Any) -> Measure:
    """Operating cost over operating income."""
    return _over(cost, income)


def high_end_share(*, vip: int, gold: int, active: int) -> Measure:
    """VIP and gold customers over active customers."""
    return _over(vip + gold, active, share=True)


def _answers(scores: Iterable[Any], low: int, high: int) -> list[int]:
    return [s for s in scores if isinstance(s, int) and not isinstance(s, bool) and low <= s <= high]


def csat(*, scores: Iterable[Any], min_n: int = MIN_ANSWERS) -> Measure:
    """Answers 4 and 5 over valid answers (1–5)."""
    valid = _answers(scores, 1, 5)
    if len(valid) < min_n:
        return Measure(None, SMALL_SAMPLE)
    return _over(sum(score >= 4 for score in valid), len(valid))


def nps(*, scores: Iterable[Any], min_n: int = MIN_ANSWERS) -> Measure:
    """Promoters (9–10) less detractors (0–6) per hundred valid answers (0–10)."""
    valid = _answers(scores, 0, 10)
    if len(valid) < min_n:
        return Measure(None, SMALL_SAMPLE)
    return _over(sum(s >= 9 for s in valid) - sum(s <= 6 for s in valid), len(valid), 1, times=100)


def csat_of_counts(counts: Mapping[int, int]) -> Decimal | None:
    """Satisfaction of answers that were counted already; None while they are too few."""
    return csat(scores=_one_by_one(counts)).value


def nps_of_counts(counts: Mapping[int, int]) -> Decimal | None:
    """Net promoter score of answers that were counted already; None while they are too few."""
    return nps(scores=_one_by_one(counts)).value


def _one_by_one(counts: Mapping[int, int]) -> list[int]:
    return [answer for answer, number in counts.items() for _ in range(number)]


def retention(*, retained: int, start: int) -> Measure:
    """Customers kept over customers active at the start, twelve months."""
    return _over(retained, start, share=True)


def contrib_per_customer(*, total: Any, active: int) -> Measure:
    """Contribution in yuan per active customer."""
    return _over(total, active, 2)


def products_per_customer(*, holdings: Collection[int]) -> Measure:
    """Product families held per active customer; one figure per customer."""
    return _over(sum(holdings), len(holdings), 2)


def rated_coverage(*, rated_valid: int, households: int) -> Measure:
    """Households with a valid rating over households in the village register."""
    return _over(rated_valid, households, share=True)


def credit_coverage(*, with_limit: int, households: int) -> Measure:
    """Households with an active limit over households in the village register."""
    return _over(with_limit, households, share=True)


def usage_rate(*, with_balance: int, with_limit: int) -> Measure:
    """Households with a balance over households with an active limit."""
    return _over(with_balance, with_limit, share=True)


def is_valid_visit(visit: Mapping[str, Any]) -> bool:
    """At least ten minutes, position known and within 1,000 m, a note of 30 characters, no duplicate."""
    distance = visit["distance_m"]
    near = distance is not None and to_decimal(distance) <= VISIT_DISTANCE_M
    long = to_decimal(visit["minutes"]) >= VISIT_MINUTES
    return near and long and visit["note_chars"] >= VISIT_NOTE_CHARS and not visit["duplicate"]


def visit_coverage(*, assigned: Iterable[Any], visits: Iterable[Mapping[str, Any]]) -> Measure:
    """Distinct assigned households with a valid visit over distinct assigned households."""
    households = set(assigned)
    visited = {visit["household"] for visit in visits if is_valid_visit(visit)}
    return _over(len(households & visited), len(households))


def same_day_rate(
    *,
    cutoff: Any,
    holidays: Iterable[Any],
    extra_workdays: Iterable[Any],
    as_of: Any,
    applications: Iterable[Mapping[str, Any]],
) -> Measure:
    """Paid out in time over paid out and still open from before ``as_of`` (handbook §1.7); refusals do not count."""
    off, extra = {to_date(day) for day in holidays}, {to_date(day) for day in extra_workdays}
    latest, today = to_time(cutoff), to_date(as_of)
    in_time = paid = waiting = 0
    for application in applications:
        start = clock_starts_on(to_moment(application["applied_at"]), latest, off, extra)
        if application["outcome"] == "disbursed":
            paid += 1
            in_time += to_date(to_moment(application["disbursed_at"])) <= start
        elif application["outcome"] == "open" and start < today:
            waiting += 1
    return _over(in_time, paid + waiting)


def data_quality(
    *,
    completeness: Sequence[int],
    validity: Sequence[int],
    freshness: Sequence[int],
    uniqueness: Sequence[int],
) -> Measure:
    """Weighted score of four (numerator, denominator) parts out of 100; a part without cases drops out."""
    given = dict(zip(quality.WEIGHTS, (completeness, validity, freshness, uniqueness), strict=True))
    found = quality.score(given)
    return Measure(None, ZERO_DENOMINATOR) if found is None else Measure(found)


def visits_per_workday(*, valid_visits: int, workdays: int) -> Measure:
    """Valid visits of an officer per working day."""
    return _over(valid_visits, workdays, 2)


def errors_per_10k(*, errors: int, transactions: int) -> Measure:
    """Errors of a cashier per ten thousand transactions."""
    return _over(errors, transactions, 2, times=10_000)


def origination_npl(*, npl_now: Any, outstanding_now: Any) -> Measure:
    """Non-performing share today of the loans an officer originated or investigated."""
    return _over(npl_now, outstanding_now, share=True)


MEASURES = {
    function.__name__.upper(): function
    for function in (
        profit_completion,
        dep_adb_growth,
        loan_growth,
        npl_ratio,
        due_recovery,
        interest_collection,
        market_share,
        market_share_change,
        cost_income,
        high_end_share,
        csat,
        nps,
        retention,
        contrib_per_customer,
        products_per_customer,
        rated_coverage,
        credit_coverage,
        usage_rate,
        visit_coverage,
        same_day_rate,
        data_quality,
        visits_per_workday,
        errors_per_10k,
        origination_npl,
    )
}
