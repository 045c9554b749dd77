"""Ledgers through the browser: brought in, looked at, corrected, checked, and taken in exactly as shown.

Each step is a job: reading (an order for each file), checking (the plan is made and kept sealed) and writing. An order
commits as a whole, so that a killed worker leaves an upload where it was and the next one does the same again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.choices import UnitKind
from branches.models import StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Job
from coopcrm.shared.uploads.archives import Packed, files_in
from coopcrm.shared.uploads.refusals import refusal_for
from coopcrm.shared.uploads.sheets import records
from coopcrm.shared.work import NewOrder, Work, cancel_job, handles, order_work
from customers import policies
from customers.choices import LedgerKind, PartKind, UploadState
from customers.ledgers import memory, others, parts, plans, recognising, staging
from customers.ledgers.areas import area_index
from customers.ledgers.corrections import corrected_in
from customers.ledgers.importing import context_for, take_lock
from customers.ledgers.manifests import AREAS, COLUMNS, MANIFEST
from customers.ledgers.progress import teller
from customers.ledgers.reading import FieldsFor, read_all
from customers.ledgers.sources import LedgerSource
from customers.ledgers.workbook import LedgerUnreadable, read_sheets
from customers.models import LedgerUpload, UploadFile, UploadPart

READ, FINISH, CHECK, WRITE = "ledgers.read", "ledgers.read_all", "ledgers.check", "ledgers.write"
LIFE = timedelta(days=7)
MOST_FILES = 200
OPEN_STATES = (
    UploadState.READING,
    UploadState.MAPPING,
    UploadState.CHECKING,
    UploadState.READY,
    UploadState.WRITING,
)
CORRECTABLE = (UploadState.MAPPING, UploadState.READY)
BESIDE = {MANIFEST, AREAS}
JUNK = ("__MACOSX/", ".")
CODE_LENGTH, NAME_LENGTH = (
    UploadFile._meta.get_field(name).max_length for name in ("said_code", "said_name")
)


# -- Bringing in -------------------------------------------------------------------------------------------------------


@transaction.atomic
def bring_in(
    *, staff: StaffMember, files: Iterable[tuple[str, bytes]], as_of: date, branch: Unit | None = None
) -> LedgerUpload:
    """Keep files, or what archives hold, sealed for a week and order that they are read."""
    require(policies.may_import_ledgers(staff), _("Your post does not bring ledgers in."))
    require(branch is None or policies.may_import_at(staff, branch.pk), _("This branch is not yours."))
    found = [
        packed for name, content in files for packed in files_in(name, content) if not _is_junk(packed.name)
    ]
    if not found:
        raise refusal_for("file_empty")
    if len(found) > MOST_FILES:
        raise refusal_for("too_many_files")
    upload = LedgerUpload.objects.create(uploaded_by=staff, as_of=as_of, expires_at=timezone.now() + LIFE)
    said = _manifest_among(found)
    branches = {unit.code: unit for unit in branches_for(staff)}
    ledgers = [packed for packed in found if PurePath(packed.name).name not in BESIDE]
    only = next(iter(branches.values())) if len(branches) == 1 else None
    rows = []
    for position, packed in enumerate(ledgers, start=1):
        line = None if said is None else said.get(PurePath(packed.name).name, {})
        named = branches.get(line.get("branch_code", "")) if line else None
        rows.append(_keep_file(upload, position, packed, line, named or (None if line else branch or only)))
    _keep_areas(upload, found)
    _order_reading(upload, rows)
    return upload


def _keep_areas(upload: LedgerUpload, found: Sequence[Packed]) -> None:
    """Keep the list of villages that lies beside the ledgers: head office may load it first."""
    areas = next((packed for packed in found if PurePath(packed.name).name == AREAS), None)
    if areas is not None:
        parts.keep(areas.content, upload=upload, kind=PartKind.AREAS)


def _is_junk(name: str) -> bool:
    return name.startswith(JUNK[0]) or PurePath(name).name.startswith(JUNK[1])


def _manifest_among(found: Sequence[Packed]) -> dict[str, dict[str, str]] | None:
    """What the manifest says by file name; None where none came along."""
    manifest = next((packed for packed in found if PurePath(packed.name).name == MANIFEST), None)
    if manifest is None:
        return None
    rows = records(manifest.content, COLUMNS, what=_("The manifest lacks the columns"))
    return {PurePath(row["file"].strip()).name: {name: row[name].strip() for name in COLUMNS} for row in rows}


def branches_for(staff: StaffMember) -> QuerySet[Unit]:
    """The branches whose ledgers a person may bring in."""
    rows = Unit.objects.filter(kind__in=[UnitKind.BRANCH, UnitKind.SUB_BRANCH]).order_by("code")
    return rows if staff.scope.holds(*policies.UNION_DESKS) else rows.filter(pk__in=staff.scope.branch_ids)


def branches_seen_by(staff: StaffMember) -> QuerySet[Unit]:
    """The branches whose ledgers a person may look at."""
    rows = Unit.objects.filter(kind__in=[UnitKind.BRANCH, UnitKind.SUB_BRANCH]).order_by("code")
    return rows if staff.scope.sees_union else rows.filter(pk__in=staff.scope.branch_ids)


def _keep_file(
    upload: LedgerUpload, position: int, packed: Packed, line: Mapping[str, str] | None, branch: Unit | None
) -> UploadFile:
    """Keep one file; ``line`` is what a manifest says about it, empty when it says nothing, None without a manifest."""
    kind = (line or {}).get("kind", "")
    is_named = line is None or bool(line)
    row = UploadFile(
        upload=upload,
        uploaded_by=upload.uploaded_by,
        position=position,
        name=packed.name[-200:],
        branch=branch,
        kind=kind if kind in LedgerKind.values else "",
        said_code=(line or {}).get("branch_code", "")[:CODE_LENGTH],
        said_name=(line or {}).get("branch_name", "")[:NAME_LENGTH],
        is_taken=is_named,
        reason="" if is_named else gettext_noop("The manifest does not name it."),
        digest=hashlib.sha256(packed.content).digest(),
    )
    row.draw_id()
    row.save(force_insert=True)
    parts.keep(packed.content, upload=upload, kind=PartKind.ORIGINAL, file=row)
    return row


def _order_reading(upload: LedgerUpload, files: Sequence[UploadFile]) -> None:
    orders = [NewOrder(READ, key=f"read:{file.pk}", payload={"file": file.pk}) for file in files]
    orders.append(NewOrder(FINISH, key="all", stage=1, payload={"upload": upload.pk}))
    _order(upload, READ, gettext_noop("Read uploaded ledgers"), orders)


def _order(upload: LedgerUpload, kind: str, title: str, orders: Sequence[NewOrder]) -> None:
    job = order_work(kind=kind, title=title, orders=orders, as_of=upload.as_of, started_by=upload.uploaded_by)
    upload.job_id = job.pk
    upload.save(update_fields=["job_id", "state", "refusal"])


# -- Reading -----------------------------------------------------------------------------------------------------------

WRONG_ENCODING = gettext_noop(
    "It cannot be read in the encoding that was chosen. Choose another one, or let it be found out."
)


@handles(READ)
def read_file(work: Work) -> dict[str, int]:
    """Parse one file, keep its rows, and say how its columns are understood."""
    file = UploadFile.objects.select_related("upload", "branch", "uploaded_by").get(pk=work.payload["file"])
    content = parts.kept(upload=file.upload, kind=PartKind.ORIGINAL, file=file)
    try:
        sheets = read_sheets(content, encoding=file.encoding)
    except LedgerUnreadable as refusal:
        file.is_taken, file.reason = False, WRONG_ENCODING if file.encoding else str(refusal)[:300]
        file.save(update_fields=["is_taken", "reason"])
        work.note_error(file.name, refusal.text, **refusal.params)
        return {"files": 1}
    found = corrected_in(file.uploaded_by, sheets)
    file.corrects, file.corrects_rows, sheets = found.file, found.rows, found.sheets
    if file.corrects:
        file.branch, file.kind = file.corrects.branch, file.corrects.kind
    parts.keep_sheets(sheets, file)
    file.found_encoding = next((sheet.encoding for sheet in sheets), "")
    file.row_count = sum(1 for sheet in sheets for row in sheet.rows if row.cells)
    file.kind = file.kind or recognising.kind_of(PurePath(file.name).name, sheets)
    if file.branch is None and not file.said_code:
        file.branch = _proposed_branch(file, sheets)
    if not recognising.is_a_ledger(sheets, file.kind) and file.is_taken:
        file.is_taken, file.reason = False, gettext_noop("No column of this file names people.")
    _recognise(file, sheets)
    file.save()
    return {"files": 1, "rows": file.row_count}


def _proposed_branch(file: UploadFile, sheets) -> Unit | None:
    branches = {unit.pk: unit for unit in branches_for(file.uploaded_by)}
    names = {pk: unit.name for pk, unit in branches.items()}
    return branches.get(recognising.branch_of(PurePath(file.name).stem, sheets, names))


def _recognise(file: UploadFile, sheets) -> None:
    said = recognising.recognised(sheets, file.kind, remembered=_memory_of(file), chosen=file.chosen)
    file.seal("recognised", json.dumps(said, ensure_ascii=False))


def recognise_again(file: UploadFile) -> None:
    """Understand the columns anew: another branch remembers other headers."""
    if file.row_count:
        _recognise(file, parts.kept_sheets(file))


def _memory_of(file: UploadFile) -> FieldsFor:
    return memory.remembered_fields(file.branch.code if file.branch else "", file.kind)


@handles(FINISH)
def finish_reading(work: Work) -> dict[str, int]:
    """All files are read: people look at the columns."""
    upload = LedgerUpload.objects.select_for_update().get(pk=work.payload["upload"])
    if upload.state == UploadState.READING:
        upload.state = UploadState.MAPPING
        upload.save(update_fields=["state"])
    return {}


def recognised_in(file: UploadFile) -> list[dict]:
    """How the sheets of a file are understood."""
    return json.loads(file.open("recognised") or "[]")


# -- Correcting --------------------------------------------------------------------------------------------------------


@transaction.atomic
def correct_file(
    *, staff: StaffMember, file: UploadFile, branch: Unit | None, kind: str, encoding: str, is_taken: bool
) -> UploadFile:
    """Say what a file is; another encoding has it read once more."""
    upload = to_correct(staff, file.upload_id)
    require(branch is None or policies.may_import_at(staff, branch.pk), _("This branch is not yours."))
    again = encoding != file.encoding
    file.branch, file.kind, file.encoding, file.is_taken = branch, kind, encoding, is_taken
    file.reason = "" if is_taken else file.reason
    if again:
        file.save()
        upload.state = UploadState.READING
        _order_reading(upload, [file])
        return file
    recognise_again(file)
    file.save()
    back_to_mapping(upload)
    return file


@transaction.atomic
def choose_fields(
    *, staff: StaffMember, file: UploadFile, fields: Mapping[str, Mapping[int, str]]
) -> UploadFile:
    """Say what the columns of a file hold; its branch remembers that for the next file with the same header."""
    upload = to_correct(staff, file.upload_id)
    for sheet in recognised_in(file):
        wanted = fields.get(sheet["name"], {})
        before = {column["index"]: column["field"] for column in sheet["columns"]}
        changed = {index: field for index, field in wanted.items() if before.get(index) != field}
        if not changed:
            continue
        chosen = file.chosen.setdefault(sheet["name"], {})
        chosen |= {str(index): field for index, field in changed.items()}
        if file.branch:
            whole = before | changed
            kept = [whole.get(index, "") for index in range(len(sheet["labels"]))]
            memory.remember(branch=file.branch, kind=file.kind, labels=sheet["labels"], fields=kept, by=staff)
    recognise_again(file)
    file.save()
    back_to_mapping(upload)
    return file


def to_correct(staff: StaffMember, upload_id: int) -> LedgerUpload:
    """The upload, locked, for whoever may correct it now."""
    upload = LedgerUpload.objects.select_for_update().get(pk=upload_id)
    require(policies.may_change_upload(staff, upload), _("Who brought the files in corrects them."))
    if upload.state not in CORRECTABLE:
        raise Refused(_("These files are at work or over; nothing can be changed now."), code="upload_state")
    return upload


def back_to_mapping(upload: LedgerUpload) -> None:
    """What was shown holds no longer: the preview is made again."""
    staging.forget_preview(upload)
    upload.state, upload.counts = UploadState.MAPPING, {}
    upload.expires_at = timezone.now() + LIFE
    upload.save(update_fields=["state", "counts", "expires_at"])


# -- Checking and taking in --------------------------------------------------------------------------------------------


@transaction.atomic
def order_check(*, staff: StaffMember, upload: LedgerUpload) -> LedgerUpload:
    """Have the preview made: what every row would become, without writing anything."""
    upload = to_correct(staff, upload.pk)
    taken = upload.files.filter(is_taken=True)
    if not taken.exists():
        raise Refused(_("No file is to be taken in; choose one at least."), code="upload_empty")
    if taken.filter(branch=None).exists():
        raise Refused(_("Say for every file which branch it comes from."), code="upload_without_branch")
    upload.state, upload.refusal = UploadState.CHECKING, ""
    _order(
        upload,
        CHECK,
        gettext_noop("Check uploaded ledgers"),
        [NewOrder(CHECK, payload={"upload": upload.pk})],
    )
    return upload


@handles(CHECK)
def check_upload(work: Work) -> dict[str, int]:
    """Make the plan, keep it, and stage a line for every row."""
    upload = LedgerUpload.objects.select_for_update().get(pk=work.payload["upload"])
    if upload.state != UploadState.CHECKING:
        return upload.counts
    plan = plan_of(upload, work)
    staging.keep_preview(upload, plan)
    upload.state, upload.counts = UploadState.READY, plan.counts
    upload.save(update_fields=["state", "counts"])
    return plan.counts


def plan_of(upload: LedgerUpload, work: Work | None = None) -> plans.Plan:
    """What the files of an upload would do to the registry as it is now."""
    areas, readings, units, tell = area_index(), [], {}, teller(upload.pk)
    total, done = upload.files.filter(is_taken=True).aggregate(n=Sum("row_count"))["n"] or 0, 0
    for file in upload.files.filter(is_taken=True).select_related("branch", "upload").order_by("position"):
        source = _source_of(file)
        units[source.branch_code] = file.branch
        context = context_for(source, areas, upload.as_of)
        try:
            sheets = read_all(parts.kept_sheets(file), context)
            others.keep(file, sheets)
            readings.append((source, sheets))
        except LedgerUnreadable as refusal:
            if work:
                work.note_error(file.name, refusal.text, **refusal.params)
        done += file.row_count
        tell("read", done, total)
    return plans.make_plan(plans.entries_of(readings, units), as_of=upload.as_of, progress=tell)


def _source_of(file: UploadFile) -> LedgerSource:
    return LedgerSource(
        name=PurePath(file.name).name,
        kind=file.kind,
        branch_code=file.branch.code,
        branch_name=file.branch.name,
        content=b"",
        digest=bytes(file.digest),
        fields_for=_fields_of(file),
        number=file.pk,
        corrects={int(row): earlier for row, earlier in file.corrects_rows.items()},
    )


def _fields_of(file: UploadFile) -> FieldsFor:
    remembered, chosen = _memory_of(file), file.chosen

    def fields_for(sheet: str, labels: tuple[str, ...]) -> Mapping[int, str] | None:
        here = {int(index): field for index, field in chosen.get(sheet, {}).items()}
        known = remembered(sheet, labels)
        return None if known is None and not here else {**(known or {}), **here}

    return fields_for


@transaction.atomic
def order_write(*, staff: StaffMember, upload: LedgerUpload) -> LedgerUpload:
    """Take in what the preview shows."""
    upload = LedgerUpload.objects.select_for_update().get(pk=upload.pk)
    require(policies.may_change_upload(staff, upload), _("Who brought the files in takes them in."))
    if upload.state in (UploadState.WRITING, UploadState.DONE):
        return upload
    if upload.state != UploadState.READY:
        raise Refused(_("There is no preview yet; have the files checked first."), code="upload_state")
    upload.state = UploadState.WRITING
    _order(upload, WRITE, gettext_noop("Take ledgers in"), [NewOrder(WRITE, payload={"upload": upload.pk})])
    return upload


@handles(WRITE)
def write_upload(work: Work) -> dict[str, int]:
    """Write the plan that was shown; when the registry has changed so that another one follows, show that instead."""
    upload = LedgerUpload.objects.select_for_update().get(pk=work.payload["upload"])
    if upload.state != UploadState.WRITING:
        return upload.counts
    take_lock()
    plan = staging.kept_plan(upload)
    if not staging.still_holds(plan, upload):
        shown, plan = staging.shape_shown(upload), plan_of(upload, work)
        if staging.shape_of(plan) != shown:
            staging.keep_preview(upload, plan)
            upload.state, upload.counts = UploadState.READY, plan.counts
            upload.refusal = gettext_noop("The registry has changed since the preview: look at it again.")
            upload.save(update_fields=["state", "counts", "refusal"])
            return plan.counts
    upload.run = plans.write_plan(plan, started_by=upload.uploaded_by, job_id=work.job.pk)
    upload.state, upload.counts = UploadState.DONE, plan.counts
    upload.save(update_fields=["run", "state", "counts"])
    _clear(upload, but=PartKind.OTHERS)
    return plan.counts


# -- Ending ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def discard(*, staff: StaffMember, upload: LedgerUpload) -> LedgerUpload:
    """Give up before anything is written; what was kept is gone."""
    upload = LedgerUpload.objects.select_for_update().get(pk=upload.pk)
    require(policies.may_change_upload(staff, upload), _("Who brought the files in gives them up."))
    if upload.state not in OPEN_STATES:
        return upload
    if upload.job_id and (job := Job.objects.filter(pk=upload.job_id).first()):
        cancel_job(job)
    upload.state = UploadState.DISCARDED
    upload.save(update_fields=["state"])
    _clear(upload)
    return upload


def _clear(upload: LedgerUpload, *, but: str = "") -> None:
    """Nothing that people typed stays behind; what was taken in lies in the rows of the ledger.

    Lines that are no rows can be read for the rest of the week.
    """
    upload.parts.exclude(kind=but).delete()
    upload.rows.all().delete()
    upload.files.update(recognised=b"")


@transaction.atomic
def forget_old(*, now: datetime) -> int:
    """Discard what nobody went on with for a week; returns how many."""
    over = LedgerUpload.objects.select_for_update().filter(expires_at__lte=now, state__in=OPEN_STATES)
    ended = list(over)
    for upload in ended:
        upload.state = UploadState.DISCARDED
        upload.save(update_fields=["state"])
        _clear(upload)
    UploadPart.objects.filter(upload__expires_at__lte=now, upload__state=UploadState.DONE).delete()
    return len(ended)
