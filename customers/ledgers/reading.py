"""A ledger file as records: every data row with what its cells say, every other row with what it is."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise

from coopcrm.shared.collecting import collector_paused
from customers.ledgers import remarks, values
from customers.ledgers.headers import Header, read_header
from customers.ledgers.identity import birth_date_of
from customers.ledgers.rows import RowKind, classify
from customers.ledgers.text import as_text, compact, is_placeholder, simplified
from customers.ledgers.villages import AreaIndex, VillageMatch
from customers.ledgers.workbook import Cell, Row, Sheet, no_customers, read_sheets

SORTED, FEW_ROWS = 0.7, 10
"""From which share of neighbours with one surname on a list counts as sorted by name; short lists never do."""
EARLIEST_DAY = date(1949, 1, 1)
EARLIEST_BIRTH = date(1880, 1, 1)
DITTO = {"同上", "〃", '"', "″", "〞", "''", "同前", "..", "”", "“", "″″", "仝上"}
LONGEST_DITTO = 20
"""Ditto marks are one or two signs with gaps between them."""
TEXT_FIELDS = (
    "business",
    "product",
    "account_status",
    "grade",
    "teller",
    "officer",
    "guarantor",
    "id_kind",
    "relation",
    "household_number",
)


@dataclass(frozen=True)
class DayReading:
    """A date as far as it is known; ``precision`` is day, month or year."""

    day: date | None = None
    precision: str = ""
    typed: str = ""


NO_DAY, NO_VILLAGE = DayReading(), VillageMatch()
NO_NAME, NO_ID, NO_ADDRESS = values.NameReading(), values.IdReading(), values.AddressReading()
NO_MONEY, NO_LAND, NO_LIVESTOCK = values.MoneyReading(), values.LandReading(), values.LivestockReading()
NO_REMARK = remarks.RemarkReading()


@dataclass
class LedgerRecord:
    """One data row: where it stands, what was typed, what was understood."""

    sheet: str
    row_number: int
    content_digest: str
    occurrence: int
    cells: dict[str, str]
    name: values.NameReading = NO_NAME
    identity: values.IdReading = NO_ID
    phones: tuple[str, ...] = ()
    phone_text: str = ""
    address: values.AddressReading = NO_ADDRESS
    address_text: str = ""
    village: VillageMatch = NO_VILLAGE
    group: int | None = None
    sex: str = ""
    birth: DayReading = NO_DAY
    age: int | None = None
    day: DayReading = NO_DAY
    remark: remarks.RemarkReading = NO_REMARK
    spouse: values.NameReading = NO_NAME
    head: values.NameReading = NO_NAME
    account_number: str = ""
    account_flags: tuple[str, ...] = ()
    balance: values.MoneyReading = NO_MONEY
    amount: values.MoneyReading = NO_MONEY
    income: values.MoneyReading = NO_MONEY
    net_income: values.MoneyReading = NO_MONEY
    debts: values.MoneyReading = NO_MONEY
    land: values.LandReading = NO_LAND
    livestock: values.LivestockReading = NO_LIVESTOCK
    population: int | None = None
    labour: int | None = None
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def known_birth(self) -> date | None:
        """The birth date inside a valid number, else the one written down to the day."""
        if self.identity.number:
            return birth_date_of(self.identity.number)
        return self.birth.day if self.birth.precision == "day" else None

    @property
    def is_customer(self) -> bool:
        """A row without a name cannot become a customer."""
        return self.name.is_known


@dataclass(frozen=True)
class OtherLine:
    """A line that is no row of a customer: what it is and says; blank ones in succession are one, to ``last``."""

    kind: RowKind
    number: int
    last: int
    cells: tuple[Cell, ...] = ()


@dataclass
class SheetReading:
    """A sheet: its records, its header as understood, how many rows of each kind it had, and those that are no data."""

    name: str
    header: Header
    encoding: str = ""
    records: list[LedgerRecord] = field(default_factory=list)
    row_kinds: Counter = field(default_factory=Counter)
    others: list[OtherLine] = field(default_factory=list)

    def put_aside(self, row: Row, kind: RowKind) -> None:
        """Keep a line that is no row, in the order of the sheet."""
        before = self.others[-1] if self.others else None
        if kind is not RowKind.BLANK:
            self.others.append(OtherLine(kind, row.number, row.number, row.cells))
        elif before is not None and before.kind is kind and before.last == row.number - 1:
            self.others[-1] = OtherLine(kind, before.number, row.number)
        else:
            self.others.append(OtherLine(kind, row.number, row.number))

    @cached_property
    def is_sorted_by_name(self) -> bool:
        """Do families of one surname stand together? Then namesakes are neighbours whoever they are."""
        names = [record.name.key for record in self.records if record.name.key]
        steps = [(before, after) for before, after in pairwise(names) if before != after]
        return sum(before[0] == after[0] for before, after in steps) > SORTED * max(len(steps), FEW_ROWS)


FieldsFor = Callable[[str, tuple[str, ...]], Mapping[int, str] | None]


def no_choice(sheet: str, labels: tuple[str, ...]) -> None:
    """Nobody has said how this header is to be understood."""


@dataclass(frozen=True)
class LedgerContext:
    """What the reader is told beside the file: its kind, the area tree, the branch's township, the business date.

    ``fields_for`` gives, for a sheet and the words of its header, the fields that people chose; None where nobody did.
    """

    kind: str = ""
    areas: AreaIndex = field(default_factory=lambda: AreaIndex(()))
    own_township: str = ""
    as_of: date = date.max
    fields_for: FieldsFor = no_choice


def read_ledger(content: bytes, context: LedgerContext, *, encoding: str = "") -> list[SheetReading]:
    """Read every sheet of a ledger; a file without a single data row is refused."""
    return read_all(read_sheets(content, encoding=encoding), context)


@collector_paused()
def read_all(sheets: Sequence[Sheet], context: LedgerContext) -> list[SheetReading]:
    """Read sheets whose rows are at hand; a file without a single data row is refused."""
    readings = [read_sheet(sheet, context) for sheet in sheets]
    if not any(reading.records for reading in readings):
        raise no_customers()
    return readings


def read_sheet(sheet: Sheet, context: LedgerContext) -> SheetReading:
    """Read one sheet: find its header, tell data from furniture, read the cells."""
    header = read_header(sheet.rows, context.kind)
    if (chosen := context.fields_for(sheet.name, header.labels)) is not None:
        header = header.with_fields(chosen)
    reading = SheetReading(sheet.name, header, sheet.encoding)
    first = header.rows[-1] + 1 if header.rows else 0
    for _ in header.rows:
        reading.row_kinds[RowKind.HEADER] += 1
    reading.row_kinds[RowKind.TITLE] += first - len(header.rows)
    for index, row in enumerate(sheet.rows[:first]):
        above = RowKind.TITLE if any(as_text(cell) for cell in row.cells) else RowKind.BLANK
        reading.put_aside(row, RowKind.HEADER if index in header.rows else above)
    data, section, month = [], "", ""
    for row in sheet.rows[first:]:
        kind = classify(row, header, is_place=context.areas.is_place)
        reading.row_kinds[kind] += 1
        if kind is RowKind.SECTION:
            section = next(as_text(cell) for cell in row.cells if cell is not None)
        elif kind is RowKind.MONTH:
            month = "".join(as_text(cell) for cell in row.cells if cell is not None)
        if kind is RowKind.DATA:
            data.append((row, section, month))
        else:
            reading.put_aside(row, kind)
    reading.records = _records(data, header, context)
    return reading


def read_row(row: Row, header: Header, context: LedgerContext) -> LedgerRecord:
    """Read one row alone under a header that is known; what neighbours would tell (same as above, dates) is missing."""
    return _records([(row, "", "")], header, context)[0]


def _records(data: list[tuple[Row, str, str]], header: Header, context: LedgerContext) -> list[LedgerRecord]:
    days = DateColumn([_cell(row, header, "date") for row, _, _ in data], EARLIEST_DAY, context.as_of)
    seen: Counter = Counter()
    records: list[LedgerRecord] = []
    for typed_row, section, month in data:
        row = _without_dittos(typed_row, records[-1].cells if records else None, header)
        digest = content_digest(row.cells)
        seen[digest] += 1
        record = LedgerRecord("", row.number, digest, seen[digest], _labelled(row, header))
        _read_person(record, row, header, context)
        record.day = days.read(_cell(row, header, "date"), month)
        record.birth = _birth(record, row, header, context)
        _read_place(record, row, header, context, section)
        _read_money(record, row, header)
        records.append(record)
    return records


def content_digest(cells: tuple[Cell, ...]) -> str:
    """Return a digest of what a row says, whatever the order of its columns."""
    texts = sorted(text for text in map(as_text, cells) if text)
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def _labelled(row: Row, header: Header) -> dict[str, str]:
    """Return the raw row: header word (or column number) → text as typed."""
    labelled: dict[str, str] = {}
    for i, cell in enumerate(row.cells):
        if cell is None:
            continue
        label = (header.labels[i] if i < len(header.labels) else "") or f"#{i + 1}"
        labelled[label if label not in labelled else f"{label}#{i + 1}"] = (
            cell if isinstance(cell, str) else as_text(cell)
        )
    return labelled


def _without_dittos(row: Row, before: dict[str, str] | None, header: Header) -> Row:
    """Replace ditto marks by what the row above says in that column."""
    if not before or not any(map(_is_ditto, row.cells)):
        return row
    cells = [
        before.get(header.labels[i] if i < len(header.labels) else "") if _is_ditto(cell) else cell
        for i, cell in enumerate(row.cells)
    ]
    return Row(row.number, tuple(cells))


def _is_ditto(cell: Cell) -> bool:
    return isinstance(cell, str) and len(cell) < LONGEST_DITTO and compact(cell) in DITTO


def _cell(row: Row, header: Header, name: str) -> Cell:
    """Return the first filled cell of a field's columns."""
    places = header.places.get(name)
    if places:
        cells = row.cells
        for place in places:
            if place < len(cells) and (cell := cells[place]) is not None:
                return cell
    return None


