"""Sheets that people send in, as a stream of rows out of the child process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coopcrm.shared.errors import Refused
from coopcrm.shared.uploads.child.limits import CPU_SECONDS, MAX_FILE_BYTES
from coopcrm.shared.uploads.process import child, require_alive
from coopcrm.shared.uploads.refusals import refusal_for

Cell = str | int | float | date | datetime | None

LONGEST = CPU_SECONDS + 30.0  # seconds by the clock; the child is nice to others


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it (for text: the record number, blank ones counted).

    ``unworked`` are the columns, counted from 1, of formulas that were saved without their value: read as empty.
    """

    number: int
    cells: tuple[Cell, ...]
    unworked: tuple[int, ...] = ()

    @property
    def is_blank(self) -> bool:
        return all(cell is None for cell in self.cells)


@dataclass(frozen=True)
class SheetName:
    """Announces the rows of a sheet; the only sheet of a text file has no name, but an encoding."""

    name: str
    encoding: str = ""


def stream(content: bytes, *, encoding: str = "", seconds: float = LONGEST) -> Iterator[SheetName | Row]:
    """The sheets of a workbook or text file and their rows that are not blank, in order.

    ``encoding`` is what people declare for a text file, one of ``child.limits.ENCODINGS``; else the content tells.
    Raises ``Unreadable``, also in the middle: who writes while reading does so in a transaction.
    """
    if len(content) > MAX_FILE_BYTES:
        raise refusal_for("file_too_large")
    with child("sheets", content, seconds=seconds, option=encoding) as reader:
        for line in reader.answer:
            if not line.endswith(b"\n"):
                break
            said = json.loads(line, object_hook=_moment)
            if isinstance(said, list):
                for number, cells, *unworked in said:
                    yield Row(number, tuple(cells), tuple(*unworked))
            elif "sheet" in said:
                yield SheetName(said["sheet"], said.get("encoding", ""))
            elif "refused" in said:
                raise refusal_for(said["refused"])
            else:
                return
        require_alive(reader, lost="too_much_memory")


def _moment(said: dict) -> dict | date | datetime:
    if "t" in said:
        return datetime.fromisoformat(said["t"])
    return date.fromisoformat(said["d"]) if "d" in said else said


@dataclass(frozen=True)
class Record:
    """A row of a table by the words of its header."""

    number: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


def records(content: bytes, columns: Sequence[str], *, what: str) -> Iterator[Record]:
    """The rows of the first sheet as texts by column; refuses a table that lacks one of ``columns``.

    ``what`` names the table in the refusal.
    """
    header: list[str] | None = None
    for said in stream(content):
        if isinstance(said, SheetName):
            if header is not None:
                return
        elif header is None:
            header = [plain(cell) for cell in said.cells]
            if missing := [name for name in columns if name not in header]:
                raise Refused(f"{what}: {', '.join(missing)}.", code="columns_missing")
        else:
            cells = map(plain, said.cells)
            yield Record(said.number, {name: cell for name, cell in zip(header, cells, strict=False) if name})
    if header is None:
        raise refusal_for("file_empty")


def plain(cell: Cell) -> str:
    """A cell as the text a person typed."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
