"""The counter: number first, who is known already, villages by pinyin, the registration, its drafts and its slips."""

from __future__ import annotations

import json
import uuid
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats, timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.selectors import villages, villages_like
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from coopcrm.shared.periods import completed_years
from customers import (
    consents,
    document_photos,
    duplicates,
    identity,
    numbers,
    policies,
    reveal,
    selectors,
    sharing,
)
from customers.choices import DocumentKind
from customers.counter import desk, drafts, forms, services, slips
from customers.counter.family import MAIN, SPOUSE, OfLine
from customers.counter.known import note_matches
from customers.models import Customer, Household, Slip
from customers.names import simplified, spoken
from customers.persons import words
from customers.provenance import asking
from customers.purposes import AT_COUNTER, RULES
from customers.regions import region_of
from customers.review import asking as review_questions
from customers.views import allow

form_page = require_http_methods(["GET", "POST"])
LEAST_NAME = 2


# -- The registration --------------------------------------------------------------------------------------------------


@form_page
def register(request: HttpRequest) -> HttpResponse:
    """Register a person: number first, by keyboard alone."""
    allow(policies.may_register_somewhere(request.user))
    if request.method == "POST":
        return _register(request)
    form_key = key_in(request.GET.get("form", "")) or uuid.uuid4()
    if Customer.objects.filter(form_key=form_key).exists():  # the way back after registering
        return redirect("customers:new")
    kept = drafts.content_of(request.user, form_key) or {}
    initial = {**joining(request), **first_of(kept), "form_key": form_key}
    form = forms.CounterForm(staff=request.user, as_of=timezone.localdate(), initial=initial)
    return _page(request, form, [], is_resumed=bool(kept))


