"""Pages of tasks: the list with its keys, one task, a new one, and the deeds on them, in place where htmx asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from branches.models import Unit
from branches.selectors import next_working_day
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import Keyset, id_in, page_of
from customers.choices import TaskState
from customers.models import Customer, Household, Task
from customers.policies import may_read_fully
from customers.tasks import forms, policies, selectors, services
from customers.tasks.kinds import CALL
from customers.views import allow, form_page

OPEN_ORDER = Keyset("tasks", ("due_on", "pk"))
CLOSED_ORDER = Keyset("closed-tasks", ("-closed_on", "-pk"))
MOST_TOGETHER = 50
BULK = ("done", "give", "snooze")


# -- The list ----------------------------------------------------------------------------------------------------------


@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """What is to be done: mine, my post's, for directors the branch's."""
    allow(policies.may_see_tasks(request.user))
    staff, today = request.user, timezone.localdate()
    offered = selectors.tabs_of(staff)
    whose = request.GET.get("whose", "")
    whose = whose if whose in offered else offered[0]
    form = forms.FilterForm(
        {"state": TaskState.OPEN, **request.GET.dict(), "whose": whose}, kinds=selectors.kinds_shown()
    )
    chosen = form.narrows
    rows = selectors.narrowed(selectors.tasks_of(staff, whose), today=today, **chosen)
    order = OPEN_ORDER if chosen["state"] == TaskState.OPEN else CLOSED_ORDER
    page = page_of(request, selectors.with_people(rows), order)
    context = {
        "form": form,
        "page": page,
        "lines": selectors.lines_of(staff, page.rows, today),
        "tabs": [
            {"label": selectors.WHOSE[code], "url": f"?whose={code}", "is_current": code == whose}
            for code in offered
        ],
        "whose": whose,
        "state": chosen["state"],
        "shows_branch": len(staff.scope.branch_ids) != 1,
        "may_open": policies.may_open_somewhere(staff) and own_unit(request) is not None,
        "give_form": give_form(request, today),
    }
    return render(request, "customers/tasks/list.html", context)


def own_unit(request: HttpRequest) -> Unit | None:
    """The person's branch, for the union's desks the union."""
    scope = request.user.scope
    ids = scope.branch_ids or scope.unit_ids
    return Unit.objects.filter(pk__in=ids).order_by("code").first()


def give_form(request: HttpRequest, today: date) -> forms.GiveForm | None:
    """To whom tasks can be given; nothing for people who only read."""
    if not policies.may_open_somewhere(request.user):
        return None
    unit = own_unit(request)
    return forms.GiveForm(unit=unit, on=today) if unit else None


@require_POST
@takes("deed", "task", "who", "back")
def bulk(request: HttpRequest) -> HttpResponse:
    """One deed on the chosen tasks; what is refused is said and the rest is done."""
    allow(policies.may_open_somewhere(request.user))
    staff, today = request.user, timezone.localdate()
    ids = [pk for pk in map(id_in, request.POST.getlist("task")[:MOST_TOGETHER]) if pk]
    chosen = selectors.with_people(Task.objects.visible_to(staff).open().filter(pk__in=ids)).order_by("pk")
    deed = _bulk_deed(request, today)
    if deed is None or not ids:
        messages.error(request, _("Choose tasks and what to do with them."))
        return _back(request)
    done, refused = services.each(chosen, deed)
    if done:
        messages.success(request, ngettext("%(n)s task changed.", "%(n)s tasks changed.", done) % {"n": done})
    for words in sorted(set(refused)):
        messages.error(request, words)
    return _back(request)


def _bulk_deed(request: HttpRequest, today: date) -> Callable[[Task], Task] | None:
    staff, code = request.user, request.POST.get("deed", "")
    if code == "done":
        return lambda task: services.finish_task(task=task, by=staff, on=today)
    if code == "snooze":
        until = next_working_day(today)
        return lambda task: services.snooze_task(task=task, by=staff, until=until, on=today)
    unit = own_unit(request)
    if code == "give" and unit:
        form = forms.GiveForm({"who": request.POST.get("who", "")}, unit=unit, on=today)
        if form.is_valid():
            return lambda task: services.reassign_task(task=task, by=staff, **form.cleaned_data["who"])
    return None


def _back(request: HttpRequest) -> HttpResponse:
    """The list as it was, where the form names it; else the list."""
    back = request.POST.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return redirect(back)
    return redirect("customers:tasks")


# -- A new one ---------------------------------------------------------------------------------------------------------


def _about(request: HttpRequest) -> tuple[Customer | None, Household | None]:
    """Whom a new task is about: somebody whose record the person works with, or nobody; 404 for others."""
    staff = request.user
    customer = household = None
    if given := request.GET.get("customer"):
        customer = get_object_or_404(Customer.objects.managed_for(staff).current(), pk=id_in(given))
    elif given := request.GET.get("household"):
        household = get_object_or_404(Household.objects.managed_for(staff), pk=id_in(given))
    return customer, household


@form_page
def new_task(request: HttpRequest) -> HttpResponse:
    """Open a task by hand, about somebody or about nobody."""
    allow(policies.may_open_somewhere(request.user))
    staff, today = request.user, timezone.localdate()
    customer, household = _about(request)
    thing = customer or household
    unit = thing.branch if thing else own_unit(request)
    if unit is None or not policies.may_open(staff, unit):
        raise Http404
    start = {"due_on": next_working_day(today), "kind": CALL, "who": f"s{staff.pk}"}
    form = forms.NewTaskForm(request.POST or None, unit=unit, me=staff, on=today, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        who = given.pop("who")
        try:
            services.open_task(
                branch=unit, customer=customer, household=household, by=staff, on=today, **given, **who
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("The task is open."))
            if customer:
                return redirect("customers:customer", customer.pk)
            return redirect("customers:household", household.pk) if household else redirect("customers:tasks")
    name = customer.name if customer else str(household.head or household) if household else ""
    context = {
        "form": form,
        "unit": unit,
        "about": name,
        "customer": customer,
        "household": household,
        "draft": f"task-{getattr(customer, 'pk', '')}-{getattr(household, 'pk', '')}",
    }
    return render(request, "customers/tasks/new.html", context)


# -- One task ----------------------------------------------------------------------------------------------------------


def own_task(request: HttpRequest, pk: int) -> Task:
    """A task of the person's branches, or 404."""
    allow(policies.may_see_tasks(request.user))
    return get_object_or_404(selectors.with_people(Task.objects.visible_to(request.user)), pk=pk)


