"""Lists as files: ordered on the page, written by a worker, fetched by whoever ordered them.

An export counts its rows, carries who ordered it and what for, and lies outside the folder that the web server shows.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from import_export.formats.base_formats import CSV, XLSX

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers import policies, selectors
from customers.resources import CustomerResource

KIND = "customers.export"
FORMATS = {"csv": CSV, "xlsx": XLSX}
LARGEST = 100_000
FILTERS = ("branch", "village")


@transaction.atomic
def order_export(*, staff: StaffMember, format: str, purpose: str, filters: dict) -> Job:  # noqa: A002 - the form's word
    """Order a list of the customers that the filters leave; returns the job that writes it."""
    require(
        policies.may_export_customers(staff), _("Lists leave the house through accountants and directors.")
    )
    purpose = purpose.strip()
    require(purpose, _("Say what the list is for."), code="purpose_missing")
    params = {"format": format, "purpose": purpose[:200], "filters": filters}
    order = NewOrder(kind=KIND, payload={"staff": staff.pk, "format": format, "filters": filters})
    return order_work(
        kind=KIND, title=gettext_noop("List of customers"), orders=[order], params=params, started_by=staff
    )


@handles(KIND)
def write_export(work: Work) -> dict:
    """Write the file within the rights of who ordered it, as they are now."""
    staff = StaffMember.objects.get(pk=work.payload["staff"])
    require(policies.may_export_customers(staff), _("The person who ordered the list may no longer do so."))
    rows = selectors.filtered_customers(staff, work.payload["filters"])
    rows = rows.select_related("branch", "village").order_by("pinyin", "pk")
    if rows.count() > LARGEST:
        text = _("The list has more than %(most)s rows. Narrow it by branch or village.")
        raise Refused(text % {"most": LARGEST}, code="list_too_long")
    data = CustomerResource().export(queryset=rows)
    kind = FORMATS[work.payload["format"]]()
    written = kind.export_data(data)
    name = f"{secrets.token_urlsafe(16)}.{kind.get_extension()}"
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder() / name
    path.write_bytes(written.encode("utf-8-sig") if isinstance(written, str) else written)
    path.chmod(0o600)
    return {"rows": len(data), "file": name}


def folder() -> Path:
    """Where exports lie until they are fetched."""
    return Path(settings.MEDIA_ROOT) / "exports"


def file_of(job: Job) -> Path | None:
    """The file a finished export wrote, or None."""
    name = Path(str(job.result.get("file", ""))).name
    path = folder() / name
    return path if name and path.is_file() else None


def exports_of(staff: StaffMember):
    """Exports that the person has ordered."""
    return Job.objects.filter(kind=KIND, started_by=staff.pk)