def key_in(text: str) -> uuid.UUID | None:
    """The key of a form, or None where there is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def first_of(kept: dict[str, list[str]]) -> dict:
    """What was kept as initial values: lists for boxes, one text for everything else."""
    return {name: values if name == "agrees_to" else values[0] for name, values in kept.items() if values}


def joining(request: HttpRequest) -> dict:
    """A form that was opened from a household begins with joining it."""
    number = id_in(request.GET.get("household", ""))
    if number is None:
        return {}
    found = Household.objects.managed_for(request.user).filter(pk=number).first()
    if found is None:
        return {}
    place = {"village": found.village or "", "village_id": found.village_id or "", "group_no": found.group_no}
    return {"home": forms.HOME_JOIN, "household": found.pk, **place}


def _register(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    form = forms.CounterForm(request.POST, request.FILES, staff=request.user, as_of=today)
    known: list[duplicates.Match] = []
    if form.is_valid():
        try:
            done = desk.register_at_counter(staff=request.user, as_of=today, **form.deed())
        except OfLine as line:
            known = _refuse(request, form, line.refusal, line.about)
        except DomainError as refusal:
            known = _refuse(request, form, refusal, MAIN)
        else:
            return _registered(request, done, form.cleaned_data["photo"])
    return _page(request, form, known)


def _refuse(
    request: HttpRequest, form: forms.CounterForm, refusal: DomainError, about: str
) -> list[duplicates.Match]:
    """Put a refusal beside the fields it concerns; returns the known persons it speaks of."""
    place = f"{about}_number" if about else None
    known: list[duplicates.Match] = []
    if isinstance(refusal, services.LikelyKnown):
        known, place = refusal.matches, "reason"
    elif isinstance(refusal, services.NumberTaken):
        known, place = [duplicates.Match(refusal.holder, "CONFLICT", "R2")], "reason"
    elif isinstance(refusal, services.HolderLocked):
        reveal.note_search(request.user, [refusal.holder])
    text = str(refusal)
    if place == "reason" and about:
        form.data = form.data.copy()
        form.data["answered"] = ",".join(filter(None, (form.data.get("answered", ""), about)))
        text = f"{form[f'{about}_name'].label}: {text}"
    form.add_error(place, text)
    return known


def _page(
    request: HttpRequest, form: forms.CounterForm, known: list[duplicates.Match], *, is_resumed: bool = False
) -> HttpResponse:
    form_key = key_in(str(form["form_key"].value() or "")) or uuid.uuid4()
    rows = form.rows()
    context = {
        "form": form,
        "form_key": form_key,
        "known": known_lines(request, known),
        "sent": request.method == "POST",
        "is_resumed": is_resumed,
        "unfinished": [line for line in drafts.unfinished(request.user) if line.form_key != form_key],
        "occupations": forms.OCCUPATIONS,
        "consent_texts": consent_words(form),
        "rows": rows,
        "is_organisation": form.is_organisation,
        "shows_spouse": is_filled(form, (SPOUSE,)) or bool(form["certificate"].value()),
        "shows_register": is_filled(form, forms.ABOUT_LINES),
    }
    return render(request, "customers/counter/new.html", context)


def consent_words(form: forms.CounterForm) -> list[dict]:
    """What the customer is asked, in the words in force."""
    texts = consents.texts_in_force(on=form.as_of)
    union = next((str(branch.parent) for branch in form.branches.values()), "")
    return [
        {"label": RULES[code].purpose.label, "words": texts[code].words(get_language(), union=union)}
        for code in AT_COUNTER
        if code in texts
    ]


def is_filled(form: forms.CounterForm, abouts: tuple[str, ...]) -> bool:
    """Whether something stands in one of the lines of the papers, typed now or kept before."""
    return any(form[f"{about}_{name}"].value() for about in abouts for name in ("number", "name"))


def _registered(request: HttpRequest, done: desk.AtCounter, photo: bytes) -> HttpResponse:
    main = done.settled.main
    if photo and main.is_new:
        _keep_photo(request, done.customer, photo)
    if main.is_new:
        text = (
            _("Registered. The number is disputed and both are with the reviewers.")
            if main.is_disputed
            else _("Registered.")
        )
    else:
        text = known_words(request, done.customer) + asked_words(request, done.customer)
    met = [one.customer for one in done.settled.people if not one.is_new]
    foreign = [customer for customer in met if not policies.may_read_fully(request.user, customer)]
    if foreign:
        reveal.note_search(request.user, foreign)
    if done.settled.needs_look:
        text += " " + _("The certificate is kept as typed; please look at the paper again.")
    messages.success(request, text)
    if done.slip is not None:
        return redirect("customers:slip", done.slip.pk)
    return redirect("customers:customer", done.customer.pk)


def known_words(request: HttpRequest, customer: Customer) -> str:
    """That nobody was written anew, and what of the known record is open."""
    if policies.may_read_fully(request.user, customer):
        text = _("Already registered at %(branch)s. The customer's page is open for you.")
        return text % {"branch": customer.registered_at}
    text = _(
        "Nobody was written anew: %(branch)s knows this person. Here is the registry card; ask the branch for more."
    )
    return text % {"branch": customer.branch}


def asked_words(request: HttpRequest, customer: Customer) -> str:
    """What somebody wanted the person to be asked at the next contact, as a sentence after another."""
    if not policies.may_read_fully(request.user, customer):
        return ""
    asked = asking.asked_of([customer.pk]).get(customer.pk, [])
    words = [_("Ask for: %(asked)s.") % {"asked": ", ".join(asked)}] if asked else []
    words += review_questions.asked_of([customer.pk]).get(customer.pk, [])
    return "".join(f" {sentence}" for sentence in words)


def _keep_photo(request: HttpRequest, customer: Customer, photo: bytes) -> None:
    """Keep the photo with the document; a photo that is refused never costs the registration."""
    document = customer.documents.order_by("pk").first()
    if document is None:
        messages.warning(request, _("Without a document there is nothing to keep the photo with."))
        return
    try:
        document_photos.add_document_photo(staff=request.user, document=document, content=photo)
    except DomainError as refusal:
        text = _("The photo was not kept: %(reason)s Take it again on the customer's page.")
        messages.warning(request, text % {"reason": refusal})


# -- While somebody types ----------------------------------------------------------------------------------------------


def known_lines(request: HttpRequest, matches: list[duplicates.Match]) -> list[dict]:
    """Possible duplicates as the counter may see them: foreign ones masked."""
    foreign = note_matches(request.user, matches)
    known = sharing.known_elsewhere(foreign)
    own = {match.customer.pk for match in matches} - {customer.pk for customer in foreign}
    asked = asking.asked_of(own) if own else {}
    questions = review_questions.asked_of(own) if own else {}
    return [
        {
            "pk": match.customer.pk,
            "asked": ", ".join(asked.get(match.customer.pk, [])),
            "questions": questions.get(match.customer.pk, []),
            "elsewhere": known.get(match.customer.pk),
            "name": selectors.name_for(request.user, match.customer),
            "place": selectors.place(match.customer),
            "branch": match.customer.branch,
            "reason": match.reason,
            "is_likely": match.outcome in ("SAME", "CONFLICT", "PROBABLE"),
            "is_same": match.outcome == "SAME",
        }
        for match in matches
    ]


@require_POST
@takes(*forms.TAKEN)
def check_number(request: HttpRequest) -> HttpResponse:
    """Say in words whether the number typed so far stands, and what it tells."""
    allow(policies.may_register_somewhere(request.user))
    typed, kind = request.POST.get("number", ""), request.POST.get("kind", DocumentKind.ID18)
    today = timezone.localdate()
    context: dict = {"typed": bool(identity.normalize_code(typed))}
    if context["typed"] and kind in numbers.RESIDENT_KINDS:
        judged = identity.check_resident_id(typed, today)
        context["judged"] = judged
        context["words"] = words.number_words(typed, today)
        if judged.valid:
            context["age"] = completed_years(judged.birth_date, today)
            context["region"] = region_of(judged.normalized)
    return render(request, "customers/counter/_number.html", context)


@require_POST
@takes(*forms.TAKEN)
def check_field(request: HttpRequest) -> HttpResponse:
    """Say what is wrong with the field that was just left; ``about`` names it."""
    allow(policies.may_register_somewhere(request.user))
    form = forms.CounterForm(request.POST, staff=request.user, as_of=timezone.localdate())
    name = form["about"].value() or ""
    words = [str(text) for text in form.errors.get(name, [])] if name in form.fields else []
    if name == "certificate" and not words:
        words = certificate_words(form)
    return JsonResponse({"words": words})


def certificate_words(form: forms.CounterForm) -> list[str]:
    """What is to be said about a certificate number that is taken as it is."""
    typed = form.cleaned_data.get("certificate", "")
    stands = identity.check_marriage_certificate(typed, form.as_of).status == "OK"
    return [] if not typed or stands else [str(forms.CERTIFICATE_WORDS)]


def typed_in(request: HttpRequest) -> dict[str, str]:
    """What stands in the fields so far, before any form has looked at it; no text of PostgreSQL holds a zero byte."""
    return {name: text.replace("\x00", "") for name, text in request.POST.items()}


def day_in(typed: str) -> date | None:
    """The day that was typed, or None while there is none yet."""
    try:
        return parse_date(typed)
    except ValueError:
        return None


@require_POST
@takes(*forms.TAKEN)
def known_already(request: HttpRequest) -> HttpResponse:
    """People who may be the one being typed, from all branches; ``about`` says which line is being typed."""
    allow(policies.may_register_somewhere(request.user))
    typed = typed_in(request)
    about = typed.get("about", "").partition("_")[0]
    about = about if about in (SPOUSE, *forms.ABOUT_LINES) else MAIN
    matches = duplicates.find(claim_of(typed, about), as_of=timezone.localdate(), limit=5)
    context = {
        "known": known_lines(request, matches),
        "about": about,
        "who": typed.get(f"{about}_name", "") if about else "",
        "pinyin": spoken(typed.get("name", "")),
    }
    return render(request, "customers/counter/_known.html", context)


def claim_of(typed: dict[str, str], about: str) -> duplicates.Claim:
    """What is known so far of one person on the form."""
    prefix = f"{about}_" if about else ""
    number, name = typed.get(f"{prefix}number", ""), " ".join(typed.get(f"{prefix}name", "").split())
    if not about and typed.get("kind", DocumentKind.ID18) not in numbers.RESIDENT_KINDS:
        number = ""
    is_number = len(identity.normalize_code(number)) >= 15
    village_id = id_in(typed.get("village_id", ""))
    return duplicates.Claim(
        name=name if len(name) >= LEAST_NAME else "",
        id_no=number if is_number else "",
        birth_date=None if about else day_in(typed.get("birth_date", "")),
        phone=typed.get(f"{prefix}phone", ""),
        village=villages().filter(pk=village_id).first() if village_id else None,
    )


@require_POST
@takes(*forms.TAKEN)
def village_choices(request: HttpRequest) -> HttpResponse:
    """Villages that fit what was typed, those of the own branch first."""
    allow(policies.may_register_somewhere(request.user))
    typed = typed_in(request).get("village", "")
    found = villages_like(simplified(typed), branch_ids=request.user.scope.branch_ids)
    return render(request, "customers/counter/_villages.html", {"villages": found, "typed": typed.strip()})


@require_POST
@takes(*forms.TAKEN)
def preview(request: HttpRequest) -> HttpResponse:
    """What registering would write, in words, before anything is written."""
    allow(policies.may_register_somewhere(request.user))
    today = timezone.localdate()
    form = forms.CounterForm(request.POST, staff=request.user, as_of=today)
    context: dict = {}
    if form.is_valid() and (family := form.family()):
        given = {name: value for name, value in form.deed().items() if name not in ("agrees_to", "family")}
        try:
            context["words"] = desk.in_words_beforehand(
                staff=request.user, as_of=today, family=family, **given
            )
        except DomainError as refusal:
            context["refusal"] = str(refusal)
    return render(request, "customers/counter/_preview.html", context)


# -- Drafts ------------------------------------------------------------------------------------------------------------


@require_POST
@takes(*forms.TAKEN)
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keep what stands in the fields; says when."""
    allow(policies.may_register_somewhere(request.user))
    form_key = key_in(request.POST.get("form_key", ""))
    form = forms.CounterForm(staff=request.user, as_of=timezone.localdate())
    branch = form.branches.get(id_in(request.POST.get("branch", ""))) or next(
        iter(form.branches.values()), None
    )
    draft = None
    if form_key and branch:
        typed = {name: request.POST.getlist(name) for name in request.POST}
        draft = drafts.keep(staff=request.user, branch=branch, form_key=form_key, typed=typed)
    saved = formats.time_format(timezone.localtime(draft.saved_at), "H:i:s") if draft else ""
    return JsonResponse({"saved": saved})


