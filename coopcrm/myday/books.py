"""Sections from the registry, the banking book, the ratings and the jobs."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import StaffMember
from coopcrm.myday.parts import SHOWN, Line, Section, address, with_household
from coopcrm.shared.periods import add_months
from coopcrm.shared.selectors import jobs_visible_to
from customers.models import Customer, Household, LedgerImport, ManagerAssignment, VisitNote
from customers.review.queue import ORDER, Filters, queue, with_sides
from customers.selectors import name_for
from kpi import words
from loans import overview as book
from ratings import overview as judgements
from ratings.choices import RatingStatus


def my_households(staff: StaffMember, today: date) -> QuerySet[Household]:
    """Households that the person manages today."""
    mine = ManagerAssignment.objects.filter(household=OuterRef("pk"), staff=staff, valid_from__lte=today)
    mine = mine.filter(Q(valid_to=None) | Q(valid_to__gt=today))
    return Household.objects.managed_for(staff).filter(Exists(mine), valid_to=None)


def name_of(household: Household) -> str:
    """The head's name, else the household's number."""
    return household.head.name if household.head else str(household)


def _first(rows: QuerySet) -> tuple[list, int]:
    """The first rows in order and how many there are, counted while they are read and not in a second pass."""
    shown = list(rows.annotate(among=Window(Count("pk")))[:SHOWN])
    return shown, shown[0].among if shown else 0


def not_visited(households: QuerySet[Household], today: date) -> Section:
    """Households without a visit for a year, those never visited first."""
    visits = VisitNote.objects.filter(household=OuterRef("pk"))
    last = visits.order_by("-visited_on").values("visited_on")[:1]
    rows = households.filter(~Exists(visits.filter(visited_on__gt=add_months(today, -12))))
    rows = rows.annotate(last=Subquery(last)).select_related("head", "village")
    shown, count = _first(rows.order_by(F("last").asc(nulls_first=True), "village", "pk"))
    lines = [
        Line(
            title=name_of(row),
            url=address("customers:household", row.pk),
            text=" · ".join(
                filter(
                    None,
                    [
                        str(row.village or ""),
                        _("last visit %(day)s") % {"day": row.last} if row.last else _("never visited"),
                    ],
                )
            ),
            action=_("Write a visit"),
            action_url=with_household("customers:new-visit", row.pk),
        )
        for row in shown
    ]
    return Section(
        _("Not visited for a year"),
        "late",
        count,
        lines,
        address("customers:visits"),
        _("Every household has been visited within the year."),
        address("customers:visits"),
        _("See the visits"),
    )


def with_missing_facts(staff: StaffMember, households: QuerySet[Household]) -> Section:
    """Last ratings that lack facts, those that lack fewest first."""
    rows = judgements.current_ratings(staff).filter(status=RatingStatus.INCOMPLETE, household__in=households)
    shown = sorted(
        judgements.with_names(rows.order_by("household_id"))[:200], key=lambda row: len(row.missing)
    )
    lines = [
        Line(
            title=name_of(row.household),
            url=address("ratings:rating", row.pk),
            text=ngettext("%(n)d fact is missing", "%(n)d facts are missing", len(row.missing))
            % {"n": len(row.missing)},
            action=_("See what to ask"),
            action_url=address("ratings:rating", row.pk),
        )
        for row in shown[:SHOWN]
    ]
    listed = f"{address('ratings:list')}?status=INCOMPLETE"
    return Section(
        _("Ratings that lack facts"),
        "waiting",
        rows.count(),
        lines,
        listed,
        _("Every household can be rated."),
        address("ratings:list"),
        _("See the ratings"),
    )


def waiting_for_panel(staff: StaffMember) -> Section:
    """Ratings that need the panel's votes."""
    rows = judgements.current_ratings(staff).filter(status=RatingStatus.PENDING_PANEL)
    shown, count = _first(judgements.with_names(rows.order_by("household_id")))
    lines = [
        Line(
            title=name_of(row.household),
            url=address("ratings:rating", row.pk),
            text=str(row.household.village or ""),
            action=_("Open the sheet"),
            action_url=address("ratings:rating", row.pk),
        )
        for row in shown
    ]
    listed = f"{address('ratings:list')}?status=PENDING_PANEL"
    return Section(
        _("Waiting for the panel"),
        "waiting",
        count,
        lines,
        listed,
        _("No household waits for the panel."),
    )


