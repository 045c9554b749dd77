"""Deeds around lists: order one, agree to it, write it, fetch it, let it end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import proposals
from branches.exports import policies
from branches.exports.kinds import CONTACT, KINDS, LARGEST, USES, kind_of
from branches.models import Export, Proposal, StaffMember
from coopcrm.shared import audit, files, lists
from coopcrm.shared.errors import PermissionRefused, Refused, require
from coopcrm.shared.lists import Value
from coopcrm.shared.models import Deed, FileKind, StoredFile
from coopcrm.shared.work import NewOrder, Work, handles, order_work

WORK = PROPOSAL = "export"
ALONE_ROWS = 500
"""A list with more rows needs a second person; so does one that brings a person's lists of a week above it."""
DAYS_KEPT = timedelta(days=7)
WRITERS = {FileKind.CSV: lists.as_csv, FileKind.XLSX: lists.as_xlsx}
TOO_LONG = gettext_lazy("The list has more than %(most)s rows. Narrow it first.")


@transaction.atomic
def order_export(
    kind: str,
    *,
    staff: StaffMember,
    format: str,  # noqa: A002 - the form's word
    purpose: str,
    given: Mapping[str, str],
    with_numbers: bool = False,
    use: str = "",
) -> Export:
    """Order a list; it is written at once, or when a second person has agreed.

    ``given`` is what the form said about the rows, ``use`` what becomes of a list of people. Raises
    ``PermissionRefused``, and ``Refused`` with the codes ``purpose_missing``, ``use_missing``, ``list_too_long`` and
    those of the kind.
    """
    found = kind_of(kind)
    params = found.clean(staff, given)
    if found.asks_use:
        require(use in USES, _("Say what will be done with the list."), code="use_missing")
        params = {**params, "use": use}
    require(found.may_order(staff, params), _("Your post does not take this list out."))
    require(not with_numbers or found.may_take_numbers(staff), _("Your post takes no full numbers out."))
    purpose = " ".join(purpose.split())[:200]
    require(purpose, _("Say what the list is for."), code="purpose_missing")
    count = found.count(staff, params, LARGEST)
    if count > LARGEST:
        raise Refused(TOO_LONG % {"most": LARGEST}, code="list_too_long")
    taken = _rows_taken_alone(kind, staff)
    export = Export.objects.create(
        kind=kind,
        format=format,
        purpose=purpose,
        params=params,
        with_numbers=with_numbers,
        ordered_by=staff,
        branch_id=None if staff.scope.sees_union else min(staff.scope.branch_ids, default=None),
        rows_expected=count,
        needs_approval=with_numbers or taken + count > ALONE_ROWS,
    )
    if export.needs_approval:
        _ask_second_person(export)
    else:
        _order_file(export)
    return export


def _rows_taken_alone(kind: str, staff: StaffMember) -> int:
    """Rows of this kind that a person has ordered alone of late: many short lists are a long one.

    Two orders of a person are counted one after the other.
    """
    StaffMember.objects.select_for_update(no_key=True).get(pk=staff.pk)
    alone = Export.objects.filter(
        ordered_by=staff, kind=kind, needs_approval=False, ordered_at__gt=timezone.now() - DAYS_KEPT
    )
    return alone.aggregate(rows=Sum("rows_expected"))["rows"] or 0


def _ask_second_person(export: Export) -> None:
    change = {
        "rows_expected": export.rows_expected,
        "format": export.format,
        "with_numbers": export.with_numbers,
    }
    proposals.propose(
        PROPOSAL,
        by=export.ordered_by,
        subject=export,
        change=change,
        reason=export.purpose,
        branch=export.branch,
    )


def _order_file(export: Export) -> None:
    order = NewOrder(kind=WORK, payload={"export": export.pk})
    title = KINDS[export.kind].title
    export.job = order_work(kind=WORK, title=title, orders=[order], started_by=export.ordered_by)
    export.save(update_fields=["job"])


def _agree(proposal: Proposal, by: StaffMember) -> None:
    """Let the list be written: another person has agreed."""
    export = Export.objects.select_for_update(of=["self"]).get(pk=proposal.subject_id)
    export.approved_by, export.approved_at = by, timezone.now()
    export.save(update_fields=["approved_by", "approved_at"])
    _order_file(export)


