"""The list of customers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from branches.exports.forms import ExportForm
from customers import exports, policies
from customers.lists import forms, selectors
from customers.portfolios.policies import may_see_portfolios


@require_GET
def customer_list(request: HttpRequest) -> HttpResponse:
    """Customers of the person's branches, narrowed by filters that stand in the address as codes."""
    form = forms.ListForm(request.GET, staff=request.user)
    filters = form.cleaned_data if form.is_valid() else {}
    page = selectors.customer_list(request.user, filters=filters, after=request.GET.get("after", ""))
    headings, rows = selectors.with_columns(request.user, page.rows)
    narrowed = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "headings": headings,
        "filters": filters,
        "may_register": policies.may_register_somewhere(request.user),
        "may_export": policies.may_export_customers(request.user),
        "may_see_portfolios": may_see_portfolios(request.user),
        "export_form": ExportForm(kind=exports.CUSTOMERS, staff=request.user, given=narrowed),
        "shows_branch": len(request.user.scope.branch_ids) != 1,
    }
    return render(request, "customers/list.html", context)
