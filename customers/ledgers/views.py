"""Pages of the ledgers: bring in, look at columns, preview, take in; and what came of every row."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.exports.forms import ExportForm
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import takes
from coopcrm.shared.handbook import explained
from coopcrm.shared.selectors import jobs_visible_to, progress_of
from customers import exports, policies
from customers.choices import UploadState
from customers.ledgers import forms, others, places, row_pages, selectors, undoing, uploads
from customers.ledgers.corrections import LEDGER_ERRORS
from customers.models import LedgerFile, LedgerImport, LedgerRow, LedgerUpload, UploadFile

form_page = require_http_methods(["GET", "POST"])


def allow(may: bool) -> None:
    """403 where the person's post does not work here."""
    if not may:
        raise PermissionDenied(_("Your post does not work with this page."))


# -- What came in ------------------------------------------------------------------------------------------------------


@require_GET
def ledgers(request: HttpRequest) -> HttpResponse:
    """What came in from the ledgers: imports, their files and how many rows came to which outcome."""
    allow(policies.may_see_ledgers(request.user))
    page = selectors.ledger_files(request.user, request.GET.get("after", ""))
    lines = {line.file.pk: line for line in selectors.file_lines(page.rows)}
    context = {
        "runs": [(run, [lines[file.pk] for file in files]) for run, files in selectors.runs_of(page.rows)],
        "page": page,
        "uploads": selectors.open_uploads(request.user),
        "may_import": policies.may_import_ledgers(request.user),
    }
    return render(request, "customers/ledgers/list.html", context)


def own_file(request: HttpRequest, pk: int) -> LedgerFile:
    """A file of the person's branches, or 404."""
    allow(policies.may_see_ledgers(request.user))
    rows = LedgerFile.objects.visible_to(request.user).select_related("run__started_by", "branch")
    return get_object_or_404(rows, pk=pk)


@require_GET
def ledger_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: how its columns were understood and what became of each row."""
    file = own_file(request, pk)
    form = forms.FileRowsForm(request.GET)
    choice = form.cleaned_data if form.is_valid() else {}
    page = selectors.ledger_rows(request.user, file, **choice, after=request.GET.get("after", ""))
    context = {
        "file": file,
        "line": selectors.file_lines([file])[0],
        "form": form,
        "page": page,
        "columns": selectors.column_lines(file),
        "export_form": ExportForm(
            kind=exports.LEDGER_REPORT,
            staff=request.user,
            given={"file": str(file.pk)},
            initial={"format": "csv", "purpose": _("Report of the import")},
        ),
        "errors_form": ExportForm(
            kind=LEDGER_ERRORS,
            staff=request.user,
            given={"file": str(file.pk)},
            initial={"format": "xlsx", "purpose": _("Correction of refused rows")},
            auto_id="errors_%s",
        ),
    }
    return render(request, "customers/ledgers/file.html", context)


@require_GET
def ledger_row(request: HttpRequest, pk: int) -> HttpResponse:
    """One row: every cell as typed, what it was read as, and where it went."""
    allow(policies.may_see_ledgers(request.user))
    rows = LedgerRow.objects.visible_to(request.user)
    row = get_object_or_404(rows.select_related("file__run", "branch", "customer", "household"), pk=pk)
    row_pages.note_reading(row)
    context = {
        "row": row,
        "lines": row_pages.cell_lines(row),
        "went": row_pages.went_to(request.user, row),
        **row_pages.corrections_of(request.user, row),
    }
    return render(request, "customers/ledgers/row.html", context)


def own_import(request: HttpRequest, pk: int) -> LedgerImport:
    """An import with a file of the person's branches, or 404."""
    allow(policies.may_see_ledgers(request.user))
    files = LedgerFile.objects.visible_to(request.user).filter(run=pk).values("run")
    return get_object_or_404(LedgerImport.objects.select_related("undone_by", "started_by"), pk__in=files)


