"""My day: what is late, what is today, what waits for a person, and three figures of the own branch, by post."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.choices import PostCode, UnitKind
from branches.models import StaffMember, Unit
from branches.selectors import posts_on
from coopcrm.shared.periods import add_months
from coopcrm.shared.selectors import jobs_visible_to
from customers.choices import ReviewState
from customers.models import Customer, Household, LedgerImport, ManagerAssignment, ReviewPair, VisitNote
from kpi import dashboard, words
from loans import overview as book
from ratings import overview as judgements
from ratings.choices import RatingStatus

SHOWN = 6
UNION_DESKS = (
    PostCode.UNION_CREDIT,
    PostCode.UNION_RISK,
    PostCode.UNION_COMMITTEE,
    PostCode.HEAD_OFFICE,
)


@dataclass(frozen=True)
class Line:
    """One thing to do: a name that opens it, what it is about, and the one action."""

    title: str
    url: str = ""
    text: str = ""
    badge: tuple[str, str, str] | None = None
    action: str = ""
    action_url: str = ""


@dataclass(frozen=True)
class Section:
    """Things of one kind: how many in all, the first of them, and what to do when there are none."""

    title: str
    kind: str
    total: int
    lines: Sequence[Line] = ()
    url: str = ""
    empty: str = ""
    empty_url: str = ""
    empty_link: str = ""


@dataclass(frozen=True)
class Day:
    """The page of one post."""

    greeting: str
    sections: Sequence[Section]
    figures: Sequence[dashboard.Figure] = ()
    primary: tuple[str, str, str] | None = None
    changes: Sequence[dict] = ()
    ranking: dict | None = None
    notes: dict = field(default_factory=dict)


def address(name: str, *args: Any) -> str:
    """The address of a page; empty where the page is not served."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def with_household(name: str, household_id: int) -> str:
    """The address of a page that asks which household it is about."""
    page = address(name)
    return page and f"{page}?household={household_id}"


# -- pieces ------------------------------------------------------------------------------------------------------------


def my_households(staff: StaffMember, today: date) -> QuerySet[Household]:
    """Households that the person manages today."""
    mine = ManagerAssignment.objects.filter(household=OuterRef("pk"), staff=staff, valid_from__lte=today)
    mine = mine.filter(Q(valid_to=None) | Q(valid_to__gt=today))
    return Household.objects.managed_for(staff).filter(Exists(mine), valid_to=None)


def name_of(household: Household) -> str:
    """The head's name, else the household's number."""
    return household.head.name if household.head else str(household)


