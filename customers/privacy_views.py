"""Pages of consents and rights: what a person has allowed, asked for and been answered."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.models import Job
from coopcrm.shared.paging import id_in
from coopcrm.shared.periods import add_months
from customers import consents, copies, corrections, erasure, policies, retention, rights, selectors
from customers.choices import RequestKind
from customers.models import Customer, ErasureProof, PersonLock, RightsRequest
from customers.privacy_forms import (
    AnswerForm,
    ConsentForm,
    DueForm,
    HandOverForm,
    RequestForm,
    UnlockForm,
)
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
            form.add_error(None, explained(refusal))
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


# -- Requests ----------------------------------------------------------------------------------------------------------

AHEAD_MONTHS = 12
MOST_DUE = 200


def allow(may: bool) -> None:
    """403 where the person's post does not work here."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Requests of the person's branches: the most urgent first, the overdue in red."""
    allow(policies.may_see_rights(request.user))
    today = timezone.localdate()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in rights.TABS else "open"
    rows = rights.queue(request.user, tab, today=today)
    page = queue_page(rows, request.GET.get("after", ""), newest_first=tab == "closed")
    lines = [(row, selectors.name_for(request.user, row.customer)) for row in page.rows]
    context = {
        "tab": tab,
        "tabs": [
            {"label": label, "url": f"?tab={code}", "is_current": code == tab}
            for code, label in rights.TABS.items()
        ],
        "lines": lines,
        "page": page,
        "today": today,
        "may_see_erasures": policies.may_see_erasures(request.user),
    }
    return render(request, "customers/rights.html", context)


def queue_page(rows, after: str, *, newest_first: bool) -> selectors.Page:
    """A page by due day, or by id where the newest stand first; the cursor is the id of the last row shown."""
    if newest_first:
        return selectors.page_by_id(rows, after)
    if (number := id_in(after)) and (last := rows.filter(pk=number).first()):
        later = Q(due_on__gt=last.due_on) | Q(due_on=last.due_on, pk__gt=last.pk)
        rows = rows.filter(later)
    found = list(rows[: selectors.PAGE + 1])
    more = len(found) > selectors.PAGE
    return selectors.Page(found[: selectors.PAGE], found[selectors.PAGE - 1].pk if more else "")


@form_page
def customer_rights(request: HttpRequest, pk: int) -> HttpResponse:
    """What one person has asked for, and a form for the next request."""
    allow(policies.may_see_rights(request.user))
    person = own_customer(request, pk)
    may_take = policies.may_take_request(request.user, person)
    if request.method == "POST" and not may_take:
        raise PermissionDenied(_("Your post does not take in requests."))
    today = timezone.localdate()
    form = RequestForm(request.POST or None, as_of=today, initial={"kind": RequestKind.COPY})
    if request.method == "POST" and form.is_valid():
        try:
            taken = rights.take_request(staff=request.user, customer=person, as_of=today, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(
                request, _("Taken in; to be answered until %(day)s.") % {"day": taken.due_on.isoformat()}
            )
            return redirect("customers:right", taken.pk)
    rows = RightsRequest.objects.visible_to(request.user).filter(customer=person)
    lock = PersonLock.objects.visible_to(request.user).filter(customer=person, lifted_on=None).first()
    context = {
        "person": person,
        "requests": rows.select_related("owner", "closed_by").order_by("-pk"),
        "form": form if may_take else None,
        "today": today,
        "lock": lock,
        "unlock_form": UnlockForm() if lock and policies.may_unlock(request.user) else None,
    }
    return render(request, "customers/customer_rights.html", context)


@require_POST
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift the lock of a record."""
    allow(policies.may_unlock(request.user))
    person = own_customer(request, pk)
    form = UnlockForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the lock is lifted."))
        return redirect("customers:customer-rights", pk)
    deed = {"staff": request.user, "customer": person, "as_of": timezone.localdate()}
    return _done(
        request, lambda: rights.lift_lock(**deed, **form.cleaned_data), _("The lock is lifted."), person
    )


def _done(request: HttpRequest, deed, said: str, thing: Customer | RightsRequest) -> HttpResponse:
    """Carry out a deed, say in words what became of it, and go back to its page."""
    try:
        deed()
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, said)
    page = "customers:customer-rights" if isinstance(thing, Customer) else "customers:right"
    return redirect(page, thing.pk)


def own_request(request: HttpRequest, pk: int) -> RightsRequest:
    """A request of the person's branches, or 404."""
    allow(policies.may_see_rights(request.user))
    rows = RightsRequest.objects.visible_to(request.user)
    rows = rows.select_related("customer__branch", "recorded_by", "owner", "closed_by")
    return get_object_or_404(rows, pk=pk)


