"""Ledgers into the registry: files are read, persons recognised, households, facts and accounts written.

One transaction writes a whole run, under one lock, so that nothing is half there and two runs cannot interleave. A row
that came in before is found by what it says and changes nothing; only rows that are new cause writing.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import PurePath

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from branches.choices import AreaLevel, UnitKind
from branches.models import Area, StaffMember, Unit
from coopcrm.shared.crypto import forms_today, keyed_many
from coopcrm.shared.errors import Refused
from coopcrm.shared.fields import draw_ids
from customers import registries
from customers.choices import LedgerKind, RowOutcome
from customers.ledgers import registry
from customers.ledgers.areas import area_index
from customers.ledgers.reading import LedgerContext, LedgerRecord, SheetReading, read_ledger
from customers.ledgers.reasons import NO_NAME, NOTHING_TO_GO_BY
from customers.ledgers.villages import AreaIndex, village_cores
from customers.ledgers.workbook import LedgerUnreadable
from customers.matching.clusters import Links, link
from customers.matching.mentions import Mention
from customers.matching.questions import Question
from customers.models import LedgerFile, LedgerImport, LedgerRow, ReviewPair
from customers.review.questions import ask

ROW = "ledger-row"
LOCK = 4_115_220_001  # advisory lock of the importer
BATCH = 2_000
SHEET_LENGTH = LedgerRow._meta.get_field("sheet").max_length
WORTH_READING = 14  # digits of a damaged number that tell a person
REASON_LENGTH = LedgerRow._meta.get_field("reason").max_length


@dataclass(frozen=True)
class LedgerSource:
    """A file to be read: where it comes from and what the manifest says about it."""

    name: str
    kind: str
    branch_code: str
    branch_name: str
    content: bytes

    @property
    def base_name(self) -> str:
        """The name without its folder, as reports write it."""
        return PurePath(self.name).name


@dataclass(frozen=True)
class RowReport:
    """What became of a data row; ``household`` is empty where none is known."""

    source_file: str
    sheet: str
    row_number: int
    outcome: str
    customer_id: int | None
    household_id: int | None
    reason: str


@dataclass(frozen=True)
class PairReport:
    """Two rows whose persons are asked about."""

    first: tuple[str, str, int]
    second: tuple[str, str, int]
    weight: float


@dataclass
class ImportResult:
    """The lines of the report, the open questions, the counts, and files that could not be read."""

    rows: list[RowReport] = field(default_factory=list)
    pairs: list[PairReport] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, LedgerUnreadable] = field(default_factory=dict)
    run: LedgerImport | None = None


@dataclass
class Entry:
    """A record on its way into the registry."""

    source: LedgerSource
    sheet: SheetReading
    record: LedgerRecord
    branch: Unit
    row_key: bytes
    position: int
    row_id: int | None = None
    customer: int | None = None
    household: int | None = None
    outcome: str = ""
    reason: str = ""
    repeats: Entry | None = None

    @property
    def identity(self) -> tuple[int, str, str, bytes, int]:
        """What makes a row the same row again."""
        sheet = self.sheet.name[:SHEET_LENGTH]
        return (self.branch.pk, self.source.kind, sheet, self.row_key, self.record.occurrence)

    @property
    def place(self) -> tuple[str, str, int]:
        return (self.source.base_name, self.sheet.name, self.record.row_number)


Progress = Callable[[str, int, int], None]


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
    readings = _read(sources, areas, as_of, result, progress)
    with transaction.atomic():
        _take_lock()
        entries = _entries(readings, ensure_units(sources))
        known = _known_rows(entries)
        new = _new_entries(entries, known)
        if new:
            progress("match", 0, len(new))
            result.run = LedgerImport.objects.create(as_of=as_of, started_by=started_by, job_id=job_id)
            _write(new, result.run, as_of, progress)
        _fill_repeats(entries)
        result.pairs = _open_pairs(entries)
        result.counts = _counts(entries, new)
        if result.run:
            LedgerImport.objects.filter(pk=result.run.pk).update(
                counts=result.counts, finished_at=timezone.now()
            )
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


def _read(
    sources: Sequence[LedgerSource], areas: AreaIndex, as_of: date, result: ImportResult, progress: Progress
) -> list[tuple[LedgerSource, list[SheetReading]]]:
    readings = []
    for done, source in enumerate(sources, start=1):
        context = LedgerContext(source.kind, areas, areas.township_of_branch(source.branch_name), as_of)
        try:
            readings.append((source, read_ledger(source.content, context)))
        except LedgerUnreadable as refusal:
            result.unreadable[source.name] = refusal
        progress("read", done, len(sources))
    return readings


def _take_lock() -> None:
    """One run at a time; its pauses for thought are not idleness."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def ensure_units(sources: Iterable[LedgerSource]) -> dict[str, Unit]:
    """Return the units of a manifest by code, creating those that are missing under the county union."""
    wanted = {source.branch_code: source.branch_name for source in sources}
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=wanted)}
    for code, name in wanted.items():
        if code not in units:
            units[code] = Unit.objects.create(code=code, name=name, kind=UnitKind.BRANCH, parent=_union(code))
    return units


