"""What a person has to do: tasks, complaints, requests about data, second signatures, handovers; done in place."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils.translation import gettext as _

from branches import proposals
from branches.models import StaffMember
from coopcrm.myday.parts import SHOWN, Line, OwnFigure, Section
from customers import policies as registry_policies
from customers.campaigns import selectors as campaigns
from customers.cases import policies as case_policies
from customers.cases import selectors as cases
from customers.choices import CaseKind, CaseState, HandoverState, RequestState, TaskState
from customers.models import Case, Handover, RightsRequest, Task
from customers.selectors import name_for
from customers.tasks import policies as task_policies
from customers.tasks import selectors as tasks

WEEKS = 8


def urgent(staff: StaffMember, today: date) -> list[Section]:
    """Sections that come before those of the post; a kind of duty that the post does not have is left out."""
    sections = []
    if task_policies.may_open_somewhere(staff):
        sections += my_tasks(staff, today)
    waiting = [signatures(staff)]
    if case_policies.may_see_cases(staff):
        waiting.append(complaints(staff, today))
    if registry_policies.may_answer_requests_somewhere(staff):
        waiting.append(data_requests(staff, today))
    waiting.append(handovers(staff))
    if registry_policies.may_register_somewhere(staff):
        waiting.append(offers(staff, today))
    return [*sections, *(section for section in waiting if section.total)]


def my_tasks(staff: StaffMember, today: date) -> list[Section]:
    """What the person and their posts have to do: what is late, and what is today or comes next."""
    rows = Task.objects.visible_to(staff).for_person(staff).open().awake(today)
    late, soon = Q(due_on__lt=today), Q(due_on__lte=today + timedelta(days=7), due_on__gte=today)
    counts = rows.aggregate(late=Count("pk", filter=late), soon=Count("pk", filter=soon))
    found = tasks.with_people(rows).order_by("due_on", "pk")
    listed = reverse("customers:tasks")
    sections = []
    for title, kind, count, narrow, empty in (
        (_("Late"), "late", counts["late"], late, _("Nothing is late.")),
        (_("Today and this week"), "today", counts["soon"], soon, _("Nothing is due this week.")),
    ):
        shown = tasks.lines_of(staff, found.filter(narrow)[:SHOWN], today)
        lines = [Line(title=line.task.words, task=line) for line in shown]
        query = "?when=late" if kind == "late" else "?when=week"
        sections.append(
            Section(
                title,
                kind,
                count,
                lines,
                listed + query,
                empty,
                reverse("customers:new-task"),
                _("Open a task"),
            )
        )
    return sections if counts["late"] else sections[1:]


def signatures(staff: StaffMember) -> Section:
    """Proposals that wait for the person's second signature."""
    waiting = proposals.waiting_for(staff)
    shown = proposals.with_subjects(waiting[:SHOWN])
    lines = [
        Line(
            title=proposals.title_of(row),
            url=reverse("branches:proposal", args=[row.pk]),
            text=" · ".join(filter(None, [proposals.subject_in_words(staff, row), str(row.proposed_by)])),
            action=_("Look at it"),
            action_url=reverse("branches:proposal", args=[row.pk]),
        )
        for row in shown
    ]
    return Section(_("Second signatures"), "waiting", len(waiting), lines, reverse("branches:proposals"))


def complaints(staff: StaffMember, today: date) -> Section:
    """Cases that the person answers, or that the branch has not answered in time."""
    rows = Case.objects.visible_to(staff).exclude(state=CaseState.CLOSED).exclude(kind=CaseKind.PRAISE)
    if not case_policies.may_see_figures(staff):
        rows = rows.filter(owner=staff)
    elif staff.scope.sees_union:
        rows = rows.filter(level=2)
    found = rows.select_related("customer", "branch", "owner").order_by("due_on", "pk")
    lines = [
        Line(
            title=f"{row.get_kind_display()}: {row.get_category_display()}",
            url=reverse("customers:case", args=[row.pk]),
            text=" · ".join(
                filter(None, [cases.name_of(staff, row) or _("no name given"), row.due_on.isoformat()])
            ),
            badge=("state", "late", _("late")) if row.is_late(today) else None,
            action=_("Open"),
            action_url=reverse("customers:case", args=[row.pk]),
        )
        for row in found[:SHOWN]
    ]
    listed = reverse("customers:cases")
    return Section(_("Complaints and requests"), "waiting", rows.count(), lines, listed)