def title_of(export: Export) -> str:
    """What a list holds, in words: of people who are to be contacted, that all agree to it."""
    title = translation.gettext(KINDS[export.kind].title) if export.kind in KINDS else export.kind
    if export.params.get("use") == CONTACT:
        title = _("%(title)s, only those who agree to offers and messages") % {"title": title}
    return title


def _in_words(staff: StaffMember, proposal: Proposal) -> str:
    export = proposals.subject_of(proposal)
    words = {"number": export.pk, "title": title_of(export)}
    return _("List no. %(number)s: %(title)s") % words


proposals.kind(
    PROPOSAL,
    title=gettext_lazy("Take a list out"),
    may_propose=policies.may_ask_for_list,
    may_confirm=policies.may_agree_to_list,
    apply=_agree,
    describe=_in_words,
    confirmers=policies.CONFIRMERS,
    days=3,
)


# -- Writing -----------------------------------------------------------------------------------------------------------


@handles(WORK)
def write_export(work: Work) -> dict:
    """Write the file within the rights that whoever ordered it has now, and put it on record."""
    export = Export.objects.select_related("ordered_by").get(pk=work.payload["export"])
    staff, found = export.ordered_by, kind_of(export.kind)
    _require_right(export, staff)
    with translation.override(staff.language):
        table = found.table(staff, export.params, export.with_numbers)
        rows = _Counted(table.rows, LARGEST if export.needs_approval else ALONE_ROWS)
        mark = lists.Mark(
            number=export.pk,
            title=title_of(export),
            taken_by=f"{staff} ({staff.username})",
            taken_at=timezone.now(),
            purpose=export.purpose,
        )
        content = WRITERS[export.format](mark, table.columns, rows)
        export.file = files.store_pieces(content, owner=staff.pk, kind=export.format, purpose="export")
    export.rows, export.written_at = rows.count, mark.taken_at
    export.expires_at = mark.taken_at + DAYS_KEPT
    export.save(update_fields=["file", "rows", "written_at", "expires_at"])
    _record(export, "written")
    return {"rows": rows.count}


class _Counted:
    """Rows on their way into a file; more than were ordered end it."""

    def __init__(self, rows: Iterator[Sequence[Value]], most: int) -> None:
        self.rows, self.most, self.count = rows, most, 0

    def __iter__(self) -> Iterator[Sequence[Value]]:
        for row in self.rows:
            self.count += 1
            if self.count > self.most:
                raise Refused(TOO_LONG % {"most": self.most}, code="list_too_long")
            yield row


def _require_right(export: Export, staff: StaffMember) -> None:
    found = kind_of(export.kind)
    may = found.may_order(staff, export.params) and (not export.with_numbers or found.may_take_numbers(staff))
    require(may, _("Whoever ordered the list may no longer take it out."))


def _record(export: Export, step: str) -> None:
    detail = {
        "step": step,
        "kind": export.kind,
        "format": export.format,
        "rows": export.rows,
        "with_numbers": export.with_numbers,
        "approved_by": export.approved_by_id,
        "downloads": export.downloads,
    }
    audit.record(Deed.EXPORT, subject=export, purpose=export.purpose, detail=detail)


# -- Fetching and ending -----------------------------------------------------------------------------------------------


@transaction.atomic
def fetch_export(export: Export, *, staff: StaffMember) -> StoredFile:
    """Count and record that the taker fetches the file; refuses others, and everybody after its end."""
    export = Export.objects.select_for_update(of=["self"]).select_related("file").get(pk=export.pk)
    if export.ordered_by_id != staff.pk:
        raise PermissionRefused(_("A list is fetched by whoever ordered it."))
    _require_right(export, staff)
    require(export.is_there, _("The file is no longer there. Order the list again."), code="export_gone")
    Export.objects.filter(pk=export.pk).update(downloads=F("downloads") + 1, last_download_at=timezone.now())
    export.downloads += 1
    _record(export, "fetched")
    return export.file


def file_name(export: Export) -> str:
    """The name under which a browser keeps the file."""
    return f"{kind_of(export.kind).file_name}-{export.pk}.{export.format}"


@transaction.atomic
def end_exports() -> int:
    """Remove the files of lists whose time is over; returns how many. Safe to repeat."""
    late = Export.objects.filter(file__removed_at=None, expires_at__lte=timezone.now()).select_related("file")
    return files.remove([export.file for export in late])
