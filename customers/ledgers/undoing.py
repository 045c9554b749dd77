"""Taking a whole import back: what it would mean, who may, and the order that does it.

The order is one transaction under the importer's lock: a worker that is killed has done nothing, and done twice it is
done once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers import policies
from customers.ledgers import takeback  # noqa: F401 - registers what an import makes
from customers.ledgers.importing import take_lock
from customers.models import LedgerFile, LedgerImport
from customers.provenance import bulk
from customers.provenance.rules import rule_on

UNDO = "ledgers.undo"
SHOWN = (
    "customers_ledgerrow",
    "customers_customer",
    "customers_household",
    "customers_identitydocument",
    "customers_phone",
    "customers_membership",
    "customers_factsheet",
    "customers_statement",
    "loans_account",
    "customers_reviewpair",
    "customers_householdquestion",
)


@dataclass(frozen=True)
class Kept:
    """Something that stays, and the table of what somebody wrote about it since."""

    table: str
    pk: int
    why: str

    @property
    def what(self) -> str:
        """What it is, in the language of the page."""
        return words_of(self.table)

    @property
    def because(self) -> str:
        """Why it stays, in the language of the page."""
        if self.why == self.table:
            return _("somebody changed it since")
        return _("since then: %(what)s") % {"what": words_of(self.why)}

    @property
    def is_customer(self) -> bool:
        return self.table == "customers_customer"

    @property
    def is_household(self) -> bool:
        return self.table == "customers_household"


@dataclass
class Outlook:
    """What an undo takes back, counted by table, and what stays."""

    gone: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    again: list[int] = field(default_factory=list)

    @property
    def lines(self) -> list[tuple[str, int, int]]:
        """(what, how many go, how many stay) in the order in which people think of them."""
        stays = Counter(one.table for one in self.kept)
        return [
            (words_of(table, many=True), self.gone.get(table, 0), stays[table])
            for table in SHOWN
            if self.gone.get(table) or stays[table]
        ]

    @property
    def named(self) -> list[Kept]:
        """Persons and households that stay, and single rows about people whom the import only met."""
        owners = ("customers_customer", "customers_household")
        return [one for one in self.kept if one.table in owners or one.why not in owners]


def words_of(table: str, *, many: bool = False) -> str:
    """A table's rows as people call them."""
    for model in apps.get_models():
        if model._meta.db_table == table:
            return str(model._meta.verbose_name_plural if many else model._meta.verbose_name)
    return table


def outlook(run: LedgerImport) -> Outlook:
    """What taking the import back would do now."""
    return _weighed("coopcrm_import_outlook", run)


def _weighed(function: str, run: LedgerImport) -> Outlook:
    found = Outlook()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}(%s)", [run.pk])  # noqa: S608 - one of our own two
        rows: Iterable[tuple[str, str, int, str]] = cursor.fetchall()
    for what, table, row, why in rows:
        if what == "gone":
            found.gone[table] = row
        elif what == "kept":
            found.kept.append(Kept(table, row, why))
        else:
            found.again.append(row)
    return found


def branches_of(run: LedgerImport) -> set[int]:
    """The branches whose files came with the import."""
    return set(LedgerFile.objects.filter(run=run).values_list("branch", flat=True))


@transaction.atomic
def order_undo(*, staff: StaffMember, run: LedgerImport, reason: str) -> LedgerImport:
    """Have an import taken back; ordered twice it is done once."""
    run = LedgerImport.objects.select_for_update().get(pk=run.pk)
    require(
        policies.may_undo_import(staff, branches_of(run)),
        _("Directors take back imports of their branch, head office those of every branch."),
    )
    if run.undone_at:
        raise Refused(_("This import is taken back already."), code="import_undone")
    if is_being_undone(run):
        return run
    run.undone_by, run.undone_reason = staff, reason.strip()[:200]
    run.save(update_fields=["undone_by", "undone_reason"])
    order_work(
        kind=UNDO,
        key=str(run.pk),
        title=gettext_noop("Take import #%(run)s back"),
        title_params={"run": run.pk},
        as_of=run.as_of,
        orders=[NewOrder(UNDO, key="undo", payload={"run": run.pk})],
        started_by=staff,
    )
    return run


def job_of(run: LedgerImport) -> Job | None:
    """The job that takes the import back, once it is ordered."""
    return Job.objects.filter(kind=UNDO, key=str(run.pk)).first()


def is_being_undone(run: LedgerImport) -> bool:
    """Whether a worker is at it, or will be."""
    job = job_of(run)
    return job is not None and job.is_open


@handles(UNDO)
def undo_import(work: Work) -> dict[str, int]:
    """Take back what nobody touched since; shown values of people who stay are decided again."""
    take_lock()
    run = LedgerImport.objects.select_for_update().get(pk=work.payload["run"])
    if run.undone_at:
        return {}
    done = _weighed("coopcrm_import_undo", run)
    if done.again:
        bulk.decide_again(rule_on(timezone.localdate()), ids=set(done.again))
    run.undone_at = timezone.now()
    run.undone_counts = {
        "gone": done.gone,
        "kept": [[one.table, one.pk, one.why] for one in done.named],
    }
    run.save(update_fields=["undone_at", "undone_counts"])
    return {"rows": done.gone.get("customers_ledgerrow", 0), "kept": len(done.named)}


def kept_of(run: LedgerImport) -> list[Kept]:
    """What stayed when the import was taken back."""
    return [Kept(*one) for one in run.undone_counts.get("kept", [])]
