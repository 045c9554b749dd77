"""What the pages of the banking book show: the list with classes, one loan explained, provisions of a branch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember
from coopcrm.shared import acting
from coopcrm.shared.paging import Keyset
from customers.models import Household
from loans import classification
from loans.choices import AccountState, Guarantee, LineState, LoanClass, MatrixClass, ProductFamily
from loans.models import Account, CreditLine, Loan, LoanClassification

LIST_ORDER = Keyset("loans", ("-dpd", "-balance", "id"))
DELAYS = {
    "any": (gettext_lazy("overdue at all"), Q(dpd__gt=0)),
    "30": (gettext_lazy("1 to 30 days"), Q(dpd__gt=0, dpd__lte=30)),
    "90": (gettext_lazy("31 to 90 days"), Q(dpd__gt=30, dpd__lte=90)),
    "more": (gettext_lazy("over 90 days"), Q(dpd__gt=90)),
}
FLAGS = {
    "EXTENDED": gettext_lazy("extended"),
    "RESTRUCTURED": gettext_lazy("restructured"),
    "RESTRUCTURED_AGAIN": gettext_lazy("restructured again"),
    "MISUSE": gettext_lazy("not used as agreed"),
    "IMPAIRED": gettext_lazy("impaired"),
    "DECEASED_NO_PAYER": gettext_lazy("borrower died, nobody pays"),
    "EVASION": gettext_lazy("debt evaded"),
    "BANKRUPT": gettext_lazy("bankrupt"),
}
LEVELS = {
    "excellent": gettext_lazy("excellent"),
    "good": gettext_lazy("good"),
    "ordinary": gettext_lazy("ordinary"),
    "unrated": gettext_lazy("unrated"),
}


def last_classified_on() -> date | None:
    """The last business date on which loans were classified, in any branch.

    Among one's own rows the policy would be asked for all that lie before them.
    """
    with acting.on_all_branches():
        return LoanClassification.objects.order_by("-as_of").values_list("as_of", flat=True).first()


def classes_on(day: date) -> QuerySet[LoanClassification]:
    """The class of every loan on a business date: of several results for a loan, the last one counts."""
    newer = LoanClassification.objects.filter(
        loan=OuterRef("loan"), as_of=OuterRef("as_of"), pk__gt=OuterRef("pk")
    )
    return LoanClassification.objects.filter(~Exists(newer), as_of=day)


def open_loans(staff: StaffMember, day: date) -> QuerySet[LoanClassification]:
    """Classes of the loans that a person sees and that still carry a balance on the day."""
    return classes_on(day).visible_to(staff).filter(balance__gt=0)


def narrowed(rows: QuerySet[LoanClassification], given: Mapping) -> QuerySet[LoanClassification]:
    """Apply the choices above the list."""
    if given.get("class"):
        rows = rows.filter(final=given["class"])
    if given.get("delay") in DELAYS:
        rows = rows.filter(DELAYS[given["delay"]][1])
    if given.get("branch"):
        rows = rows.filter(branch_id=given["branch"].pk)
    if given.get("guarantee"):
        rows = rows.filter(loan__guarantee=given["guarantee"])
    if given.get("review"):
        rows = rows.filter(needs_review=True)
    return rows


def with_names(rows: QuerySet[LoanClassification]) -> QuerySet[LoanClassification]:
    """Load what a line of the list shows, in the same query."""
    return rows.select_related("loan__borrower", "loan__household__village", "loan__branch")


def by_class(rows: QuerySet[LoanClassification]) -> list[dict]:
    """Number and balance by class, all five classes, from good to bad."""
    found = {
        row["final"]: row
        for row in rows.order_by().values("final").annotate(count=Count("id"), balance=Sum("balance"))
    }
    empty = {"count": 0, "balance": Decimal(0)}
    total = sum((row["balance"] for row in found.values()), Decimal(0))
    return [
        {
            "code": code,
            "label": label,
            "count": found.get(code, empty)["count"],
            "balance": found.get(code, empty)["balance"],
            "share": found.get(code, empty)["balance"] / total if total else None,
        }
        for code, label in LoanClass.choices
    ]


def provisions_of(rows: QuerySet[LoanClassification], reserves: Decimal) -> classification.Provisions:
    """Provisions that the classes of some loans ask for (handbook §2.4); yuan."""
    sums = rows.order_by().values("final").annotate(balance=Sum("balance")).values_list("final", "balance")
    overdue = rows.filter(dpd__gt=90).aggregate(total=Sum("balance"))["total"] or Decimal(0)
    return classification.provisions(balances=dict(sums), reserves=reserves, overdue_90_plus=overdue)


def history_of(loan: Loan) -> list[LoanClassification]:
    """Classes of a loan, the last business date first, one a date."""
    seen, rows = set(), []
    for row in LoanClassification.objects.filter(loan=loan).order_by("-as_of", "-id")[:60]:
        if row.as_of not in seen:
            seen.add(row.as_of)
            rows.append(row)
    return rows


def explained(row: LoanClassification, loan: Loan) -> list[dict]:
    """The steps from days overdue to the class, in words (handbook §2.1–§2.3)."""
    names = dict(LoanClass.choices)
    steps = [
        {
            "label": _("Days overdue"),
            "text": _("The larger of principal (%(principal)s) and interest (%(interest)s) counts.")
            % {"principal": row.principal_dpd, "interest": row.interest_dpd},
            "days": row.dpd,
        },
        {"label": _("Matrix"), "text": matrix_in_words(row, loan), "code": row.matrix},
        {"label": _("Floor by days"), "text": floors_in_words(row.dpd), "code": row.floor_2023},
        {"label": _("Floor by events"), "text": flags_in_words(loan.flags), "code": row.flag_floor},
    ]
    if row.cure_lock:
        text = _("It was %(before)s and has been paid in order for %(months)s months; six are needed.") % {
            "before": names.get(row.previous, row.previous),
            "months": row.months_cured,
        }
        steps.append({"label": _("Cure"), "text": text, "code": row.final})
    text = _("The hardest of these counts.") if row.policy == "strict" else _("By the matrix alone.")
    steps.append({"label": _("Class"), "text": text, "code": row.final, "is_result": True})
    return steps


def matrix_in_words(row: LoanClassification, loan: Loan) -> str:
    """Which row of the matrix was read and the days it allows."""
    try:
        rules = classification.M_1
        level = rules.level_aliases.get(row.level, row.level)
        days = rules.days(
            loan.matrix_class, level, rules.guarantee_aliases.get(loan.guarantee, loan.guarantee)
        )
    except classification.InvalidLoan:
        days = None
    who = _("%(kind)s, %(level)s, %(guarantee)s") % {
        "kind": MatrixClass(loan.matrix_class).label,
        "level": LEVELS.get(row.level, row.level),
        "guarantee": Guarantee(loan.guarantee).label,
    }
    if days is None:
        return who
    limits = _("normal to %(first)s, special mention to %(second)s, substandard to %(third)s days") % {
        "first": days[0],
        "second": days[1],
        "third": days[2],
    }
    return f"{who}: {limits}"


def floors_in_words(dpd: int) -> str:
    """Which step of the rule of 2023 the delay reaches."""
    for above, category in classification.M_1.floors:
        if dpd > above:
            return _("More than %(days)s days: at least %(category)s.") % {
                "days": above,
                "category": LoanClass(category).label,
            }
    return _("Not overdue: no floor.")


def flags_in_words(flags: list[str]) -> str:
    """The events noted on a loan."""
    return ", ".join(str(FLAGS.get(flag, flag)) for flag in flags) if flags else _("No event is noted.")


def exposure_of(household: Household) -> dict:
    """What a household owes, may draw, and keeps with us; yuan."""
    line = CreditLine.objects.filter(
        household=household, state__in=[LineState.ACTIVE, LineState.FROZEN]
    ).first()
    members = household.memberships.filter(valid_to=None).values("customer")
    accounts = Account.objects.filter(customer__in=members).exclude(state=AccountState.CLOSED)
    sums = accounts.aggregate(
        deposits=Sum("balance", filter=Q(product__family=ProductFamily.DEPOSIT)),
        loans=Sum("balance", filter=Q(product__family=ProductFamily.LOAN)),
    )
    owed = Loan.objects.filter(household=household, closed_on=None).aggregate(
        total=Sum("account__balance"), drawn=Sum("account__balance", filter=Q(line__isnull=False))
    )
    drawn = owed["drawn"] or Decimal(0)
    return {
        "line": line,
        "drawn": drawn,
        "available": max(line.limit - drawn, Decimal(0)) if line and line.state == LineState.ACTIVE else None,
        "loans": owed["total"] or sums["loans"] or Decimal(0),
        "deposits": sums["deposits"] or Decimal(0),
    }
