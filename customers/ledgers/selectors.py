"""Reads of the ledgers' pages: files and rows that came in, uploads on their way, and their previews."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.models import StaffMember
from coopcrm.shared.models import Job
from coopcrm.shared.selectors import progress_of
from customers import policies
from customers.choices import ROW_STANDINGS, SETTLED, UploadState
from customers.ledgers import places, progress, uploads
from customers.ledgers.words import SHARED_WORDS, WITNESS_WORDS, field_in_words
from customers.models import LedgerFile, LedgerImport, LedgerRow, LedgerUpload, StagedRow, UploadFile
from customers.selectors import Page, page_by_id

STANDING = Case(When(settled_by__isnull=False, then=Value(SETTLED)), default=F("outcome"))


@dataclass(frozen=True)
class FileLine:
    """A ledger file and how many of its rows came to which outcome."""

    file: LedgerFile
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def ordered(self) -> list[tuple[str, str, int]]:
        """(code, label, count) in the order of outcomes; what was corrected since is no longer open."""
        return [(code, label, self.counts.get(code, 0)) for code, label in ROW_STANDINGS]


def file_lines(files: Iterable[LedgerFile]) -> list[FileLine]:
    """Counts of many files in one query."""
    files = list(files)
    counts: dict[int, dict[str, int]] = {}
    rows = (
        LedgerRow.objects.filter(file__in=files)
        .order_by()
        .values_list("file_id", STANDING)
        .annotate(n=Count("pk"))
    )
    for file_id, standing, number in rows:
        counts.setdefault(file_id, {})[standing] = number
    return [FileLine(file, counts.get(file.pk, {})) for file in files]


def ledger_files(staff: StaffMember, after: str = "") -> Page:
    """Files of the person's branches, latest first."""
    rows = LedgerFile.objects.visible_to(staff).select_related("run__started_by", "branch")
    return page_by_id(rows, after)


def runs_of(files: Iterable[LedgerFile]) -> list[tuple[LedgerImport, list[LedgerFile]]]:
    """Files grouped by the import they came with, in order."""
    groups: dict[int, tuple[LedgerImport, list[LedgerFile]]] = {}
    for file in files:
        groups.setdefault(file.run_id, (file.run, []))[1].append(file)
    return [(run, files[::-1]) for run, files in groups.values()]


def ledger_rows(
    staff: StaffMember, file: LedgerFile, *, outcome: str = "", dirt: str = "", after: str = ""
) -> Page:
    """Rows of a file in their order; ``dirt`` is a kind of error."""
    rows = LedgerRow.objects.visible_to(staff).filter(file=file).select_related("customer", "household")
    if outcome:
        rows = rows.with_standing(outcome)
    if dirt:
        rows = rows.filter(dirt__contains=[dirt])
    return page_by_id(rows.defer("raw"), after, newest_first=False, size=100)


def column_lines(file: LedgerFile) -> list[dict]:
    """How the columns of a file were understood: header as written, meaning, certainty in percent."""
    lines = []
    for entry in file.columns:
        confidence = entry.get("confidence")
        lines.append(
            {
                "sheet": entry.get("sheet", ""),
                "label": entry.get("label", ""),
                "field": field_in_words(entry.get("field", "")),
                "percent": None if confidence is None else round(float(confidence) * 100),
            }
        )
    return lines


# -- Uploads -----------------------------------------------------------------------------------------------------------

STEPS = (
    (gettext_lazy("Files"), (UploadState.READING,)),
    (gettext_lazy("Columns"), (UploadState.MAPPING,)),
    (gettext_lazy("Preview"), (UploadState.CHECKING, UploadState.READY)),
    (pgettext_lazy("files", "Taken in"), (UploadState.WRITING, UploadState.DONE)),
)
AT_WORK = (UploadState.READING, UploadState.CHECKING, UploadState.WRITING)


def open_uploads(staff: StaffMember) -> list[LedgerUpload]:
    """Uploads that are not over, latest first."""
    rows = LedgerUpload.objects.visible_to(staff).filter(state__in=uploads.OPEN_STATES)
    return list(rows.select_related("uploaded_by").annotate(file_count=Count("files")).order_by("-pk")[:20])


@dataclass(frozen=True)
class FileOfUpload:
    """A file of an upload, and what stands out in its columns."""

    file: UploadFile
    columns: int
    unsure: int
    suggestions: list[tuple[str, str]]
    taken_as: int | None = None

    @property
    def reason(self) -> str:
        """Why it is left out, in the language of the page."""
        return _(self.file.reason) if self.file.reason else ""


