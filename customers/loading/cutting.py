"""A csv of any size, cut into stretches of whole records; nothing is held but one stretch.

Line ends and quotes are single bytes that no other character contains, in UTF-8 as in GB 18030, so that a file can be
cut before it is read as text.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coopcrm.shared.errors import Refused

QUOTE = b'"'
LOOKED_AT = 1 << 20
DELIMITERS = ",\t;|"
LONGEST_RECORD = 1 << 20
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class Stretch:
    """Some records of a file: where their bytes begin, how many, the number of their first record, how many records."""

    offset: int
    length: int
    first: int
    records: int


@dataclass
class CutFile:
    """A file as it was found: digest, encoding, delimiter, header, stretches."""

    path: Path
    digest: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    header: list[str] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records the file holds beside its header."""
        return sum(stretch.records for stretch in self.stretches)


def cut(path: Path, records_a_stretch: int) -> CutFile:
    """Read a file once and say where it can be cut; raises ``Refused`` for what is no csv."""
    found, digest = CutFile(path), hashlib.sha256()
    offset = length = records = number = 0
    with path.open("rb") as file:
        _recognise(found, file.read(LOOKED_AT))
        file.seek(0)
        for record in records_in(file, digest):
            if number == 0:
                found.header = next(csv.reader([_text(found, record)], delimiter=found.delimiter), [])
                offset = len(record)
            else:
                length, records = length + len(record), records + 1
            number += 1
            if records == records_a_stretch:
                found.stretches.append(Stretch(offset, length, number - records, records))
                offset, length, records = offset + length, 0, 0
    if records:
        found.stretches.append(Stretch(offset, length, number - records, records))
    found.digest = digest.hexdigest()
    return found


def records_in(file, digest=None) -> Iterator[bytes]:
    """Records of a file as bytes: lines, joined where a quoted cell holds a line end."""
    held, is_open = [], False
    held_bytes = 0
    for line in file:
        if digest:
            digest.update(line)
        if QUOTE in line and line.count(QUOTE) % 2:
            is_open = not is_open
        if not held and not is_open:
            yield line
            continue
        held.append(line)
        held_bytes += len(line)
        if held_bytes > LONGEST_RECORD:
            raise Refused("A quotation mark is opened and not closed; the file is no csv.", code="no_csv")
        if not is_open:
            yield b"".join(held)
            held, held_bytes = [], 0
    if held:
        yield b"".join(held)


def rows_of(found: CutFile, stretch: Stretch) -> Iterator[list[str]]:
    """The records of a stretch as cells; a byte that is no character becomes the sign U+FFFD."""
    with found.path.open("rb") as file:
        file.seek(stretch.offset)
        text = file.read(stretch.length).decode(found.encoding, errors="replace")
    return csv.reader(io.StringIO(text, newline=""), delimiter=found.delimiter)


def _recognise(found: CutFile, head: bytes) -> None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"PK\x03\x04")) or b"\x00" in head:
        raise Refused("The file is no csv in UTF-8 or GB 18030. Save it as such.", code="no_csv")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        found.encoding = "gb18030"
    line = head.partition(b"\n")[0].decode(found.encoding, errors="replace")
    found.delimiter = max(DELIMITERS, key=line.count)


def _text(found: CutFile, record: bytes) -> str:
    return record.decode(found.encoding, errors="replace").removeprefix("\ufeff").rstrip("\r\n")
