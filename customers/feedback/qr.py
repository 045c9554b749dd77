"""A link as a QR code: one path of an inline drawing, coloured by a class, so that the content policy allows it."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET = 4


@dataclass(frozen=True)
class Drawing:
    """Side of the square in modules, and the path of its dark ones."""

    side: int
    path: str


def drawing_of(text: str) -> Drawing:
    """The QR code of a text with its quiet border; level M survives a crumpled slip."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    runs = [run for y, line in enumerate(matrix) for run in _runs(line, y)]
    return Drawing(len(matrix), "".join(runs))


def _runs(line: list[bool], y: int):
    """Dark modules that lie side by side, as one rectangle each."""
    start = None
    for x, dark in enumerate([*line, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield f"M{start} {y}h{x - start}v1h{start - x}z"
            start = None
