"""The parts of a workbook that grow with its rows: shared texts and cells, read as the parser comes by them.

Nothing is built but the values themselves; rows leave as soon as they end. What a cell means (kind, format, day) is
what openpyxl makes of it, which reads the rest of the workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any
from xml.parsers import expat

from refusal import Refusal

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ROW, CELL, VALUE, INLINE, FORMULA = MAIN + "row", MAIN + "c", MAIN + "v", MAIN + "is", MAIN + "f"
ITEM, RUN, TEXT = MAIN + "si", MAIN + "r", MAIN + "t"
CHUNK = 1 << 16
UNFIT_DAY = "#VALUE!"
LAST_COLUMN = 16_384  # of any spreadsheet


class Part:
    """Feeds one part of the package to a parser that takes neither declarations nor entities."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.path: list[str] = []
        self.taken: list[str] | None = None

    def _refuse(self, *said: Any) -> None:
        raise Refusal("declares_entities")

    def feed(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse chunk by chunk; after each one what has ended by then may be taken."""
        while chunk := stream.read(CHUNK):
            self.parser.Parse(chunk)
            yield
        self.parser.Parse(b"", True)
        yield


class RichText:
    """The text of an item: its plain text, then its runs; how it is spoken stands in neither."""

    def __init__(self) -> None:
        self.plain, self.runs = "", []

    def add(self, inside: str, text: str) -> None:
        """A text element has ended directly in the item, or in a run of it."""
        if inside == RUN:
            self.runs.append(text)
        elif inside in (ITEM, INLINE):
            self.plain = text

    def __str__(self) -> str:
        return self.plain + "".join(self.runs)


class SharedTexts(Part):
    """The texts that cells point to by their number."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.item = RichText()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say

    def _start(self, name: str, given: dict[str, str]) -> None:
        self.path.append(name)
        if name == ITEM:
            self.item = RichText()
        self.taken = [] if name == TEXT else None

    def _say(self, text: str) -> None:
        if self.taken is not None:
            self.taken.append(text)

    def _end(self, name: str) -> None:
        self.path.pop()
        if name == TEXT and self.path:
            self.item.add(self.path[-1], "".join(self.taken or ()))
        elif name == ITEM:
            self.texts.append(str(self.item).replace("x005F_", ""))
        self.taken = None


def shared_texts(stream: IO[bytes]) -> list[str]:
    """Read the table of shared texts."""
    table = SharedTexts()
    for _ in table.feed(stream):
        pass
    return table.texts


class Sheet(Part):
    """The rows of a sheet with their numbers; what is no row is passed over.

    ``book`` knows the beginning of its calendar and which formats show days or spans of time. ``unworked`` are, by
    row, the columns of formulas that were saved without their value: those cells are read as empty.
    """

    def __init__(self, book: Any, texts: Sequence[str]) -> None:
        super().__init__()
        from openpyxl.utils.datetime import from_excel, from_ISO8601

        self.book, self.texts, self.from_excel, self.from_iso = book, texts, from_excel, from_ISO8601
        self.ended: list[tuple[int, list[tuple[int, Any]]]] = []
        self.number, self.column, self.row = 0, 0, []
        self.kind, self.style, self.value, self.inline = "n", 0, None, RichText()
        self.has_formula, self.unworked = False, {}
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._say

    def rows(self, stream: IO[bytes]) -> Iterator[tuple[int, tuple]]:
        """Rows in order; one that stands before its predecessor is left out, and so is a cell behind the last."""
        last = 0
        for _ in self.feed(stream):
            for number, cells in self.ended:
                if number > last:
                    last = number
                    yield number, _laid_out(cells)
            self.ended.clear()

    def _start(self, name: str, given: dict[str, str]) -> None:
        self.path.append(name)
        self.taken = None
        if name == CELL:
            self.kind, self.style = given.get("t", "n"), int(given.get("s") or 0)
            place = given.get("r")
            self.column = _column_of(place) if place else self.column + 1
            self.value, self.inline, self.has_formula = None, RichText(), False
        elif name == ROW:
            self.number = _row_number(given["r"]) if "r" in given else self.number + 1
            self.column, self.row = 0, []
        elif (name == VALUE and self.value is None) or name == TEXT:
            self.taken = []
        elif name == FORMULA:
            self.has_formula = True

    def _say(self, text: str) -> None:
        if self.taken is not None:
            self.taken.append(text)

    def _end(self, name: str) -> None:
        self.path.pop()
        if name == CELL:
            self.row.append((self.column, self._read()))
        elif name == VALUE and self.taken is not None:
            self.value = "".join(self.taken)
        elif name == TEXT and self.taken is not None:
            self.inline.add(self.path[-1], "".join(self.taken))
        elif name == ROW:
            self.ended.append((self.number, self.row))
        self.taken = None

    def _read(self) -> Any:
        """The value of the cell that has just ended."""
        kind, text = self.kind, self.value
        if kind == "inlineStr":
            return str(self.inline)
        if not text:
            if self.has_formula and kind != "str":  # a text that is empty is a value
                self.unworked.setdefault(self.number, []).append(self.column)
            return None
        if kind == "s":
            return self.texts[int(text)]
        if kind == "n":
            return self._number(text)
        if kind == "b":
            return bool(int(text))
        return self.from_iso(text) if kind == "d" else text

    def _number(self, text: str) -> Any:
        value = float(text) if "." in text or "E" in text or "e" in text else int(text)
        if self.style not in self.book._date_formats:
            return value
        is_span = self.style in self.book._timedelta_formats
        try:
            return self.from_excel(value, self.book.epoch, timedelta=is_span)
        except (OverflowError, ValueError):
            return UNFIT_DAY


def _column_of(place: str) -> int:
    """The number of the column in ``BC12``."""
    letters = place.rstrip("0123456789").upper()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    if not (letters.isascii() and letters.isalpha() and column <= LAST_COLUMN):
        raise ValueError(f"{place!r} is no cell.")
    return column


def _row_number(text: str) -> int:
    number = float(text)
    if not number.is_integer():
        raise ValueError(f"{text!r} is no row.")
    return int(number)


def _laid_out(cells: list[tuple[int, Any]]) -> tuple:
    if not cells:
        return ()
    width = cells[-1][0]
    row = [None] * width
    for column, value in cells:
        if 1 <= column <= width:
            row[column - 1] = value
    return tuple(row)
