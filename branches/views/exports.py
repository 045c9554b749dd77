"""Lists that were taken out: order one, see one's own, fetch the file; auditors see all of them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.choices import PostCode, ProposalState
from branches.exports.forms import ROWS, ExportForm, rows_given
from branches.exports.kinds import KINDS
from branches.exports.services import PROPOSAL, fetch_export, file_name, order_export, title_of
from branches.models import Export, Proposal, StaffMember
from branches.views.common import allow_posted
from coopcrm.shared import files
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import refuse_unknown, takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.paging import id_in

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """One's own lists, the newest first; a sent form orders another."""
    allow_posted(request)
    if request.method == "POST":
        return _order(request)
    rows = Export.objects.shown_to(request.user).select_related("ordered_by", "approved_by", "job", "file")
    if (last := id_in(request.GET.get("after", ""))) is not None:
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    context = {
        "lines": _lines(request.user, found[:PAGE]),
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
        "sees_all": request.user.scope.holds(PostCode.AUDITOR),
    }
    return render(request, "branches/exports.html", context)


def _order(request: HttpRequest) -> HttpResponse:
    kind = request.POST.get("kind", "")
    refuse_unknown(
        [name for name in request.POST if not name.startswith(ROWS)], ("kind", *ExportForm.base_fields)
    )
    if kind not in KINDS:
        messages.error(request, _("There is no such list."))
        return redirect("branches:exports")
    form = ExportForm(request.POST, kind=kind, staff=request.user)
    if not form.is_valid():
        messages.error(
            request, _("Choose the format, and say what the list is for and what will be done with it.")
        )
        return redirect("branches:exports")
    try:
        export = order_export(
            kind, staff=request.user, given=rows_given(request.POST.dict()), **form.cleaned_data
        )
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        if export.needs_approval:
            messages.info(request, _("The list is written as soon as a second person agrees."))
    return redirect("branches:exports")


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """One line of the list, asked again while the file is being written."""
    allow_posted(request)
    rows = Export.objects.shown_to(request.user).select_related("ordered_by", "approved_by", "job", "file")
    (line,) = _lines(request.user, [get_object_or_404(rows, pk=pk)])
    sees_all = request.user.scope.holds(PostCode.AUDITOR)
    return render(request, "branches/_export.html", {"line": line, "sees_all": sees_all})


@require_POST
@takes()
def export_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, for whoever ordered it and still may; each time is counted and recorded."""
    allow_posted(request)
    found = get_object_or_404(Export.objects.shown_to(request.user), pk=pk)
    try:
        stored = fetch_export(found, staff=request.user)
    except PermissionRefused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except DomainError as refusal:
        messages.error(request, explained(refusal))
        return redirect("branches:exports")
    return files.answer(stored, name=file_name(found))


def _lines(staff: StaffMember, rows: list[Export]) -> list[dict]:
    """Lists with their title and state in words; the proposals of those that wait in one query."""
    waiting = [row.pk for row in rows if row.needs_approval and row.job is None]
    asked = Proposal.objects.filter(
        kind=PROPOSAL, subject_table=Export._meta.db_table, subject_id__in=waiting
    ).order_by("pk")
    proposal_of = {proposal.subject_id: proposal for proposal in asked} if waiting else {}
    return [
        {
            "export": row,
            "title": title_of(row),
            "proposal": proposal_of.get(row.pk),
            "is_open": row.job is not None and row.job.is_open,
            "is_mine": row.ordered_by_id == staff.pk,
            **_state(row, proposal_of.get(row.pk)),
        }
        for row in rows
    ]


def _state(row: Export, proposal: Proposal | None) -> dict:
    if row.file is not None:
        return (
            {"tone": "ok", "state": _("ready")}
            if row.is_there
            else {"tone": "neutral", "state": _("expired")}
        )
    if row.job is not None:
        tone = "danger" if row.job.state == "failed" else "info"
        return {"tone": tone, "state": row.job.get_state_display(), "why": row.job.error}
    if proposal is not None and proposal.state != ProposalState.OPEN:
        return {"tone": "danger", "state": proposal.get_state_display(), "why": proposal.decision_note}
    return {"tone": "warn", "state": _("waits for a second person")}
