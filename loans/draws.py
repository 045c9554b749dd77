"""May a household draw on its line today? (用信, handbook §1.7)"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from coopcrm.shared.money import ZERO, to_decimal, yuan
from coopcrm.shared.periods import add_months, to_date
from coopcrm.shared.plain import Result

LEAST_AMOUNT = Decimal(1000)
AMOUNT_STEP = Decimal(100)
REVIEW_GRACE = timedelta(days=30)
LONGEST_TERM_MONTHS = 24
PROOFS_OF_MARRIAGE = frozenset({"marriage_certificate", "household_register"})


@dataclass(frozen=True)
class DrawJudgement(Result):
    """Yuan still available under the line, and every reason against the draw in alphabetical order."""

    available: Decimal
    allowed: bool
    reasons: tuple[str, ...]


def available(limit: Any, outstanding: Iterable[Any]) -> Decimal:
    """Limit less the outstanding principal under the line, never below zero."""
    return yuan(max(to_decimal(limit) - sum(map(to_decimal, outstanding), ZERO), ZERO))


def documents_suffice(
    drawer: str, documents: Collection[str], id_card_expiry: date | None, today: date
) -> bool:
    """The head brings a valid identity card, the spouse also a proof of the marriage; no expiry is long-term."""
    if "id_card" not in documents or (id_card_expiry is not None and id_card_expiry < today):
        return False
    if drawer == "spouse":
        return not PROOFS_OF_MARRIAGE.isdisjoint(documents)
    return drawer == "head"


def refusals(
    *,
    today: Any,
    valid_until: Any,
    review_due: Any,
    review_done: bool,
    limit: Any,
    outstanding: Iterable[Any],
    amount: Any,
    household_overdue_days: int,
    drawer: str,
    documents: Collection[str],
    id_card_expiry: Any,
    maturity: Any,
) -> DrawJudgement:
    """Every reason that stands against a draw; none means it may be paid out. Amounts in yuan, ends inclusive."""
    today, maturity, amount = to_date(today), to_date(maturity), to_decimal(amount)
    last_day = None if valid_until is None else to_date(valid_until)
    review_by = None if review_due is None else to_date(review_due) + REVIEW_GRACE
    expiry = None if id_card_expiry is None else to_date(id_card_expiry)
    left = available(limit, outstanding)
    longest = add_months(today, LONGEST_TERM_MONTHS)
    against = {
        "AMOUNT": amount < LEAST_AMOUNT or amount % AMOUNT_STEP != 0,
        "DOCS": not documents_suffice(drawer, documents, expiry, today),
        "EXPIRED": last_day is None or today > last_day,
        "OVERDUE": int(household_overdue_days) >= 1,
        "OVER_LIMIT": amount > left,
        "REVIEW_OVERDUE": not review_done and review_by is not None and today > review_by,
        "TERM": maturity <= today or last_day is None or maturity > min(last_day, longest),
    }
    reasons = tuple(sorted(code for code, stands in against.items() if stands))
    return DrawJudgement(left, not reasons, reasons)
