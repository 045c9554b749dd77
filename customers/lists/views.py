"""The list of customers: filters, columns and order stand in the address as codes, or in a view that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from branches.exports.forms import ExportForm
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in
from customers import exports, policies
from customers.campaigns.policies import may_plan
from customers.choices import ListOrder
from customers.lists import columns, drawing, filters, selectors, services
from customers.lists.forms import ListForm, LookForm, ViewForm
from customers.models import ListView
from customers.portfolios.policies import may_see_portfolios
from customers.together.policies import may_act as may_act_together
from customers.together.policies import may_tag_many as may_tag_together
from customers.together.services import MOST as MOST_TOGETHER

LOOK = ("order", "column")


@require_GET
def customer_list(request: HttpRequest) -> HttpResponse:
    """Customers of the person's branches, narrowed by filters that stand in the address as codes."""
    staff = request.user
    kept = list(selectors.views_for(staff))
    view = _view_asked(request.GET, kept)
    given = _given(request.GET, view)
    form = ListForm(given, staff=staff)
    look = LookForm(given, staff=staff)
    narrowed = form.cleaned_data if form.is_valid() else {}
    chosen = look.cleaned_data if look.is_valid() else {}
    order = chosen.get("order") or ListOrder.NAME
    page = selectors.customer_list(
        staff,
        filters=narrowed,
        order=order,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    headings, rows = columns.table(staff, page.rows, chosen.get("column", ()))
    together = may_act_together(staff)
    shown = _address(form, narrowed, chosen)
    context = {
        "form": form,
        "look": look,
        "order": order,
        "page": page,
        "rows": rows,
        "headings": headings,
        "views": kept,
        "view": view,
        "may_change_view": view is not None and policies.may_change_view(staff, view),
        "view_form": ViewForm(staff=staff, initial={"shown": shown, "name": view.name if view else ""}),
        "words": filters.in_words(staff, narrowed),
        "base": shown,
        "may_register": policies.may_register_somewhere(staff),
        "may_export": policies.may_export_customers(staff),
        "may_see_portfolios": may_see_portfolios(staff),
        "may_keep_segment": bool(filters.plain(narrowed)) and may_plan(staff),
        "filters_alone": _address(form, narrowed, {}),
        "together": together,
        "lines": drawing.lines(headings, rows, may_choose=together),
        "may_tag_together": may_tag_together(staff),
        "most_together": MOST_TOGETHER,
        "export_form": ExportForm(kind=exports.CUSTOMERS, staff=staff, given=_for_export(narrowed, chosen)),
    }
    return render(request, "customers/lists/list.html", context)


def _view_asked(asked: Mapping[str, str], kept: list[ListView]) -> ListView | None:
    """The view in the address; without any choice there, the one that the person shows first."""
    if number := id_in(asked.get("view", "")):
        return next((view for view in kept if view.pk == number), None)
    if set(asked) - {"after", "before"}:
        return None
    return next((view for view in kept if view.is_default), None)


def _given(asked: QueryDict, view: ListView | None) -> QueryDict:
    """What the address says; a view fills in what the address does not name."""
    given = asked.copy()
    if view is None:
        return given
    for name, value in view.filters.items():
        given.setdefault(name, str(value))
    given.setdefault("order", view.order)
    if "column" not in given:
        given.setlist("column", view.columns)
    return given


def _address(form: ListForm, narrowed: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """Filters, columns and order as they stand in an address, without the page."""
    kept = {name: value for name, value in filters.plain(narrowed).items() if name in form.fields}
    if (order := chosen.get("order")) and order != ListOrder.NAME:
        kept["order"] = order
    return urlencode([*kept.items(), *(("column", code) for code in chosen.get("column", ()))])


def _for_export(narrowed: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, str]:
    """What comes out is what is shown: filters, order and columns."""
    given = {name: str(value) for name, value in filters.plain(narrowed).items()}
    if chosen.get("order"):
        given["order"] = chosen["order"]
    if chosen.get("column"):
        given["columns"] = ",".join(chosen["column"])
    return given


# -- Views that are kept -----------------------------------------------------------------------------------------------


@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep what the list shows under a name."""
    form = ViewForm(request.POST, staff=request.user)
    if not form.is_valid():
        messages.error(request, _("Give the view a name."))
        return redirect("customers:list")
    shown = QueryDict(form.cleaned_data["shown"])
    narrowed, look = ListForm(shown, staff=request.user), LookForm(shown, staff=request.user)
    chosen = look.cleaned_data if look.is_valid() else {}
    try:
        view = services.keep_view(
            staff=request.user,
            name=form.cleaned_data["name"],
            filters=filters.plain(narrowed.cleaned_data) if narrowed.is_valid() else {},
            columns=chosen.get("column", ()),
            order=chosen.get("order") or ListOrder.NAME,
            is_shared=form.cleaned_data.get("is_shared", False),
            is_default=form.cleaned_data["is_default"],
        )
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("customers:list")
    messages.success(request, _("The view %(name)s is kept.") % {"name": view.name})
    return redirect(f"{reverse('customers:list')}?view={view.pk}")


@require_POST
@takes("deed")
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a view first, or drop it."""
    view = selectors.views_for(request.user).filter(pk=pk).first()
    if view is None:
        raise Http404
    try:
        if request.POST.get("deed") == "drop":
            services.drop_view(staff=request.user, view=view)
            messages.success(request, _("The view %(name)s is dropped.") % {"name": view.name})
            return redirect("customers:list")
        services.show_first(staff=request.user, view=None if view.is_default else view)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    return redirect(f"{reverse('customers:list')}?view={view.pk}")
