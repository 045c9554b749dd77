"""Pages of complaints and requests: the queue, one case, a new one, the letter, the figures."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from branches.models import Unit
from branches.selectors import branches_of
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import StrictForm
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import Keyset, id_in, page_of
from customers.cases import forms, policies, selectors, services
from customers.choices import CaseKind, CaseState
from customers.feedback.policies import may_invite
from customers.models import Case, Customer
from customers.policies import may_read_fully
from customers.views import allow, form_page

OPEN_ORDER = Keyset("cases", ("due_on", "pk"))
CLOSED_ORDER = Keyset("closed-cases", ("-received_on", "-pk"))


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The queue: the most urgent first."""
    allow(policies.may_see_cases(request.user))
    staff, today = request.user, timezone.localdate()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in selectors.TABS else "open"
    form = forms.FilterForm({**request.GET.dict(), "tab": tab})
    chosen = form.narrows
    rows = selectors.queue(staff, tab, today=today, **chosen)
    page = page_of(request, rows, CLOSED_ORDER if tab in ("closed", "year") else OPEN_ORDER)
    kept = "".join(f"&{name}={value}" for name, value in chosen.items() if value)
    context = {
        "form": form,
        "page": page,
        "lines": [(row, selectors.name_of(staff, row), row.is_late(today)) for row in page.rows],
        "tabs": [
            {"label": label, "url": f"?tab={code}{kept}", "is_current": code == tab}
            for code, label in selectors.TABS.items()
        ],
        "tab": tab,
        "shows_branch": len(staff.scope.branch_ids) != 1,
        "branch": branches_of(staff).filter(pk=chosen["branch"]).first() if chosen["branch"] else None,
        "may_take": policies.may_take_somewhere(staff),
        "may_see_figures": policies.may_see_figures(staff),
    }
    return render(request, "customers/cases/list.html", context)


def own_branch(request: HttpRequest) -> Unit | None:
    """The person's branch; the union's desks name a customer."""
    scope = request.user.scope
    return Unit.objects.filter(pk__in=scope.branch_ids or scope.unit_ids).order_by("code").first()


