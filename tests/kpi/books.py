"""A small book made by hand: accounts, days, loans, facts and votes, each with one valid, unremarkable shape."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from coopcrm.shared.periods import add_months
from customers.models import Customer, FactSheet, Household
from loans.models import Account, AccountDay, CreditLine, Instalment, Loan, Product
from loans.partitions import ensure_months
from ratings.models import CountyReference, Panel, PanelVote
from tests.factories import make_customer, make_household

CLOSED_ON = date(2026, 3, 31)
_serial = count(1)


def make_product(family: str = "deposit", **fields) -> Product:
    fields = {"name": family, "rate": "0.0020", "ftp_rate": "0.0180", **fields}
    return Product.objects.get_or_create(
        code=fields.pop("code", family[:8]), defaults={"family": family, **fields}
    )[0]


def make_account(customer: Customer, family: str = "deposit", days: dict | None = None, **fields) -> Account:
    """An account with the balances it had on some days; rates are those of its product."""
    product = make_product(family)
    fields = {
        "branch": customer.branch, "rate": product.rate, "ftp_rate": product.ftp_rate,
        "opened_on": min(days) if days else date(2024, 1, 5), **fields,
    }  # fmt: skip
    if days:
        fields.setdefault("balance", days[max(days)])
        fields.setdefault("balance_on", max(days))
    number = f"6217{next(_serial):012d}"
    account = Account(customer=customer, product=product, number_key=numbers_key(number), **fields)
    account.seal("number", number)
    account.save(force_insert=True)
    for day, balance in (days or {}).items():
        add_day(account, day, balance)
    return account


def numbers_key(number: str) -> bytes:
    return number.encode()[-16:]


def add_day(account: Account, day: date, balance, **fields) -> AccountDay:
    ensure_months(day, day)
    return AccountDay.objects.create(account_id=account.pk, day=day, balance=balance, **fields)


def make_loan(
    household: Household, principal=30_000, *, on=date(2025, 6, 16), months=12, paid=True, **fields
) -> Loan:
    """A loan of a household's head with quarterly interest and one principal at the end; paid on time when ``paid``."""
    head, due = household.head, add_months(on, months)
    account = make_account(head, "loan", {on: Decimal(principal)}, rate="0.0580", ftp_rate="0.0260")
    loan = Loan.objects.create(
        account=account, household=household, borrower=head, branch=head.branch, principal=principal,
        disbursed_on=on, due_on=due, **fields,
    )  # fmt: skip
    for quarter in range(3, months + 1, 3):
        day = add_months(on, quarter)
        last = quarter == months
        Instalment.objects.create(
            loan=loan, due_on=day, interest=Decimal("435.00"), principal=principal if last else 0,
            interest_paid_on=day if paid and day <= CLOSED_ON else None,
        )  # fmt: skip
    return loan


def make_line(household: Household, limit=50_000, **fields) -> CreditLine:
    fields = {
        "granted_on": date(2025, 6, 1),
        "review_due": date(2026, 6, 1),
        "valid_until": date(2027, 6, 1),
        **fields,
    }
    return CreditLine.objects.create(household=household, limit=limit, **fields)


def make_facts(household: Household, **fields) -> FactSheet:
    """The facts of a solid household (handbook §1.9, R03)."""
    facts = {
        "recorded_on": date(2026, 3, 1), "oldest_core_on": date(2026, 3, 1), "population": 4, "labour": 2,
        "residence_years": 15, "net_income": 88_000, "living_expenditure": 66_000, "income_sources": 1,
        "assets": 260_000, "liabilities": 60_000, "guarantees_given": 60_000, "other_unsecured": 0,
        "credit_report": "clean", "bonus": ["AGRI_INSURED"], "malus": [], "flags": [], "second_investigator": True,
        **fields,
    }  # fmt: skip
    return FactSheet.objects.create(household=household, **facts)


def make_panel(
    household: Household, votes=(8, 8, 9, 8, 9), representatives: int = 2, held_on=date(2026, 3, 10)
) -> Panel:
    panel = Panel.objects.create(household=household, held_on=held_on)
    for place, vote in enumerate(votes):
        PanelVote.objects.create(
            panel=panel, member=f"m{place}", vote=vote, is_village_representative=place < representatives
        )
    return panel


def make_references(county: str = "411522") -> CountyReference:
    return CountyReference.objects.create(
        county_code=county, year=2026, income_per_head=22_000, net_assets_per_household=150_000
    )


def make_family(branch, village=None, **facts) -> Household:
    """A household whose head is known by birth date, with facts and a panel."""
    head = make_customer(branch=branch, village=village, birth_date=date(1980, 5, 12))
    household = make_household(head)
    make_facts(household, **facts)
    make_panel(household)
    return household


def every_day(start: date, end: date, step: int = 1):
    return (start + timedelta(days=n) for n in range(0, (end - start).days + 1, step))
