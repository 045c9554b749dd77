"""Ledgers into the registry: files are read, a plan is made, and the plan is written.

Command, job and page walk the same road: ``read_sources``, ``plans.make_plan``, ``plans.write_plan``. A page keeps the
plan between preview and commit, so that what was shown is what is written. One transaction writes a whole run, under
one lock, so that nothing is half there and two runs cannot interleave. A row that came in before is found by what it
says and changes nothing; only rows that are new cause writing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from django.db import connection, transaction
from django.db.models import Q

from branches.choices import UnitKind
from branches.models import StaffMember, Unit
from coopcrm.shared.errors import Refused
from customers.choices import LedgerKind
from customers.ledgers import plans
from customers.ledgers.areas import area_index
from customers.ledgers.memory import remembered_fields
from customers.ledgers.reading import LedgerContext, SheetReading, read_ledger
from customers.ledgers.sources import Entry, ImportResult, LedgerSource, PairReport, RowReport
from customers.ledgers.villages import AreaIndex
from customers.ledgers.workbook import LedgerUnreadable
from customers.models import ReviewPair

LOCK = 4_115_220_001  # advisory lock of the importer
Progress = Callable[[str, int, int], None]
Readings = list[tuple[LedgerSource, list[SheetReading]]]


def import_ledgers(
    sources: Sequence[LedgerSource],
    *,
    as_of: date,
    started_by: StaffMember | None = None,
    job_id: int | None = None,
    progress: Progress = lambda step, done, total: None,
) -> ImportResult:
    """Read ledgers and write what they say into the registry; ``started_by`` is None when the system runs it."""
    require_kinds(sources)
    result = ImportResult()
    areas = area_index()
    readings = read_sources(sources, areas, as_of, result, progress)
    with transaction.atomic():
        take_lock()
        entries = plans.entries_of(readings, ensure_units(sources))
        plan = plans.make_plan(entries, as_of=as_of, progress=progress)
        if plan.new:
            result.run = plans.write_plan(plan, started_by=started_by, job_id=job_id)
            progress("write", len(plan.new), len(plan.new))
        result.pairs = _open_pairs(entries)
        result.counts = plan.counts
    result.rows = [_report_line(entry) for entry in entries]
    return result


def require_kinds(sources: Iterable[LedgerSource]) -> None:
    """Refuse a manifest that names a kind of ledger nobody knows."""
    for source in sources:
        if source.kind not in LedgerKind.values:
            kinds = ", ".join(LedgerKind.values)
            raise Refused(
                f"{source.name} is a {source.kind!r}; a ledger is one of {kinds}.", code="ledger_kind"
            )


def read_sources(
    sources: Sequence[LedgerSource], areas: AreaIndex, as_of: date, result: ImportResult, progress: Progress
) -> Readings:
    """Read every file; one that cannot be read is named in the result, and the others go on."""
    readings: Readings = []
    for done, source in enumerate(sources, start=1):
        try:
            context = context_for(source, areas, as_of)
            readings.append((source, read_ledger(source.content, context, encoding=source.encoding)))
        except LedgerUnreadable as refusal:
            result.unreadable[source.name] = refusal
        progress("read", done, len(sources))
    return readings


def context_for(source: LedgerSource, areas: AreaIndex, as_of: date) -> LedgerContext:
    """What the reader is told beside the file, among it how people understood this header before."""
    return LedgerContext(
        source.kind,
        areas,
        areas.township_of_branch(source.branch_name),
        as_of,
        fields_for=source.fields_for or remembered_fields(source.branch_code, source.kind),
    )


def take_lock() -> None:
    """One run at a time; its pauses for thought are not idleness."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def ensure_units(sources: Iterable[LedgerSource]) -> dict[str, Unit]:
    """Return the units of a manifest by code, creating those that are missing under the county union."""
    return open_named({source.branch_code: source.branch_name for source in sources})


def open_named(wanted: Mapping[str, str]) -> dict[str, Unit]:
    """Return the units of these codes; branches that are missing are opened under the county union."""
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=wanted)}
    for code, name in wanted.items():
        if code not in units:
            units[code] = Unit.objects.create(code=code, name=name, kind=UnitKind.BRANCH, parent=_union(code))
    return units


def _union(branch_code: str) -> Unit:
    union = Unit.objects.filter(kind=UnitKind.UNION).order_by("pk").first()
    return union or Unit.objects.create(code=branch_code[:6], name="县联社", kind=UnitKind.UNION)


# --- what is told ----------------------------------------------------------------------------------------------------


def _open_pairs(entries: list[Entry]) -> list[PairReport]:
    """Return the open questions between rows of these files."""
    place_of: dict[int, tuple[str, str, int]] = {}
    first_place: dict[int, tuple[str, str, int]] = {}
    for entry in entries:
        place_of.setdefault(entry.row_id, entry.place)
        if entry.customer:
            first_place.setdefault(entry.customer, entry.place)
    open_pairs = ReviewPair.objects.filter(state="open").order_by("-weight", "pk")
    found = []
    asked = Q(first__in=first_place) & Q(second__in=first_place)
    for pair in open_pairs.filter(asked, first_row__isnull=False, second_row__isnull=False):
        first = place_of.get(pair.first_row_id) or first_place.get(pair.first_id)
        second = place_of.get(pair.second_row_id) or first_place.get(pair.second_id)
        if first and second:
            found.append(PairReport(first, second, pair.weight))
    return found


def _report_line(entry: Entry) -> RowReport:
    return RowReport(
        source_file=entry.source.base_name,
        sheet=entry.sheet.name,
        row_number=entry.record.row_number,
        outcome=entry.outcome,
        customer_id=entry.customer,
        household_id=entry.household,
        reason=entry.reason,
    )
