"""Pages about the quality of ledgers: the report of a branch, the rows behind its numbers, and templates to fill in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from customers import policies
from customers.ledgers import blanks, forms, quality
from customers.ledgers.uploads import branches_for
from customers.ledgers.views import allow

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def quality_report(request: HttpRequest) -> HttpResponse:
    """Kinds of error by file, kind of ledger, month and branch, and what rows can be known by."""
    allow(policies.may_see_ledgers(request.user))
    form = forms.QualityForm(request.GET, staff=request.user)
    choice = form.cleaned_data if form.is_valid() else {}
    found = quality.report(request.user, choice)
    context = {
        **found,
        "form": form,
        "is_chosen": any(choice.values()),
        "as_of": timezone.localtime(),
        "rows_url": found["whole"].rows.url,
    }
    return render(request, "customers/ledgers/quality.html", context)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows behind a number of the report."""
    allow(policies.may_see_ledgers(request.user))
    form = forms.QualityRowsForm(request.GET, staff=request.user)
    choice = form.cleaned_data if form.is_valid() else {}
    page = quality.quality_rows(request.user, choice, request.GET.get("after", ""))
    return render(request, "customers/ledgers/quality_rows.html", {"form": form, "page": page})


@require_GET
def templates(request: HttpRequest) -> HttpResponse:
    """Templates to fill in: one for each kind of ledger, for a branch and in a language."""
    allow(policies.may_import_ledgers(request.user))
    branches = list(branches_for(request.user))
    form = forms.TemplatesForm(
        request.GET or None,
        staff=request.user,
        initial={"branch": branches[0] if branches else None, "language": translation.get_language()},
    )
    chosen = form.cleaned_data if form.is_valid() else form.initial
    context = {"form": form, "branch": chosen["branch"], "language": chosen["language"]}
    context["blanks"] = blanks.described(chosen["language"])
    return render(request, "customers/ledgers/templates.html", context)


@require_GET
def template_file(request: HttpRequest) -> HttpResponse:
    """One template as a workbook."""
    allow(policies.may_import_ledgers(request.user))
    form = forms.TemplateForm(request.GET, staff=request.user)
    if not form.is_valid():
        return redirect("customers:ledger-templates")
    given = form.cleaned_data
    content = blanks.workbook(given["kind"], given["branch"], given["language"])
    name = f"{given['kind']}-{given['branch'].code}-{given['language']}.xlsx"
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
