"""Rules, references and general ledger figures that a union has before its first closing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import connection

import ratings
from branches.choices import AreaLevel
from branches.models import Area
from coopcrm.shared.copying import copy_rows
from kpi.models import IndicatorSet, LedgerFigure
from kpi.seeding import words
from kpi.seeding.chance import Dice
from kpi.seeding.history import SEASONS
from kpi.seeding.holdings import CURRENT, PRODUCTS, TERMS
from kpi.seeding.plan import BranchPlan, Plan, first_of_month
from loans.models import Product
from ratings.contribution import CT_1
from ratings.models import CountyReference, RuleSet
from ratings.tiers import TR_1

IN_FORCE_FROM = date(2020, 1, 1)
CARD = Path(ratings.__file__).resolve().parent / "cards" / "rc-1.json"

# code: (target, floor, weight); handbook §4.2. What is shown for information alone stands without.
INDICATORS = {
    "PROFIT_COMPLETION": ("1.00", "0.70", 12), "DEP_ADB_GROWTH": ("0.08", "0.00", 10),
    "LOAN_GROWTH": ("0.10", "0.00", 8), "NPL_RATIO": ("0.020", "0.050", 10), "DUE_RECOVERY": ("0.98", "0.90", 8),
    "MARKET_SHARE_CHANGE": ("0.50", "-0.50", 4), "COST_INCOME": ("0.35", "0.50", 3),
    "HIGH_END_SHARE": ("0.08", "0.03", 5), "CSAT": ("0.90", "0.70", 5), "NPS": ("40", "0", 3),
    "RETENTION": ("0.92", "0.80", 8), "CONTRIB_PER_CUSTOMER": ("450", "200", 4),
    "PRODUCTS_PER_CUSTOMER": ("2.20", "1.20", 4), "RATED_COVERAGE": ("0.80", "0.40", 4),
    "CREDIT_COVERAGE": ("0.65", "0.30", 3), "USAGE_RATE": ("0.45", "0.20", 2), "VISIT_COVERAGE": ("0.90", "0.50", 3),
    "SAME_DAY_RATE": ("0.95", "0.70", 2), "DATA_QUALITY": ("95", "80", 2),
}  # fmt: skip
INCOME_REFS = {2022: 18_600, 2023: 19_900, 2024: 21_200, 2025: 22_600, 2026: 24_000, 2027: 25_400}
NET_ASSET_REFS = {2022: 128_000, 2023: 134_000, 2024: 141_000, 2025: 148_000, 2026: 155_000, 2027: 162_000}


def seed_rules() -> None:
    """Write scorecard, contribution parameters, tiers, indicators and county references where they are missing."""
    sets = (
        ("scorecard", "RC-1", json.loads(CARD.read_text(encoding="utf-8"))),
        ("contribution", CT_1.code, _as_data(CT_1)),
        ("tiers", TR_1.code, _as_data(TR_1)),
    )
    for kind, version, data in sets:
        if not RuleSet.objects.filter(kind=kind, valid_to=None).exists():
            RuleSet.objects.create(kind=kind, version=version, data=data, valid_from=IN_FORCE_FROM)
    if not IndicatorSet.objects.filter(valid_to=None).exists():
        indicators = {
            code: {"target": target, "floor": floor, "weight": str(weight)}
            for code, (target, floor, weight) in INDICATORS.items()
        }
        IndicatorSet.objects.create(version="KI-1", data={"indicators": indicators}, valid_from=IN_FORCE_FROM)
    CountyReference.objects.bulk_create(
        [
            CountyReference(
                county_code=words.COUNTY_CODE,
                year=year,
                income_per_head=income,
                net_assets_per_household=NET_ASSET_REFS[year],
            )
            for year, income in INCOME_REFS.items()
        ],
        ignore_conflicts=True,
    )


def _as_data(rule) -> dict:
    """The figures of a rule as JSON keeps them: amounts and shares as text."""
    figures = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return json.loads(
        json.dumps(figures, default=lambda value: dict(value) if isinstance(value, Mapping) else str(value))
    )


def seed_products() -> dict[str, int]:
    """Write the products that are missing; returns their ids by code."""
    for code, name, family, rate, ftp, guarantee, aliases in PRODUCTS:
        values = {
            "name": name,
            "family": family,
            "rate": Decimal(rate),
            "ftp_rate": Decimal(ftp),
            "guarantee": guarantee,
            "term_months": TERMS.get(code),
            "aliases": aliases,
        }
        Product.objects.get_or_create(code=code, defaults=values)
    return dict(Product.objects.values_list("code", "id"))


def seed_figures(plan: Plan, branches: list[BranchPlan]) -> int:
    """Write profits, costs and incomes by month, and the deposits of all institutions by township."""
    books = _books()
    rng = Dice(f"{plan.seed}:figures")
    townships = dict(Area.objects.filter(level=AreaLevel.TOWNSHIP).values_list("unit_id", "id"))
    figures, markets = [], []
    for branch in branches:
        deposits, loans = books.get(branch.id, (40_000_000.0, 9_000_000.0))
        efficiency, ambition = rng.uniform(0.27, 0.47), rng.uniform(0.86, 1.1)
        share, drift = rng.uniform(0.22, 0.44), rng.uniform(-0.008, 0.012)
        for back in range(36, -1, -1):
            first, years = first_of_month(plan.as_of, -back), back / 12
            scale = (1 + branch.growth) ** -years
            income = (deposits * 0.0145 + loans * 0.041) * scale / 12 * rng.uniform(0.93, 1.07)
            cost = income * efficiency * rng.uniform(0.94, 1.08)
            profit = income - cost - loans * branch.default_rate * 0.35 * scale / 12
            plan_profit = (
                (deposits * 0.0145 + loans * 0.041) * scale / 12 * (1 - efficiency) * ambition * 0.96
            )
            amounts = {
                "profit_actual": profit,
                "profit_plan": plan_profit,
                "operating_cost": cost,
                "operating_income": income,
            }
            figures += [(branch.id, first, code, f"{amount:.2f}") for code, amount in amounts.items()]
            season = SEASONS[CURRENT][first.month - 1] / SEASONS[CURRENT][plan.as_of.month - 1]
            own = deposits * scale * (0.5 + 0.5 * season)
            market = own / max(0.08, share - drift * years + rng.uniform(-0.0015, 0.0015))
            markets.append((townships[branch.id], first, f"{market:.2f}"))
    copy_rows(LedgerFigure._meta.db_table, ("branch_id", "month", "code", "amount"), figures)
    return len(figures) + copy_rows("kpi_marketdeposits", ("township_id", "month", "amount"), markets)


def _books() -> dict[int, tuple[float, float]]:
    """Deposits and loans of each branch on the as-of day, in yuan."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.branch_id, coalesce(sum(a.balance) FILTER (WHERE p.family = 'deposit'), 0),"
            " coalesce(sum(a.balance) FILTER (WHERE p.family = 'loan'), 0)"
            " FROM loans_account a JOIN loans_product p ON p.id = a.product_id GROUP BY a.branch_id"
        )
        return {branch: (float(deposits), float(loans)) for branch, deposits, loans in cursor.fetchall()}
