"""A row of a ledger for its page: each cell as typed, what it was read as, and where it went. Numbers stay masked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from branches.models import Area, StaffMember
from coopcrm.shared import audit
from coopcrm.shared.models import Deed
from customers import readings, registries
from customers.ledgers.areas import area_index
from customers.ledgers.headers import Column, Header, unit_of
from customers.ledgers.importing import context_for
from customers.ledgers.reading import LedgerRecord, read_row
from customers.ledgers.reasons import reason_in_words
from customers.ledgers.recognising import masked
from customers.ledgers.sources import LedgerSource
from customers.ledgers.words import field_in_words
from customers.ledgers.workbook import Row
from customers.models import Customer, FactSheet, Household, LedgerRow

MONEY = ("balance", "amount", "income", "net_income", "debts")
PEOPLE = ("name", "head", "spouse")
PLACES = ("address", "village", "township")


@dataclass(frozen=True)
class CellLine:
    """A cell: its heading, what was typed, the field it was taken for, the value read, and what was noted."""

    label: str
    typed: str
    field: str
    value: str
    flags: str


def note_reading(row: LedgerRow) -> None:
    """Somebody reads what was typed: on record in the ledger of deeds."""
    audit.record(Deed.READING, subject=row, detail={"what": readings.LEDGER_ROW})


def cells_of(row: LedgerRow) -> dict[str, str]:
    """The cells as typed, by heading."""
    return json.loads(row.open("raw"))


def cell_lines(row: LedgerRow) -> list[CellLine]:
    """Every cell of the row in the order of its columns, with numbers masked."""
    cells = cells_of(row)
    fields = {
        column["label"]: column["field"]
        for column in row.file.columns
        if column.get("sheet", "") == row.sheet
    }
    record = _read_again(row, cells, fields)
    villages = {record.village.code: _village(record.village.code)} if record.village.code else {}
    lines = []
    for label, typed in cells.items():
        field = fields.get(label, "")
        value = _value(record, field, villages)
        flags = reason_in_words(", ".join(_flags(record, field)))
        lines.append(CellLine(label, masked(typed), field_in_words(field), masked(value), flags))
    return lines


def _read_again(row: LedgerRow, cells: dict[str, str], fields: dict[str, str]) -> LedgerRecord:
    labels = tuple(cells)
    columns = [Column(i, label, fields.get(label, ""), 1.0, unit_of(label)) for i, label in enumerate(labels)]
    source = LedgerSource(row.file.name, row.kind, row.branch.code, row.branch.name, b"")
    context = context_for(source, area_index(), row.file.run.as_of)
    return read_row(Row(row.row_number, tuple(cells.values())), Header((), columns, labels), context)


def _village(code: str) -> str:
    return str(Area.objects.in_force().filter(code=code).first() or "")


def _value(record: LedgerRecord, field: str, villages: dict[str, str]) -> str:
    """What was read for a field; empty where nothing was."""
    if field in PEOPLE:
        return getattr(record, field).name
    if field in PLACES:
        return villages.get(record.village.code, "")
    if field in MONEY:
        return _text(getattr(record, field).amount)
    read = READ.get(field)
    return record.texts.get(field, "") if read is None else _text(read(record))


READ: dict[str, Callable[[LedgerRecord], Any]] = {
    "id_number": lambda record: record.identity.number or record.identity.cleaned,
    "phone": lambda record: ", ".join(record.phones),
    "date": lambda record: record.day.day,
    "birth_date": lambda record: record.birth.day,
    "land": lambda record: record.land.mu,
    "livestock": lambda record: ", ".join(
        f"{kind} {n}" for kind, n in (record.livestock.counts or {}).items()
    ),
    "account_number": lambda record: record.account_number,
    "population": lambda record: record.population,
    "labour": lambda record: record.labour,
    "age": lambda record: record.age,
    "group": lambda record: record.group,
    "sex": lambda record: record.sex,
}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _flags(record: LedgerRecord, field: str) -> Iterator[str]:
    if field == "id_number":
        yield from record.identity.flags
    elif field == "account_number":
        yield from record.account_flags


@dataclass(frozen=True)
class WentTo:
    """Where a row went: whom it concerns, their household, what it told of it, and the accounts it opened."""

    customer: Customer | None
    household: Household | None
    facts: FactSheet | None
    accounts: list[Any]


def went_to(staff: StaffMember, row: LedgerRow) -> WentTo:
    """Records that the row became part of, as far as the person sees them."""
    facts = FactSheet.objects.visible_to(staff).filter(ledger_row=row).first()
    accounts = [
        account
        for model in registries.import_made
        if model._meta.app_label != "customers"
        for account in model.objects.visible_to(staff).filter(ledger_row=row)
    ]
    return WentTo(row.customer, row.household, facts, accounts)


def corrections_of(staff: StaffMember, row: LedgerRow) -> dict[str, Any]:
    """The row that came back for this one, and those that this one came back for."""
    rows = LedgerRow.objects.visible_to(staff).select_related("file").defer("raw")
    found = list(rows.filter(Q(pk=row.settled_by_id) | Q(settled_by=row)).order_by("pk"))
    return {
        "settled_by": next((one for one in found if one.pk == row.settled_by_id), None),
        "settles": [one for one in found if one.settled_by_id == row.pk],
    }
