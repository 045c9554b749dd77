"""What the life of a household does to its line: frozen until a director has looked at it again (handbook §6.4).

Debts stay with the signers; nothing is called in. The registry orders it through ``registries.household_lines``.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from customers.models import Household
from customers.registries import LineKeeper
from loans.choices import LineState
from loans.models import CreditLine, Loan


def tell(ids: list[int]) -> list[str]:
    """Lines in words, as they stand in a sentence: "the line of ¥ 60,000.00"."""
    rows = CreditLine.objects.filter(pk__in=ids).order_by("pk")
    return [_("the line of ¥ %(limit)s") % {"limit": f"{line.limit:,.2f}"} for line in rows]


def freeze(household: Household) -> list[int]:
    """Freeze the active line; returns the ids of what was frozen now."""
    rows = CreditLine.objects.select_for_update().filter(household=household, state=LineState.ACTIVE)
    ids = list(rows.values_list("pk", flat=True))
    CreditLine.objects.filter(pk__in=ids).update(state=LineState.FROZEN)
    return ids


def release(household: Household, ids: list[int], reviewed_on: date | None) -> list[str]:
    """Open lines that the household's life had frozen; with a day, it is that of the review. Returns them in words."""
    rows = CreditLine.objects.select_for_update().filter(
        pk__in=ids, household=household, state=LineState.FROZEN
    )
    found = list(rows.order_by("pk"))
    for line in found:
        line.state = LineState.ACTIVE
        if reviewed_on is not None:
            line.review_done_on = reviewed_on
        line.save(update_fields=["state", "review_done_on"])
    return tell([line.pk for line in found])


def booked_since(household: Household, since: datetime) -> str:
    """What was booked on the household on that day or later, so that its opening cannot be taken back; else ""."""
    day = since.date()
    if Loan.objects.filter(household=household, disbursed_on__gte=day).exists():
        return _("a loan was paid out to it")
    if CreditLine.objects.filter(household=household, granted_on__gte=day).exists():
        return _("a line was granted to it")
    return ""


KEEPER = LineKeeper(tell=tell, freeze=freeze, release=release)

WORTH = """
    SELECT m.customer_id, 3.0 AS worth FROM customers_membership m
    JOIN loans_creditline l ON l.household_id = m.household_id AND l.state IN ('active', 'frozen')
    WHERE m.customer_id IN (SELECT customer_id FROM asked) AND m.valid_to IS NULL
    UNION ALL
    SELECT n.borrower_id, 2.0 FROM loans_loan n
    WHERE n.borrower_id IN (SELECT customer_id FROM asked) AND n.closed_on IS NULL AND n.written_off_on IS NULL
"""
"""What hangs on knowing who somebody is: the line of their household, and each loan they have not repaid."""
