"""An import as a job people can watch: the same road as the command, walked by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers.ledgers.importing import import_ledgers
from customers.ledgers.manifests import load_areas_beside, sources_in

KIND = "customers.ledgers"


def order_import(paths: Sequence[Path], *, as_of: date, started_by: StaffMember | None = None) -> Job:
    """Order the import of manifests that lie where the worker can read them; returns the job."""
    order = NewOrder(kind=KIND, payload={"paths": [str(path) for path in paths]})
    title = gettext_noop("Import of branch ledgers")
    return order_work(kind=KIND, title=title, orders=[order], as_of=as_of, started_by=started_by)


@handles(KIND)
def do_import(work: Work) -> dict:
    """Import, count what became of the rows, and note the files that could not be read."""
    paths = [Path(path) for path in work.payload["paths"]]
    load_areas_beside(paths)
    staff = StaffMember.objects.filter(pk=work.job.started_by).first() if work.job.started_by else None
    result = import_ledgers(sources_in(paths), as_of=work.as_of, started_by=staff, job_id=work.job.pk)
    for name, refusal in result.unreadable.items():
        work.note_error(name, refusal.text, **refusal.params)
    return result.counts
