"""The counter: number first, who is known already, villages by pinyin, and the registration itself."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from branches.selectors import villages, villages_like
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.paging import id_in
from coopcrm.shared.periods import completed_years
from customers import duplicates, identity, numbers, policies, reveal, selectors, sharing
from customers.choices import DocumentKind
from customers.counter import forms, services
from customers.models import Household
from customers.names import simplified
from customers.regions import region_of
from customers.views import allow

form_page = require_http_methods(["GET", "POST"])
LEAST_NAME = 2


@form_page
def register(request: HttpRequest) -> HttpResponse:
    """Register a person: number first, by keyboard alone."""
    allow(policies.may_register_somewhere(request.user))
    today = timezone.localdate()
    form = forms.CounterForm(request.POST or None, staff=request.user, as_of=today, initial=joining(request))
    known: list[duplicates.Match] = []
    if request.method == "POST" and form.is_valid():
        try:
            done = services.register_customer(staff=request.user, as_of=today, **form.deed())
        except services.LikelyKnown as refusal:
            known = refusal.matches
            form.add_error("reason", str(refusal))
        except services.HolderLocked as refusal:
            reveal.note_search(request.user, [refusal.holder])
            form.add_error(None, str(refusal))
        except services.NumberTaken as refusal:
            known = [duplicates.Match(refusal.holder, "CONFLICT", "R2")]
            form.add_error("reason", str(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return _registered(request, done)
    context = {"form": form, "known": known_lines(request, known), "sent": request.method == "POST"}
    return render(request, "customers/counter/new.html", context, status=200)


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


def _registered(request: HttpRequest, done: services.Registration) -> HttpResponse:
    if done.is_new:
        text = (
            _("Registered. The number is disputed and both are with the reviewers.")
            if done.is_disputed
            else _("Registered.")
        )
    else:
        text = _("Already registered at %(branch)s. The customer's page is open for you.") % {
            "branch": done.customer.registered_at
        }
        if not policies.may_read_fully(request.user, done.customer):
            reveal.note_search(request.user, [done.customer])
    messages.success(request, text)
    return redirect("customers:customer", done.customer.pk)


def known_lines(request: HttpRequest, matches: list[duplicates.Match]) -> list[dict]:
    """Possible duplicates as the counter may see them: foreign ones masked."""
    foreign = [
        match.customer for match in matches if not policies.may_read_fully(request.user, match.customer)
    ]
    known = sharing.known_elsewhere(foreign)
    holders = {match.customer.pk for match in matches if match.holds_the_number}
    reveal.note_search(request.user, [customer for customer in foreign if customer.pk in holders])
    return [
        {
            "pk": match.customer.pk,
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
@takes(*forms.CounterForm.base_fields, "branch")
def check_number(request: HttpRequest) -> HttpResponse:
    """Say in words whether the number typed so far stands, and what it tells."""
    allow(policies.may_register_somewhere(request.user))
    typed, kind = request.POST.get("number", ""), request.POST.get("kind", DocumentKind.ID18)
    today = timezone.localdate()
    context: dict = {"typed": bool(identity.normalize_code(typed))}
    if context["typed"] and kind in numbers.RESIDENT_KINDS:
        judged = identity.check_resident_id(typed, today)
        context["judged"] = judged
        context["words"] = forms.number_words(typed, today)
        if judged.valid:
            context["age"] = completed_years(judged.birth_date, today)
            context["region"] = region_of(judged.normalized)
    return render(request, "customers/counter/_number.html", context)


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
@takes(*forms.CounterForm.base_fields, "branch")
def known_already(request: HttpRequest) -> HttpResponse:
    """People who may be the one being typed, from all branches."""
    allow(policies.may_register_somewhere(request.user))
    typed = typed_in(request)
    today = timezone.localdate()
    number, name = typed.get("number", ""), " ".join(typed.get("name", "").split())
    if typed.get("kind", DocumentKind.ID18) not in numbers.RESIDENT_KINDS:
        number = ""
    is_number = len(identity.normalize_code(number)) >= 15
    village_id = id_in(typed.get("village_id", ""))
    village = villages().filter(pk=village_id).first() if village_id else None
    claim = duplicates.Claim(
        name=name if len(name) >= LEAST_NAME else "",
        id_no=number if is_number else "",
        birth_date=day_in(typed.get("birth_date", "")),
        phone=typed.get("phone", ""),
        village=village,
    )
    matches = duplicates.find(claim, as_of=today, limit=5)
    return render(request, "customers/counter/_known.html", {"known": known_lines(request, matches)})


@require_POST
@takes(*forms.CounterForm.base_fields, "branch")
def village_choices(request: HttpRequest) -> HttpResponse:
    """Villages that fit what was typed, those of the own branch first."""
    allow(policies.may_register_somewhere(request.user))
    typed = typed_in(request).get("village", "")
    found = villages_like(simplified(typed), branch_ids=request.user.scope.branch_ids)
    return render(request, "customers/counter/_villages.html", {"villages": found, "typed": typed.strip()})
