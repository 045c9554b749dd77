"""Pages of organisations: the register entry, who acts for them, who belongs to them, who is responsible."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coopcrm.shared.forms import takes
from customers import reveal
from customers.choices import CustomerKind
from customers.models import CoopMember, Customer, Household, Representative
from customers.persons import forms, organisation_selectors, organisations, policies
from customers.persons.views import _do, _said, _told, allow, attempt, own_customer
from customers.policies import may_read_fully, may_register_somewhere
from customers.portfolios import organisations as managers
from customers.portfolios.policies import may_arrange
from customers.portfolios.selectors import managers_at

form_page = require_http_methods(["GET", "POST"])


def own_organisation(request: HttpRequest, pk: int) -> Customer:
    """An organisation whose full record the person works with, or 404."""
    found = own_customer(request, pk)
    if found.kind != CustomerKind.ORGANISATION:
        raise Http404
    return found


@form_page
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """What the licence shows, with those who act for it, belong to it and are responsible for it."""
    found = own_organisation(request, pk)
    today = timezone.localdate()
    may_keep = policies.may_keep(request.user, found)
    if request.method == "POST":
        allow(may_keep)
    page = organisation_selectors.organisation_page(request.user, found, today=today)
    initial = {name: getattr(page.entry, name) for name in forms.EntryForm.base_fields} if page.entry else {}
    form = forms.EntryForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        deed = {"staff": request.user, "customer": found, "as_of": today, **form.cleaned_data}
        done = _told(request, _("The register entry is noted."), "organisation", pk)
        answer = attempt(form, lambda: organisations.note_entry(**deed), done)
        if answer is not None:
            return answer
    may_name = may_arrange(request.user, found.branch)
    context = {
        "person": found,
        "page": page,
        "may_register": may_register_somewhere(request.user),
        "form": form if may_keep else None,
        "representative_form": forms.RepresentativeForm(auto_id="rep-%s", initial={"valid_from": today})
        if may_keep
        else None,
        "member_form": forms.MemberForm(auto_id="member-%s", initial={"valid_from": today})
        if may_keep and page.entry and page.entry.has_members
        else None,
        "manager_form": forms.ManagerForm(
            auto_id="manager-%s", managers=managers_at(found.branch, today), initial={"from_day": today}
        )
        if may_name
        else None,
    }
    return render(request, "customers/persons/organisation.html", context)


def _person_of(request: HttpRequest, typed: str) -> Customer | None:
    """The person whose number was typed; finding somebody of another branch is on record."""
    found = organisations.find_person(request.user, typed)
    if found is not None and not may_read_fully(request.user, found):
        reveal.note_search(request.user, [found])
    return found


@require_POST
def add_representative(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person act for an organisation."""
    found = own_organisation(request, pk)
    allow(policies.may_keep(request.user, found))
    form = forms.RepresentativeForm(request.POST)
    person = _person_of(request, form.cleaned_data["person"]) if form.is_valid() else None
    if person is None:
        text = _said(form) or _("Nobody has this number. Register the person at the counter first.")
        messages.error(request, text)
        return redirect("customers:organisation", pk)
    values = {**form.cleaned_data, "person": person}
    deed = {"staff": request.user, "organisation": found, "as_of": timezone.localdate(), **values}
    done = _told(request, _("The representative is noted."), "organisation", pk)
    return _do(request, lambda: organisations.add_representative(**deed), done, "organisation", pk)


@require_POST
@takes()
def end_representative(request: HttpRequest, pk: int) -> HttpResponse:
    """A person no longer acts for an organisation."""
    rows = Representative.objects.filter(organisation__in=Customer.objects.managed_for(request.user))
    row = get_object_or_404(rows.select_related("organisation__branch"), pk=pk)
    allow(policies.may_keep(request.user, row.organisation))
    deed = {"staff": request.user, "representative": row, "on": timezone.localdate()}
    page = ("organisation", row.organisation_id)
    done = _told(request, _("Ended today; it stays in the record."), *page)
    return _do(request, lambda: organisations.end_representative(**deed), done, *page)


@require_POST
def add_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person or a household belong to a cooperative."""
    found = own_organisation(request, pk)
    allow(policies.may_keep(request.user, found))
    form = forms.MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, _said(form))
        return redirect("customers:organisation", pk)
    values = dict(form.cleaned_data)
    typed, number = values.pop("person"), values.pop("household")
    values["person"] = _person_of(request, typed) if typed else None
    values["household"] = (
        Household.objects.managed_for(request.user).filter(pk=number, valid_to=None).first()
        if number
        else None
    )
    deed = {"staff": request.user, "organisation": found, "as_of": timezone.localdate(), **values}
    done = _told(request, _("The member is noted."), "organisation", pk)
    return _do(request, lambda: organisations.add_member(**deed), done, "organisation", pk)


@require_POST
@takes()
def end_member(request: HttpRequest, pk: int) -> HttpResponse:
    """A person or household no longer belongs to an organisation."""
    rows = CoopMember.objects.filter(organisation__in=Customer.objects.managed_for(request.user))
    row = get_object_or_404(rows.select_related("organisation__branch"), pk=pk)
    allow(policies.may_keep(request.user, row.organisation))
    deed = {"staff": request.user, "member": row, "on": timezone.localdate()}
    page = ("organisation", row.organisation_id)
    done = _told(request, _("Ended today; it stays in the record."), *page)
    return _do(request, lambda: organisations.end_member(**deed), done, *page)


@require_POST
def name_manager(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an organisation under a manager."""
    found = own_organisation(request, pk)
    allow(may_arrange(request.user, found.branch))
    form = forms.ManagerForm(request.POST, managers=managers_at(found.branch, timezone.localdate()))
    if not form.is_valid():
        messages.error(request, _said(form))
        return redirect("customers:organisation", pk)
    deed = {"organisation": found, "by": request.user, **form.cleaned_data}
    done = _told(request, _("The manager is named."), "organisation", pk)
    return _do(request, lambda: managers.name_manager(**deed), done, "organisation", pk)
