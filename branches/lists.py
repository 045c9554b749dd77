"""Lists that come in as files: read, checked row by row, shown, and taken in exactly as shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches import policies
from branches.choices import ListState
from branches.models import ListImport, StaffMember
from branches.resources import RESOURCES, ListResource
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.lists import is_mark
from coopcrm.shared.uploads import sheets
from coopcrm.shared.work import NewOrder, Work, handles, order_work

MOST_ROWS = 5_000
AT_ONCE = 300
"""Lists up to this length are checked and taken in while the person waits; longer ones become a job."""
HEADER_WITHIN = 10
CHECK, TAKE_IN = "branches.check_list", "branches.take_in_list"

NEW, CHANGED, UNCHANGED, ERROR = "new", "changed", "unchanged", "error"
OUTCOMES = {"new": NEW, "update": CHANGED, "skip": UNCHANGED}


class ListChanged(Refused):
    """What the preview showed is no longer what would happen."""


# -- Reading -----------------------------------------------------------------------------------------------------------


def read_rows(content: bytes, resource: type[ListResource]) -> list[dict[str, Any]]:
    """The rows of the first sheet by the names of their columns, with ``row`` as a spreadsheet numbers it.

    Raises ``Refused`` when the file is no table, lacks a column or is too long.
    """
    known = resource.headings()
    names: list[str] | None = None
    rows: list[dict[str, Any]] = []
    for line in sheets.stream(content):
        if isinstance(line, sheets.SheetName):
            if names is not None:
                break
            continue
        if is_mark(line.cells[0]):  # a list that was taken out and comes back
            continue
        cells = [_as_text(cell) for cell in line.cells]
        if names is None:
            names = _header(cells, known, line.number, resource)
            continue
        values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        if any(values.values()):
            rows.append({"row": line.number, **values})
        if len(rows) > MOST_ROWS:
            message = _("The list has more than %(most)s rows; split it.")
            raise Refused(message % {"most": MOST_ROWS}, code="list_too_long")
    if names is None:
        raise _no_header(resource)
    if not rows:
        raise Refused(_("Below the headings stands no row."), code="list_empty")
    return rows


def _header(
    cells: list[str], known: dict[str, str], number: int, resource: type[ListResource]
) -> list[str] | None:
    names = [known.get(cell.strip().lower(), "") for cell in cells]
    wanted = {column.name for column in resource.columns if column.required}
    if wanted <= set(names):
        return names
    if number >= HEADER_WITHIN:
        raise _no_header(resource)
    return None


def _no_header(resource: type[ListResource]) -> Refused:
    labels = ", ".join(str(column.label) for column in resource.columns if column.required)
    message = _("No row of headings was found. The list needs the columns: %(labels)s.")
    return Refused(message % {"labels": labels}, code="list_columns")


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


# -- Deeds -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def offer_list(
    *, kind: str, content: bytes, file_name: str, as_of: date, by: StaffMember, language: str, today: date
) -> ListImport:
    """Keep a list's rows and check them: at once when it is short, else as a job."""
    require(policies.may_import(by), _("Lists are taken in by administrators."))
    rows = read_rows(content, RESOURCES[kind])
    offered = ListImport.objects.create(
        kind=kind, file_name=file_name[-120:], rows=rows, as_of=as_of, uploaded_by=by, language=language
    )
    if len(rows) <= AT_ONCE:
        return check_list(offered, today=today)
    _order(offered, CHECK, gettext_noop("Check the list %(name)s"), by)
    return offered


def check_list(offered: ListImport, *, today: date) -> ListImport:
    """Write the preview: what every row would do, without doing it."""
    preview, counts = _run(offered, today=today, dry_run=True)
    offered.preview, offered.counts, offered.digest = preview, counts, _digest(preview)
    offered.state = ListState.CHECKED
    offered.save(update_fields=["preview", "counts", "digest", "state"])
    return offered


@transaction.atomic
def confirm_list(*, offered: ListImport, by: StaffMember, today: date) -> ListImport:
    """Take in a list as its preview showed it: at once when it is short, else as a job.

    Refused while a row has an error, and when something has changed since the preview.
    """
    require(policies.may_import(by), _("Lists are taken in by administrators."))
    offered = ListImport.objects.select_for_update(of=["self"]).get(pk=offered.pk)
    if offered.state in (ListState.DONE, ListState.TAKING_IN):
        return offered
    if offered.state != ListState.CHECKED or offered.counts.get(ERROR):
        raise Refused(
            _("Rows with errors are corrected in the file first; nothing is taken in."), code="list_errors"
        )
    if len(offered.rows) <= AT_ONCE:
        return take_in_list(offered, today=today)
    offered.state = ListState.TAKING_IN
    offered.save(update_fields=["state"])
    _order(offered, TAKE_IN, gettext_noop("Take in the list %(name)s"), by)
    return offered