def _union(branch_code: str) -> Unit:
    union = Unit.objects.filter(kind=UnitKind.UNION).order_by("pk").first()
    return union or Unit.objects.create(code=branch_code[:6], name="县联社", kind=UnitKind.UNION)


# --- rows that are known and rows that are new -----------------------------------------------------------------------


def _entries(readings: list[tuple[LedgerSource, list[SheetReading]]], units: dict[str, Unit]) -> list[Entry]:
    found = [
        (source, sheet, position, record)
        for source, sheets in readings
        for sheet in sheets
        for position, record in enumerate(sheet.records)
    ]
    keys = keyed_many(ROW, [record.content_digest for *_, record in found])
    return [
        Entry(source, sheet, record, units[source.branch_code], key, position)
        for (source, sheet, position, record), key in zip(found, keys, strict=True)
    ]


def _known_rows(entries: list[Entry]) -> dict[tuple, LedgerRow]:
    """Return the rows of earlier runs that these entries repeat, by their identity."""
    known: dict[tuple, LedgerRow] = {}
    keys = list({entry.row_key for entry in entries})
    today = forms_today(keys)
    branches = {entry.branch.pk for entry in entries}
    for start in range(0, len(keys), BATCH):
        rows = LedgerRow.objects.filter(branch__in=branches, row_key__in=keys[start : start + BATCH]).defer(
            "raw"
        )
        for row in rows:
            key = today[bytes(row.row_key)]
            known[row.branch_id, row.kind, row.sheet, key, row.occurrence] = row
    return known


def _new_entries(entries: list[Entry], known: dict[tuple, LedgerRow]) -> list[Entry]:
    """Give known rows what is stored of them; return the others, each row once."""
    first: dict[tuple, Entry] = {}
    for entry in entries:
        if row := known.get(entry.identity):
            entry.row_id, entry.customer, entry.household = row.pk, row.customer_id, row.household_id
            entry.outcome, entry.reason = row.outcome, row.reason
        elif entry.identity in first:
            entry.repeats = first[entry.identity]
        else:
            first[entry.identity] = entry
    return list(first.values())


def _fill_repeats(entries: list[Entry]) -> None:
    for entry in entries:
        if before := entry.repeats:
            entry.row_id, entry.customer, entry.household = before.row_id, before.customer, before.household
            entry.outcome = RowOutcome.MATCHED if before.customer else before.outcome
            entry.reason = before.reason


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(new: list[Entry], run: LedgerImport, as_of: date, progress: Progress) -> None:
    for entry, row_id in zip(new, draw_ids(LedgerRow, len(new)), strict=True):
        entry.row_id = row_id
    accepted = [entry for entry in new if entry.record.is_customer]
    for entry in new:
        if not entry.record.is_customer:
            entry.outcome, entry.reason = RowOutcome.REJECTED, NO_NAME
    villages = dict(Area.objects.in_force().filter(level=AreaLevel.VILLAGE).values_list("code", "pk"))
    mentions = [
        mention_of(i, entry, as_of=as_of, knows_villages=bool(villages)) for i, entry in enumerate(accepted)
    ]
    records = registry.mentions_like(mentions, start=len(mentions), as_of=as_of)
    links = link([*records, *mentions])
    book = registry.Book(run=run, as_of=as_of, villages=villages)
    persons = _persons(links, accepted)
    book.write_customers(persons)
    _settle_outcomes(persons, links, accepted)
    book.write_households(persons)
    _write_rows(new, run, as_of)
    book.write_statements(persons)
    progress("write", len(new), len(new))
    book.write_facts(accepted)
    _write_questions(links, accepted, records)
    _hand_over(accepted, as_of)


