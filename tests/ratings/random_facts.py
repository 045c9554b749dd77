"""Random households around every edge of the card, as rows of the source relation of the compiled rating."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

COLUMNS = {
    "household_id": "bigint primary key",
    "as_of": "date",
    "birth_date": "date",
    "population": "smallint",
    "labour": "smallint",
    "residence_years": "numeric(5,1)",
    "net_income": "numeric(14,2)",
    "living_expenditure": "numeric(14,2)",
    "income_sources": "smallint",
    "assets": "numeric(14,2)",
    "liabilities": "numeric(14,2)",
    "guarantees_given": "numeric(14,2)",
    "worst_overdue_days_36m": "int",
    "repayment_known": "boolean",
    "current_overdue_days": "int",
    "credit_report": "text",
    "deposit_years": "numeric(5,1)",
    "panel_votes": "smallint[]",
    "panel_village_reps": "smallint",
    "panel_vetoes": "smallint",
    "bonus": "text[]",
    "malus": "text[]",
    "flags": "text[]",
    "second_investigator": "boolean",
    "info_age_days": "int",
    "other_unsecured": "numeric(14,2)",
    "county_income_ref": "numeric(14,2)",
    "county_net_asset_ref": "numeric(14,2)",
}
BONUS = ["HONOUR", "AGRI_INSURED", "LAND_CERT", "CREDIT_VILLAGE", "COOP_MEMBER"]
MALUS = ["DISPUTE", "LEVY_ARREARS", "INFO_CONFLICT", "PURPOSE_DRIFT"]
FLAGS = ["npl_or_written_off", "dishonest_debtor", "illegal_activity", "fraud", "no_civil_capacity"]
FLAGS += ["outside_service_area"]
REPORTS = ["clean", "clean", "clean", "thin", "minor", "not_queried", "adverse"]
DAYS = [0, 0, 0, 0, 1, 12, 30, 31, 60, 61, 90, 91, 400]
SHARES = ["0", "0.1", "0.2", "0.25", "0.4", "0.5", "0.6", "0.7", "0.8", "1", "1.5", "2", "2.5"]


def _some(rng, codes, chance):
    return [code for code in codes if rng.random() < chance]


def _near(rng, amount):
    """An amount, a fen more or less, or any other of its size."""
    edge = amount.quantize(Decimal("0.01"))
    kind = rng.random()
    if kind < 0.5:
        return edge + Decimal(rng.choice(["0", "0.01", "-0.01"]))
    return (edge * rng.randrange(0, 3000) / 1000).quantize(Decimal("0.01"))


def _day(rng, years_back):
    whole = date(2026, 3, 31) - timedelta(days=int(365.25 * rng.uniform(*years_back)))
    return rng.choice(
        [whole, date(whole.year // 4 * 4, 2, 29), date(whole.year, 2, 28), date(whole.year, 3, 1)]
    )


def household(rng, number):
    """One household; one in ten has a fact unknown, one in thirty contradicts itself."""
    population = rng.choice([1, 2, 3, 4, 5, 6, 8])
    reference = Decimal(rng.choice(["22000.00", "18500.37", "9999.99"]))
    assets_reference = Decimal(rng.choice(["150000.00", "87654.32"]))
    income = _near(rng, reference * population * Decimal(rng.choice(SHARES)))
    income = -income if rng.random() < 0.05 else income
    assets = max(_near(rng, assets_reference * Decimal(rng.choice(SHARES))), Decimal(0))
    votes = [rng.choice([4, 6, 7, 8, 8, 9, 9, 10]) for _ in range(rng.choice([0, 3, 4, 5, 5, 6, 7, 9, 11]))]
    as_of = _day(rng, (0, 6))
    birth = _day(rng, (16, 70))
    row = {
        "household_id": number,
        "as_of": as_of,
        "birth_date": rng.choice([birth, date(as_of.year - 65, as_of.month, min(as_of.day, 28))]),
        "population": population,
        "labour": rng.choice([0, 1, 2, 2, 3, 3, 5]) if population > 4 else rng.randrange(0, population + 1),
        "residence_years": Decimal(rng.choice(["0", "0.9", "1.0", "2.9", "3.0", "4.9", "5.0", "20"])),
        "net_income": income,
        "living_expenditure": max(_near(rng, abs(income) * (1 - Decimal(rng.choice(SHARES)))), Decimal(0)),
        "income_sources": rng.randrange(0, 5),
        "assets": assets,
        "liabilities": max(_near(rng, assets * Decimal(rng.choice(SHARES))), Decimal(0)),
        "guarantees_given": max(_near(rng, abs(income) * Decimal(rng.choice(SHARES))), Decimal(0)),
        "worst_overdue_days_36m": rng.choice([None, *DAYS]),
        "repayment_known": True,
        "current_overdue_days": rng.choice([0] * 12 + DAYS),
        "credit_report": rng.choice(REPORTS),
        "deposit_years": Decimal(rng.choice(["0", "0.9", "1.0", "2.9", "3.0", "8"])),
        "panel_votes": votes,
        "panel_village_reps": min(rng.choice([1, 2, 2, 2, 3]), len(votes)),
        "panel_vetoes": rng.choice([0, 0, 0, 1, 2, 3]),
        "bonus": _some(rng, BONUS, 0.3) + ["HONOUR"] * rng.choice([0, 0, 1]),
        "malus": _some(rng, MALUS, 0.1),
        "flags": _some(rng, FLAGS, 0.02),
        "second_investigator": rng.random() < 0.8,
        "info_age_days": rng.choice([0, 20, 364, 365, 366, 900]),
        "other_unsecured": rng.choice(
            [Decimal(0), Decimal("12500.00"), Decimal("999.99"), Decimal("500000.00")]
        ),
        "county_income_ref": reference,
        "county_net_asset_ref": assets_reference,
    }
    if rng.random() < 0.2:  # sound in everything that the draw above made doubtful
        row |= {
            "flags": [],
            "malus": [],
            "current_overdue_days": 0,
            "credit_report": "clean",
            "labour": population,
        }
        row |= {"net_income": _near(rng, reference * population * 2), "info_age_days": 20}
        row |= {"assets": assets_reference * 3, "liabilities": Decimal(0), "guarantees_given": Decimal(0)}
        row |= {
            "living_expenditure": Decimal(0),
            "residence_years": Decimal(20),
            "panel_votes": [9, 9, 10, 8, 9],
        }
        row |= {
            "panel_village_reps": 2,
            "panel_vetoes": 0,
            "second_investigator": True,
            "birth_date": date(1985, 5, 5),
        }
        row |= {"worst_overdue_days_36m": rng.choice([0, 0, 1, None]), "income_sources": 3}
    if rng.random() < 0.1:
        row[rng.choice([name for name in row if name not in ("household_id", "as_of")])] = None
    if rng.random() < 0.05:
        row["repayment_known"] = False
    if rng.random() < 0.03:
        wrong = {"population": 0, "labour": 40, "assets": Decimal("-0.01"), "panel_votes": [5, 11, 5, 5, 5]}
        wrong |= {"credit_report": "unread", "bonus": ["UNKNOWN"], "flags": ["unknown"], "malus": ["?"]}
        wrong |= {"county_income_ref": Decimal(0), "birth_date": date(2031, 1, 1), "current_overdue_days": -1}
        name = rng.choice(sorted(wrong))
        row[name] = wrong[name]
    return row