@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to be done, why, by whom, and how it ended."""
    return _task_page(request, own_task(request, pk))


def _task_page(request: HttpRequest, found: Task, **given) -> HttpResponse:
    today = timezone.localdate()
    line = selectors.line_of(request.user, found, today)
    context = {"task": found, "line": line, "today": today}
    if line.may_work:
        context |= {
            "outcome_form": forms.OutcomeForm(),
            "drop_form": forms.DropForm(),
            "snooze_form": forms.SnoozeForm(initial={"until": next_working_day(today)}),
            "give_form": forms.GiveForm(unit=found.branch, on=today),
        }
    thing = found.customer or found.household
    context["may_read"] = thing is not None and may_read_fully(request.user, thing)
    return render(request, "customers/tasks/task.html", context | given)


def _do(request: HttpRequest, found: Task, deed: Callable[[], Task], said: str) -> HttpResponse:
    """Carry out a deed; in place for htmx, else back to where it was asked with the words."""
    try:
        done = deed()
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        if request.htmx:
            return _row(request, found, refusal=str(refusal))
        messages.error(request, explained(refusal))
        return redirect("customers:task", found.pk)
    if request.htmx:
        done = selectors.with_people(Task.objects.filter(pk=done.pk)).get()
        return _row(request, done, said=said)
    messages.success(request, said)
    return redirect("customers:task", found.pk)


def _again(request: HttpRequest, found: Task, form: forms.OutcomeForm) -> HttpResponse:
    """The task as it stands, with what was typed and why it cannot be kept."""
    if request.htmx:
        return _row(request, found, refusal=" ".join(form.errors["outcome"]))
    return _task_page(request, found, outcome_form=form)


def _row(request: HttpRequest, found: Task, **said: str) -> HttpResponse:
    """The task's place in whichever list asked: a row of the table, or a line of my day and of a card."""
    in_table = request.headers.get("HX-Target", "").startswith("task-row-")
    line = selectors.line_of(request.user, found, timezone.localdate())
    template = "customers/tasks/_row.html" if in_table else "customers/tasks/_line.html"
    shows_branch = len(request.user.scope.branch_ids) != 1
    return render(request, template, {"line": line, "shows_branch": shows_branch, **said})


@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, with what came of it."""
    found, form = own_task(request, pk), forms.OutcomeForm(request.POST)
    if not form.is_valid():  # words that cannot be kept are never dropped with the task closed
        return _again(request, found, form)
    deed = {"task": found, "by": request.user, "on": timezone.localdate(), **form.cleaned_data}
    return _do(request, found, lambda: services.finish_task(**deed), _("Done."))


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Need not be done."""
    found, form = own_task(request, pk), forms.DropForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    deed = {"task": found, "by": request.user, "on": timezone.localdate(), "reason": reason}
    return _do(request, found, lambda: services.drop_task(**deed), _("Dropped."))


@require_POST
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put off: to the next working day when no day is named."""
    found, form = own_task(request, pk), forms.SnoozeForm(request.POST)
    today = timezone.localdate()
    given = form.cleaned_data if form.is_valid() else {}
    until = given.get("until") or (
        today + timedelta(days=given["days"]) if given.get("days") else next_working_day(today)
    )
    deed = {"task": found, "by": request.user, "until": until, "on": today}
    said = _("Put off until %(day)s.") % {"day": until.isoformat()}
    return _do(request, found, lambda: services.snooze_task(**deed), said)


@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to a colleague or a post."""
    found = own_task(request, pk)
    form = forms.GiveForm(request.POST, unit=found.branch, on=timezone.localdate())
    who = form.cleaned_data["who"] if form.is_valid() else {}
    deed = {"task": found, "by": request.user, **who}
    return _do(request, found, lambda: services.reassign_task(**deed), _("Given on."))


@require_POST
@takes()
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Open it again."""
    found = own_task(request, pk)
    deed = {"task": found, "by": request.user, "on": timezone.localdate()}
    return _do(request, found, lambda: services.undo_closing(**deed), _("Open again."))