def mention_of(key: int, entry: Entry, *, as_of: date | None = None, knows_villages: bool = True) -> Mention:
    """Return a record as the matcher sees it; without an area tree a village is what the row calls it."""
    record, identity = entry.record, entry.record.identity
    birth = record.known_birth or record.birth.day
    return Mention(
        key=key,
        name=record.name.key,
        sound=registry.sound_of(record.name.key),
        aliases=frozenset(map(registry.key_of, record.name.aliases)) | frozenset(record.name.variants),
        is_married_style=record.name.is_married_style,
        number=identity.number,
        cleaned=identity.cleaned,
        prefix=identity.prefix,
        suffix=identity.suffix,
        guess=identity.guess,
        tail=record.remark.id_tail,
        phones=frozenset(record.phones + record.remark.phones),
        village=record.village.code or ("" if knows_villages else _village_word(record)),
        township=record.village.township,
        group=record.group,
        birth=birth,
        birth_precision="day" if record.known_birth else record.birth.precision,
        birth_years=_birth_years(record, as_of),
        sex=registry.sex_in(identity.number) or record.sex,
        spouse=record.spouse.key or registry.key_of(record.remark.spouse),
        accounts=frozenset({record.account_number} - {""}),
        households=_households(entry),
        branch=str(entry.branch.pk),
        sheet=_sheet_key(entry),
        line=(_sheet_key(entry), entry.position) if _is_listed_by_customer(entry) else None,
    )


AGE_SLACK = 1  # 虚岁 counts one more than the birthdays passed
UNDATED_YEARS = 15  # how far back an age in an undated list may lie


def _birth_years(record: LedgerRecord, as_of: date | None) -> tuple[int, int] | None:
    """What an age says of the year of birth: to a year or two where the row is dated, loosely where it is not."""
    if record.age is None or as_of is None:
        return None
    day = record.day.day
    first, last = (day.year, day.year) if day else (as_of.year - UNDATED_YEARS, as_of.year)
    return first - record.age - AGE_SLACK, last - record.age + AGE_SLACK


def _households(entry: Entry) -> frozenset[str]:
    """The household's number is local: it means the same in the books of one branch and village alone."""
    number = entry.record.texts.get("household_number", "")
    return frozenset({f"{entry.branch.pk}|{entry.record.village.code}|{number}"} if number else ())


def _village_word(record: LedgerRecord) -> str:
    cores = village_cores(record.address.place)
    return cores[-1] if cores else ""


def _sheet_key(entry: Entry) -> str:
    return f"{entry.branch.pk}|{entry.source.name}|{entry.sheet.name}"


def _is_listed_by_customer(entry: Entry) -> bool:
    """Registers and account lists write a customer's lines one below the other, unless they are sorted by name.

    Notebooks go by the village: each household once.
    """
    return entry.source.kind != LedgerKind.OFFICER_NOTEBOOK and not entry.sheet.is_sorted_by_name


def has_nothing_to_go_by(record: LedgerRecord) -> bool:
    """Neither a number nor a phone nor a village: nobody could recognise this person, so people look at the row."""
    return not (record.identity.number or record.identity.guess or record.phones or record.village.code) and (
        max(len(record.identity.prefix), len(record.identity.suffix)) < WORTH_READING
    )


def _persons(links: Links, accepted: list[Entry]) -> list[registry.Person]:
    """Return the persons behind the accepted rows, in the order in which the rows stand."""
    persons = []
    for group in links.groups:
        entries = [accepted[mention.key] for mention in group if mention.customer is None]
        if entries:
            customer = next((mention.customer for mention in group if mention.customer is not None), None)
            persons.append(registry.Person(entries, customer))
    return sorted(persons, key=lambda person: person.entries[0].row_id)


def _settle_outcomes(persons: list[registry.Person], links: Links, accepted: list[Entry]) -> None:
    """A person's first row created the customer, unless the registry knew them or a question is open."""
    asked = {key for question in links.questions for key in (question.first, question.second)}
    reasons = {question.first: question for question in links.questions}
    reasons |= {question.second: question for question in links.questions}
    key_of = {id(entry): key for key, entry in enumerate(accepted)}
    for person in persons:
        keys = [key_of[id(entry)] for entry in person.entries]
        in_question = next((key for key in keys if key in asked), None)
        for position, entry in enumerate(person.entries):
            entry.customer = person.customer
            entry.outcome = RowOutcome.CREATED if position == 0 and person.is_new else RowOutcome.MATCHED
            if entry.outcome == RowOutcome.CREATED and in_question is not None:
                entry.outcome, entry.reason = RowOutcome.REVIEW, reasons[in_question].rule
            elif entry.outcome == RowOutcome.CREATED and has_nothing_to_go_by(entry.record):
                entry.outcome, entry.reason = RowOutcome.REVIEW, NOTHING_TO_GO_BY
            entry.reason = entry.reason or ", ".join(entry.record.identity.flags)[:REASON_LENGTH]


