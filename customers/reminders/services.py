"""Deeds of reminders: the nightly run over the branches, and changes of its figures.

A run of one day is one job; each branch is one order, which first closes what has ended by itself and then opens what
the rules in force ask for. Everything is set-based and keyed by source and subject, so that a run that is killed or
comes twice ends in the same tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from branches import proposals
from branches.choices import PostCode, UnitKind
from branches.models import Proposal, StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers import registries
from customers.cases.services import escalate_cases
from customers.models import ReminderRule
from customers.policies import DIRECTORS, works_at
from customers.registries import ReminderSource
from customers.tasks.kinds import kind_of
from customers.tasks.services import settle_tasks

KIND = "customers.reminders"
UNION_RULE = "rules.reminders"
MOST_LEAD = 120

OPEN = """
    INSERT INTO customers_task
        (branch_id, household_id, customer_id, owner_id, post, kind, reason, reason_params, due_on, source, key,
         opened_on, state, outcome)
    SELECT %(branch)s, chosen.household_id, chosen.customer_id, chosen.owner_id, %(post)s, %(source)s,
        CASE WHEN chosen.params ->> 'day' IS NULL THEN %(unknown)s ELSE %(reason)s END,
        CASE WHEN chosen.params ->> 'day' IS NULL THEN '{{}}' ELSE chosen.params END,
        chosen.due_on, %(source)s, chosen.key, %(as_of)s, 'open', ''
    FROM (
        SELECT fresh.*, row_number() OVER (PARTITION BY fresh.owner_id ORDER BY fresh.weight DESC, fresh.key) AS place
        FROM ({found}) fresh
        WHERE NOT EXISTS (
            SELECT FROM customers_task t WHERE t.source = %(source)s AND t.key = fresh.key
                AND (t.state = 'open' OR t.closed_on > %(as_of)s::date - %(rest)s::int)
        )
    ) chosen
    WHERE chosen.place + (
        SELECT count(*) FROM customers_task t WHERE t.branch_id = %(branch)s AND t.source = %(source)s
            AND t.state = 'open' AND t.owner_id IS NOT DISTINCT FROM chosen.owner_id
    ) <= %(most)s
    ON CONFLICT (source, key) WHERE state = 'open' AND NOT source = '' DO NOTHING
"""


@dataclass(frozen=True)
class Figures:
    """What holds for one source at one branch."""

    lead: int | None
    rest_days: int
    most_open: int
    rule: ReminderRule | None = None


def figures_for(branch: Unit | None, *, on: date) -> dict[str, Figures]:
    """The figures that a branch, or without one the union, has set by a day; where nothing is set, those built in."""
    rows = ReminderRule.objects.filter(branch=branch, valid_from__lte=on)
    last = {row.source: row for row in rows.order_by("source", "-valid_from", "-pk").distinct("source")}
    return {code: _figures(last, code, source) for code, source in registries.reminder_sources.items()}


def in_force(branch: Unit | None, *, on: date) -> dict[str, Figures]:
    """As ``figures_for``, with the union's figures where the branch has set none."""
    union = figures_for(None, on=on)
    if branch is None:
        return union
    own = figures_for(branch, on=on)
    return {code: found if found.rule is not None else union[code] for code, found in own.items()}


def _figures(rows: dict[str, ReminderRule], code: str, source: ReminderSource) -> Figures:
    if row := rows.get(code):
        return Figures(row.lead, row.rest_days, row.most_open, row)
    return Figures(source.lead, source.rest_days, source.most_open)


# -- The nightly run ---------------------------------------------------------------------------------------------------


def order_reminders(*, as_of: date, started_by: StaffMember | None = None) -> Job:
    """Order the run of a day; the same day is the same job."""
    branches = Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk")
    orders = [
        NewOrder(kind=KIND, key=f"branch-{branch.pk}", payload={"branch": branch.pk}) for branch in branches
    ]
    return order_work(
        kind=KIND,
        key=as_of.isoformat(),
        title=gettext_noop("Reminders of %(day)s"),
        title_params={"day": as_of.isoformat()},
        as_of=as_of,
        stage_names=[gettext_noop("Branches")],
        started_by=started_by,
        orders=orders,
    )


@handles(KIND)
def remind(work: Work) -> dict:
    """One branch: late cases move up, what has ended by itself is closed, what the rules ask for is opened."""
    branch = Unit.objects.get(pk=work.payload["branch"])
    escalated = escalate_cases(branch=branch, as_of=work.as_of)
    closed = settle_tasks(as_of=work.as_of, branch=branch)
    opened = open_reminders(branch=branch, as_of=work.as_of)
    return {"closed": closed, "opened": sum(opened.values()), "escalated": escalated}