@require_GET
def request_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what was asked, what explains it, and the forms for whoever may answer."""
    return _request_page(request, own_request(request, pk))


def _request_page(request: HttpRequest, asked: RightsRequest, form: AnswerForm | None = None) -> HttpResponse:
    today = timezone.localdate()
    person = asked.customer
    may_answer = asked.is_open and policies.may_answer_request(request.user, asked)
    job = Job.objects.filter(pk=asked.job_id).first() if asked.job_id else None
    has_copy = copies.path_of(asked, today=today) is not None
    is_judged = asked.kind in (RequestKind.EXPLANATION, RequestKind.OBJECTION)
    membership = person.memberships.filter(valid_to=None).select_related("household").first()
    household = membership.household if membership else None
    context = {
        "asked": asked,
        "name": selectors.name_for(request.user, person),
        "is_late": asked.is_open and asked.due_on < today,
        "present_value": asked.open("present_value"),
        "asked_value": asked.open("asked_value"),
        "field": corrections.FIELDS[asked.field].label if asked.field else "",
        "decisions": rights.decisions_about(request.user, person, household) if is_judged else [],
        "may_answer": may_answer,
        "form": (form or AnswerForm(kind=asked.kind)) if may_answer else None,
        "is_copy": asked.kind in rights.COPIES,
        "job": job,
        "has_copy": has_copy,
        "hand_over_form": HandOverForm() if may_answer and has_copy else None,
        "may_open_copy": has_copy
        and asked.handed_over_at is not None
        and policies.may_answer_request(request.user, asked),
        "lock": getattr(asked, "lock", None),
        "may_open_person": not person.is_locked or policies.may_see_locked(request.user),
    }
    return render(request, "customers/right.html", context)


@require_POST
@takes()
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a request over."""
    asked = own_request(request, pk)
    deed = {"staff": request.user, "request": asked}
    return _done(request, lambda: rights.take_over(**deed), _("The request is yours now."), asked)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a request; what is granted is carried out."""
    asked = own_request(request, pk)
    allow(policies.may_answer_request(request.user, asked))
    form = AnswerForm(request.POST, kind=asked.kind)
    if not form.is_valid():
        return _request_page(request, asked, form)
    deed = {"staff": request.user, "request": asked, "as_of": timezone.localdate(), **form.cleaned_data}
    return _done(request, lambda: rights.answer_request(**deed), _("The request is answered."), asked)


@require_POST
@takes()
def order_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Order the copy of all data."""
    asked = own_request(request, pk)
    deed = {"staff": request.user, "request": asked, "as_of": timezone.localdate()}
    return _done(request, lambda: copies.order_copy(**deed), _("The copy is being made."), asked)


@require_POST
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Note how the person was recognised; then the copy opens."""
    asked = own_request(request, pk)
    form = HandOverForm(request.POST)
    check = form.cleaned_data["identity_check"] if form.is_valid() else ""
    deed = {"staff": request.user, "request": asked, "as_of": timezone.localdate(), "identity_check": check}
    return _done(
        request, lambda: copies.hand_over(**deed), _("Handed over. Print the copy or fetch the file."), asked
    )


@require_GET
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """The copy to print, or as a file (``?as=json``); every opening is on record."""
    asked = own_request(request, pk)
    as_file = request.GET.get("as") == "json"
    purpose = "transfer" if asked.kind == RequestKind.TRANSFER else "copy"
    try:
        document = copies.read_copy(
            staff=request.user, request=asked, today=timezone.localdate(), purpose=purpose
        )
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        raise Http404(str(refusal)) from refusal
    if as_file:
        response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})
        response.headers["Content-Disposition"] = f'attachment; filename="copy-{asked.pk}.json"'
        return response
    context = {"asked": asked, "document": document, "tables": copies.printable(document)}
    return render(request, "customers/copy.html", context)


# -- Erasures ----------------------------------------------------------------------------------------------------------


@form_page
@takes()
def erasures(request: HttpRequest) -> HttpResponse:
    """Whose erasure is due, or will be until a day, and the proofs; risk orders what otherwise runs at night."""
    allow(policies.may_see_erasures(request.user))
    today = timezone.localdate()
    if request.method == "POST":
        allow(policies.may_order_erasure(request.user))
        job = erasure.order_erasure(as_of=today, staff=request.user)
        messages.success(request, _("The erasure is ordered."))
        return redirect("jobs:job", job.pk)
    form = DueForm(request.GET or None, initial={"before": add_months(today, AHEAD_MONTHS)})
    before: date = form.cleaned_data["before"] if form.is_valid() else add_months(today, AHEAD_MONTHS)
    found = retention.due(on=today, before=before, limit=MOST_DUE + 1)
    people = Customer.objects.select_related("branch").in_bulk([row.person for row in found[:MOST_DUE]])
    context = {
        "form": form,
        "before": before,
        "today": today,
        "lines": [(row, people[row.person], row.due_on <= today) for row in found[:MOST_DUE]],
        "has_more": len(found) > MOST_DUE,
        "proofs": ErasureProof.objects.visible_to(request.user).order_by("-pk")[: selectors.PAGE],
        "figures": retention.figures(on=today),
        "may_order": policies.may_order_erasure(request.user),
    }
    return render(request, "customers/erasures.html", context)