@require_POST
@takes()
def discard_draft(request: HttpRequest, form_key: uuid.UUID) -> HttpResponse:
    """Forget an unfinished registration; one that is not there is forgotten already."""
    allow(policies.may_register_somewhere(request.user))
    drafts.discard(staff=request.user, form_key=form_key)
    messages.success(request, _("The unfinished registration is discarded."))
    return redirect("customers:new")


# -- Slips -------------------------------------------------------------------------------------------------------------


def own_slip(request: HttpRequest, pk: int) -> Slip:
    """A slip of the person's branches, or 404."""
    rows = Slip.objects.visible_to(request.user).select_related("customer__branch", "branch", "issued_by")
    return get_object_or_404(rows, pk=pk)


@require_GET
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """A slip as it is printed; one that has never been printed prints by itself."""
    found = own_slip(request, pk)
    told = slips.told(request.user, found)
    may_print = policies.may_register(request.user, found.branch)
    context = {
        "told": told,
        "slip": found,
        "may_print": may_print,
        "prints_itself": may_print and not told.times_printed,
    }
    return render(request, "customers/counter/slip.html", context)


@require_POST
@takes()
def print_slip(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one printing on record; the page prints when it is answered."""
    found = own_slip(request, pk)
    try:
        slips.note_print(staff=request.user, slip=found)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return HttpResponse(json.dumps({"printed": True}), content_type="application/json")


@form_page
def check_slip(request: HttpRequest) -> HttpResponse:
    """Type the code of a slip: is it genuine, and what did it say?"""
    allow(policies.may_check_slips(request.user))
    form = forms.SlipCodeForm(request.POST or None)
    context: dict = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            found = slips.look_up(staff=request.user, typed=form.cleaned_data["code"])
        except DomainError as refusal:
            form.add_error("code", explained(refusal))
        else:
            context["is_asked"] = True
            context["told"] = slips.told(request.user, found) if found else None
    return render(request, "customers/counter/check.html", context)
