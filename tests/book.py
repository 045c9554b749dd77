"""A small banking book with judgements and figures, made by the rules themselves where that is cheap."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count

from branches.models import Unit
from coopcrm.shared.periods import add_months
from customers import numbers
from customers.models import Customer, FactSheet, Household
from kpi.models import KpiSnapshot, ScoreCard
from loans.choices import ProductFamily
from loans.classification import classify
from loans.models import Account, CreditLine, Instalment, Loan, LoanClassification, Product
from ratings.models import Contribution, CreditRating, CustomerTier
from ratings.scorecard import RC_1, rate
from ratings.tiers import assign
from tests.factories import TODAY, make_customer, make_household

_serial = count(1)
FACTS = {
    "population": 4,
    "labour": 2,
    "residence_years": 15,
    "net_income": Decimal(88000),
    "living_expenditure": Decimal(66000),
    "income_sources": 1,
    "assets": Decimal(260000),
    "liabilities": Decimal(60000),
    "guarantees_given": Decimal(60000),
    "other_unsecured": Decimal(0),
    "credit_report": "clean",
    "bonus": ["AGRI_INSURED"],
    "malus": [],
    "second_investigator": True,
}
OTHERS = {
    "birth_date": "1980-05-12",
    "info_age_days": 20,
    "worst_overdue_days_36m": 0,
    "current_overdue_days": 0,
    "repayment_known": True,
    "deposit_years": 2,
    "panel_votes": [8, 8, 9, 8, 9],
    "panel_village_reps": 2,
    "panel_vetoes": 0,
    "flags": [],
    "county_income_ref": "22000.00",
    "county_net_asset_ref": "150000.00",
}


def digest(*parts: object) -> bytes:
    return f"{next(_serial):016d}".encode()


def make_rated_household(
    branch: Unit, *, as_of: date = TODAY, name: str = "王建国", **changes
) -> CreditRating:
    """A household with a fact sheet, rated by the card itself; a fact of None is unknown."""
    household = make_household(make_customer(name, branch=branch))
    return make_rating(household, as_of=as_of, **changes)


def make_rating(
    household: Household, *, as_of: date = TODAY, job_id: int | None = 1, **changes
) -> CreditRating:
    facts = {**FACTS, **{k: v for k, v in changes.items() if k in FACTS}}
    others = {**OTHERS, **{k: v for k, v in changes.items() if k in OTHERS}}
    sources = {name: ["seen", None, (as_of.replace(day=1)).isoformat()] for name in FACTS}
    sheet = FactSheet.objects.create(
        household=household, recorded_on=as_of, sources=sources, oldest_core_on=as_of, **facts
    )
    made = rate({**facts, **others, "as_of": as_of}, RC_1)
    order = [factor.code for factor in RC_1.factors] + [RC_1.panel.code]
    points = [made.points.get(code) for code in order] if made.points else []
    same = (
        "base", "bonus", "malus", "total", "score_grade", "grade", "cap_grade", "cap_income", "cap_asset", "binding",
        "limit", "review_due", "valid_until", "matrix_level", "status",
    )  # fmt: skip
    return CreditRating.objects.create(
        household=household,
        as_of=as_of,
        card=RC_1.code,
        digest=digest(),
        branch_id=household.branch_id,
        fact_sheet=sheet,
        other_facts=others,
        missing=list(made.missing),
        points=[None if value is None else int(value * 10) for value in points],
        knockouts=list(made.knockouts),
        soft_caps=list(made.soft_caps),
        job_id=job_id,
        **{name: getattr(made, name) for name in same},
    )


def make_account(
    customer: Customer, family: str = ProductFamily.DEPOSIT, balance: str = "31400.00", **fields
) -> Account:
    product, _ = Product.objects.get_or_create(
        code=f"{family}-1", defaults={"name": f"产品 {family}", "family": family}
    )
    account = Account(
        customer=customer, branch=customer.branch, product=product, balance=Decimal(balance), **fields
    )
    number = f"62170{next(_serial):011d}"
    account.seal("number", number)
    account.number_key, account.tail_key = numbers.account_keys(number)
    account.save()
    return account


def make_loan(
    household: Household, *, balance: str = "20000.00", dpd: int = 0, as_of: date = TODAY, **fields
) -> Loan:
    """A loan of a household's head, classified as of a day."""
    head = household.head
    account = make_account(head, ProductFamily.LOAN, balance)
    loan = Loan.objects.create(
        account=account,
        household=household,
        borrower=head,
        branch=household.branch,
        principal=Decimal(balance),
        disbursed_on=add_months(as_of, -6),
        due_on=add_months(as_of, 6),
        **fields,
    )
    Instalment.objects.create(
        loan=loan, due_on=add_months(as_of, 6), principal=Decimal(balance), interest=Decimal(580)
    )
    make_class(loan, dpd=dpd, as_of=as_of)
    return loan


