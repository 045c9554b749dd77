"""Pages about where a person's values come from, and about adding to them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coopcrm.shared.errors import DomainError, PermissionRefused
from customers.models import Customer, Statement
from customers.provenance import policies, services
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
            form.add_error(None, str(refusal))
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
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("This value holds from now on."))
    return redirect("customers:statements", pk)
