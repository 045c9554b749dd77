"""What goes into an import and what is told of it, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from customers.ledgers.reading import LedgerRecord, SheetReading
from customers.ledgers.workbook import LedgerUnreadable
from customers.models import LedgerRow

if TYPE_CHECKING:
    from branches.models import Unit
    from customers.models import LedgerImport

SHEET_LENGTH = LedgerRow._meta.get_field("sheet").max_length


@dataclass(frozen=True)
class LedgerSource:
    """A file to be read: where it comes from and what is said about it.

    ``fields_for`` tells what people chose for the columns of a sheet; without it what the branch remembers counts.
    ``digest`` stands for a content that is not at hand, ``number`` for the file of an upload. ``corrects`` are the rows
    it brings back corrected: number of the row to id of the earlier one.
    """

    name: str
    kind: str
    branch_code: str
    branch_name: str
    content: bytes
    encoding: str = ""
    digest: bytes = b""
    number: int | None = None
    fields_for: Callable[[str, tuple[str, ...]], Mapping[int, str]] | None = field(
        default=None, compare=False
    )
    corrects: Mapping[int, int] = field(default_factory=dict, compare=False)

    @property
    def sha256(self) -> bytes:
        """The digest of the file as it came."""
        return self.digest or hashlib.sha256(self.content).digest()

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


@dataclass(eq=False, slots=True)
class Entry:
    """A record on its way into the registry; ``household`` is that of its customer, once there is one."""

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
    is_new: bool = False
    is_known: bool = False
    joined_by: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[int, str, str, bytes, int]:
        """What makes a row the same row again."""
        sheet = self.sheet.name[:SHEET_LENGTH]
        return (self.branch.pk, self.source.kind, sheet, self.row_key, self.record.occurrence)

    @property
    def place(self) -> tuple[str, str, int]:
        return (self.source.base_name, self.sheet.name, self.record.row_number)
