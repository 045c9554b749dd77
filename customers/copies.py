"""A copy of everything the cooperative knows of a person: written by a worker, sealed at rest, handed over, expired.

The file holds one JSON document (``docs/privacy.md`` describes it); the page to print is drawn from it. It is sealed
like a number, opens for its own request alone, and is removed on the day after it expires.
"""

from __future__ import annotations

import json
import secrets
import time
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared import acting, audit, crypto
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Deed, Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers import erasure, personal, policies, retention, rights
from customers.choices import RequestState, RuleKey
from customers.models import RightsRequest

KIND = "customers.copy"
FORMAT, VERSION = "coopcrm.personal-copy", 1
LEAST_CHECK = 5
UNSETTLED_SECONDS = 3600


def folder() -> Path:
    """Where sealed copies lie until they expire."""
    return Path(settings.MEDIA_ROOT) / "copies"


@transaction.atomic
def order_copy(*, staff: StaffMember, request: RightsRequest, as_of: date) -> Job:
    """Order the copy that a person has asked for; the same request is the same job until it is made anew."""
    rows = RightsRequest.objects.select_for_update(of=["self"]).select_related("customer")
    request = rows.get(pk=request.pk)
    require(
        policies.may_answer_request(staff, request), _("Copies are made by whoever may answer the request.")
    )
    if request.kind not in rights.COPIES or not request.is_open:
        raise Refused(_("There is no copy to be made for this request."), code="no_copy")
    job = order_work(
        kind=KIND,
        title=gettext_noop("Copy of a person's data"),
        orders=[NewOrder(KIND, payload={"request": request.pk, "staff": staff.pk})],
        as_of=as_of,
        started_by=staff,
    )
    request.job_id, request.owner = job.pk, request.owner or staff
    request.save(update_fields=["job_id", "owner"])
    return job


@handles(KIND)
def write_copy(work: Work) -> dict:
    """Gather, seal and write the copy within the rights of who ordered it, as they are now."""
    staff = StaffMember.objects.get(pk=work.payload["staff"])
    rows = RightsRequest.objects.select_for_update(of=["self"]).select_related("customer__branch__parent")
    request = rows.get(pk=work.payload["request"])
    require(
        policies.may_answer_request(staff, request), _("The person who ordered the copy may no longer do so.")
    )
    with translation.override(staff.language), acting.on_all_branches():  # the copy is of everything by law
        document = document_of(request, as_of=work.as_of)
    _remove(request.file)
    request.file = f"{secrets.token_urlsafe(16)}.sealed"
    request.expires_on = work.as_of + timedelta(days=retention.figure(RuleKey.COPY_DAYS, on=work.as_of))
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder() / request.file
    path.write_bytes(_seal(request, document))
    path.chmod(0o600)
    request.save(update_fields=["file", "expires_on"])
    return {
        "tables": len(document["tables"]),
        "rows": sum(len(table["rows"]) for table in document["tables"]),
    }


def document_of(request: RightsRequest, *, as_of: date) -> dict:
    """The machine-readable copy."""
    gathered = [table for table in personal.gather(request.customer) if table.rows]
    return {
        "format": FORMAT,
        "version": VERSION,
        "request": request.pk,
        "customer": request.customer_id,
        "union": str(request.customer.branch.parent),
        "as_of": as_of.isoformat(),
        "made_at": timezone.localtime().isoformat(timespec="seconds"),
        "tables": [
            {"table": table.table, "label": table.label, "fields": table.labels, "rows": table.rows}
            for table in gathered
        ],
    }


def _seal(request: RightsRequest, document: dict) -> bytes:
    text = json.dumps(document, ensure_ascii=False)
    return crypto.seal(text, table=request._meta.db_table, column="file", row=request.pk)


def read_copy(*, staff: StaffMember, request: RightsRequest, today: date, purpose: str) -> dict:
    """Open a copy that was handed over and has not expired; every opening is on record as an export."""
    require(
        policies.may_answer_request(staff, request), _("Copies are opened by whoever may answer the request.")
    )
    path = path_of(request, today=today)
    if request.handed_over_at is None or path is None:
        raise Refused(
            _("There is no copy to fetch: it was not handed over, or it has expired."), code="no_copy"
        )
    text = crypto.unseal(path.read_bytes(), table=request._meta.db_table, column="file", row=request.pk)
    audit.record(Deed.EXPORT, subject=request, purpose=purpose, detail={"request": request.pk})
    return json.loads(text)


def path_of(request: RightsRequest, *, today: date) -> Path | None:
    """The sealed file, while it may be fetched."""
    if not request.file or request.expires_on is None or today > request.expires_on:
        return None
    path = folder() / Path(request.file).name
    return path if path.is_file() else None


@transaction.atomic
def hand_over(
    *, staff: StaffMember, request: RightsRequest, identity_check: str, as_of: date
) -> RightsRequest:
    """Note how the person was recognised: the request is granted, and the copy can be printed and fetched."""
    rows = RightsRequest.objects.select_for_update(of=["self"]).select_related("customer")
    request = rows.get(pk=request.pk)
    require(policies.may_answer_request(staff, request), _("Copies are handed over by whoever may answer."))
    if not request.is_open or path_of(request, today=as_of) is None:
        raise Refused(_("There is no copy to hand over. Order it first."), code="no_copy")
    identity_check = identity_check.strip()
    if len(identity_check) < LEAST_CHECK:
        raise Refused(_("Say how you recognised the person: which document you saw."), code="check_missing")
    request.handed_over_at, request.identity_check = timezone.now(), identity_check
    request.save(update_fields=["handed_over_at", "identity_check"])
    return rights.close(
        request,
        staff=staff,
        state=RequestState.GRANTED,
        answer=_("Copy handed over on %(day)s.") % {"day": as_of.isoformat()},
        as_of=as_of,
    )


def printable(document: dict) -> list[dict]:
    """Tables with their rows as pairs of words and value; what is not known is left out."""
    return [
        {
            "label": table["label"],
            "rows": [
                [
                    (table["fields"].get(name, name), value)
                    for name, value in row.items()
                    if value not in (None, "", [], {}) and name not in ("id", "customer")
                ]
                for row in table["rows"]
            ],
        }
        for table in document["tables"]
    ]


# -- Expiry ------------------------------------------------------------------------------------------------------------


def _remove(name: str) -> None:
    if name:
        (folder() / Path(name).name).unlink(missing_ok=True)


@handles(erasure.KIND)
def remove_expired(work: Work) -> dict:
    """Remove copies whose day is over, and files that no request names."""
    expired = list(RightsRequest.objects.filter(expires_on__lt=work.as_of).exclude(file=""))
    for request in expired:
        _remove(request.file)
        request.file = ""
        request.save(update_fields=["file"])
    kept = set(RightsRequest.objects.exclude(file="").values_list("file", flat=True))
    settled = time.time() - UNSETTLED_SECONDS  # a younger file may belong to a copy that is not committed yet
    for path in folder().glob("*.sealed"):
        if path.name not in kept and path.stat().st_mtime < settled:
            path.unlink(missing_ok=True)
    return {"copies_removed": len(expired)}
