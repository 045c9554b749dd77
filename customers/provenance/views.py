"""Pages about where a person's values come from, and about adding to them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.choices import UnitKind
from branches.models import Unit
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers.models import Customer, Statement
from customers.provenance import asking, policies, records, services
from customers.provenance.attributes import ATTRIBUTES
from customers.provenance.forms import CorrectForm, HoldForm
from customers.provenance.selectors import sources_of


def own_customer(request: HttpRequest, pk: int) -> Customer:
    """A customer of the person's branches, or 404."""
    rows = Customer.objects.managed_for(request.user).current()
    return get_object_or_404(rows.select_related("branch", "village", "registered_by"), pk=pk)


@require_GET
def source(request: HttpRequest, pk: int, attribute: str) -> HttpResponse:
    """What stands behind the dot beside a value: where it comes from, and what was said before."""
    person = own_customer(request, pk)
    if attribute not in ATTRIBUTES or not (found := sources_of(person, [attribute])):
        raise Http404
    context = {
        "person": person,
        "found": found[attribute],
        "may_state": policies.may_state(request.user, person),
    }
    return render(request, "customers/provenance/_source.html", context)


@require_http_methods(["GET", "POST"])
def statements(request: HttpRequest, pk: int) -> HttpResponse:
    """Every value with all that was ever said about it, and a form to correct it or add to it."""
    person = own_customer(request, pk)
    may_state = policies.may_state(request.user, person)
    if request.method == "POST" and not may_state:
        raise PermissionDenied(_("Your post does not correct what is known of people."))
    form = None
    if may_state:
        today = timezone.localdate()
        form = CorrectForm(request.POST or None, staff=request.user, customer=person, today=today)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        deed = {"staff": request.user, "customer": person, "values": form.stated(data)}
        deed |= {"source": data["source"], "on": data["observed_on"], "reason": data["reason"]}
        try:
            decided = services.correct_or_add(settles=bool(data.get("settles")), **deed)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            _say_what_became(request, person, deed["values"], decided)
            return redirect("customers:statements", pk)
    found = sources_of(person)
    context = {
        "person": person,
        "form": form,
        "found": list(found.values()),
        "unknown": [attribute.label for code, attribute in ATTRIBUTES.items() if code not in found],
        "may_settle": policies.may_settle(request.user, person),
    }
    return render(request, "customers/provenance/statements.html", context)


def _say_what_became(request: HttpRequest, person: Customer, values: dict, decided: dict) -> None:
    """Whether what was stated is shown now, and if not, why."""
    messages.success(request, _("It is noted."))
    for code, decision in decided.items():
        attribute = ATTRIBUTES[code]
        label = attribute.label
        if decision.is_disputed:
            text = _("%(label)s: the statements contradict each other. A director or the accountant decides.")
            messages.warning(request, text % {"label": label})
        elif decision.value != attribute.text_of(values[code]):
            text = _("%(label)s: what was known before is trusted more and stays on show.")
            messages.info(request, text % {"label": label})


@require_POST
def hold(request: HttpRequest, pk: int, statement: int) -> HttpResponse:
    """This one holds: settle a dispute, or restore an earlier value."""
    person = own_customer(request, pk)
    rows = Statement.objects.visible_to(request.user).filter(customer=person)
    row = get_object_or_404(rows.select_related("customer__branch"), pk=statement)
    form = HoldForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The reason is too long."))
        return redirect("customers:statements", pk)
    deed = {"staff": request.user, "statement": row, "on": timezone.localdate()}
    try:
        services.hold(reason=form.cleaned_data["reason"], **deed)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("This value holds from now on."))
    return redirect("customers:statements", pk)


@require_POST
@takes()
def ask_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """One click: what is missing is asked at the next contact."""
    person = own_customer(request, pk)
    try:
        asking.ask_at_next_contact(staff=request.user, customer=person, on=timezone.localdate())
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("It will be asked at the next contact; the task closes by itself."))
    return redirect("customers:customer", pk)


# -- Records to complete -----------------------------------------------------------------------------------------------


@require_GET
def records_page(request: HttpRequest) -> HttpResponse:
    """Which records of a branch are to be completed: its villages, the people of one, or what is disputed."""
    if not policies.may_see_records(request.user):
        raise PermissionDenied(_("Your post does not work with this page."))
    branches = own_branches(request)
    chosen = id_in(request.GET.get("branch", ""))
    branch = next((unit for unit in branches if unit.pk == chosen), branches[0] if branches else None)
    tab, today = request.GET.get("tab", ""), timezone.localdate()
    village = request.GET.get("village", "")
    context = {"branches": branches, "branch": branch, "tab": tab, "village": village}
    if branch is None:
        return render(request, "customers/provenance/records.html", context)
    if tab == "disputed":
        context["page"] = records.disputed_people(request.user, branch, request.GET.get("after", ""))
    elif village:
        number = None if village == "none" else id_in(village)
        context["people"] = records.people_to_complete(request.user, branch, number, today)
    else:
        context["villages"] = records.villages_to_complete(branch, today)
    return render(request, "customers/provenance/records.html", context)


def own_branches(request: HttpRequest) -> list[Unit]:
    """Branches whose people somebody works with; all of them for the union's posts and audit."""
    rows = Unit.objects.filter(kind=UnitKind.BRANCH, closed_on=None).order_by("code")
    scope = request.user.scope
    return list(rows if scope.sees_union else rows.filter(pk__in=scope.branch_ids))
