"""Pages of merges: what would move, the deed, what moved, and the way back."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from coopcrm.shared import acting
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers.merging import later, policies, selectors, services
from customers.merging.choices import STANDINGS, MergeKind, Side
from customers.merging.forms import MergeForm, PairQuery, TwoHouseholdsForm, UndoForm
from customers.merging.undoing import undo_merge
from customers.models import Customer, Household, Merge
from customers.querysets import require_scope
from customers.views import allow, form_page


@require_GET
def merges(request: HttpRequest) -> HttpResponse:
    """What was joined, what waits for a second person, and what was taken back."""
    require_scope(request.user)
    allow(policies.may_see_merges(request.user))
    form = _two_households(request)
    if form is not None and form.is_bound and form.is_valid():
        two = urlencode({name: form.cleaned_data[name] for name in ("first", "second", "kind")})
        return redirect(f"{reverse('customers:new-merge')}?{two}")
    state = request.GET.get("state", "")
    page = selectors.merges_for(request.user, state=state, after=request.GET.get("after", ""))
    tabs = [{"label": _("All"), "url": "?", "is_current": state not in dict(STANDINGS)}]
    tabs += [
        {"label": label, "url": f"?state={code}", "is_current": state == code} for code, label in STANDINGS
    ]
    lines = [selectors.listed(request.user, row) for row in page.rows]
    context = {
        "page": page,
        "lines": lines,
        "tabs": tabs,
        "form": form,
    }
    return render(request, "customers/merging/merges.html", context)


def _two_households(request: HttpRequest) -> TwoHouseholdsForm | None:
    """The form that asks which two households are one; filled in when it was sent."""
    if not policies.may_merge_somewhere(request.user):
        return None
    sent = request.GET if "second" in request.GET else None
    first = id_in(request.GET.get("household", ""))
    return TwoHouseholdsForm(sent, staff=request.user, initial={"first": first})


@form_page
def new_merge(request: HttpRequest) -> HttpResponse:
    """Two records side by side, everything that would move, and the button that joins them."""
    allow(policies.may_merge_somewhere(request.user))
    query = PairQuery(request.GET)
    if not query.is_valid():
        messages.error(request, _("Say which two records are one."))
        return redirect("customers:merges")
    survivor, other = _two(request, query.cleaned_data)
    allow(policies.may_merge(request.user, survivor, other))
    keeps = query.cleaned_data["keeps"] or Side.SURVIVOR
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _join(request, form, survivor, other, keeps)
        if answer is not None:
            return answer
    found = selectors.preview(survivor, other, staff=request.user, keeps=keeps)
    sides = [selectors.side(request.user, one) for one in (survivor, other)]
    context = {
        "form": form if not found.refusal else None,
        "preview": found,
        "sides": sides,
        "rows": selectors.compared(sides),
        "swapped": _address(other, survivor, query.cleaned_data["kind"], Side.SURVIVOR),
        "homes": [
            {
                "label": label,
                "url": _address(survivor, other, query.cleaned_data["kind"], code),
                "is_current": code == keeps,
            }
            for code, label in Side.choices
        ],
        "is_household": isinstance(survivor, Household),
    }
    return render(request, "customers/merging/new.html", context)


def _two(request: HttpRequest, asked: dict) -> tuple:
    """Both records, in the order of the address; 404 where one is not there."""
    rows = Customer.objects.visible_to(request.user).current()
    if asked["kind"] == MergeKind.HOUSEHOLD:
        rows = Household.objects.managed_for(request.user).filter(valid_to=None)
    found = rows.select_related("branch", "village").in_bulk([asked["first"], asked["second"]])
    if len(found) != 2:
        raise Http404
    return found[asked["first"]], found[asked["second"]]


def _address(first, second, kind: str, keeps: str) -> str:
    more = f"&kind={kind}" if kind else ""
    return f"{reverse('customers:new-merge')}?first={first.pk}&second={second.pk}{more}&keeps={keeps}"


def _join(request: HttpRequest, form: MergeForm, survivor, other, keeps: str) -> HttpResponse | None:
    deed = {"staff": request.user, "other": other, "reason": form.cleaned_data["reason"]}
    try:
        if isinstance(survivor, Household):
            row = services.merge_households(household=survivor, **deed)
        else:
            row = services.merge(survivor=survivor, keeps=keeps, **deed)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        form.add_error(None, explained(refusal))
        return None
    if row.is_done:
        messages.success(request, _("The two records are one. It can be taken back at any time."))
    else:
        messages.success(request, _("Asked. A second person confirms it; until then nothing moves."))
    return redirect("customers:merge", row.pk)


def own_merge(request: HttpRequest, pk: int) -> Merge:
    """A merge with a side in the person's branches, or 404."""
    allow(policies.may_see_merges(request.user))
    rows = Merge.objects.visible_to(request.user).with_standing(timezone.now())
    return get_object_or_404(selectors.with_sides(rows), pk=pk)


@require_GET
def merge_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What was joined, by whom and why, what moved, and what it did to households."""
    row = own_merge(request, pk)
    with acting.on_all_branches():
        lines, sentences = selectors.lines_of(row), selectors.consequences(row)
    sides = [selectors.side(request.user, one) for one in policies.sides(row)]
    context = {
        "merge": row,
        "sides": sides,
        "rows": selectors.compared(sides),
        "lines": lines,
        "sentences": sentences,
        "dropped": selectors.last_proposal(row),
        "may_undo": row.is_done and policies.may_undo(request.user, row),
    }
    return render(request, "customers/merging/merge.html", context)


@form_page
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back: what returns by itself, and questions about rows that do not say whose they are."""
    row = own_merge(request, pk)
    allow(policies.may_undo(request.user, row))
    if not row.is_done:
        return redirect("customers:merge", pk)
    with acting.on_all_branches():
        rows = later.written_since(row)
        lines = selectors.lines_of(row)
    sides = [selectors.side(request.user, one) for one in policies.sides(row)]
    form = UndoForm(request.POST or None, rows=rows, names=tuple(one["name"] for one in sides))
    if request.method == "POST" and form.is_valid():
        try:
            undo_merge(
                staff=request.user, merge=row, reason=form.cleaned_data["reason"], answers=form.answers
            )
        except PermissionRefused as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except DomainError as refusal:
            form.add_error(None, explained(refusal))
        else:
            messages.success(request, _("Taken back. Each record has its own again."))
            return redirect("customers:merge", pk)
    context = {
        "merge": row,
        "sides": sides,
        "rows": selectors.compared(sides),
        "lines": [line for line in lines if line.moved],
        "known": selectors.known_lines(rows),
        "form": form,
    }
    return render(request, "customers/merging/undo.html", context)