def data_requests(staff: StaffMember, today: date) -> Section:
    """Requests about data that are overdue or fall due within a week."""
    soon = today + timedelta(days=7)
    rows = RightsRequest.objects.visible_to(staff).filter(state=RequestState.OPEN, due_on__lte=soon)
    found = rows.select_related("customer").order_by("due_on", "pk")
    lines = [
        Line(
            title=row.get_kind_display(),
            url=reverse("customers:right", args=[row.pk]),
            text=f"{name_for(staff, row.customer)} · {row.due_on.isoformat()}",
            badge=("state", "late", _("overdue")) if row.due_on < today else None,
            action=_("Open"),
            action_url=reverse("customers:right", args=[row.pk]),
        )
        for row in found[:SHOWN]
    ]
    is_late = any(row.badge for row in lines)
    listed = reverse("customers:rights") + ("?tab=late" if is_late else "")
    return Section(_("Requests about data"), "late" if is_late else "waiting", rows.count(), lines, listed)


def handovers(staff: StaffMember) -> Section:
    """Handovers that wait for the person's signature."""
    mine = (
        Q(giver=staff, given_at=None)
        | Q(taker=staff, given_at__isnull=False, taken_at=None)
        | Q(supervisor=staff, given_at__isnull=False, taken_at__isnull=False)
    )
    rows = Handover.objects.filter(mine, state=HandoverState.OPEN).select_related("giver", "taker")
    found = list(rows.order_by("effective_on", "pk")[: SHOWN + 1])
    lines = [
        Line(
            title=f"{row.giver} → {row.taker}",
            url=reverse("customers:handover", args=[row.pk]),
            text=row.effective_on.isoformat(),
            action=_("Sign it"),
            action_url=reverse("customers:handover", args=[row.pk]),
        )
        for row in found[:SHOWN]
    ]
    return Section(_("Handovers to sign"), "waiting", len(found), lines, reverse("customers:handovers"))


def offers(staff: StaffMember, today: date) -> Section:
    """People whom campaigns that run wait for this person to contact; a director's are those of the branch."""
    everybody = staff.scope.holds(*registry_policies.DIRECTORS)
    found = campaigns.waiting_by_campaign(staff, on=today, everybody=everybody)
    lines = [
        Line(
            title=str(campaign),
            url=reverse("customers:campaign", args=[campaign.pk]),
            text=_("%(n)s to contact until %(day)s") % {"n": number, "day": campaign.ends_on.isoformat()},
            action=_("Whom to contact"),
            action_url=reverse("customers:campaign-work", args=[campaign.pk]),
        )
        for campaign, number in found[:SHOWN]
    ]
    total = sum(number for _campaign, number in found)
    return Section(_("To be offered"), "waiting", total, lines, reverse("customers:campaigns"))


def own_figures(staff: StaffMember, today: date) -> list[OwnFigure]:
    """What the person has finished by week, for the last eight weeks; one query."""
    if not task_policies.may_open_somewhere(staff):
        return []
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    rows = Task.objects.filter(closed_by=staff, state=TaskState.DONE, closed_on__gte=first)
    counts = dict(
        rows.annotate(week=TruncWeek("closed_on"))
        .values("week")
        .annotate(n=Count("pk"))
        .values_list("week", "n")
    )
    series = [counts.get(first + timedelta(weeks=number), 0) for number in range(WEEKS)]
    listed = f"{reverse('customers:tasks')}?state=done"
    note = _("%(n)s in eight weeks") % {"n": sum(series)}
    return [OwnFigure(_("Done this week"), series[-1], series, listed, note)]
