"""What the banking book tells the registry's pages: exposure, timeline, accounts, and who holds an account number."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Case, F, When
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import masking, numbers
from customers.models import Customer, Household
from customers.registries import TimelineEvent, Window
from loans import policies
from loans.choices import AccountState, LoanClass
from loans.models import Account, CreditLine, Loan, LoanClassification
from loans.overview import exposure_of

SHOWN_ACCOUNTS = 12
ACCOUNT_DIGITS = range(10, 26)


def exposure(staff: StaffMember, household: Household) -> list[tuple[str, Decimal]]:
    """Line, what is free of it, loans and deposits of a household; yuan."""
    if not policies.may_see_book(staff):
        return []
    found = exposure_of(household)
    lines = []
    if found["line"]:
        lines.append((_("Line"), found["line"].limit))
    if found["available"] is not None:
        lines.append((_("Still free"), found["available"]))
    return [*lines, (_("Loans"), found["loans"]), (_("Deposits"), found["deposits"])]


def accounts_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """Accounts and loans of the customer."""
    if customer is None or not policies.may_see_book(staff):
        return None
    accounts = Account.objects.visible_to(staff).filter(customer=customer).select_related("product", "loan")
    open_first = Case(When(state=AccountState.OPEN, then=0), default=1)
    rows = accounts.order_by(open_first, "-balance", "pk")[:SHOWN_ACCOUNTS]
    shown = [{"row": row, "number": masking.mask_bank_card(row.open("number"))} for row in rows]
    return ("loans/_accounts_card.html", {"accounts": shown, "customer": customer}) if shown else None


def account_of(customer: Customer, pk: int) -> tuple[Account, str] | None:
    """An account of the customer, whose full number may be read for a purpose, and its product in words."""
    row = Account.objects.filter(customer=customer, pk=pk).select_related("product").first()
    return (row, str(row.product)) if row else None


def loans_paid_out(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Loans drawn and repaid by the customer or the household."""
    if not policies.may_see_book(staff):
        return []
    loans = Loan.objects.visible_to(staff).filter(borrower=customer)
    events = []
    for loan in window.latest(loans, "disbursed_on"):
        url = reverse("loans:loan", args=[loan.pk])
        drawn = _("Loan of ¥ %(amount)s paid out") % {"amount": f"{loan.principal:,.2f}"}
        text = f"{loan.get_guarantee_display()} · {_('due on %(day)s') % {'day': loan.due_on}}"
        events.append(TimelineEvent(loan.disbursed_on, drawn, text, icon="cash", url=url))
        if loan.closed_on:
            repaid = _("Loan of ¥ %(amount)s repaid") % {"amount": f"{loan.principal:,.2f}"}
            events.append(TimelineEvent(loan.closed_on, repaid, icon="circle-check", url=url))
    return events


def class_changes(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Days on which the class of one of the customer's loans changed."""
    if not policies.may_see_book(staff):
        return []
    rows = LoanClassification.objects.visible_to(staff).filter(loan__borrower=customer).exclude(previous="")
    changed = rows.exclude(final=F("previous"))
    labels = dict(LoanClass.choices)
    events = []
    for row in window.latest(changed, "as_of"):
        title = _("Loan now %(after)s, before %(before)s") % {
            "after": labels.get(row.final, row.final),
            "before": labels.get(row.previous, row.previous),
        }
        text = _("%(days)s days overdue") % {"days": row.dpd}
        url = reverse("loans:loan", args=[row.loan_id])
        events.append(TimelineEvent(row.as_of, title, text, icon="flag", url=url))
    return events


def lines_granted(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Lines granted to the household."""
    if not policies.may_see_book(staff):
        return []
    lines = CreditLine.objects.visible_to(staff).filter(household__in=households)
    return [
        TimelineEvent(
            line.granted_on,
            _("Line of ¥ %(amount)s granted") % {"amount": f"{line.limit:,.0f}"},
            _("valid until %(day)s") % {"day": line.valid_until},
            icon="award",
        )
        for line in window.latest(lines, "granted_on")
    ]


def holders_of_account(digits: str) -> list[tuple[int, str]]:
    """Customers who hold an account with this whole number, or one that ends in these four digits."""
    if not digits.isdecimal():
        return []
    if len(digits) in ACCOUNT_DIGITS:
        rows = Account.objects.filter(number_key=numbers.account_keys(digits).number_key)
        reason = _("account number")
    elif len(digits) == numbers.SHORT_TAIL:
        rows = Account.objects.filter(tail_key=numbers.account_keys(digits).tail_key)
        reason = _("last four of an account number")
    else:
        return []
    return [(pk, reason) for pk in rows.values_list("customer", flat=True)[:20]]