def make_class(loan: Loan, *, dpd: int = 0, as_of: date = TODAY, previous: str = "") -> LoanClassification:
    made = classify(
        {
            "class": loan.matrix_class,
            "guarantee": loan.guarantee,
            "level": "good",
            "principal_dpd": dpd,
            "interest_dpd": 0,
            "flags": loan.flags,
            "previous": previous or None,
        }
    )
    steps = {
        name: getattr(made, name)
        for name in ("dpd", "matrix", "floor_2023", "flag_floor", "final", "cure_lock")
    }
    return LoanClassification.objects.create(
        loan=loan,
        as_of=as_of,
        policy="strict",
        rules="M-1",
        digest=digest(),
        branch_id=loan.branch_id,
        principal_dpd=dpd,
        interest_dpd=0,
        level="good",
        balance=loan.account.balance,
        previous=previous,
        needs_review=made.needs_review,
        provision_rate=made.provision_rate,
        **steps,
    )


def make_line(household: Household, limit: str = "60000.00") -> CreditLine:
    return CreditLine.objects.create(
        household=household,
        limit=Decimal(limit),
        granted_on=add_months(TODAY, -6),
        review_due=add_months(TODAY, 6),
        valid_until=add_months(TODAY, 18),
    )


def make_contributions(
    branch: Unit, amounts: list[str], *, end: date = date(2026, 4, 1)
) -> list[CustomerTier]:
    """Customers with these contributions and the tiers that follow."""
    people = [make_customer(branch=branch) for _amount in amounts]
    given = [{"id": p.pk, "contribution": Decimal(a)} for p, a in zip(people, amounts, strict=True)]
    made = assign(given)
    amount_of = {each["id"]: each["contribution"] for each in given}
    zero = Decimal("0.00")
    rows = []
    for rank, pk in enumerate(made.order, start=1):
        Contribution.objects.create(
            customer_id=pk,
            period_start=add_months(end, -12),
            period_end=end,
            rules="CT-1",
            digest=digest(),
            branch_id=branch.pk,
            deposit_spread=amount_of[pk],
            loan_interest=zero,
            loan_ftp_cost=zero,
            risk_cost=zero,
            operating_cost=zero,
            fee_income=zero,
            contribution=amount_of[pk],
            is_active=True,
        )
        tier = made.tiers[pk]
        kept = {"rank": rank, "contribution": amount_of[pk], "earned": tier, "tier": tier}
        rows.append(
            CustomerTier.objects.create(
                customer_id=pk, period_end=end, rules="TR-1", digest=digest(), branch_id=branch.pk, **kept
            )
        )
    return rows


def make_figure(unit: Unit, code: str, value: str | None, *, as_of: date = TODAY, **fields) -> KpiSnapshot:
    amount = None if value is None else Decimal(value)
    return KpiSnapshot.objects.create(
        unit=unit, as_of=as_of, code=code, rules="KI-1", digest=digest(), value=amount, **fields
    )


def make_score(
    unit: Unit, score: str | None, *, as_of: date = TODAY, hard: str = "80", soft: str = "70", **fields
) -> ScoreCard:
    given = {"band": "good", "weight_used": Decimal(100), "achievement": {"NPL_RATIO": "0.9000"}, **fields}
    return ScoreCard.objects.create(
        unit=unit,
        as_of=as_of,
        rules="KI-1",
        digest=digest(),
        score=None if score is None else Decimal(score),
        hard_score=Decimal(hard),
        soft_score=Decimal(soft),
        **given,
    )
