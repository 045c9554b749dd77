"""Why a file is not taken in: a stable code, and a sentence that says what to do."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from coopcrm.shared.errors import Refused, note
from coopcrm.shared.uploads.child import limits

TEXTS = {
    "file_too_large": gettext_noop("The file is larger than %(megabytes)s MB; split it."),
    "file_empty": gettext_noop("The file is empty; choose the one that holds the rows."),
    "old_office": gettext_noop("This is an old or locked Office file; save it as .xlsx without a password."),
    "locked": gettext_noop("The file is locked with a password; save it without one."),
    "macros": gettext_noop("The workbook carries macros; save it as .xlsx, which has none."),
    "no_table": gettext_noop("This is no table. Save it as .xlsx or as text with commas (.csv)."),
    "no_workbook": gettext_noop("This archive is no workbook; save the table as .xlsx or .csv."),
    "damaged": gettext_noop("The workbook is damaged; open it in a spreadsheet and save it again."),
    "too_many_parts": gettext_noop("The workbook has too many parts; copy the rows into a new one."),
    "odd_workbook": gettext_noop("No spreadsheet writes a workbook like this; copy the rows into a new one."),
    "odd_packing": gettext_noop(
        "The workbook is packed in a way no spreadsheet packs; save it again as .xlsx."
    ),
    "declares_entities": gettext_noop(
        "The workbook carries instructions for the reader instead of rows; copy the rows into a new one."
    ),
    "unpacks_too_large": gettext_noop("The workbook unpacks into more than %(unpacked)s MB; split it."),
    "too_many_rows": gettext_noop(
        "A sheet has more than %(rows)s rows; split it, or delete the empty rows at its end."
    ),
    "too_many_columns": gettext_noop(
        "A row has more than %(columns)s columns; delete what stands far to the right."
    ),
    "too_many_cells": gettext_noop("The workbook has more than %(cells)s cells; split it."),
    "cell_too_long": gettext_noop("A cell holds more than %(characters)s characters; shorten it."),
    "too_slow": gettext_noop("Reading the file takes too long; split it."),
    "too_much_memory": gettext_noop("Reading the file takes too much memory; split it or make it smaller."),
    "no_archive": gettext_noop("This is no archive; pack the files as .zip."),
    "damaged_archive": gettext_noop("The archive is damaged; pack the files again."),
    "locked_archive": gettext_noop("The archive is locked with a password; pack it without one."),
    "too_many_files": gettext_noop("The archive holds more than %(members)s files; pack fewer."),
    "odd_archive": gettext_noop("The archive is packed in an unusual way; pack the files again as .zip."),
    "archive_too_large": gettext_noop("The archive unpacks into more than %(unpacked)s MB; split it."),
    "photo_too_large": gettext_noop("The photo is larger than %(photo)s MB; take it with less resolution."),
    "photo_too_wide": gettext_noop(
        "The photo has more than %(pixels)s million dots; take it with less resolution."
    ),
    "no_photo": gettext_noop("This is no photo. Take it as JPEG, PNG or WebP."),
    "moving_photo": gettext_noop("This picture moves; take a still photo."),
    "damaged_photo": gettext_noop("The photo is damaged; take it again."),
}
FIGURES = {
    "megabytes": limits.MAX_FILE_BYTES // limits.MEGABYTE,
    "unpacked": limits.MAX_UNPACKED_BYTES // limits.MEGABYTE,
    "members": limits.MAX_MEMBERS,
    "rows": limits.MAX_ROWS,
    "columns": limits.MAX_COLUMNS,
    "cells": limits.MAX_CELLS,
    "characters": limits.MAX_CELL_CHARACTERS,
    "photo": limits.MAX_PHOTO_BYTES // limits.MEGABYTE,
    "pixels": limits.MAX_PIXELS // 1_000_000,
}


class Unreadable(Refused):
    """A file that is not taken in, which is on record; ``text`` and ``params`` are translated when they are shown."""

    code = "file_unreadable"

    def __init__(self, text: str, *, code: str | None = None, params: dict | None = None) -> None:
        super().__init__(text, code=code)
        self.text, self.params = text, params or {}
        note(self.code)

    def __str__(self) -> str:
        return gettext(self.text) % self.params if self.params else gettext(self.text)


def refusal_for(code: str) -> Unreadable:
    """The refusal with the sentence and the figures of a code."""
    text = TEXTS[code]
    params = {name: value for name, value in FIGURES.items() if f"%({name})s" in text}
    return Unreadable(text, code=code, params=params)
