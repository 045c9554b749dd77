"""Pages of lists: upload, preview, confirmation, and the template to fill in."""

from __future__ import annotations

import csv
import io

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import forms, lists, policies
from branches.choices import ListKind, ListState
from branches.exports.forms import ExportForm
from branches.exports.kinds import KINDS
from branches.exports.organisation import AREAS, UNITS, may_take_organisation
from branches.models import ListImport
from branches.resources import RESOURCES
from branches.views.common import allow, refused, today, typed
from coopcrm.shared.errors import DomainError
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.models import Job
from coopcrm.shared.selectors import progress_of

SHOWN_ROWS = 500
SHOW = (lists.ERROR, lists.NEW, lists.CHANGED, lists.UNCHANGED)


def _kind(kind: str) -> ListKind:
    if kind not in ListKind.values:
        raise Http404
    return ListKind(kind)


@require_safe
def lists_page(request: HttpRequest) -> HttpResponse:
    """What can be taken in, and what was."""
    allow(policies.may_see_imports(request.user))
    rows = ListImport.objects.select_related("uploaded_by").defer("rows", "preview")[:50]
    context = {"rows": rows, "kinds": ListKind, "may_import": policies.may_import(request.user)}
    if may_take_organisation(request.user, {}):
        context["export_forms"] = [
            {
                "id": code.replace(".", "-"),
                "title": gettext(KINDS[code].title),
                "form": ExportForm(kind=code, staff=request.user),
            }
            for code in (UNITS, AREAS)
        ]
    return render(request, "branches/lists.html", context)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """Drop a file; the preview follows."""
    allow(policies.may_import(request.user))
    found = _kind(kind)
    form = forms.ListForm(request.POST or None, request.FILES or None, initial={"as_of": today()})
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            offered = lists.offer_list(
                kind=found,
                content=file.read(),
                file_name=file.name,
                as_of=form.cleaned_data["as_of"],
                by=request.user,
                language=get_language() or "en",
                today=today(),
            )
        except DomainError as refusal:
            refused(form, refusal, "file")
        else:
            return redirect("branches:list", pk=offered.pk)
    context = {"form": form, "kind": found, "columns": RESOURCES[found].columns}
    return render(request, "branches/list_upload.html", context)


@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """A file with the headings in the person's language and one row as an example."""
    allow(policies.may_import(request.user))
    found = _kind(kind)
    columns = RESOURCES[found].columns
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([str(column.label) for column in columns])
    writer.writerow([column.example for column in columns])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.value}.csv"'
    return response


@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What every row would do, or what was done."""
    allow(policies.may_see_imports(request.user))
    offered = get_object_or_404(ListImport.objects.select_related("uploaded_by"), pk=pk)
    show = typed(request, "show")
    rows = [line for line in offered.preview if show not in SHOW or line["outcome"] == show]
    job = Job.objects.filter(pk=offered.job).first() if offered.job else None
    context = {
        "offered": offered,
        "rows": rows[:SHOWN_ROWS],
        "has_more": len(rows) > SHOWN_ROWS,
        "show": show,
        "total": sum(offered.counts.values()),
        "asks": sum(1 for line in offered.preview if line.get("asks")),
        "job": job,
        "progress": progress_of(job) if job and job.is_open else None,
        "progress_url": reverse("jobs:progress", args=[job.pk]) if job and job.is_open else "",
        "may_confirm": policies.may_import(request.user)
        and offered.state == ListState.CHECKED
        and not offered.counts.get(lists.ERROR),
    }
    return render(request, "branches/list.html", context)


@require_POST
@takes()
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in what the preview showed."""
    allow(policies.may_import(request.user))
    offered = get_object_or_404(ListImport, pk=pk)
    try:
        done = lists.confirm_list(offered=offered, by=request.user, today=today())
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        if done.state == ListState.DONE:
            messages.success(request, _("The list is taken in, as the preview showed it."))
    return redirect("branches:list", pk=pk)
