"""What the banking book tells the registry's pages: exposure, timeline, accounts, and who holds an account number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import StaffMember
from coopcrm.shared.periods import add_months, month_of
from customers import masking, numbers
from customers.choices import FactSource
from customers.models import Customer, Household
from customers.registries import Exposure, TimelineEvent, Window
from loans import policies
from loans.choices import AccountState, LineState, LoanClass, ProductFamily
from loans.models import Account, AccountMonth, CreditLine, Loan, LoanClassification

SHOWN_ACCOUNTS = 12
ACCOUNT_DIGITS = range(10, 26)
MUCH = Decimal(10000)
MONTHS_TOLD = 24


def exposure(staff: StaffMember, household: Household | None, members: Sequence[int]) -> list[Exposure]:
    """Deposits, loans, what of them is overdue, and the line, by person and product; yuan.

    Four queries: the household's loans, the accounts, the last class of each loan, the line. An overdue loan counts
    whole, as it does in the classes (handbook §2).
    """
    if not policies.may_see_book(staff):
        return []
    drawn = (
        list(Loan.objects.filter(household=household).values_list("account", flat=True)) if household else []
    )
    theirs = Q(customer__in=members) | Q(pk__in=drawn)
    accounts = Account.objects.visible_to(staff).filter(theirs).exclude(state=AccountState.CLOSED)
    rows = list(accounts.select_related("product", "loan").order_by("product__code", "pk"))
    late = days_overdue([row.loan.pk for row in rows if hasattr(row, "loan")])
    found = [one for row in rows for one in _of_account(row, late)]
    return found + line_of(household, rows) if household else found


def _of_account(row: Account, late: Mapping[int, int]) -> list[Exposure]:
    whose = {"customer_id": row.customer_id, "product": str(row.product)}
    if row.product.family == ProductFamily.DEPOSIT:
        return [Exposure("deposits", row.balance, **whose)]
    if row.product.family != ProductFamily.LOAN or not row.balance:
        return []
    loan = getattr(row, "loan", None)
    url = reverse("loans:loan", args=[loan.pk]) if loan else ""
    told = [Exposure("loans", row.balance, url=url, **whose)]
    return [*told, Exposure("overdue", row.balance, url=url, **whose)] if loan and late.get(loan.pk) else told


def line_of(household: Household, accounts: Iterable[Account]) -> list[Exposure]:
    """The line of a household and what is free of it, given the accounts of its loans."""
    line = CreditLine.objects.filter(
        household=household, state__in=[LineState.ACTIVE, LineState.FROZEN]
    ).first()
    if line is None:
        return []
    loans = [row for row in accounts if hasattr(row, "loan") and row.loan.line_id]
    drawn = sum((row.balance for row in loans if row.loan.household_id == household.pk), Decimal(0))
    free = max(line.limit - drawn, Decimal(0)) if line.state == LineState.ACTIVE else Decimal(0)
    return [
        Exposure("line", line.limit, product=str(line.get_state_display()), until=line.valid_until),
        Exposure("used", drawn),
        Exposure("free", free),
    ]


def days_overdue(loans: Sequence[int]) -> dict[int, int]:
    """Days overdue of loans in their last class; a loan that was never classified is not there."""
    rows = LoanClassification.objects.filter(loan__in=loans).order_by("loan_id", "-as_of", "-id")
    return dict(rows.distinct("loan_id").values_list("loan_id", "dpd"))


def accounts_card(staff: StaffMember, customer: Customer | None, household: Household | None) -> tuple | None:
    """Accounts and loans of the customer."""
    if customer is None or not policies.may_see_book(staff):
        return None
    accounts = Account.objects.visible_to(staff).filter(customer=customer).select_related("product", "loan")
    open_first = Case(When(state=AccountState.OPEN, then=0), default=1)
    rows = accounts.order_by(open_first, "-balance", "pk")[:SHOWN_ACCOUNTS]
    shown = [{"row": row, "number": masking.mask_bank_card(row.open("number"))} for row in rows]
    if not shown:
        return None
    is_closed = [each["row"].state == AccountState.CLOSED for each in shown]
    return "loans/_accounts_card.html", {
        "open": [each for each, closed in zip(shown, is_closed, strict=True) if not closed],
        "closed": [each for each, closed in zip(shown, is_closed, strict=True) if closed],
        "customer": customer,
    }


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
        due = _("due on %(day)s") % {"day": loan.due_on}
        text = f"{loan.get_guarantee_display()} · {due}"
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


def payments_by_month(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Months in which the customer's deposits moved by much, summed over the accounts."""
    if not policies.may_see_book(staff):
        return []
    own = Account.objects.visible_to(staff).filter(customer=customer, product__family=ProductFamily.DEPOSIT)
    first = month_of(window.until or localdate()).start
    months = [add_months(first, -back) for back in range(MONTHS_TOLD + 1)]
    rows = AccountMonth.objects.filter(account__in=own, month__in=months).order_by("month")
    held: dict[int, Decimal] = {}
    moved: dict[date, Decimal] = defaultdict(Decimal)
    number: dict[date, int] = defaultdict(int)
    total: dict[date, Decimal] = {}
    for row in rows:
        moved[row.month] += row.balance_end - held.get(row.account_id, row.balance_end)
        number[row.month] += row.counter_count + row.atm_count + row.mobile_count
        held[row.account_id] = row.balance_end
        total[row.month] = sum(held.values(), Decimal(0))
    return window.cut(
        _payments_event(month, change, number[month], total[month])
        for month, change in moved.items()
        if abs(change) >= MUCH
    )


def _payments_event(month: date, moved: Decimal, number: int, held: Decimal) -> TimelineEvent:
    words = (
        _("Deposits up by ¥ %(amount)s in the month")
        if moved > 0
        else _("Deposits down by ¥ %(amount)s in the month")
    )
    text = ngettext(
        "%(number)s payment, ¥ %(held)s at the end", "%(number)s payments, ¥ %(held)s at the end", number
    ) % {"number": number, "held": f"{held:,.2f}"}
    return TimelineEvent(
        add_months(month, 1) - timedelta(days=1),
        words % {"amount": f"{abs(moved):,.2f}"},
        text,
        icon="coins",
        source=FactSource.CORE,
        source_text=FactSource.CORE.label,
    )


def lines_granted(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
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