def not_visited(households: QuerySet[Household], today: date) -> Section:
    """Households without a visit for a year, those never visited first."""
    visited = VisitNote.objects.filter(household=OuterRef("pk"), visited_on__gt=add_months(today, -12))
    rows = households.filter(~Exists(visited)).annotate(last=Max("visits__visited_on"))
    rows = rows.select_related("head", "village").order_by("last", "village", "pk")
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
        for row in rows[:SHOWN]
    ]
    return Section(
        _("Not visited for a year"),
        "late",
        households.filter(~Exists(visited)).count(),
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
    lines = [
        Line(
            title=name_of(row.household),
            url=address("ratings:rating", row.pk),
            text=str(row.household.village or ""),
            action=_("Open the sheet"),
            action_url=address("ratings:rating", row.pk),
        )
        for row in judgements.with_names(rows.order_by("household_id"))[:SHOWN]
    ]
    listed = f"{address('ratings:list')}?status=PENDING_PANEL"
    return Section(
        _("Waiting for the panel"),
        "waiting",
        rows.count(),
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
    shown = book.with_names(rows.order_by("-dpd", "-balance", "id"))[:SHOWN]
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
    return Section(
        _("Overdue loans"), "late", rows.count(), lines, f"{address('loans:list')}?delay=any", empty
    )


def review_pairs(staff: StaffMember) -> Section:
    """Possible duplicates of the person's branches."""
    rows = ReviewPair.objects.filter(state=ReviewState.OPEN)
    if not staff.scope.sees_union:
        branches = staff.scope.branch_ids
        rows = rows.filter(Q(first__branch__in=branches) | Q(second__branch__in=branches))
    lines = [
        Line(
            title=f"{pair.first.name} · {pair.second.name}",
            url=address("customers:review-pair", pair.pk),
            text=_("perhaps one person"),
            action=_("Compare"),
            action_url=address("customers:review-pair", pair.pk),
        )
        for pair in rows.select_related("first", "second").order_by("-weight", "pk")[:SHOWN]
    ]
    return Section(
        _("Possible duplicates"),
        "waiting",
        rows.count(),
        lines,
        address("customers:review"),
        _("Nobody seems to be registered twice."),
    )


def registrations(staff: StaffMember, today: date) -> Section:
    """Customers registered at the person's branches, the last ones first."""
    rows = Customer.objects.managed_for(staff).current().filter(registered_on__gt=today - timedelta(days=7))
    lines = [
        Line(
            title=row.name,
            url=address("customers:customer", row.pk),
            text=" · ".join(filter(None, [str(row.village or ""), str(row.registered_on)])),
            action=_("Open"),
            action_url=address("customers:customer", row.pk),
        )
        for row in rows.select_related("village").order_by("-registered_on", "-pk")[:SHOWN]
    ]
    return Section(
        _("Registered this week"),
        "today",
        rows.count(),
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


# -- figures -----------------------------------------------------------------------------------------------------------


def branch_figures(staff: StaffMember, *codes: str) -> list[dashboard.Figure]:
    """Some figures of the person's first branch (of the union for head office) with change and trend."""
    dates = dashboard.closing_dates(staff, limit=dashboard.MONTHS)
    if not dates:
        return []
    before = dates[1] if len(dates) > 1 else None
    board = dashboard.Dashboard(staff, as_of=dates[0], before=before, dates=dates)
    unit = board.union or next(iter(board.branches), None)
    if unit is None:
        return []
    trends = board.trends(unit)
    return [board.figure(unit, code, trends.get(code, ())) for code in codes]


# -- days by post ------------------------------------------------------------------------------------------------------


def of_officer(staff: StaffMember, today: date) -> Day:
    """Loan officers and customer managers: households, facts, arrears."""
    mine = my_households(staff, today)
    sections = [overdue_loans(staff, mine), not_visited(mine, today), with_missing_facts(staff, mine)]
    visits = (_("Plan a round"), address("customers:visits"), "map-pin")
    figures = branch_figures(staff, "VISIT_COVERAGE", "NPL_RATIO", "RATED_COVERAGE")
    return Day(_("Your households"), sections, figures, visits)


def of_cashier(staff: StaffMember, today: date) -> Day:
    """Cashiers: register, and what was registered."""
    register = (_("Register a customer"), address("customers:new"), "user-plus")
    sections = [registrations(staff, today), review_pairs(staff)]
    return Day(
        _("Your counter"), sections, branch_figures(staff, "DATA_QUALITY", "CSAT", "SAME_DAY_RATE"), register
    )


def of_accountant(staff: StaffMember, today: date) -> Day:
    """Accountants: duplicates, ledgers, provisions."""
    sections = [review_pairs(staff), ledger_runs(staff), overdue_loans(staff)]
    ledgers = (_("Ledgers"), address("customers:ledgers"), "book-2")
    return Day(
        _("Your books"), sections, branch_figures(staff, "DATA_QUALITY", "COST_INCOME", "NPL_RATIO"), ledgers
    )


def of_director(staff: StaffMember, today: date) -> Day:
    """Directors, deputies and the loan group: arrears, the queue, the branch's figures."""
    households = Household.objects.managed_for(staff).filter(valid_to=None)
    sections = [
        overdue_loans(staff),
        waiting_for_panel(staff),
        not_visited(households, today),
        review_pairs(staff),
    ]
    figures = branch_figures(staff, words.SCORE.code, "NPL_RATIO", "DEP_ADB_GROWTH")
    return Day(_("Your branch"), sections, figures, (_("Figures"), address("kpi:dashboard"), "chart-bar"))


def of_head_office(staff: StaffMember, today: date) -> Day:
    """The union's desks: the month in four figures, what moved, who leads and who trails."""
    dates = dashboard.closing_dates(staff, limit=dashboard.MONTHS)
    sections = [jobs(staff), overdue_loans(staff)]
    open_figures = (_("Figures"), address("kpi:dashboard"), "chart-bar")
    if not dates:
        return Day(_("The union"), sections, (), open_figures)
    before = dates[1] if len(dates) > 1 else None
    board = dashboard.Dashboard(staff, as_of=dates[0], before=before, dates=dates)
    if board.union is None:
        return Day(_("The union"), sections, (), open_figures)
    return Day(
        _("The union"),
        sections,
        board.tiles(board.union)[:4],
        open_figures,
        board.changes(board.union),
        board.ranking(words.SCORE.code),
        {"as_of": dates[0], "before": before},
    )


def of_auditor(staff: StaffMember, today: date) -> Day:
    """Audit: what ran, what failed, what was judged."""
    return Day(
        _("Audit"),
        [failed_jobs(staff), jobs(staff), review_pairs(staff)],
        branch_figures(staff, "DATA_QUALITY", "NPL_RATIO", "VISIT_COVERAGE"),
        (_("Audit trail"), address("branches:audit"), "shield-check"),
    )


def of_administrator(staff: StaffMember, today: date) -> Day:
    """Administrators: units, staff, jobs; no customer's business."""
    units = Unit.objects.open_on(today)
    held = posts_on(today)
    without_post = StaffMember.objects.filter(is_active=True).exclude(pk__in=held.values("staff"))
    lines = [
        Line(title=str(member), text=member.username, url=address("branches:member", member.pk))
        for member in without_post.order_by("username")[:SHOWN]
    ]
    nobody = Section(
        _("Staff without a post today"),
        "late",
        without_post.count(),
        lines,
        address("branches:staff"),
        _("Everybody who can sign in holds a post."),
    )
    kinds = [
        Line(title=str(label), text=str(units.filter(kind=kind).count())) for kind, label in UnitKind.choices
    ]
    counted = Section(_("Units"), "today", units.count(), kinds, address("branches:units"))
    posts = [
        Line(title=str(label), text=str(number))
        for code, label in PostCode.choices
        if (number := held.filter(code=code).count())
    ]
    people = Section(_("Posts held today"), "today", held.count(), posts, address("branches:staff"))
    return Day(_("Units and staff"), [nobody, counted, people, jobs(staff)])


DAYS: dict[str, Callable[[StaffMember, date], Day]] = {
    PostCode.CASHIER: of_cashier,
    PostCode.LOAN_OFFICER: of_officer,
    PostCode.CUSTOMER_MANAGER: of_officer,
    PostCode.ACCOUNTANT: of_accountant,
    PostCode.DEPUTY_DIRECTOR: of_director,
    PostCode.DIRECTOR: of_director,
    PostCode.LOAN_GROUP: of_director,
    **dict.fromkeys(UNION_DESKS, of_head_office),
    PostCode.AUDITOR: of_auditor,
    PostCode.ADMINISTRATOR: of_administrator,
}


def day_of(staff: StaffMember, today: date) -> Day | None:
    """The day of the person's main post; None for somebody who holds no post today."""
    made = DAYS.get(staff.scope.main_post)
    return made(staff, today) if made else None
