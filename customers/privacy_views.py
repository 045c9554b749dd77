"""Pages of consents and rights: what a person has allowed, asked for and been answered."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from coopcrm.shared.errors import DomainError, PermissionRefused
from customers import consents, policies
from customers.models import Customer
from customers.privacy_forms import ConsentForm
from customers.purposes import RULES

form_page = require_http_methods(["GET", "POST"])


def own_customer(request: HttpRequest, pk: int) -> Customer:
    """A customer of the person's branches, or 404."""
    rows = Customer.objects.managed_for(request.user).current().select_related("branch__parent", "village")
    return get_object_or_404(rows, pk=pk)


# -- Consents ----------------------------------------------------------------------------------------------------------


@form_page
def customer_consents(request: HttpRequest, pk: int) -> HttpResponse:
    """Every purpose with what the person has said, every answer so far, and a form for the next one."""
    person = own_customer(request, pk)
    may_record = policies.may_record_consent(request.user, person)
    if request.method == "POST" and not may_record:
        raise PermissionDenied(_("Your post does not record consents."))
    form = ConsentForm(request.POST or None, staff=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            consents.record_consent(
                staff=request.user, customer=person, at=timezone.now(), **form.cleaned_data
            )
        except PermissionRefused as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The answer is recorded."))
            return redirect("customers:consents", pk)
    context = {
        "person": person,
        "lines": consents.standings(person),
        "history": consents.history(person),
        "form": form if may_record else None,
    }
    return render(request, "customers/consents.html", context)


@require_GET
def consent_text(request: HttpRequest, pk: int, purpose: str) -> HttpResponse:
    """The text of a purpose to read out or to sign, in the language of the page."""
    person = own_customer(request, pk)
    rule = RULES.get(purpose)
    if rule is None or not rule.needs_consent:
        raise Http404
    today = timezone.localdate()
    try:
        text = consents.text_in_force(purpose, on=today)
    except DomainError as refusal:
        raise Http404(str(refusal)) from refusal
    words = text.words(get_language(), union=str(person.branch.parent))
    context = {"person": person, "rule": rule, "text": text, "words": words, "today": today}
    return render(request, "customers/consent_text.html", context)