def overdue_loans(staff: StaffMember, households: QuerySet[Household] | None = None) -> Section:
    """Loans overdue on the last classified day, the longest first."""
    day = book.last_classified_on()
    empty = _("No loan is overdue.")
    if day is None:
        return Section(_("Overdue loans"), "late", 0, (), "", _("No loan has been classified yet."))
    rows = book.open_loans(staff, day).filter(dpd__gt=0)
    if households is not None:
        rows = rows.filter(loan__household__in=households)
    shown, count = _first(book.with_names(rows.order_by("-dpd", "-balance", "id")))
    lines = [
        Line(
            title=row.loan.borrower.name,
            url=address("loans:loan", row.loan_id),
            text=ngettext("%(n)d day · ¥ %(balance)s", "%(n)d days · ¥ %(balance)s", row.dpd)
            % {"n": row.dpd, "balance": words.plain(row.balance, 2)},
            badge=("class", row.final, ""),
            action=_("Open the loan"),
            action_url=address("loans:loan", row.loan_id),
        )
        for row in shown
    ]
    return Section(_("Overdue loans"), "late", count, lines, f"{address('loans:list')}?delay=any", empty)


def review_pairs(staff: StaffMember) -> Section:
    """Possible duplicates of the person's branches."""
    shown, count = _first(with_sides(queue(staff, Filters())).order_by(*ORDER))
    lines = [
        Line(
            title=" · ".join(name_for(staff, side) for side in (pair.first, pair.second)),
            url=address("customers:review-pair", pair.pk),
            text=_("perhaps one person"),
            action=_("Compare"),
            action_url=address("customers:review-pair", pair.pk),
        )
        for pair in shown
    ]
    return Section(
        _("Possible duplicates"),
        "waiting",
        count,
        lines,
        address("customers:review"),
        _("Nobody seems to be registered twice."),
    )


def registrations(staff: StaffMember, today: date) -> Section:
    """Customers registered at the person's branches, the last ones first."""
    rows = Customer.objects.managed_for(staff).current().filter(registered_on__gt=today - timedelta(days=7))
    shown, count = _first(rows.select_related("village").order_by("-registered_on", "-pk"))
    lines = [
        Line(
            title=row.name,
            url=address("customers:customer", row.pk),
            text=" · ".join(filter(None, [str(row.village or ""), str(row.registered_on)])),
            action=_("Open"),
            action_url=address("customers:customer", row.pk),
        )
        for row in shown
    ]
    return Section(
        _("Registered this week"),
        "today",
        count,
        lines,
        address("customers:list"),
        _("Nobody has been registered this week."),
        address("customers:new"),
        _("Register a customer"),
    )


def ledger_runs(staff: StaffMember) -> Section:
    """The last ledgers that came in."""
    rows = LedgerImport.objects.all()
    if not staff.scope.sees_union:
        rows = rows.filter(files__branch__in=staff.scope.branch_ids).distinct()
    lines = [
        Line(
            title=_("Ledgers of %(day)s") % {"day": run.as_of},
            url=address("customers:ledgers"),
            text=", ".join(f"{key} {value}" for key, value in run.counts.items() if isinstance(value, int))[
                :80
            ],
            action=_("Open"),
            action_url=address("customers:ledgers"),
        )
        for run in rows.order_by("-pk")[:SHOWN]
    ]
    return Section(
        _("Ledgers that came in"),
        "today",
        rows.count(),
        lines,
        address("customers:ledgers"),
        _("No ledger has come in yet."),
    )


def jobs(staff: StaffMember) -> Section:
    """Jobs of the last days; those that failed are late."""
    rows = jobs_visible_to(staff).order_by("-pk")
    lines = [
        Line(
            title=str(job),
            url=address("jobs:job", job.pk),
            text=job.created_at.date().isoformat(),
            badge=("state", job.state, ""),
            action=_("Open"),
            action_url=address("jobs:job", job.pk),
        )
        for job in rows[:SHOWN]
    ]
    return Section(_("Jobs"), "today", rows.count(), lines, address("jobs:list"), _("No job has run yet."))


def failed_jobs(staff: StaffMember) -> Section:
    """Jobs that failed and have not been looked at for long."""
    rows = jobs_visible_to(staff).filter(state="failed").order_by("-pk")
    lines = [
        Line(
            title=str(job),
            url=address("jobs:job", job.pk),
            text=job.error[:80],
            badge=("state", "failed", ""),
        )
        for job in rows[:SHOWN]
    ]
    return Section(
        _("Failed jobs"), "late", rows.count(), lines, address("jobs:list"), _("No job has failed.")
    )
