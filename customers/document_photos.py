"""Photos of identity documents: taken in, and looked at with a purpose that is on record."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared import audit, files
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Deed, FileKind, StoredFile
from coopcrm.shared.uploads import photos as uploaded
from customers import policies
from customers.choices import PhotoSide, ReadingPurpose
from customers.models import DocumentPhoto, IdentityDocument

PURPOSE = "document_photo"


@transaction.atomic
def add_document_photo(
    *, staff: StaffMember, document: IdentityDocument, content: bytes, side: str = PhotoSide.FRONT
) -> DocumentPhoto:
    """Take in a photo of a document: written anew, with the camera's time and position beside it.

    Raises ``PermissionRefused``, ``Unreadable`` with the reason, and ``Refused`` when the quota is full.
    """
    may = policies.may_add_document_photo(staff, document.customer)
    require(may, _("Documents are photographed at the customer's own branch."))
    photo = uploaded.renewed(content)
    noted = {"taken_at": photo.taken_at, "latitude": photo.latitude, "longitude": photo.longitude}
    file = files.store(photo.content, owner=staff.pk, kind=FileKind.JPEG, purpose=PURPOSE, **noted)
    return DocumentPhoto.objects.create(document=document, file=file, side=side, added_by=staff)


@transaction.atomic
def read_document_photo(
    *, staff: StaffMember, document: IdentityDocument, purpose: str, side: str = ""
) -> StoredFile:
    """The newest photo of a document, of one ``side`` if given; the reading is on record before the picture leaves.

    Raises ``PermissionRefused``, and ``Refused`` with the codes ``purpose_missing`` and ``photo_missing``.
    """
    may = policies.may_read_document_photo(staff, document.customer)
    require(may, _("Your post does not look at photos of documents."))
    require(purpose in ReadingPurpose.values, _("Say what you need the photo for."), code="purpose_missing")
    photos = DocumentPhoto.objects.visible_to(staff).filter(document=document).select_related("file")
    photo = photos.filter(side=side).last() if side else photos.last()
    if photo is None or photo.file.removed_at is not None:
        raise Refused(_("There is no photo of this document."), code="photo_missing")
    detail = {"what": PURPOSE, "photo": photo.pk}
    audit.record(Deed.READING, subject=document, purpose=purpose, detail=detail)
    return photo.file