def take_in_list(offered: ListImport, *, today: date) -> ListImport:
    """Do what the preview showed, all of it or nothing. Raises ``ListChanged``."""
    with transaction.atomic():
        preview, counts = _run(offered, today=today, dry_run=False)
        if counts.get(ERROR) or _digest(preview) != offered.digest:
            message = _(
                "Something has changed since the preview; nothing was taken in. Upload the file again."
            )
            raise ListChanged(message, code="list_changed")
    offered.state, offered.taken_in_at, offered.rows = ListState.DONE, timezone.now(), []
    offered.save(update_fields=["state", "taken_in_at", "rows"])
    return offered


def _order(offered: ListImport, kind: str, title: str, by: StaffMember) -> None:
    job = order_work(
        kind=kind,
        title=title,
        title_params={"name": offered.file_name},
        orders=[NewOrder(kind=kind, key=str(offered.pk), payload={"list": offered.pk})],
        key=str(offered.pk),
        started_by=by,
    )
    offered.job = job.pk
    offered.save(update_fields=["job"])


@handles(CHECK)
def _check_order(work: Work) -> dict:
    offered = ListImport.objects.select_for_update(of=["self"]).get(pk=work.payload["list"])
    if offered.state == ListState.CHECKING:
        check_list(offered, today=timezone.localdate())
    return offered.counts


@handles(TAKE_IN)
def _take_in_order(work: Work) -> dict:
    offered = ListImport.objects.select_for_update(of=["self"]).get(pk=work.payload["list"])
    if offered.state != ListState.TAKING_IN:
        return offered.counts
    try:
        take_in_list(offered, today=timezone.localdate())
    except ListChanged as refusal:
        offered.state, offered.refusal = ListState.REFUSED, str(refusal)[:300]
        offered.save(update_fields=["state", "refusal"])
        work.note_error(offered.file_name, "Something has changed since the preview; nothing was taken in.")
    return offered.counts


# -- Rows --------------------------------------------------------------------------------------------------------------


def _run(offered: ListImport, *, today: date, dry_run: bool) -> tuple[list[dict], dict[str, int]]:
    """Let the resource take the rows, and put every result into words of the person who uploaded them."""
    with translation.override(offered.language):
        resource = RESOURCES[offered.kind](by=offered.uploaded_by, as_of=offered.as_of, today=today)
        names = [column.name for column in resource.columns]
        present = [name for name in names if any(name in row for row in offered.rows)]
        dataset = tablib.Dataset(headers=present)
        for row in offered.rows:
            dataset.append([row.get(name, "") for name in present])
        result = resource.import_data(dataset, dry_run=dry_run, use_transactions=True)
        preview = [
            _line(resource, row["row"], values, found)
            for row, values, found in zip(offered.rows, dataset.dict, result.rows, strict=True)
        ]
        preview += [{"row": 0, "outcome": ERROR, "errors": _sentences([e.error])} for e in result.base_errors]
    counts = dict.fromkeys((NEW, CHANGED, UNCHANGED, ERROR), 0)
    for line in preview:
        counts[line["outcome"]] += 1
    return preview, counts


def _line(resource: ListResource, number: int, values: dict[str, str], found) -> dict[str, Any]:
    asks = getattr(found, "asks_for", "")
    errors = _sentences([error.error for error in found.errors])
    if found.validation_error is not None:
        errors += _sentences([found.validation_error])
    outcome = ERROR if errors else OUTCOMES.get(found.import_type, ERROR)
    if outcome == UNCHANGED and asks:
        outcome = CHANGED
    title = " · ".join(str(values.get(column.name) or "") for column in resource.columns[:2])
    line = {"row": number, "outcome": outcome, "title": title, "errors": errors, "asks": asks}
    if outcome == CHANGED and found.original is not None:
        line["changes"] = _changes(resource, found.original, found.instance)
    return line


def _changes(resource: ListResource, before, after) -> list[list[str]]:
    pairs = zip(resource.shown(before), resource.shown(after), strict=True)
    return [[label, old, new] for (label, old), (_label, new) in pairs if old != new]


def _sentences(errors: Iterable[Exception]) -> list[str]:
    found = []
    for error in errors:
        if isinstance(error, ValidationError):
            found += [str(message) for message in error.messages]
        else:
            found.append(_("This row could not be understood."))
    return found


def _digest(preview: list[dict]) -> str:
    shown = [(line["row"], line["outcome"], line.get("changes"), line.get("asks")) for line in preview]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()
