"""What an import would do: decided once, shown, and written exactly so.

A plan holds every row that it would insert, with keys drawn and numbers sealed, and what the database does afterwards
(managers for new households, shown values of people who were known). Making one reads the registry and writes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from branches.choices import AreaLevel
from branches.models import Area, StaffMember, Unit
from coopcrm.shared.collecting import collector_paused
from coopcrm.shared.crypto import forms_today, keyed_many, seal_many
from coopcrm.shared.fields import draw_ids
from customers import numbers, registries
from customers.choices import RowOutcome
from customers.kinship import questions as kinship
from customers.ledgers import candidates, registry, settling
from customers.ledgers.dirt import dirt_of, usable_in
from customers.ledgers.mentioning import has_nothing_to_go_by, mention_of
from customers.ledgers.reading import SheetReading
from customers.ledgers.reasons import NO_NAME, NOTHING_TO_GO_BY
from customers.ledgers.sheaf import Sheaf
from customers.ledgers.sources import SHEET_LENGTH, Entry, LedgerSource
from customers.matching import versions
from customers.matching.clusters import Links, link
from customers.matching.mentions import Mention
from customers.matching.questions import Question
from customers.models import FactSheet, Household, LedgerFile, LedgerImport, LedgerRow, ReviewPair
from customers.portfolios.services import put_under_director
from customers.provenance import bulk
from customers.provenance.rules import rule_on
from customers.review.questions import ask

ROW = "ledger-row"
BATCH = 2_000
REASON_LENGTH = LedgerRow._meta.get_field("reason").max_length
ASKED = ("first_id", "second_id", "rule", "outcome", "weight", "evidence", "first_row_id", "second_row_id")
Progress = Callable[[str, int, int], None]


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


@dataclass
class Plan:
    """Everything an import would write, and the entries it was made from."""

    as_of: date
    run_id: int
    sheaf: Sheaf = field(default_factory=Sheaf)
    directors: list[int] = field(default_factory=list)
    decided: list[int] = field(default_factory=list)
    conflicts: list[int] = field(default_factory=list)
    questions: list[ReviewPair] = field(default_factory=list)
    kin: list[tuple[int, int, float, dict]] = field(default_factory=list)
    accepted: dict[str, list[AcceptedRow]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    matched: dict = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    new: list[Entry] = field(default_factory=list)
    created: set[int] = field(default_factory=set)
    keys: dict[str, list[str]] = field(default_factory=dict)
    candidates: list[int] = field(default_factory=list)
    witness: list[str] = field(default_factory=list)
    row_keys: list[str] = field(default_factory=list)
    settled: list[tuple[int, int]] = field(default_factory=list)

    def packed(self) -> dict:
        """The plan as plain values for JSON, without the entries."""
        return {
            "as_of": self.as_of.isoformat(),
            "run": self.run_id,
            "sheaf": self.sheaf.packed(),
            "directors": self.directors,
            "decided": self.decided,
            "conflicts": self.conflicts,
            "questions": [{name: getattr(pair, name) for name in ASKED} for pair in self.questions],
            "kin": self.kin,
            "accepted": {kind: [_plain(row) for row in rows] for kind, rows in self.accepted.items()},
            "counts": self.counts,
            "matched": self.matched,
            "keys": self.keys,
            "candidates": self.candidates,
            "witness": self.witness,
            "row_keys": self.row_keys,
            "settled": self.settled,
        }

    @classmethod
    def unpacked(cls, said: dict) -> Plan:
        """The plan that :meth:`packed` made."""
        accepted = {kind: [_accepted(row) for row in rows] for kind, rows in said["accepted"].items()}
        return cls(
            as_of=date.fromisoformat(said["as_of"]),
            run_id=said["run"],
            sheaf=Sheaf.unpacked(said["sheaf"]),
            directors=said["directors"],
            decided=said["decided"],
            conflicts=said["conflicts"],
            questions=[ReviewPair(**pair) for pair in said["questions"]],
            kin=[tuple(row) for row in said["kin"]],
            accepted=accepted,
            counts=said["counts"],
            matched=said["matched"],
            keys=said["keys"],
            candidates=said["candidates"],
            witness=said["witness"],
            row_keys=said["row_keys"],
            settled=[tuple(pair) for pair in said["settled"]],
        )


def _plain(row: AcceptedRow) -> dict:
    return {
        name: value if value is None or isinstance(value, int) else str(value)
        for name, value in asdict(row).items()
    }


def _accepted(said: dict) -> AcceptedRow:
    day, balance = said["opened_on"], said["balance"]
    return AcceptedRow(
        **said
        | {
            "balance": None if balance is None else Decimal(balance),
            "opened_on": date.fromisoformat(day) if day else None,
            "as_of": date.fromisoformat(said["as_of"]),
        }
    )


# --- rows that are known and rows that are new -----------------------------------------------------------------------


def entries_of(
    readings: Iterable[tuple[LedgerSource, list[SheetReading]]], units: dict[str, Unit]
) -> list[Entry]:
    """Every data row of the files, in order, with the key by which it is known again."""
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
    live = LedgerRow.objects.filter(branch__in=branches, undone_at=None).defer("raw")
    for start in range(0, len(keys), BATCH):
        for row in live.filter(row_key__in=keys[start : start + BATCH]):
            key = today[bytes(row.row_key)]
            known[row.branch_id, row.kind, row.sheet, key, row.occurrence] = row
    return known


def _new_entries(entries: list[Entry], known: dict[tuple, LedgerRow]) -> list[Entry]:
    """Give known rows what is stored of them; return the others, each row once."""
    first: dict[tuple, Entry] = {}
    for entry in entries:
        if row := known.get(entry.identity):
            entry.row_id, entry.customer, entry.household = row.pk, row.customer_id, row.household_id
            entry.outcome, entry.reason, entry.is_known = row.outcome, row.reason, True
        elif entry.identity in first:
            entry.repeats = first[entry.identity]
        else:
            first[entry.identity] = entry
            entry.is_new = True
    return list(first.values())


def _fill_repeats(entries: list[Entry]) -> None:
    for entry in entries:
        if before := entry.repeats:
            entry.row_id, entry.customer, entry.household = before.row_id, before.customer, before.household
            entry.outcome = RowOutcome.MATCHED if before.customer else before.outcome
            entry.reason = before.reason


# --- deciding --------------------------------------------------------------------------------------------------------


@collector_paused()
def make_plan(
    entries: list[Entry], *, as_of: date, progress: Progress = lambda step, done, total: None
) -> Plan:
    """Decide what becomes of every row: who is one person, which households, facts and accounts follow."""
    plan = Plan(as_of, run_id=draw_ids(LedgerImport, 1)[0], entries=entries)
    plan.new = _new_entries(entries, _known_rows(entries))
    if plan.new:
        progress("match", 0, len(plan.new))
        _decide(plan)
        progress("match", len(plan.new), len(plan.new))
    _fill_repeats(entries)
    plan.settled = settling.pairs_in(entries)
    plan.counts = _counts(plan)
    return plan


def _decide(plan: Plan) -> None:
    new, as_of = plan.new, plan.as_of
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
    seen = candidates.Seen(mentions)
    records = seen.mentions(start=len(mentions), as_of=as_of)
    weights = versions.weights_on(as_of)
    links = link([*records, *mentions], weights)
    plan.matched = versions.figures_of(links, [*records, *mentions], weights)
    book = registry.Book(plan.sheaf, as_of, villages)
    persons = _persons(links, accepted)
    book.add_customers(persons)
    _settle_outcomes(persons, links, accepted)
    plan.directors = book.add_households(persons)
    plan.kin = book.kin
    _add_rows(plan)
    plan.decided = book.add_statements(persons)
    book.add_facts(accepted)
    _add_questions(plan, links, accepted, records)
    plan.accepted = _to_hand_over(accepted, as_of)
    plan.created = {person.customer for person in persons if person.is_new}
    plan.keys, plan.candidates, plan.witness = seen.keys, sorted(seen.ids), seen.witness()
    plan.row_keys = [entry.row_key.hex() for entry in new]


def _persons(links: Links, accepted: list[Entry]) -> list[registry.Person]:
    """Return the persons behind the accepted rows, in the order in which the rows stand."""
    persons = []
    for group in links.groups:
        keys = [mention.key for mention in group if mention.customer is None]
        if keys:
            customer = next((mention.customer for mention in group if mention.customer is not None), None)
            entries = [accepted[key] for key in keys]
            if len(group) > 1:
                _say_what_joins(group, accepted)
            persons.append(registry.Person(entries, customer))
    return sorted(persons, key=lambda person: person.entries[0].row_id)


def _say_what_joins(group: Sequence[Mention], accepted: list[Entry]) -> None:
    """Note for each row what it shares with another mention of its person."""
    for mention in group:
        if mention.customer is None:
            others = [other for other in group if other is not mention]
            accepted[mention.key].joined_by = tuple(registry.shared_by(mention, others))


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


# --- rows, files, questions ------------------------------------------------------------------------------------------


def _add_rows(plan: Plan) -> None:
    files = _add_files(plan)
    raws = [json.dumps(entry.record.cells, ensure_ascii=False) for entry in plan.new]
    ids = [entry.row_id for entry in plan.new]
    sealed = seal_many(raws, ids, table=LedgerRow._meta.db_table, column="raw")
    accounts = sorted({entry.record.account_number for entry in plan.new} - {""})
    keys = dict(zip(accounts, keyed_many(numbers.ACCOUNT, accounts), strict=True)) | {"": b""}
    rows = zip(plan.new, sealed, strict=True)
    plan.sheaf.add_values(
        LedgerRow,
        [_row(entry, files, raw) | {"account_key": keys[entry.record.account_number]} for entry, raw in rows],
    )


def _row(entry: Entry, files: dict[int, int], raw: bytes) -> dict[str, Any]:
    record = entry.record
    return {
        "id": entry.row_id,
        "file_id": files[id(entry.source)],
        "branch_id": entry.branch.pk,
        "kind": entry.source.kind,
        "sheet": entry.sheet.name[:SHEET_LENGTH],
        "row_number": record.row_number,
        "row_key": entry.row_key,
        "occurrence": record.occurrence,
        "raw": raw,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "usable": usable_in(record),
        "dirt": dirt_of(record, asks_number=entry.sheet.header.has("id_number")),
        "customer_id": entry.customer,
        "household_id": entry.household,
        "entered_on": record.day.day,
    }


def _add_files(plan: Plan) -> dict[int, int]:
    by_file: dict[int, list[Entry]] = defaultdict(list)
    for entry in plan.new:
        by_file[id(entry.source)].append(entry)
    ids = draw_ids(LedgerFile, len(by_file))
    files = [
        LedgerFile(
            pk=pk,
            run_id=plan.run_id,
            branch_id=entries[0].branch.pk,
            kind=entries[0].source.kind,
            name=entries[0].source.name[:200],
            digest=entries[0].source.sha256,
            encoding=entries[0].sheet.encoding,
            columns=_columns(entries),
            row_count=len(entries),
        )
        for pk, entries in zip(ids, by_file.values(), strict=True)
    ]
    plan.sheaf.add(files)
    return dict(zip(by_file, ids, strict=True))


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


def _add_questions(plan: Plan, links: Links, accepted: list[Entry], records: list[Mention]) -> None:
    """Add the questions between persons that are still two; ``ask`` leaves alone what was decided."""
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
    last_rows = registry.last_rows_of({pk for pair in best for pk in pair})
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
                first_row_id=row_ids[0] or last_rows.get(first),
                second_row_id=row_ids[1] or last_rows.get(second),
            )
        )
    plan.questions = pairs
    plan.conflicts = sorted(
        {pk for p in pairs if p.outcome == "CONFLICT" for pk in (p.first_id, p.second_id)}
    )


def _to_hand_over(accepted: list[Entry], as_of: date) -> dict[str, list[AcceptedRow]]:
    """The rows of each kind as the app that keeps what they are about receives them."""
    by_kind: dict[str, list[AcceptedRow]] = defaultdict(list)
    for entry in accepted:
        if registries.ledger_row_handlers.get(entry.source.kind) is None:
            continue
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
    return dict(by_kind)


def _counts(plan: Plan) -> dict[str, int]:
    counts = dict.fromkeys(RowOutcome.values, 0)
    for entry in plan.entries:
        counts[entry.outcome] += 1
    accounts = {row.account_number for rows in plan.accepted.values() for row in rows} - {""}
    return counts | {
        "rows": len(plan.entries),
        "new_rows": len(plan.new),
        "customers": len({e.customer for e in plan.entries} - {None}),
        "households": plan.sheaf.count(Household),
        "facts": plan.sheaf.count(FactSheet),
        "accounts": len(accounts),
        "questions": len(plan.questions),
    }


# --- writing ---------------------------------------------------------------------------------------------------------


@collector_paused()
def write_plan(
    plan: Plan, *, started_by: StaffMember | None = None, job_id: int | None = None
) -> LedgerImport:
    """Write what a plan holds, in the caller's transaction and under the importer's lock."""
    run = LedgerImport.objects.create(
        pk=plan.run_id,
        as_of=plan.as_of,
        started_by=started_by,
        job_id=job_id,
        counts=plan.counts,
    )
    if plan.matched:
        versions.remember(plan.matched, as_of=plan.as_of)
    plan.sheaf.write()
    settling.settle(plan.settled)
    put_under_director(plan.directors)
    if plan.decided:
        bulk.decide_again(rule_on(plan.as_of), ids=set(plan.decided))
    ask(plan.questions)
    kinship.ask(kinship.Ask(*row) for row in plan.kin)
    registry.mark_conflicts(plan.conflicts)
    for kind, rows in plan.accepted.items():
        registries.ledger_row_handlers.get(kind)(rows)
    run.finished_at = timezone.now()  # its entry in the ledger of deeds ends what an undo takes back
    run.save(update_fields=["finished_at"])
    return run