def _all_cells(row: Row, header: Header, name: str) -> list[Cell]:
    places = header.places.get(name)
    if not places:
        return []
    cells = row.cells
    return [cells[i] for i in sorted(places) if i < len(cells) and cells[i] is not None]


# --- dates -----------------------------------------------------------------------------------------------------------

AMBIGUOUS = {"short", "republic_short", "compact2"}


class DateColumn:
    """A column of dates: the plain ones tell the period and calendar in which the others are read."""

    def __init__(self, cells: list[Cell], earliest: date, latest: date):
        options = [found for cell in cells if (found := values.date_options(cell))]
        sure = sorted(
            found[0].day
            for found in options
            if found[0].form not in AMBIGUOUS and earliest <= found[0].day <= latest
        )
        self.earliest, self.latest = earliest, latest
        self.span = (
            (_shifted(sure[len(sure) // 50], -1), _shifted(sure[-1 - len(sure) // 50], 1))
            if len(sure) >= 3
            else None
        )
        self.prefer = "republic_short" if any(found[0].form == "republic" for found in options) else ""

    def read(self, cell: Cell, month_line: str = "") -> DayReading:
        """Read one cell; a day without a year takes it from the month line above."""
        typed = as_text(cell)
        options = values.date_options(cell) or (_with_year(typed, month_line) if typed and month_line else [])
        chosen = values.choose_date(options, *self.span, prefer=self.prefer) if self.span else None
        chosen = chosen or values.choose_date(options, self.earliest, self.latest, prefer=self.prefer)
        return DayReading(chosen.day, chosen.precision, typed) if chosen else DayReading(typed=typed)


def _shifted(day: date, years: int) -> date:
    return date(day.year + years, 1 if years < 0 else 12, 1 if years < 0 else 31)


def _with_year(typed: str, month_line: str) -> list[values.DateOption]:
    line = values.date_options(re.sub(r"份.*$", "", month_line))
    match = re.fullmatch(r"(?:(\d{1,2})[月./\-])?(\d{1,2})[日号]?", simplified(typed.replace(" ", "")))
    if not line or not match:
        return []
    year, month = line[0].day.year, int(match.group(1) or line[0].day.month)
    return values.date_options(f"{year}-{month}-{match.group(2)}")


def _birth(record: LedgerRecord, row: Row, header: Header, context: LedgerContext) -> DayReading:
    if not header.has("birth_date"):
        return NO_DAY
    cell = _cell(row, header, "birth_date")
    options, typed = values.date_options(cell), as_text(cell)
    latest = record.day.day or context.as_of
    fitting = [
        option
        for option in options
        if EARLIEST_BIRTH <= option.day <= latest and option.form != "republic_short"
    ]
    if record.identity.number:
        same = [option for option in fitting if option.day == birth_date_of(record.identity.number)]
        fitting = same or fitting
    grown = (
        [option for option in fitting if 10 <= latest.year - option.day.year <= 105]
        if latest != date.max
        else fitting
    )
    chosen = next(iter(grown or fitting), None)
    return DayReading(chosen.day, chosen.precision, typed) if chosen else DayReading(typed=typed)


# --- persons, places, money ------------------------------------------------------------------------------------------


def _read_person(record: LedgerRecord, row: Row, header: Header, context: LedgerContext) -> None:
    as_of = None if context.as_of == date.max else context.as_of
    record.name = values.read_name(_cell(row, header, "name"))
    if header.has("head"):
        record.head = values.read_name(_cell(row, header, "head"))
    if not record.name.is_known and not header.has("name"):
        record.name = record.head
    record.identity = values.read_id(_cell(row, header, "id_number"), as_of=as_of)
    phones = [values.read_phones(cell) for cell in _all_cells(row, header, "phone")]
    record.remark = remarks.joined([remarks.read_remark(cell) for cell in _all_cells(row, header, "remark")])
    record.phones = tuple(
        dict.fromkeys(number for phone in phones for number in phone.mobiles + phone.landlines)
    )
    for cell in (_cell(row, header, "name"), _cell(row, header, "address")):
        number, mobiles = values.strays_in(cell)
        record.phones = record.phones or mobiles
        if number and record.identity.is_empty:
            record.identity = values.read_id(number, as_of=as_of)
    record.identity = remarks.with_old_number(record.identity, record.remark, as_of)
    record.phone_text = " ".join(phone.typed for phone in phones if phone.typed)
    record.sex = values.read_sex(_cell(row, header, "sex"))
    record.spouse = values.read_name(_cell(row, header, "spouse") or record.remark.spouse)
    record.age = values.read_count(_cell(row, header, "age"))
    record.texts = {
        name: text
        for name in TEXT_FIELDS
        if name in header.places and (text := as_text(_cell(row, header, name)))
    }


def _read_place(record: LedgerRecord, row: Row, header: Header, context: LedgerContext, section: str) -> None:
    village, address, township = (
        as_text(_cell(row, header, name)) for name in ("village", "address", "township")
    )
    record.address_text = " ".join(text for text in (township, address or village) if text)
    parts = [text for text in (address, village) if text and not is_placeholder(text)] or (
        [section] if section else []
    )
    group = values.read_group(_cell(row, header, "group"))
    for text in parts:
        place = values.read_address(text)
        found = context.areas.match(place, township=township, own=context.own_township)
        if not record.address.typed or (found.code and not record.village.code):
            record.address, record.village = place, found
        group = group or place.group
    if not parts and township:
        record.village = VillageMatch(township=context.areas.township_named(township), how="township")
    record.group = group


def _read_money(record: LedgerRecord, row: Row, header: Header) -> None:
    for name in ("balance", "amount", "income", "net_income", "debts"):
        if columns := header.of(name):
            setattr(record, name, values.read_money(_cell(row, header, name), unit=columns[0].unit))
    if header.has("land"):
        record.land = values.read_land(_cell(row, header, "land"))
    if header.has("livestock"):
        record.livestock = values.read_livestock(_cell(row, header, "livestock"))
    record.population = values.read_count(_cell(row, header, "population"))
    record.labour = values.read_count(_cell(row, header, "labour"))
    record.account_number, record.account_flags = read_account_number(_cell(row, header, "account_number"))


def read_account_number(value: Cell) -> tuple[str, tuple[str, ...]]:
    """Return an account number and its damage; one that a spreadsheet turned into a figure is lost."""
    text = compact(value)
    if is_placeholder(text):
        return "", ()
    if values.SCIENTIFIC.match(text):
        return "", ("SCIENTIFIC",)
    cleaned = re.sub(r"[^0-9A-Za-z]", "", text.removesuffix(".0")).upper()
    if isinstance(value, float) or (isinstance(value, int) and len(cleaned) > values.EXACT_DIGITS):
        return ("", ("PRECISION_LOST",)) if len(cleaned) > values.EXACT_DIGITS else (cleaned, ("AS_NUMBER",))
    return cleaned, ()
