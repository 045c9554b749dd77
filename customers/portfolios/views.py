"""Pages of portfolios and handovers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from branches.models import Unit
from branches.selectors import branches_of
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import Keyset, page_of
from customers.models import Handover
from customers.portfolios import forms, policies, selectors, services
from customers.views import allow, form_page

MOST_ORGANISATIONS = 200
ITEMS = Keyset("handover-items", ("-must_visit", "-exposure", "pk"))
HANDOVERS = Keyset("handovers", ("-pk",))


@require_GET
def portfolios(request: HttpRequest) -> HttpResponse:
    """Who manages how many households, who stands in, what is being handed over; orphans are always none."""
    allow(policies.may_see_portfolios(request.user))
    today = timezone.localdate()
    may_arrange = policies.may_arrange_somewhere(request.user)
    context = {
        "rows": selectors.portfolios(request.user, on=today),
        "orphans": selectors.orphans(on=today, branches=branches_of(request.user))
        .visible_to(request.user)
        .count(),
        "own_branches": [b for b in branches_of(request.user) if policies.may_arrange(request.user, b)]
        if may_arrange
        else [],
        "shows_branch": len(request.user.scope.branch_ids) != 1,
    }
    return render(request, "customers/portfolios/portfolios.html", context)


def own_branch(request: HttpRequest, pk: int) -> Unit:
    """A branch whose portfolios the person arranges, or 404."""
    branch = get_object_or_404(branches_of(request.user), pk=pk)
    allow(policies.may_arrange(request.user, branch))
    return branch


@form_page
def name_manager(request: HttpRequest, pk: int) -> HttpResponse:
    """Give households of the director's post to a manager."""
    allow(policies.may_arrange_somewhere(request.user))
    branch = own_branch(request, pk)
    form = forms.NameManagerForm(
        request.POST or None, branch=branch, initial={"from_day": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            number = services.name_manager(branch=branch, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            text = ngettext(
                "%(n)s household has a new manager.", "%(n)s households have a new manager.", number
            )
            messages.success(request, text % {"n": number})
            return redirect("customers:portfolios")
    return render(request, "customers/portfolios/name_manager.html", {"form": form, "branch": branch})


@require_GET
def handovers(request: HttpRequest) -> HttpResponse:
    """Handovers of the person's branches."""
    allow(policies.may_see_portfolios(request.user))
    page = page_of(request, selectors.handovers(request.user), HANDOVERS)
    return render(request, "customers/portfolios/handovers.html", {"page": page})


@form_page
def new_handover(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw up the list of a portfolio that passes to somebody else."""
    allow(policies.may_arrange_somewhere(request.user))
    branch = own_branch(request, pk)
    today = timezone.localdate()
    start = {"effective_on": today, "giver": request.GET.get("giver", "")}
    form = forms.HandoverForm(request.POST or None, branch=branch, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            handover = services.open_handover(
                branch=branch, by=request.user, as_of=today, **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("The list is drawn up."))
            return redirect("customers:handover", handover.pk)
    return render(request, "customers/portfolios/new_handover.html", {"form": form, "branch": branch})


def own_handover(request: HttpRequest, pk: int) -> Handover:
    """A handover of the person's branches, or 404."""
    rows = Handover.objects.visible_to(request.user)
    people = rows.select_related("branch", "giver", "taker", "supervisor", "given_by", "created_by")
    return get_object_or_404(people, pk=pk)


@require_GET
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, what the joint visits found, and who has signed."""
    allow(policies.may_see_portfolios(request.user))
    found, staff = own_handover(request, pk), request.user
    page = page_of(request, selectors.items_of(found), ITEMS)
    takes_part = staff.pk in (found.giver_id, found.taker_id, found.supervisor_id)
    signed = found.given_at is not None and found.taken_at is not None
    context = {
        "handover": found,
        "page": page,
        "summary": selectors.summary_of(found),
        "organisations": list(selectors.passing_with(found).visible_to(staff)[:MOST_ORGANISATIONS]),
        "stand_in": selectors.stand_in_for(found.giver, found.branch, timezone.localdate()),
        "may_note": found.is_open and takes_part and found.taken_at is None,
        "may_give": found.is_open and found.given_at is None and policies.may_sign_giving(staff, found),
        "may_take": found.is_open
        and found.given_at is not None
        and found.taken_at is None
        and staff.pk == found.taker_id,
        "may_close": found.is_open and signed and staff.pk == found.supervisor_id,
        "may_cancel": found.is_open and policies.may_arrange(staff, found.branch),
    }
    return render(request, "customers/portfolios/handover.html", context)


@form_page
def handover_item(request: HttpRequest, pk: int, item: int) -> HttpResponse:
    """Write down what the joint visit to one household found."""
    allow(policies.may_see_portfolios(request.user))
    found = own_handover(request, pk)
    row = get_object_or_404(selectors.items_of(found), pk=item)
    today = timezone.localdate()
    start = {"visited_on": row.visited_on or today, "difference": row.difference}
    form = forms.ItemForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            services.note_visit(row, by=request.user, as_of=today, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            return redirect("customers:handover", found.pk)
    return render(request, "customers/portfolios/item.html", {"form": form, "handover": found, "item": row})


STEPS = {"give": services.sign_giving, "take": services.sign_taking, "cancel": services.cancel_handover}


@require_POST
@takes()
def handover_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Sign, close or drop a handover."""
    allow(policies.may_see_portfolios(request.user))
    found = own_handover(request, pk)
    try:
        if step == "close":
            number = services.close_handover(found, by=request.user)
            text = ngettext("%(n)s household has passed.", "%(n)s households have passed.", number)
            messages.success(request, text % {"n": number})
        else:
            STEPS[step](found, by=request.user)
            messages.success(request, _("The handover is dropped.") if step == "cancel" else _("Signed."))
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    return redirect("customers:handover", found.pk)
