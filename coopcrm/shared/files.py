"""Files at rest: sealed with the key of the fields, bound to their row, counted against a person's quota.

A file is written before its row commits and unlinked after the row says so; what a killed process leaves without a
row is found by ``sweep``.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from coopcrm.shared import crypto
from coopcrm.shared.errors import Refused
from coopcrm.shared.fields import draw_ids
from coopcrm.shared.models import FileKind, StoredFile
from coopcrm.shared.work import NewOrder, Work, handles

log = logging.getLogger("coopcrm.files")

MEDIA_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.JPEG: "image/jpeg",
}
RENEW = "keys.renew_files"
FILES_PER_RANGE = 200
CLOSED = gettext_noop("The file does not open: it was changed, or its key is missing.")
QUOTA_LOCK = 4_115_220_002
ORPHAN_SECONDS = 3600


def folder() -> Path:
    """Where sealed files lie; no web server shows it."""
    return Path(settings.MEDIA_ROOT) / "files"


def path_of(stored: StoredFile) -> Path:
    return folder() / stored.name[:2] / stored.name


@transaction.atomic
def store(
    content: bytes, *, owner: int, kind: str, purpose: str, counts_to_quota: bool = True, **noted
) -> StoredFile:
    """Seal ``content`` on disk and return its row; refuses what the owner's quota does not hold.

    ``noted`` are ``taken_at``, ``latitude`` and ``longitude`` of a photo.
    """
    if counts_to_quota:
        _require_room(owner, len(content))
    stored = StoredFile(
        pk=draw_ids(StoredFile, 1)[0],
        owner=owner,
        kind=kind,
        purpose=purpose,
        name=secrets.token_hex(20),
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        key_id=crypto.writing_id(),
        **noted,
    )
    _write(path_of(stored), crypto.seal_bytes(content, **_bound_to(stored)))
    stored.save(force_insert=True)
    return stored


@transaction.atomic
def store_pieces(pieces: Iterable[bytes], *, owner: int, kind: str, purpose: str) -> StoredFile:
    """Seal a content on disk while it is being made, so that a long list never stands in memory; outside quotas."""
    stored = StoredFile(
        pk=draw_ids(StoredFile, 1)[0],
        owner=owner,
        kind=kind,
        purpose=purpose,
        name=secrets.token_hex(20),
        key_id=crypto.writing_id(),
    )
    digest, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece

    _write(path_of(stored), crypto.seal_pieces(counted(), **_bound_to(stored)))
    stored.size, stored.sha256 = size, digest.digest()
    stored.save(force_insert=True)
    return stored


def _bound_to(stored: StoredFile) -> dict:
    return {"table": StoredFile._meta.db_table, "column": "content", "row": stored.pk}


def _write(path: Path, sealed: bytes | Iterable[bytes]) -> None:
    """Write so that the file is whole or absent, readable by this account alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            file.writelines([sealed] if isinstance(sealed, bytes) else sealed)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _require_room(owner: int, size: int) -> None:
    """One upload of a person at a time is counted, so that two together do not pass the quota."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [QUOTA_LOCK % 2**31, owner % 2**31])
    live = StoredFile.objects.filter(owner=owner, removed_at=None)
    used = live.aggregate(used=Sum("size"))["used"] or 0
    if used + size > settings.UPLOAD_QUOTA_BYTES:
        text = _(
            "Your files take more than %(megabytes)s MB together. Ask the administrator to clear old ones."
        )
        raise Refused(text % {"megabytes": settings.UPLOAD_QUOTA_BYTES // 1024**2}, code="quota_full")


def content_of(stored: StoredFile) -> bytes:
    """The file as it was stored; raises ``CannotOpen`` for one that was changed or exchanged on disk."""
    try:
        sealed = path_of(stored).read_bytes()
    except FileNotFoundError:
        raise crypto.CannotOpen(f"The file of row {stored.pk} is missing.") from None
    if sealed[:1] == bytes([crypto.IN_PIECES]):
        return b"".join(crypto.unseal_pieces(sealed, **_bound_to(stored)))
    return crypto.unseal_bytes(sealed, **_bound_to(stored))


# -- Renewing keys -----------------------------------------------------------------------------------------------------


def count_by_key() -> dict[int, int]:
    """How many files stand under which key id."""
    live = StoredFile.objects.filter(removed_at=None)
    return dict(live.values_list("key_id").annotate(n=Count("pk")).order_by("key_id"))


def renewal_orders() -> Iterator[NewOrder]:
    """Orders that move every file to the newest key."""
    ids = list(StoredFile.objects.filter(removed_at=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), FILES_PER_RANGE):
        part = ids[start : start + FILES_PER_RANGE]
        yield NewOrder(kind=RENEW, key=f"files:{part[0]}", payload={"first": part[0], "last": part[-1]})


@handles(RENEW)
def renew_files(work: Work) -> dict[str, int]:
    """Seal the files of a range under the newest key; one that does not open is named and left as it is."""
    left = renewed = 0
    given = work.payload
    rows = StoredFile.objects.select_for_update().filter(
        pk__range=(given["first"], given["last"]), removed_at=None
    )
    for stored in rows.exclude(key_id=crypto.writing_id()).order_by("pk"):
        try:
            content = content_of(stored)
        except crypto.CannotOpen:
            work.note_error(f"{StoredFile._meta.db_table} {stored.pk}", CLOSED)
            left += 1
            continue
        stored.key_id = crypto.writing_id()
        _write(path_of(stored), crypto.seal_bytes(content, **_bound_to(stored)))
        stored.save(update_fields=["key_id"])
        renewed += 1
    return {"renewed": renewed, "left_as_they_were": left}


# -- Reading and removing ----------------------------------------------------------------------------------------------


def answer(stored: StoredFile, *, name: str) -> HttpResponse:
    """The file for a browser: always to be kept, never to be run or guessed at. The caller has asked for rights."""
    response = HttpResponse(content_of(stored), content_type=MEDIA_TYPES[stored.kind])
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@transaction.atomic
def remove(files: Iterable[StoredFile]) -> int:
    """Take files away: the rows stay and say when."""
    gone = list(files)
    StoredFile.objects.filter(pk__in=[stored.pk for stored in gone]).update(removed_at=timezone.now())
    transaction.on_commit(lambda: [path_of(stored).unlink(missing_ok=True) for stored in gone])
    return len(gone)


def sweep() -> int:
    """Unlink files that no row knows or whose row says they are gone; returns how many."""
    old = time.time() - ORPHAN_SECONDS
    lying = {path.name: path for path in folder().glob("??/*") if path.stat().st_mtime < old}
    known = set(StoredFile.objects.filter(name__in=lying, removed_at=None).values_list("name", flat=True))
    orphans = [path for name, path in lying.items() if name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    if orphans:
        log.info("swept", extra={"files": len(orphans)})
    return len(orphans)