@form_page
def undo_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What taking an import back would mean, the deed, and afterwards what stayed."""
    run = own_import(request, pk)
    may_undo = policies.may_undo_import(request.user, undoing.branches_of(run))
    form = forms.UndoForm(request.POST or None)
    if request.method == "POST":
        allow(may_undo)
        if form.is_valid():
            try:
                undoing.order_undo(staff=request.user, run=run, reason=form.cleaned_data["reason"])
            except DomainError as refusal:
                messages.error(request, explained(refusal))
            return redirect("customers:undo-ledger-import", pk)
    job = undoing.job_of(run)
    is_at_work = job is not None and job.is_open
    context = {"run": run, "form": form, "may_undo": may_undo, "job": job, "is_at_work": is_at_work}
    if is_at_work and jobs_visible_to(request.user).filter(pk=job.pk).exists():
        context |= {"progress": progress_of(job), "progress_url": reverse("jobs:progress", args=[job.pk])}
    if run.undone_at:
        context["outlook"] = undoing.Outlook(run.undone_counts["gone"], undoing.kept_of(run))
    elif not is_at_work and may_undo:
        context["outlook"] = undoing.outlook(run)
    return render(request, "customers/ledgers/undo.html", context)


# -- Bringing in -------------------------------------------------------------------------------------------------------


@form_page
def new_upload(request: HttpRequest) -> HttpResponse:
    """Files are dropped here; what they are is found out and shown next."""
    allow(policies.may_import_ledgers(request.user))
    form = forms.UploadForm(
        request.POST or None,
        request.FILES or None,
        staff=request.user,
        initial={"as_of": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            files = [(file.name, file.read()) for file in given["files"]]
            upload = uploads.bring_in(
                staff=request.user, files=files, as_of=given["as_of"], branch=given["branch"]
            )
        except PermissionRefused as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except DomainError as refusal:
            form.add_error("files", explained(refusal))
        else:
            return redirect("customers:ledger-upload", upload.pk)
    return render(request, "customers/ledgers/new.html", {"form": form, "limits": forms.FILE_LIMITS})


def own_upload(request: HttpRequest, pk: int) -> LedgerUpload:
    """An upload that concerns the person, or 404."""
    allow(policies.may_see_ledgers(request.user))
    rows = LedgerUpload.objects.visible_to(request.user).select_related("uploaded_by", "run")
    return get_object_or_404(rows, pk=pk)


@require_GET
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """One upload at whatever step it stands: files and columns, progress, preview, result."""
    found = own_upload(request, pk)
    context = selectors.upload_page(request.user, found)
    context["may_change"] = policies.may_change_upload(request.user, found)
    if context["may_change"] and found.state in uploads.CORRECTABLE:
        context["unsettled"] = selectors.places_to_settle(request.user, found, context["files"])
        context["several_form"] = forms.ManyFilesForm(staff=request.user, upload=found)
    if found.state == UploadState.READY:
        form = forms.LinesForm(request.GET)
        given = form.cleaned_data if form.is_valid() else {}
        outcome, file = given.get("outcome", ""), given.get("file")
        context["lines"] = selectors.staged_lines(
            request.user, found, outcome=outcome, file=file, after=request.GET.get("after", "")
        )
        context["form"] = form
    return render(request, "customers/ledgers/upload.html", context)


def own_upload_file(request: HttpRequest, pk: int, file: int) -> UploadFile:
    """A file of an upload that concerns the person, or 404."""
    rows = own_upload(request, pk).files.select_related("upload", "branch", "uploaded_by")
    return get_object_or_404(rows, pk=file)


@form_page
def upload_file(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """What one file is: its branch, its kind, its encoding."""
    found = own_upload_file(request, pk, file)
    may_change = policies.may_change_upload(request.user, found.upload)
    initial = {name: getattr(found, name) for name in ("is_taken", "branch", "kind", "encoding")}
    form = forms.FileForm(
        request.POST or None, staff=request.user, is_text=bool(found.found_encoding), initial=initial
    )
    if request.method == "POST":
        allow(may_change)
        if form.is_valid():
            given = {"encoding": "", **form.cleaned_data}
            return _done(
                request, lambda: uploads.correct_file(staff=request.user, file=found, **given), found
            )
    return _file_page(request, found, form=form, may_change=may_change)


@form_page
def upload_columns(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """What the columns of one file hold, each to be corrected."""
    found = own_upload_file(request, pk, file)
    may_change = policies.may_change_upload(request.user, found.upload)
    if request.method == "POST":
        allow(may_change)
        form = forms.ColumnsForm(request.POST, sheets=uploads.recognised_in(found))
        if form.is_valid():
            fields = form.chosen()
            return _done(
                request, lambda: uploads.choose_fields(staff=request.user, file=found, fields=fields), found
            )
    initial = {name: getattr(found, name) for name in ("is_taken", "branch", "kind", "encoding")}
    form = forms.FileForm(staff=request.user, is_text=bool(found.found_encoding), initial=initial)
    return _file_page(request, found, form=form, may_change=may_change)


def _file_page(request: HttpRequest, file: UploadFile, *, form, may_change: bool) -> HttpResponse:
    sheets = uploads.recognised_in(file)
    context = {
        "upload": file.upload,
        "file": file,
        "form": form,
        "columns_form": forms.ColumnsForm(sheets=sheets),
        "may_change": may_change and file.upload.state in uploads.CORRECTABLE,
    }
    context["sheets"] = selectors.sheet_lines(sheets, context["columns_form"])
    context["is_unworked"] = any(column.get("unworked") for sheet in sheets for column in sheet["columns"])
    context["others"], context["others_number"] = others.lines_of(file)
    return render(request, "customers/ledgers/upload_file.html", context)


def _done(request: HttpRequest, deed, file: UploadFile) -> HttpResponse:
    try:
        deed()
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    else:
        messages.success(request, _("Kept. The preview is made with it."))
    return redirect("customers:ledger-upload", file.upload_id)


def _step(request: HttpRequest, pk: int, deed, *, may=lambda staff: True) -> HttpResponse:
    """Do one step of an upload and show where it stands then."""
    found = own_upload(request, pk)
    allow(policies.may_change_upload(request.user, found) and may(request.user))
    try:
        deed(staff=request.user, upload=found)
    except DomainError as refusal:
        messages.error(request, explained(refusal))
    return redirect("customers:ledger-upload", pk)


@require_POST
@takes()
def check_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the preview made."""
    return _step(request, pk, uploads.order_check)


