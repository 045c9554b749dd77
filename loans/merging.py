"""What the banking book tells a merge: what moves, what stays, who owes and where a line stands."""

from __future__ import annotations

from django.db.models import Q

from customers import registries
from customers.merging.relations import MOVE, register
from customers.registries import MergeCredit
from loans.choices import LineState
from loans.models import Account, CreditLine, Loan, LoanApplication


def credit(people: list[int], households: list[int]) -> MergeCredit:
    """Who of these people has a loan that is not repaid, and which households have a line in force or frozen."""
    owing = Loan.objects.filter(borrower__in=people, closed_on=None)
    in_force = Q(state__in=[LineState.ACTIVE, LineState.FROZEN])
    lines = CreditLine.objects.filter(in_force, household__in=households)
    return MergeCredit(
        frozenset(owing.values_list("borrower", flat=True)),
        frozenset(lines.values_list("household", flat=True)),
    )


def register_relations() -> None:
    """Accounts and loans follow the person; lines and applications the household, of two lines in force one alone."""
    register(Account, MOVE, "customer")
    register(Loan, MOVE, "borrower", "household")
    register(CreditLine, MOVE, "household")
    register(LoanApplication, MOVE, "household")
    registries.merge_credit.register("loans", credit)
