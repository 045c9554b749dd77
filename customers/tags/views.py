"""Pages of tags: which there are, one with its rule, and hanging and taking down on a customer."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from branches.models import in_force
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from customers.models import Customer, CustomerTag, Tag, TagRule
from customers.tags import forms, policies, rules, selectors, services
from customers.views import allow, form_page


@form_page
def tags(request: HttpRequest) -> HttpResponse:
    """Every tag in use, how many carry it, and a form for one more."""
    allow(policies.may_see_tags(request.user))
    may_make = policies.may_make_union_tags(request.user) or policies.may_make_branch_tags(request.user)
    form = forms.NewTagForm(request.POST or None, staff=request.user) if may_make else None
    if request.method == "POST":
        allow(may_make)
        if form.is_valid():
            try:
                made = services.create_tag(staff=request.user, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error("label", explained(refusal))
            else:
                messages.success(request, _("The tag is there."))
                return redirect("customers:tag", made.pk) if made.is_computed else redirect("customers:tags")
    return render(
        request,
        "customers/tags/list.html",
        {"lines": selectors.tags_with_numbers(request.user), "form": form},
    )


def tag_of(request: HttpRequest, pk: int) -> Tag:
    """A tag of the union or of an own branch, or 404."""
    allow(policies.may_see_tags(request.user))
    versions = TagRule.objects.select_related("proposed_by", "confirmed_by").order_by("-version")
    rows = Tag.objects.visible_to(request.user).select_related("branch", "created_by")
    return get_object_or_404(rows.prefetch_related(Prefetch("rules", versions)), pk=pk)


@form_page
def tag(request: HttpRequest, pk: int) -> HttpResponse:
    """One tag: its rule in one sentence with every version, and the form that proposes the next."""
    found = tag_of(request, pk)
    may_sign = found.is_computed and found.ended_on is None and policies.may_sign_rules(request.user)
    form = forms.RuleForm(request.POST or None) if may_sign else None
    if request.method == "POST":
        allow(may_sign)
        if form.is_valid():
            try:
                rules.propose_rule(
                    staff=request.user,
                    tag=found,
                    filters=form.filters(),
                    reason=form.cleaned_data["reason"],
                )
            except DomainError as refusal:
                form.add_error(None, explained(refusal))
            else:
                messages.success(request, _("Proposed. A second person of head office confirms it."))
                return redirect("customers:tag", pk)
    context = {
        "tag": found,
        "form": form,
        "versions": [(row, rules.sentence(row.filters)) for row in found.rules.all()],
        "may_end": found.ended_on is None and policies.may_end_tag(request.user, found),
    }
    return render(request, "customers/tags/tag.html", context)


@require_POST
@takes()
def end_tag(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a tag out of use."""
    found = tag_of(request, pk)
    allow(policies.may_end_tag(request.user, found))
    services.end_tag(staff=request.user, tag=found, today=timezone.localdate())
    messages.success(request, _("The tag is out of use."))
    return redirect("customers:tags")


def own_customer(request: HttpRequest, pk: int) -> Customer:
    """A customer whose record the person works with, or 404."""
    return get_object_or_404(Customer.objects.managed_for(request.user), pk=pk)


@require_POST
def hang(request: HttpRequest, pk: int) -> HttpResponse:
    """Hang a tag on a customer."""
    person = own_customer(request, pk)
    allow(policies.may_tag(request.user, person))
    form = forms.HangForm(request.POST, tags=selectors.tags_to_hang(request.user))
    if not form.is_valid():
        messages.error(request, _("Choose a tag."))
        return redirect("customers:customer", pk)
    try:
        services.tag_customer(
            staff=request.user, customer=person, today=timezone.localdate(), **form.cleaned_data
        )
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("The tag hangs."))
    return redirect("customers:customer", pk)


@require_POST
@takes()
def take_down(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Take a tag down from a customer."""
    person = own_customer(request, pk)
    allow(policies.may_tag(request.user, person))
    hung = get_object_or_404(
        CustomerTag.objects.filter(in_force(timezone.localdate()), customer=person), pk=row
    )
    services.untag(staff=request.user, hung=hung, today=timezone.localdate())
    messages.success(request, _("The tag is down."))
    return redirect("customers:customer", pk)
