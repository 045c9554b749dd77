"""What a customer brings and costs over a period (客户贡献度, handbook §3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from coopcrm.shared.money import ZERO, to_decimal, yuan
from coopcrm.shared.plain import Result

NON_PERFORMING = frozenset({"substandard", "doubtful", "loss"})
UNRATED = "unrated"


def _decimals(**values: str) -> Mapping[str, Decimal]:
    return MappingProxyType({key: Decimal(value) for key, value in values.items()})


@dataclass(frozen=True)
class ContributionRule:
    """Prices and risks of a period as data; the defaults are the handbook's."""

    code: str = "CT-1"
    year_days: int = 365
    pd: Mapping[str, Decimal] = field(
        default_factory=lambda: _decimals(
            AAA="0.005", AA="0.01", A="0.02", B="0.04", C="0.10", unrated="0.06"
        )
    )
    lgd: Mapping[str, Decimal] = field(
        default_factory=lambda: _decimals(
            pledge="0.10", mortgage="0.35", guarantee="0.45", joint="0.45", credit="0.60"
        )
    )
    provision: Mapping[str, Decimal] = field(
        default_factory=lambda: _decimals(
            normal="0.00", special_mention="0.02", substandard="0.25", doubtful="0.50", loss="1.00"
        )
    )
    unit_cost: Mapping[str, Decimal] = field(
        default_factory=lambda: _decimals(
            counter="8.00",
            atm="1.00",
            mobile="0.20",
            visit="60.00",
            loan_origination="200.00",
            loan_month="15.00",
            account_month="1.50",
        )
    )
    special_mention_multiple: int = 3


CT_1 = ContributionRule()


@dataclass(frozen=True)
class Contribution(Result):
    """Components in yuan, each rounded to fen, and their sum."""

    deposit_spread: Decimal
    loan_interest: Decimal
    loan_ftp_cost: Decimal
    risk_cost: Decimal
    operating_cost: Decimal
    fee_income: Decimal
    contribution: Decimal


def _money(loan: Mapping[str, Any], name: str) -> Decimal:
    return to_decimal(loan.get(name) or 0)


def annual_risk_rate(
    grade: str | None, guarantee: str, category_end: str, rule: ContributionRule = CT_1
) -> Decimal:
    """PD × LGD a year; PD threefold, at most 1, when the loan ends in special mention."""
    pd = rule.pd[grade or UNRATED]
    if category_end == "special_mention":
        pd = min(pd * rule.special_mention_multiple, Decimal(1))
    return pd * rule.lgd[guarantee]


def contribution(
    *,
    days: int,
    deposits: Iterable[Mapping[str, Any]] = (),
    loans: Iterable[Mapping[str, Any]] = (),
    activities: Mapping[str, int] | None = None,
    fees: Iterable[Any] = (),
    rule: ContributionRule = CT_1,
) -> Contribution:
    """Contribution of one customer over ``days``; average daily balances and fees in yuan, rates per year.

    Every component is summed exactly and rounded once; the contribution is the sum of the rounded components.
    """
    spread = interest = funding = expected = provisions = collected = ZERO
    for item in deposits:
        spread += _money(item, "adb") * (to_decimal(item["ftp"]) - to_decimal(item["rate"]))
    for loan in loans:
        begin, end = loan["category_begin"], loan["category_end"]
        adb = _money(loan, "adb")
        funding += adb * to_decimal(loan["ftp"])
        if end in NON_PERFORMING:
            collected += _money(loan, "interest_collected")
        else:
            interest += adb * to_decimal(loan["rate"])
        if end in NON_PERFORMING or begin in NON_PERFORMING:
            provisions += _money(loan, "balance_end") * rule.provision[end]
            provisions -= _money(loan, "balance_begin") * rule.provision[begin]
        else:
            expected += adb * annual_risk_rate(loan.get("grade"), loan["guarantee"], end, rule)

    def over_the_period(yearly: Decimal, plus: Decimal = ZERO) -> Decimal:
        return yuan((yearly * days + plus * rule.year_days) / rule.year_days)

    costs = sum((to_decimal(n) * rule.unit_cost[code] for code, n in (activities or {}).items()), ZERO)
    deposit_spread = over_the_period(spread)
    loan_interest = over_the_period(interest, collected)
    loan_ftp_cost = over_the_period(funding)
    risk_cost = over_the_period(expected, provisions)
    operating_cost = yuan(costs)
    fee_income = yuan(sum((to_decimal(fee) for fee in fees), ZERO))
    return Contribution(
        deposit_spread,
        loan_interest,
        loan_ftp_cost,
        risk_cost,
        operating_cost,
        fee_income,
        deposit_spread + loan_interest - loan_ftp_cost - risk_cost - operating_cost + fee_income,
    )