@require_POST
@takes()
def take_in_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in what the preview shows."""
    return _step(request, pk, uploads.order_write)


@require_POST
@takes()
def discard_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an upload up."""
    return _step(request, pk, uploads.discard)


@require_POST
@takes()
def open_branches(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the branches that the list in the zip names."""

    def deed(**given) -> None:
        new = places.open_branches(**given)
        messages.success(
            request, ngettext("%(n)s branch opened.", "%(n)s branches opened.", new) % {"n": new}
        )

    return _step(request, pk, deed, may=policies.may_open_named_branches)


@require_POST
@takes()
def load_areas(request: HttpRequest, pk: int) -> HttpResponse:
    """Load the list of villages in the zip."""

    def deed(**given) -> None:
        loaded = places.load_areas(**given)
        words = _("%(new)s areas are new, %(renamed)s got another name.")
        messages.success(request, words % {"new": loaded.created, "renamed": loaded.renamed})

    return _step(request, pk, deed, may=policies.may_open_named_branches)


@require_POST
def place_files(request: HttpRequest, pk: int) -> HttpResponse:
    """Say for several files at once which branch they come from."""
    found = own_upload(request, pk)
    allow(policies.may_change_upload(request.user, found))
    form = forms.ManyFilesForm(request.POST, staff=request.user, upload=found)
    if not form.is_valid():
        messages.error(request, _("Tick the files and choose their branch."))
        return redirect("customers:ledger-upload", pk)
    given = {"files": form.cleaned_data["files"], "branch": form.cleaned_data["several_branch"]}
    return _step(request, pk, lambda **more: places.place_files(**more, **given))


@require_GET
def upload_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; when the step has ended the page is asked to load anew."""
    found = own_upload(request, pk)
    context = selectors.upload_progress(found)
    context["progress_url"] = (
        reverse("customers:ledger-upload-progress", args=[pk]) if context["is_at_work"] else ""
    )
    response = render(request, "customers/ledgers/_progress.html", context)
    if not context["is_at_work"]:
        response.headers["HX-Refresh"] = "true"
    return response
