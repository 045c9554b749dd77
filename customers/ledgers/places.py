"""Branches and villages that come with the ledgers: from the lists in a zip, or set for many files at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember, Unit
from coopcrm.shared.errors import Refused, require
from customers import policies
from customers.choices import PartKind
from customers.ledgers import areas, parts, uploads
from customers.ledgers.importing import open_named
from customers.models import LedgerUpload, UploadFile


def missing_branches(files: Sequence[UploadFile]) -> dict[str, str]:
    """Code and name of the branches that a manifest names and the registry does not have."""
    said = {file.said_code: file.said_name for file in files if file.said_code and file.said_name}
    known = set(Unit.objects.filter(code__in=said).values_list("code", flat=True)) if said else set()
    return {code: name for code, name in said.items() if code not in known}


def brings_areas(upload: LedgerUpload) -> bool:
    """Whether a list of villages came along that is not loaded yet."""
    return parts.held(upload, PartKind.AREAS, None).exists()


@transaction.atomic
def open_branches(*, staff: StaffMember, upload: LedgerUpload) -> int:
    """Open the branches that the manifest names, and let its files belong to them; returns how many are new."""
    upload = uploads.to_correct(staff, upload.pk)
    require(policies.may_open_named_branches(staff), _("Head office opens the branches that a list names."))
    files = list(upload.files.filter(branch=None))
    missing = missing_branches(files)
    units = open_named(missing)
    for file in files:
        if unit := units.get(file.said_code):
            _place(file, unit)
    uploads.back_to_mapping(upload)
    return len(missing)


@transaction.atomic
def load_areas(*, staff: StaffMember, upload: LedgerUpload) -> areas.AreasLoaded:
    """Load the list of villages that came along, since the reading of places depends on it."""
    upload = uploads.to_correct(staff, upload.pk)
    require(policies.may_open_named_branches(staff), _("Head office loads lists of villages."))
    if not brings_areas(upload):
        return areas.AreasLoaded()
    loaded = areas.load_areas(parts.kept(upload=upload, kind=PartKind.AREAS))
    parts.held(upload, PartKind.AREAS, None).delete()
    uploads.back_to_mapping(upload)
    return loaded


@transaction.atomic
def place_files(
    *, staff: StaffMember, upload: LedgerUpload, files: Sequence[UploadFile], branch: Unit
) -> int:
    """Let several files belong to one branch; returns how many."""
    upload = uploads.to_correct(staff, upload.pk)
    require(policies.may_import_at(staff, branch.pk), _("This branch is not yours."))
    chosen = list(upload.files.filter(pk__in=[file.pk for file in files]))
    if not chosen:
        raise Refused(_("Tick the files first."), code="upload_no_file")
    for file in chosen:
        _place(file, branch)
    uploads.back_to_mapping(upload)
    return len(chosen)


def _place(file: UploadFile, branch: Unit) -> None:
    file.branch = branch
    uploads.recognise_again(file)
    file.save(update_fields=["branch", "recognised"])