def _write_rows(new: list[Entry], run: LedgerImport, as_of: date) -> None:
    files = _write_files(new, run)
    rows = []
    for entry in new:
        record = entry.record
        row = LedgerRow(
            pk=entry.row_id,
            file=files[entry.source],
            branch=entry.branch,
            kind=entry.source.kind,
            sheet=entry.sheet.name[:SHEET_LENGTH],
            row_number=record.row_number,
            row_key=entry.row_key,
            occurrence=record.occurrence,
            outcome=entry.outcome,
            reason=entry.reason,
            customer_id=entry.customer,
            household_id=entry.household,
            entered_on=record.day.day,
        )
        row.seal("raw", json.dumps(record.cells, ensure_ascii=False))
        rows.append(row)
    LedgerRow.objects.bulk_create(rows, batch_size=BATCH)


def _write_files(new: list[Entry], run: LedgerImport) -> dict[LedgerSource, LedgerFile]:
    by_file: dict[LedgerSource, list[Entry]] = defaultdict(list)
    for entry in new:
        by_file[entry.source].append(entry)
    files = [
        LedgerFile(
            run=run,
            branch=entries[0].branch,
            kind=source.kind,
            name=source.name[:200],
            digest=hashlib.sha256(source.content).digest(),
            columns=_columns(entries),
            row_count=len(entries),
        )
        for source, entries in by_file.items()
    ]
    return dict(zip(by_file, LedgerFile.objects.bulk_create(files), strict=True))


def _columns(entries: list[Entry]) -> list[dict]:
    """Say how the columns of each sheet were understood, for the page that shows the file."""
    sheets = {entry.sheet.name: entry.sheet for entry in entries}
    return [
        {
            "sheet": name,
            "label": column.label,
            "field": column.field,
            "confidence": round(column.confidence, 2),
        }
        for name, sheet in sheets.items()
        for column in sheet.header.columns
    ]


def _write_questions(links: Links, accepted: list[Entry], records: list[Mention]) -> None:
    """Put the questions between persons that are still two before people, once for each pair."""
    customer_of = {key: entry.customer for key, entry in enumerate(accepted)}
    customer_of |= {mention.key: mention.customer for mention in records}
    best: dict[tuple[int, int], tuple[Question, bool]] = {}
    for question in links.questions:
        first, second = customer_of[question.first], customer_of[question.second]
        if first is None or second is None or first == second:
            continue
        pair = (min(first, second), max(first, second))
        if pair not in best or best[pair][0].weight < question.weight:
            best[pair] = (question, first < second)
    pairs = []
    for (first, second), (question, in_order) in sorted(best.items()):
        keys = (question.first, question.second) if in_order else (question.second, question.first)
        row_ids = [accepted[key].row_id if key < len(accepted) else None for key in keys]
        pairs.append(
            ReviewPair(
                first_id=first,
                second_id=second,
                rule=question.rule,
                outcome=question.outcome,
                weight=question.weight,
                evidence=question.evidence,
                first_row_id=row_ids[0] or registry.last_row_of(first),
                second_row_id=row_ids[1] or registry.last_row_of(second),
            )
        )
    ask(pairs)
    registry.mark_conflicts([pair for pair in pairs if pair.outcome == "CONFLICT"])


@dataclass(frozen=True)
class AcceptedRow:
    """A row as the apps above receive it; ``account_number`` is empty where a spreadsheet destroyed it."""

    row_id: int
    branch_id: int
    customer_id: int
    account_number: str
    product: str
    balance: Decimal | None
    opened_on: date | None
    status: str
    as_of: date


def _hand_over(accepted: list[Entry], as_of: date) -> None:
    """Give the rows of each kind to the app that keeps what they are about."""
    by_kind: dict[str, list[AcceptedRow]] = defaultdict(list)
    for entry in accepted:
        record = entry.record
        by_kind[entry.source.kind].append(
            AcceptedRow(
                row_id=entry.row_id,
                branch_id=entry.branch.pk,
                customer_id=entry.customer,
                account_number=record.account_number,
                product=record.texts.get("product", ""),
                balance=record.balance.amount if record.balance.is_known else record.amount.amount,
                opened_on=record.day.day,
                status=record.texts.get("account_status", ""),
                as_of=as_of,
            )
        )
    for kind, rows in by_kind.items():
        if handler := registries.ledger_row_handlers.get(kind):
            handler(rows)


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
    for pair in open_pairs.filter(Q(first_row__isnull=False) & Q(second_row__isnull=False)):
        first = place_of.get(pair.first_row_id) or first_place.get(pair.first_id)
        second = place_of.get(pair.second_row_id) or first_place.get(pair.second_id)
        if first and second:
            found.append(PairReport(first, second, pair.weight))
    return found


def _counts(entries: list[Entry], new: list[Entry]) -> dict[str, int]:
    counts = {outcome: sum(entry.outcome == outcome for entry in entries) for outcome in RowOutcome.values}
    return counts | {
        "rows": len(entries),
        "new_rows": len(new),
        "customers": len({e.customer for e in entries} - {None}),
    }


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
