"""Pages about where a person's values come from."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from customers.models import Customer
from customers.provenance import policies
from customers.provenance.attributes import ATTRIBUTES
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
