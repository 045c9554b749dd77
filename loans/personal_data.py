"""What the banking book knows of persons: for copies and erasures, and when a relation has ended."""

from __future__ import annotations

from customers import registries
from customers.personal import NO_BYTES, PersonalTable, digest_of_row
from customers.personal import register as register_table
from loans.models import (
    Account,
    AccountDay,
    AccountMonth,
    CreditLine,
    Instalment,
    Loan,
    LoanApplication,
    LoanClassification,
)

TABLES = (
    PersonalTable(
        Account,
        owners=("customer",),
        erases={"number": NO_BYTES, "number_key": digest_of_row("erased account"), "tail_key": NO_BYTES},
        figures=("balance", "rate", "ftp_rate"),
    ),
    PersonalTable(AccountDay, owners=("account__customer",), figures=("*",)),
    PersonalTable(AccountMonth, owners=("account__customer",), figures=("*",)),
    PersonalTable(CreditLine, household="household", day="granted_on", figures=("limit",)),
    PersonalTable(Loan, owners=("borrower",), figures=("principal", "flags")),
    PersonalTable(Instalment, owners=("loan__borrower",), figures=("*",)),
    PersonalTable(LoanApplication, household="household", day="applied_at__date", figures=("amount",)),
    PersonalTable(LoanClassification, owners=("loan__borrower",), figures=("*",), hides=("job_id",)),
)

# Frozen lines wait for a review; written-off loans are still owed.
RELATION_ENDS = {
    "loans.accounts": """
        SELECT a.customer_id, a.state <> 'closed', greatest(a.opened_on, a.closed_on, a.balance_on)
        FROM loans_account a JOIN leaving v ON v.id = a.customer_id""",
    "loans.loans": """
        SELECT l.borrower_id, l.closed_on IS NULL, greatest(l.disbursed_on, l.closed_on)
        FROM loans_loan l JOIN leaving v ON v.id = l.borrower_id""",
    "loans.lines": """
        SELECT m.customer_id, l.state IN ('active', 'frozen'), greatest(l.granted_on, l.ended_on)
        FROM loans_creditline l JOIN customers_membership m ON m.household_id = l.household_id AND m.valid_to IS NULL
        JOIN leaving v ON v.id = m.customer_id""",
}


def register() -> None:
    """Let the book's tables take part in copies and erasures, and say when a relation has ended."""
    for table in TABLES:
        register_table(table)
    for name, sql in RELATION_ENDS.items():
        registries.relation_ends.register(name, sql)