@form_page
def new_case(request: HttpRequest) -> HttpResponse:
    """Take in what a customer, or somebody who gives no name, says."""
    allow(policies.may_take_somewhere(request.user))
    staff, today, customer = request.user, timezone.localdate(), None
    if given := request.GET.get("customer"):
        customer = get_object_or_404(Customer.objects.managed_for(staff).current(), pk=id_in(given))
    unit = customer.branch if customer else own_branch(request)
    if unit is None or not policies.may_take(staff, unit):
        raise Http404
    form = forms.TakeForm(request.POST or None, unit=unit, on=today, initial={"received_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            taken = services.take_case(staff=staff, branch=unit, customer=customer, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            said = _("Taken in; to be answered until %(day)s.") % {"day": taken.due_on.isoformat()}
            messages.success(request, _("Taken in. Thank you.") if taken.kind == CaseKind.PRAISE else said)
            return redirect("customers:cases")
    context = {"form": form, "unit": unit, "customer": customer}
    return render(request, "customers/cases/new.html", context)


# -- One case ----------------------------------------------------------------------------------------------------------


def own_case(request: HttpRequest, pk: int) -> Case:
    """A case that the person sees, or 404."""
    allow(policies.may_see_cases(request.user))
    rows = Case.objects.visible_to(request.user)
    rows = rows.select_related(
        "branch__parent", "customer", "owner", "recorded_by", "answered_by", "about_staff"
    )
    return get_object_or_404(rows, pk=pk)


@require_GET
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """What was said, who answers until when, the story, and the forms for whoever may handle it."""
    return _case_page(request, own_case(request, pk))


def _case_page(request: HttpRequest, found: Case, **given: StrictForm) -> HttpResponse:
    today, staff = timezone.localdate(), request.user
    may_answer = policies.may_answer(staff, found)
    context = {
        "case": found,
        "name": selectors.name_of(staff, found),
        "may_read": found.customer is not None and may_read_fully(staff, found.customer),
        "is_late": found.is_late(today),
        "events": found.events.visible_to(staff).select_related("by").order_by("at", "pk"),
        "may_answer": may_answer,
        "may_invite": found.state == CaseState.CLOSED
        and found.kind != CaseKind.PRAISE
        and found.customer is not None
        and may_invite(staff, found.customer),
    }
    if may_answer and found.is_open:
        context |= {
            "answer_form": forms.AnswerForm(),
            "give_form": forms.GiveForm(case=found, on=today),
        }
    if may_answer and found.state == CaseState.ANSWERED:
        context["tell_form"] = forms.TellForm()
    if may_answer:
        context["note_form"] = forms.WordsForm()
    if not found.is_open and found.kind != CaseKind.PRAISE and policies.may_reopen(staff, found):
        context["reopen_form"] = forms.WordsForm(prefix="again")
    return render(request, "customers/cases/case.html", context | given)


def _do(
    request: HttpRequest, found: Case, shown: tuple[str, StrictForm], deed: Callable[..., Case], said: str
) -> HttpResponse:
    """Carry out a deed with what the form of that name holds; shown again with what is missing."""
    name, form = shown
    if not policies.may_answer(request.user, found) and name != "reopen_form":
        raise PermissionDenied(_("Your post does not handle this case."))
    if not form.is_valid():
        return _case_page(request, found, **{name: form})
    try:
        deed(staff=request.user, case=found, **form.cleaned_data)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        form.add_error(None, explained(refusal))
        return _case_page(request, found, **{name: form})
    messages.success(request, said)
    return redirect("customers:case", found.pk)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer it."""
    found, today = own_case(request, pk), timezone.localdate()
    form = forms.AnswerForm(request.POST)

    def deed(**given) -> Case:
        return services.answer_case(on=today, **given)

    said = _("Answered. Tell the customer and note how.") if found.customer_id else _("Answered and closed.")
    return _do(request, found, ("answer_form", form), deed, said)


@require_POST
def told(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer was told."""
    found, today = own_case(request, pk), timezone.localdate()

    def deed(**given) -> Case:
        return services.tell_customer(on=today, **given)

    return _do(request, found, ("tell_form", forms.TellForm(request.POST)), deed, _("The case is closed."))


@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to somebody else of the branch."""
    found, today = own_case(request, pk), timezone.localdate()

    def deed(**given) -> Case:
        return services.give_case(on=today, **given)

    form = forms.GiveForm(request.POST, case=found, on=today)
    return _do(request, found, ("give_form", form), deed, _("Given on."))


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer is not content."""
    found, today = own_case(request, pk), timezone.localdate()
    if not policies.may_reopen(request.user, found):
        raise PermissionDenied(_("Your post does not handle this case."))

    def deed(words: str, **given) -> Case:
        return services.reopen_case(reason=words, on=today, **given)

    form = forms.WordsForm(request.POST, prefix="again")
    return _do(request, found, ("reopen_form", form), deed, _("Open again, with a new day."))


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a line to the story."""
    found = own_case(request, pk)
    form = forms.WordsForm(request.POST)
    return _do(request, found, ("note_form", form), services.note_on_case, _("Noted."))


@require_GET
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer as a letter to print."""
    found = own_case(request, pk)
    if not found.answer:
        raise Http404
    context = {"case": found, "name": selectors.name_of(request.user, found)}
    return render(request, "customers/cases/letter.html", context)


# -- Figures -----------------------------------------------------------------------------------------------------------


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """How many, how late, how long, by branch and by what it is about; every number opens its rows."""
    allow(policies.may_see_figures(request.user))
    today = timezone.localdate()
    found = selectors.figures(request.user, branches_of(request.user), today=today)
    lines = found["branches"]
    data = {
        "kind": "bar",
        "labels": [str(line.label) for line in lines],
        "series": [
            {"name": _("on time"), "values": [line.open - line.late for line in lines]},
            {"name": _("late"), "values": [line.late for line in lines]},
        ],
        "x": "",
        "y": _("open cases"),
        "across": False,
    }
    late, waiting = sum(line.late for line in lines), sum(line.open for line in lines)
    summary = _("%(open)s cases are open, %(late)s of them late.") % {"open": waiting, "late": late}
    columns = [{"label": _("Branch")}, {"label": _("on time")}, {"label": _("late")}]
    rows = [[str(line.label), line.open - line.late, line.late] for line in lines]
    context = {**found, "data": data, "summary": summary, "columns": columns, "chart_rows": rows}
    return render(request, "customers/cases/figures.html", context)
