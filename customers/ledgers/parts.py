"""What an upload holds between its steps, packed and sealed: files as they came, rows as read, the plan."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from customers.choices import PartKind
from customers.ledgers.workbook import Row, Sheet
from customers.models import LedgerUpload, UploadFile, UploadPart

PIECE = 4_000_000  # characters; a text is cut rather than held twice in one value
LEVEL = 1


def keep(content: bytes, *, upload: LedgerUpload, kind: str, file: UploadFile | None = None) -> None:
    """Keep a content in place of what stood there."""
    held(upload, kind, file).delete()
    text = base64.b64encode(zlib.compress(content, LEVEL)).decode()
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    for number, piece in enumerate(pieces):
        part = UploadPart(upload=upload, file=file, kind=kind, number=number)
        part.seal("content", piece)
        part.save(force_insert=True)


def kept(*, upload: LedgerUpload, kind: str, file: UploadFile | None = None) -> bytes:
    """The content that :func:`keep` kept."""
    text = "".join(part.open("content") for part in held(upload, kind, file).order_by("number"))
    return zlib.decompress(base64.b64decode(text))


def held(upload: LedgerUpload, kind: str, file: UploadFile | None):
    """The pieces of one content."""
    return UploadPart.objects.filter(upload=upload, kind=kind, file=file)


def keep_sheets(sheets: Sequence[Sheet], file: UploadFile) -> None:
    """Keep the rows of a file, so that it is parsed once."""
    said = [
        [
            sheet.name,
            sheet.encoding,
            [[row.number, row.cells, *filter(None, [row.unworked])] for row in sheet.rows if row.cells],
        ]
        for sheet in sheets
    ]
    content = json.dumps(said, default=_moment, ensure_ascii=False).encode()
    keep(content, upload=file.upload, kind=PartKind.ROWS, file=file)


def kept_sheets(file: UploadFile) -> list[Sheet]:
    """The rows of a file as they were read."""
    said = json.loads(kept(upload=file.upload, kind=PartKind.ROWS, file=file), object_hook=_as_moment)
    sheets = []
    for name, encoding, rows in said:
        sheet = Sheet(name, encoding=encoding)
        for number, cells, *unworked in rows:
            sheet.add(Row(number, tuple(cells), tuple(*unworked)))
        sheets.append(sheet)
    return sheets


def _moment(value: date | datetime) -> dict[str, str]:
    return {"t" if isinstance(value, datetime) else "d": value.isoformat()}


def _as_moment(said: dict[str, Any]) -> Any:
    if "t" in said:
        return datetime.fromisoformat(said["t"])
    return date.fromisoformat(said["d"]) if "d" in said else said
