"""What the banking book tells a handover of households: what they owe, and which loans are a problem."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from customers.registries import HandoverFacts
from loans.choices import NON_PERFORMING

FACTS = """
    SELECT l.household_id, sum(a.balance), bool_or(coalesce(c.dpd > 0 OR c.final = ANY(%s), false))
    FROM loans_loan l
    JOIN loans_account a ON a.id = l.account_id
    LEFT JOIN LATERAL (
        SELECT c.dpd, c.final FROM loans_loanclassification c
        WHERE c.loan_id = l.id ORDER BY c.as_of DESC, c.id DESC LIMIT 1
    ) c ON true
    WHERE l.household_id = ANY(%s) AND l.closed_on IS NULL
    GROUP BY l.household_id
"""


def handover_facts(households: Sequence[int]) -> dict[int, HandoverFacts]:
    """What each household owes (yuan), and whether a loan of it is overdue or non-performing by its latest class."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [[str(code) for code in NON_PERFORMING], list(households)])
        return {pk: HandoverFacts(owed or Decimal(0), problem) for pk, owed, problem in cursor.fetchall()}