@transaction.atomic
def open_reminders(*, branch: Unit, as_of: date) -> dict[str, int]:
    """Open the tasks that the rules in force ask for at a branch; returns how many by source. Safe to repeat."""
    opened = {}
    figures = in_force(branch, on=as_of)
    for code, source in registries.reminder_sources.items():
        found, sql = figures[code], source.select()
        if found.lead is None or not sql:
            continue
        values = {
            "branch": branch.pk,
            "as_of": as_of,
            "lead": found.lead,
            "rest": found.rest_days,
            "most": found.most_open,
            "source": code,
            "post": kind_of(code).post,
            "reason": source.reason,
            "unknown": source.unknown or source.reason,
        }
        with connection.cursor() as cursor:
            cursor.execute(OPEN.format(found=sql), values)
            opened[code] = cursor.rowcount
    return opened


# -- Figures -----------------------------------------------------------------------------------------------------------


def may_see_figures(staff: StaffMember) -> bool:
    """Directors see what their branch is reminded of; head office and audit see the union's figures."""
    return staff.scope.holds(*DIRECTORS, PostCode.HEAD_OFFICE, PostCode.AUDITOR)


def may_set_union_figures(staff: StaffMember) -> bool:
    """Head office proposes, and another person of head office confirms."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)


def may_set_branch_figures(staff: StaffMember, branch: Unit) -> bool:
    """The director or deputy sets what the own branch is reminded of."""
    return staff.scope.holds(*DIRECTORS) and works_at(staff, branch.pk)


def check_figures(source: str, lead: int | None, rest_days: int, most_open: int) -> None:
    """Refuse figures that no branch could work with."""
    if registries.reminder_sources.get(source) is None:
        raise Refused(_("There is no such reminder."), code="no_source")
    if lead is not None and not 0 < lead <= MOST_LEAD:
        raise Refused(_("Choose a figure between 1 and %(most)s.") % {"most": MOST_LEAD}, code="bad_figure")
    if not 0 < most_open <= 200 or not 0 <= rest_days <= 3650:
        raise Refused(
            _("Choose days of rest up to ten years, and 1 to 200 open at a time."), code="bad_figure"
        )


@transaction.atomic
def set_branch_figures(
    *,
    staff: StaffMember,
    branch: Unit,
    source: str,
    lead: int | None,
    rest_days: int,
    most_open: int,
    today: date,
) -> ReminderRule:
    """Set the figures of one source for a branch from today on; the ones before stay on record."""
    require(may_set_branch_figures(staff, branch), _("The director sets what the own branch is reminded of."))
    check_figures(source, lead, rest_days, most_open)
    return ReminderRule.objects.create(
        source=source,
        branch=branch,
        lead=lead,
        rest_days=rest_days,
        most_open=most_open,
        valid_from=today,
        proposed_by=staff,
    )


def propose_union_figures(
    *,
    staff: StaffMember,
    source: str,
    lead: int | None,
    rest_days: int,
    most_open: int,
    reason: str,
    today: date,
) -> Proposal:
    """Propose the union's figures of one source from tomorrow on."""
    require(may_set_union_figures(staff), _("Head office changes the rules."))
    require(reason.strip(), _("Say why the rule changes."), code="reason_missing")
    check_figures(source, lead, rest_days, most_open)
    change = {
        "source": source,
        "lead": lead,
        "rest_days": rest_days,
        "most_open": most_open,
        "valid_from": today + timedelta(days=1),
    }
    return proposals.propose(UNION_RULE, change=change, reason=reason, key=source, by=staff)


def _may_sign(staff: StaffMember, proposal: Proposal) -> bool:
    return may_set_union_figures(staff)


def _described(staff: StaffMember, proposal: Proposal) -> str:
    source = registries.reminder_sources.get(proposal.change["source"])
    return str(source.label) if source else proposal.change["source"]


def _lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    before = figures_for(None, on=timezone.localdate(proposal.proposed_at)).get(proposal.change["source"])
    names: list[tuple[str, Any]] = [
        ("lead", _("Figure")),
        ("rest_days", _("Days of rest")),
        ("most_open", _("Open at a time")),
    ]
    lines = [
        proposals.Line(label, getattr(before, name, None), proposal.change[name]) for name, label in names
    ]
    return [*lines, proposals.Line(_("From"), None, proposal.change["valid_from"])]


@proposals.kind(
    UNION_RULE,
    title=gettext_lazy("Reminders"),
    may_propose=_may_sign,
    may_confirm=_may_sign,
    describe=_described,
    lines=_lines,
    url=lambda proposal: reverse("customers:reminders"),
    confirmers=(PostCode.HEAD_OFFICE,),
)
def put_into_force(proposal: Proposal, by: StaffMember) -> ReminderRule:
    """The union's figures as two people of head office signed them."""
    change = proposal.change
    figures = {name: change[name] for name in ("source", "lead", "rest_days", "most_open")}
    check_figures(**figures)
    return ReminderRule.objects.create(
        **figures,
        valid_from=max(date.fromisoformat(change["valid_from"]), timezone.localdate()),
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
    )
