# ruff: noqa: S608 - names and numbers come from the rule; the sources are named by the caller, never typed in
"""Contribution in SQL: the components of ``ratings.contribution`` for every customer of a period at once.

Each component is summed exactly and rounded once. A division by the days of the year never ends, so it is carried
to twenty decimals before it is rounded to fen: no sum of fen and rates comes closer to half a fen than that.
"""

from __future__ import annotations

from collections.abc import Mapping

from ratings.contribution import CT_1, NON_PERFORMING, UNRATED, ContributionRule


def _case(column: str, values: Mapping[str, object], otherwise: str = "NULL") -> str:
    arms = " ".join(f"WHEN '{key}' THEN {value}" for key, value in values.items())
    return f"CASE {column} {arms} ELSE {otherwise} END"


def _rounded(yearly: str, days: str, rule: ContributionRule, plus: str = "0") -> str:
    exact = f"({yearly} * {days} + {plus} * {rule.year_days})::numeric(38, 20)"
    return f"round({exact} / {rule.year_days}, 2)"


def deposit_components(days: str, rule: ContributionRule = CT_1) -> dict[str, str]:
    """Aggregates over rows with ``adb``, ``rate``, ``ftp``; ``days`` is an expression of the period's days."""
    return {"deposit_spread": _rounded("coalesce(sum(adb * (ftp - rate)), 0)", days, rule)}


def loan_components(days: str, rule: ContributionRule = CT_1) -> dict[str, str]:
    """Aggregates over rows with ``adb, rate, ftp, category_begin, category_end, balance_begin, balance_end, grade,
    guarantee, interest_collected``, one per loan."""
    bad = ", ".join(f"'{category}'" for category in sorted(NON_PERFORMING))
    lost, provisioned = f"category_end IN ({bad})", f"(category_end IN ({bad}) OR category_begin IN ({bad}))"
    pd = _case(f"coalesce(grade, '{UNRATED}')", rule.pd)
    risk = f"LEAST({pd} * CASE category_end WHEN 'special_mention' THEN {rule.special_mention_multiple} ELSE 1 END, 1)"
    provision = (
        f"balance_end * {_case('category_end', rule.provision)}"
        f" - balance_begin * {_case('category_begin', rule.provision)}"
    )

    def total(expression: str, where: str) -> str:
        return f"coalesce(sum({expression}) FILTER (WHERE {where}), 0)"

    return {
        "loan_interest": _rounded(
            total("adb * rate", f"NOT {lost}"), days, rule, total("coalesce(interest_collected, 0)", lost)
        ),
        "loan_ftp_cost": _rounded("coalesce(sum(adb * ftp), 0)", days, rule),
        "risk_cost": _rounded(
            total(f"adb * {risk} * {_case('guarantee', rule.lgd)}", f"NOT {provisioned}"),
            days,
            rule,
            total(provision, provisioned),
        ),
    }


def activity_components(rule: ContributionRule = CT_1) -> dict[str, str]:
    """Aggregates over rows with ``activity`` and ``count``."""
    return {"operating_cost": f"round(coalesce(sum(count * {_case('activity', rule.unit_cost)}), 0), 2)"}


def fee_components() -> dict[str, str]:
    """Aggregates over rows with ``amount``; refunds are negative."""
    return {"fee_income": "round(coalesce(sum(amount), 0), 2)"}


def select_components(components: Mapping[str, str], source: str, key: str = "customer_id") -> str:
    """A SELECT of some components per customer over a relation of their rows."""
    columns = ", ".join(f"{expression} AS {name}" for name, expression in components.items())
    return f"SELECT {key}, {columns} FROM {source} GROUP BY {key}"
