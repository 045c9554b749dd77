"""The day of each post: what is late, what is today, what waits, and figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from branches.choices import PostCode, UnitKind
from branches.models import StaffMember, Unit
from branches.selectors import posts_on
from coopcrm.myday import duties
from coopcrm.myday.books import (
    failed_jobs,
    jobs,
    ledger_runs,
    my_households,
    not_visited,
    overdue_loans,
    registrations,
    review_pairs,
    waiting_for_panel,
    with_missing_facts,
)
from coopcrm.myday.parts import SHOWN, Day, Line, Section, address
from customers.models import Household
from kpi import dashboard, words

UNION_DESKS = (
    PostCode.UNION_CREDIT,
    PostCode.UNION_RISK,
    PostCode.UNION_COMMITTEE,
    PostCode.HEAD_OFFICE,
)


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
    if made is None:
        return None
    day = made(staff, today)
    return replace(
        day,
        sections=[*duties.urgent(staff, today), *day.sections],
        own=duties.own_figures(staff, today),
    )
