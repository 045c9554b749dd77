"""Pages of the registry: load within sight, call one service, show a refusal next to the form."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coopcrm.shared import files
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers import (
    document_photos,
    forms,
    policies,
    readings,
    reveal,
    selectors,
    services,
    sharing,
)
from customers.choices import PhotoSide
from customers.models import Customer, Household, IdentityDocument, Sharing, VisitNote
from customers.querysets import require_scope

form_page = require_http_methods(["GET", "POST"])
LEAST_NAME = 2


def allow(may: bool) -> None:
    """403 where the person's post does not work here."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


# -- The customer and the household ------------------------------------------------------------------------------------


@require_POST
def ask_elsewhere(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the managing branch for sharing or transfer."""
    person = get_object_or_404(Customer.objects.visible_to(request.user).select_related("branch"), pk=pk)
    allow(policies.may_ask_elsewhere(request.user, person))
    wants_transfer = request.POST.get("deed") == "transfer"
    form = (forms.TransferForm if wants_transfer else forms.AskForm)(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what you need it for."))
        return redirect("customers:customer", pk)
    ask = sharing.ask_for_transfer if wants_transfer else sharing.ask_for_sharing
    try:
        ask(staff=request.user, customer=person, **form.cleaned_data)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("Asked. The other branch answers; you see it here."))
    return redirect("customers:customer", pk)


@require_POST
@takes()
def end_sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """End what one branch lets another read."""
    rows = Sharing.objects.visible_to(request.user).select_related("household")
    found = get_object_or_404(rows, pk=pk)
    allow(policies.may_end_sharing(request.user, found))
    sharing.end_sharing(staff=request.user, sharing=found, today=timezone.localdate())
    messages.success(request, _("The sharing has ended."))
    if policies.may_read_fully(request.user, found.household):
        return redirect("customers:household", found.household_id)
    return redirect("customers:list")


@require_POST
@takes("purpose", "note")
def reveal_number(request: HttpRequest, pk: int, what: str, row: int) -> HttpResponse:
    """Show one full number for a purpose; the answer holds it for a minute, and nothing else ever does."""
    person = get_object_or_404(Customer.objects.managed_for(request.user).select_related("branch"), pk=pk)
    given = {name: request.POST.get(name, "").replace("\x00", "") for name in ("purpose", "note")}
    try:
        shown = reveal.reveal(staff=request.user, customer=person, what=what, pk=row, **given)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        if not request.htmx:
            messages.error(request, explained(refusal))
            return redirect("customers:customer", pk)
        again = forms.reveal_context(person, what, row, request.POST, str(refusal))
        return render(request, "customers/_reveal.html", again)
    if shown is None:
        raise Http404
    template = "customers/_revealed.html" if request.htmx else "customers/revealed.html"
    return render(request, template, {"shown": shown, "person": person})


@require_GET
def readings_page(request: HttpRequest) -> HttpResponse:
    """Who read how many numbers, the unusual first."""
    allow(policies.may_see_readings(request.user))
    lines = readings.readers(today=timezone.localdate())
    return render(request, "customers/readings.html", {"readers": lines, "days": readings.DAYS})


def own_document(request: HttpRequest, pk: int) -> IdentityDocument:
    """A document of a customer whose record the person reads, or 404."""
    rows = IdentityDocument.objects.filter(customer__in=Customer.objects.managed_for(request.user))
    return get_object_or_404(rows.select_related("customer__branch"), pk=pk)


@require_POST
def add_document_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in a photo of a document."""
    document = own_document(request, pk)
    allow(policies.may_add_document_photo(request.user, document.customer))
    form = forms.PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors.get("photo", [_("Choose a photo.")])))
        return redirect("customers:documents", document.customer_id)
    deed = {"staff": request.user, "document": document, "content": form.cleaned_data["photo"]}
    try:
        document_photos.add_document_photo(side=form.cleaned_data["side"] or PhotoSide.FRONT, **deed)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("The photo is kept with the document."))
    return redirect("customers:documents", document.customer_id)


