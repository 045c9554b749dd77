"""Pages of a person in full: documents, phones, particulars."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from branches import proposals
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from customers import masking
from customers.forms import PhotoForm, PhotoPurposeForm
from customers.models import Customer, IdentityDocument, OtherName, PersonSkill, Phone
from customers.persons import documents, forms, particulars, phones, policies, selectors, settlements
from customers.persons.choices import OCCUPATIONS
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
        form.add_error(None, explained(refusal))
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


# -- Phones ------------------------------------------------------------------------------------------------------------


def own_phone(request: HttpRequest, pk: int) -> Phone:
    """A phone of a customer whose full record the person works with, or 404."""
    rows = Phone.objects.filter(customer__in=Customer.objects.managed_for(request.user))
    return get_object_or_404(rows.select_related("customer__branch"), pk=pk)


@form_page
def customer_phones(request: HttpRequest, pk: int) -> HttpResponse:
    """Every phone of a customer, in use and no longer, who shares it, and a form for one more."""
    person = own_customer(request, pk)
    may_keep = policies.may_keep(request.user, person)
    if request.method == "POST":
        allow(may_keep)
    form = forms.PhoneForm(request.POST or None)
    today = timezone.localdate()
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "customer": person, "as_of": today, **form.cleaned_data}
        answer = attempt(
            form, lambda: phones.add_phone(**deed), _told(request, _("The phone is noted."), "phones", pk)
        )
        if answer is not None:
            return answer
    context = {
        "person": person,
        "phones": selectors.phones_of(person, today=today),
        "form": form if may_keep else None,
        "end_form": forms.EndPhoneForm() if may_keep else None,
    }
    return render(request, "customers/persons/phones.html", context)


def _told(request: HttpRequest, text: str, page: str, pk: int) -> Callable:
    """What follows on a deed: the sentence, and the page it was begun on."""

    def done(_result) -> HttpResponse:
        messages.success(request, text)
        return redirect(f"customers:{page}", pk)

    return done


def _do(request: HttpRequest, deed: Callable, done: Callable, page: str, pk: int) -> HttpResponse:
    """Do a deed that has no page of its own; a refusal is told on the page it was begun on."""
    try:
        return done(deed())
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect(f"customers:{page}", pk)


def _said(form) -> str:
    """Why a small form is not complete, in one sentence."""
    return " ".join(error for errors in form.errors.values() for error in errors)


@require_POST
@takes()
def confirm_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """The person was asked and said that this phone is theirs."""
    phone = own_phone(request, pk)
    allow(policies.may_keep(request.user, phone.customer))
    deed = {"staff": request.user, "phone": phone, "as_of": timezone.localdate()}
    done = _told(request, _("Confirmed."), "phones", phone.customer_id)
    return _do(request, lambda: phones.confirm_phone(**deed), done, "phones", phone.customer_id)


@require_POST
@takes()
def main_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """This phone is called first."""
    phone = own_phone(request, pk)
    allow(policies.may_keep(request.user, phone.customer))
    done = _told(request, _("This phone is called first from now on."), "phones", phone.customer_id)
    deed = {"staff": request.user, "phone": phone}
    return _do(request, lambda: phones.make_main(**deed), done, "phones", phone.customer_id)


@require_POST
def end_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """A phone is no longer used."""
    phone = own_phone(request, pk)
    allow(policies.may_keep(request.user, phone.customer))
    form = forms.EndPhoneForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose why the phone is no longer used."))
        return redirect("customers:phones", phone.customer_id)
    deed = {"staff": request.user, "phone": phone, "as_of": timezone.localdate(), **form.cleaned_data}
    done = _told(request, _("The phone is out of use; it stays in the record."), "phones", phone.customer_id)
    return _do(request, lambda: phones.end_phone(**deed), done, "phones", phone.customer_id)


# -- Particulars -------------------------------------------------------------------------------------------------------


@form_page
def customer_particulars(request: HttpRequest, pk: int) -> HttpResponse:
    """Where and how somebody lives, what they can do, under which names they are known."""
    person = own_customer(request, pk)
    may_keep = policies.may_keep(request.user, person)
    if request.method == "POST":
        allow(may_keep)
    form = forms.ParticularsForm(request.POST or None, customer=person)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        deed = {"source": values.pop("source"), "as_of": timezone.localdate(), "values": values}
        done = _told(request, _("Noted; what was said before stays with its source."), "particulars", pk)
        answer = attempt(
            form,
            lambda: particulars.state_particulars(staff=request.user, customer=person, **deed),
            done,
        )
        if answer is not None:
            return answer
    context = {
        "person": person,
        "place": place(person),
        "skills": person.skills.filter(removed_on=None).order_by("pk"),
        "names": person.other_names.filter(removed_on=None).order_by("-until_on", "pk"),
        "form": form if may_keep else None,
        "skill_form": forms.SkillForm() if may_keep else None,
        "name_form": forms.NameForm() if may_keep else None,
        "occupations": OCCUPATIONS,
    }
    return render(request, "customers/persons/particulars.html", context)


def _small(request: HttpRequest, person: Customer, form, deed: Callable, text: str) -> HttpResponse:
    """Do what a small form of the page of particulars asks for."""
    allow(policies.may_keep(request.user, person))
    if not form.is_valid():
        messages.error(request, _said(form))
        return redirect("customers:particulars", person.pk)
    done = _told(request, text, "particulars", person.pk)
    values = {"staff": request.user, "as_of": timezone.localdate(), **form.cleaned_data}
    return _do(request, lambda: deed(**values), done, "particulars", person.pk)


@require_POST
def add_skill(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a skill."""
    person = own_customer(request, pk)

    def deed(**values):
        return particulars.note_skill(customer=person, **values)

    return _small(request, person, forms.SkillForm(request.POST), deed, _("The skill is noted."))


@require_POST
def add_name(request: HttpRequest, pk: int) -> HttpResponse:
    """Note another name."""
    person = own_customer(request, pk)

    def deed(**values):
        return particulars.add_name(customer=person, **values)

    return _small(
        request,
        person,
        forms.NameForm(request.POST),
        deed,
        _("The name is noted; search finds it from now on."),
    )


@require_POST
@takes()
def remove_skill(request: HttpRequest, pk: int) -> HttpResponse:
    """A skill is no longer said of the person."""
    rows = PersonSkill.objects.filter(customer__in=Customer.objects.managed_for(request.user))
    skill = get_object_or_404(rows.select_related("customer__branch"), pk=pk)
    allow(policies.may_keep(request.user, skill.customer))
    particulars.remove_skill(staff=request.user, skill=skill, as_of=timezone.localdate())
    messages.success(request, _("Removed."))
    return redirect("customers:particulars", skill.customer_id)


@require_POST
@takes()
def remove_name(request: HttpRequest, pk: int) -> HttpResponse:
    """A name was noted by mistake."""
    rows = OtherName.objects.filter(customer__in=Customer.objects.managed_for(request.user))
    row = get_object_or_404(rows.select_related("customer__branch"), pk=pk)
    allow(policies.may_keep(request.user, row.customer))
    particulars.remove_name(staff=request.user, row=row, as_of=timezone.localdate())
    messages.success(request, _("Removed."))
    return redirect("customers:particulars", row.customer_id)