def _file_of_upload(file: UploadFile, taken_as: int | None) -> FileOfUpload:
    columns = [column for sheet in uploads.recognised_in(file) for column in sheet["columns"]]
    odd = [(column["label"], column["suggestion"]) for column in columns if column["suggestion"]]
    known = [column for column in columns if column["field"]]
    return FileOfUpload(file, len(known), sum(column["percent"] < UNSURE for column in known), odd, taken_as)


UNSURE = 60


def upload_page(staff: StaffMember, upload: LedgerUpload) -> dict[str, Any]:
    """What the page of an upload shows at its step."""
    taken = dict(LedgerFile.objects.visible_to(staff).filter(run=upload.run_id).values_list("name", "pk"))
    rows = upload.files.select_related("branch").order_by("position")
    files = [_file_of_upload(file, taken.get(file.name)) for file in rows]
    now = next((i for i, (_name, states) in enumerate(STEPS) if upload.state in states), len(STEPS))
    return {
        "upload": upload,
        "files": files,
        "takes_any": any(line.file.is_taken for line in files),
        "lines_read": sum(line.file.row_count for line in files if line.file.is_taken),
        "known_rows": upload.counts.get("rows", 0) - upload.counts.get("new_rows", 0),
        "steps": [(str(name), i < now, i == now) for i, (name, _states) in enumerate(STEPS)],
        **upload_progress(upload),
    }


def places_to_settle(
    staff: StaffMember, upload: LedgerUpload, files: Iterable[FileOfUpload]
) -> dict[str, Any]:
    """Branches and villages that the zip names and the registry does not have, and who may take them over."""
    return {
        "branches": places.missing_branches([line.file for line in files]),
        "areas": places.brings_areas(upload),
        "may_open": policies.may_open_named_branches(staff),
    }


def upload_progress(upload: LedgerUpload) -> dict[str, Any]:
    """How far the step at work is: orders of the job, and rows a second where the step tells."""
    job = Job.objects.filter(pk=upload.job_id).first() if upload.job_id else None
    is_at_work = upload.state in AT_WORK and job is not None and job.is_open
    said = progress.told(upload.pk) if is_at_work else None
    speed = round(said["done"] / max(time.time() - said["since"], 0.1)) if said and said["done"] else None
    return {
        "upload": upload,
        "job": job,
        "progress": progress_of(job) if is_at_work else None,
        "step": said and said | {"words": progress.words_of(said)},
        "speed": speed,
        "is_at_work": is_at_work,
        "has_stopped": upload.state in AT_WORK and job is not None and not job.is_open,
    }


@dataclass(frozen=True)
class SheetLines:
    """A sheet of an upload with a line for each of its columns."""

    name: str
    rows: int
    lines: list[dict] = field(default_factory=list)


def sheet_lines(sheets: list[dict], form) -> list[SheetLines]:
    """The columns of a file as its page shows them: word, examples, field to choose, certainty and reason."""
    found = []
    for number, sheet in enumerate(sheets):
        lines = [
            column
            | {
                "control": form[f"column_{number}_{column['index']}"],
                "words": field_in_words(column["field"]),
                "because": WITNESS_WORDS[column["witness"]],
                "is_unsure": bool(column["field"]) and column["percent"] < UNSURE,
            }
            for column in sheet["columns"]
        ]
        found.append(SheetLines(sheet["name"], sheet["rows"], lines))
    return found


@dataclass(frozen=True)
class StagedLine:
    """A row of the preview with what it says and what it shares with its person."""

    row: StagedRow
    name: str
    place: str
    shared: list[str]


def staged_lines(
    staff: StaffMember, upload: LedgerUpload, *, outcome: str, file: int | None, after: str
) -> Page:
    """Lines of the preview in their order."""
    rows: QuerySet = StagedRow.objects.visible_to(staff).filter(upload=upload).select_related("file")
    rows = rows.filter(outcome=outcome) if outcome else rows
    rows = rows.filter(file=file) if file else rows
    page = page_by_id(rows, after, newest_first=False, size=100)
    return Page([_staged_line(row) for row in page.rows], page.after)


def _staged_line(row: StagedRow) -> StagedLine:
    said = json.loads(row.open("cells"))
    shared = [str(SHARED_WORDS[code]) for code in row.joined_by]
    return StagedLine(row, said["name"], said["place"], shared)


def staged_counts(upload: LedgerUpload) -> Counter:
    """How many lines came to which outcome."""
    rows = upload.rows.order_by().values_list("outcome").annotate(n=Count("pk"))
    return Counter(dict(rows))