@require_POST
@takes("purpose", "side")
def read_document_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest photo of a document; who looked, and what for, is on record."""
    document = own_document(request, pk)
    side = request.POST.get("side", "")
    try:
        file = document_photos.read_document_photo(
            staff=request.user,
            document=document,
            purpose=request.POST.get("purpose", ""),
            side=side if side in PhotoSide.values else "",
        )
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("customers:documents", document.customer_id)
    return files.answer(file, name=f"document-{document.pk}.jpg")


def own_household(request: HttpRequest, pk: int | str) -> Household:
    """A household of the person's branches, or 404."""
    rows = Household.objects.visible_to(request.user).select_related("branch", "village__parent", "head")
    return get_object_or_404(rows, pk=pk)


# -- Visits ------------------------------------------------------------------------------------------------------------


@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """My notes and the households that wait for a visit."""
    require_scope(request.user)
    today = timezone.localdate()
    may_visit = policies.may_visit_somewhere(request.user)
    context = {
        "page": selectors.visits_by(request.user, request.GET.get("after", "")),
        "due": selectors.due_households(request.user, today=today) if may_visit else [],
        "may_visit": may_visit,
    }
    return render(request, "customers/visits.html", context)


@form_page
def new_visit(request: HttpRequest) -> HttpResponse:
    """Write a visit note with what was observed."""
    allow(policies.may_visit_somewhere(request.user))
    number = id_in(request.GET.get("household", ""))
    if number is None:
        return redirect("customers:visits")
    found = own_household(request, number)
    allow(policies.may_record_visit(request.user, found))
    today = timezone.localdate()
    form = forms.VisitForm(request.POST or None, initial={"visited_on": today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        deed = {name: data[name] for name in ("visited_on", "minutes", "summary")}
        try:
            services.record_visit(
                officer=request.user, household=found, as_of=today, observed=form.observed(), **deed
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("The note is signed and stands in the household's record."))
            return redirect("customers:household", found.pk)
    context = {"form": form, "household": found, "place": selectors.place(found)}
    return render(request, "customers/visit_form.html", context)


@form_page
def record_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """Record facts without a visit: what a document shows, what somebody said at the counter."""
    found = own_household(request, pk)
    allow(policies.may_record_facts(request.user, found))
    today = timezone.localdate()
    form = forms.FactsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "household": found, "observed_on": today, "as_of": today}
        observed = form.observed()
        if not observed:
            form.add_error(None, _("Fill in at least one fact."))
        else:
            try:
                services.record_facts(observed=observed, **deed)
            except DomainError as refusal:
                form.add_error(None, explained(refusal))
            else:
                messages.success(request, _("The facts are recorded; earlier ones stay with their dates."))
                return redirect("customers:household", found.pk)
    context = {"form": form, "household": found, "place": selectors.place(found)}
    return render(request, "customers/facts_form.html", context)


def own_visit(request: HttpRequest, pk: int) -> VisitNote:
    """A note about a household of the person's branches, or 404."""
    rows = VisitNote.objects.visible_to(request.user).select_related(
        "household__head",
        "household__village",
        "officer",
        "second_officer",
        "corrects__officer",
        "corrected_by__officer",
    )
    return get_object_or_404(rows, pk=pk)


@require_GET
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """A note, the facts it brought, and its correction beside it."""
    note = own_visit(request, pk)
    readings.note_household(request.user, note.household)
    correction = getattr(note, "corrected_by", None)
    context = {
        "note": note,
        "correction": correction,
        "observed": selectors.facts_of_visit(note),
        "may_correct": correction is None and policies.may_correct_visit(request.user, note),
        "may_invite": policies.may_record_visit(request.user, note.household),
    }
    return render(request, "customers/visit.html", context)


@form_page
def correct_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the correction that stands beside the original."""
    note = own_visit(request, pk)
    allow(policies.may_correct_visit(request.user, note))
    form = forms.CorrectionForm(
        request.POST or None, initial={"summary": note.summary, "minutes": note.minutes}
    )
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "visit": note, "as_of": timezone.localdate()}
        try:
            correction = services.correct_visit(**deed, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("The correction is signed; the original stays beside it."))
            return redirect("customers:visit", correction.pk)
    return render(request, "customers/visit_correction.html", {"form": form, "note": note})
