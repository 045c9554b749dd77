"""Pages of a person in full: documents, phones, particulars."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches import proposals
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from customers import masking
from customers.forms import PhotoForm, PhotoPurposeForm
from customers.models import Customer, IdentityDocument
from customers.persons import documents, forms, policies, selectors, settlements
from customers.policies import may_add_document_photo, may_read_document_photo, may_read_fully
from customers.selectors import name_for, place

form_page = require_http_methods(["GET", "POST"])


def allow(may: bool) -> None:
    """403 where the person's post does not work here."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


def own_customer(request: HttpRequest, pk: int) -> Customer:
    """A customer whose full record the person works with, or 404."""
    rows = Customer.objects.managed_for(request.user).current().select_related("branch", "village")
    return get_object_or_404(rows, pk=pk)


def own_document(request: HttpRequest, pk: int) -> IdentityDocument:
    """A document of such a customer, or 404."""
    rows = IdentityDocument.objects.managed_for(request.user).select_related("customer__branch")
    return get_object_or_404(rows, pk=pk)


def attempt(form, deed: Callable, done: Callable):
    """Do a deed with a cleaned form; what the business refuses stands above the form."""
    try:
        return done(deed())
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None


# -- Documents ---------------------------------------------------------------------------------------------------------


@form_page
def customer_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """Every document of a customer, in use and no longer, and a form for one more."""
    person = own_customer(request, pk)
    today = timezone.localdate()
    may_keep = policies.may_keep(request.user, person)
    if request.method == "POST":
        allow(may_keep)
    form = forms.DocumentForm(request.POST or None, customer=person, as_of=today)
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "customer": person, "as_of": today, **form.deed()}
        answer = attempt(form, lambda: documents.add_document(**deed), lambda done: _noted(request, done))
        if answer is not None:
            return answer
    context = {
        "person": person,
        "documents": selectors.documents_of(request.user, person, today=today),
        "form": form if may_keep else None,
        "photo_form": PhotoForm() if may_add_document_photo(request.user, person) else None,
        "photo_purposes": PhotoPurposeForm() if may_read_document_photo(request.user, person) else None,
    }
    return render(request, "customers/persons/documents.html", context)


def _noted(request: HttpRequest, done: documents.Added) -> HttpResponse:
    text = (
        _("The document is noted. Another customer holds this number: both wait until it is settled.")
        if done.is_disputed
        else _("The document is noted.")
    )
    messages.success(request, text)
    return redirect("customers:documents", done.document.customer_id)


@form_page
def renew_document(request: HttpRequest, pk: int) -> HttpResponse:
    """The new paper of a document; the old one stays in the record."""
    document = own_document(request, pk)
    allow(policies.may_keep(request.user, document.customer))
    today = timezone.localdate()
    form = forms.RenewForm(
        request.POST or None, document=document, as_of=today, initial={"issued_by": document.issued_by}
    )
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "document": document, "as_of": today, **form.deed()}
        answer = attempt(form, lambda: documents.renew_document(**deed), lambda done: _noted(request, done))
        if answer is not None:
            return answer
    return _document_form(request, document, form, _("Renew"), _("Write down the new one"))


@form_page
def withdraw_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a document out of use with the reason."""
    document = own_document(request, pk)
    allow(policies.may_keep(request.user, document.customer))
    form = forms.WithdrawForm(request.POST or None)

    def done(_document: IdentityDocument) -> HttpResponse:
        messages.success(request, _("The document is out of use; it stays in the record."))
        return redirect("customers:documents", document.customer_id)

    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "document": document, "as_of": timezone.localdate()}
        answer = attempt(form, lambda: documents.withdraw_document(**deed, **form.cleaned_data), done)
        if answer is not None:
            return answer
    return _document_form(request, document, form, _("Withdraw"), _("Take it out of use"))


def _document_form(request, document: IdentityDocument, form, title: str, button: str) -> HttpResponse:
    context = {
        "document": document,
        "person": document.customer,
        "number": masking.mask_id(document.open("number"), "detail"),
        "validity": selectors.validity(document),
        "form": form,
        "title": title,
        "button": button,
    }
    return render(request, "customers/persons/document_form.html", context)


@form_page
@takes("holder", "seen", "reason")
def settle_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Two customers claim one number: who they are, and who holds it after the paper was seen."""
    rows = settlements.visible_to(request.user).select_related("customer__branch", "customer__village")
    claim = get_object_or_404(rows, pk=pk)
    dispute = settlements.dispute_of(claim)
    if dispute is None:
        return redirect("customers:documents", claim.customer_id)
    may_propose = policies.may_propose_settlement(request.user, *dispute.sides)
    if request.method == "POST":
        allow(may_propose)
    choices = [(side.pk, name_for(request.user, side)) for side in dispute.sides]
    form = forms.SettleForm(request.POST or None, choices=choices)

    def done(_proposal) -> HttpResponse:
        messages.success(request, _("Proposed. Another person confirms it; until then both stay blocked."))
        return redirect("customers:settle-document", pk)

    if request.method == "POST" and form.is_valid():
        chosen = next(side for side in dispute.sides if side.pk == form.cleaned_data["holder"])
        deed = {"staff": request.user, "claim": claim, "reason": form.cleaned_data["reason"]}
        answer = attempt(form, lambda: settlements.propose_settlement(holder=chosen, **deed), done)
        if answer is not None:
            return answer
    waiting = proposals.waiting_about(request.user, claim)
    context = {
        "claim": claim,
        "sides": [_side(request, dispute.held), _side(request, claim)],
        "number": masking.mask_id(claim.open("number"), "detail"),
        "waiting": waiting,
        "form": form if may_propose and not waiting else None,
    }
    return render(request, "customers/persons/settle.html", context)


def _side(request: HttpRequest, document: IdentityDocument) -> dict:
    """One of the two as the page may show them."""
    customer = document.customer
    is_own = may_read_fully(request.user, customer)
    return {
        "document": document,
        "customer": customer,
        "is_own": is_own,
        "name": name_for(request.user, customer),
        "place": place(customer) if is_own else "",
        "branch": customer.branch,
        "validity": selectors.validity(document) if is_own else "",
        "recorded_on": document.recorded_on,
    }
