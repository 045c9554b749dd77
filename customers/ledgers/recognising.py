"""What a file seems to be before anybody confirms it: how its columns are understood and why, its kind, its branch.

Pure: works on sheets, words and names; knows no database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from customers.choices import LedgerKind
from customers.identity import edit_distance
from customers.ledgers.headers import DETECTORS, WORDS, columns_of, plain_label, read_header, word_scores
from customers.ledgers.reading import FieldsFor
from customers.ledgers.text import as_text, simplified
from customers.ledgers.workbook import Row, Sheet
from customers.masking import mask_name
from customers.matching.sounds import pinyin

EXAMPLES = 3
EXAMPLE_LENGTH = 40
LONG_DIGITS = re.compile(r"(?<![\d.,])[\dXx*lIOo]{7,}(?![.,\d])")  # l and O stand for digits
KEPT_AHEAD, KEPT_BEHIND = 3, 2
NAMES = frozenset({"name", "head", "spouse", "guarantor"})

KIND_NAMES = {
    LedgerKind.ACCOUNT_LIST: ("账户", "帐户", "会计", "台账", "账号", "zhanghu", "kuaiji", "account"),
    LedgerKind.OFFICER_NOTEBOOK: ("笔记", "信贷员", "调查", "走访", "农户", "biji", "xindaiyuan", "notebook"),
    LedgerKind.COUNTER_REGISTER: ("登记", "柜面", "柜台", "流水", "dengji", "guimian", "register", "counter"),
}  # fmt: skip
KIND_FIELDS = {
    LedgerKind.ACCOUNT_LIST: {"account_number", "account_status", "product", "balance"},
    LedgerKind.OFFICER_NOTEBOOK: {"population", "labour", "land", "livestock", "income", "debts", "grade"},
    LedgerKind.COUNTER_REGISTER: {"business", "teller", "date", "amount"},
}  # fmt: skip


def masked(text: str) -> str:
    """A cell as pages show it: long runs of digits keep their ends alone."""
    return LONG_DIGITS.sub(lambda run: _hidden(run[0]), text)


def _hidden(digits: str) -> str:
    return digits[:KEPT_AHEAD] + "*" * (len(digits) - KEPT_AHEAD - KEPT_BEHIND) + digits[-KEPT_BEHIND:]


def example(cell: Any, field: str) -> str:
    """A cell as an example: numbers and names are masked."""
    text = as_text(cell)[:EXAMPLE_LENGTH]
    return mask_name(text) if field in NAMES else masked(text)


def recognised(
    sheets: Sequence[Sheet], kind: str, *, remembered: FieldsFor, chosen: Mapping[str, Mapping[str, str]]
) -> list[dict]:
    """How every sheet's columns are understood, with examples, certainty, the reason, and suggestions for odd words."""
    return [_sheet(sheet, kind, remembered, chosen.get(sheet.name, {})) for sheet in sheets]


def _sheet(sheet: Sheet, kind: str, remembered: FieldsFor, chosen: Mapping[str, str]) -> dict:
    header = read_header(sheet.rows, kind)
    known = remembered(sheet.name, header.labels)
    fields = dict(known or {}) | {int(index): field for index, field in chosen.items()}
    if fields:
        header = header.with_fields(fields)
    first = header.rows[-1] + 1 if header.rows else 0
    cells = columns_of(sheet.rows[first:], len(header.columns))
    columns, unworked = [], _unworked(sheet.rows[first:])
    for column, sample in zip(header.columns, cells, strict=True):
        filled = [cell for cell in sample if cell is not None]
        if not filled and not column.label:
            continue
        witness = (
            "chosen"
            if str(column.index) in chosen
            else "remembered"
            if column.index in fields
            else _witness(column.label, column.field, filled)
        )
        columns.append(
            {
                "index": column.index,
                "label": column.label,
                "field": column.field,
                "percent": round(column.confidence * 100),
                "witness": witness,
                "fits": fits(column.field, filled),
                "examples": _examples(filled, column.field),
                "suggestion": suggestion(column.label, column.field),
                "unworked": unworked.get(column.index + 1, []),
            }
        )
    return {
        "name": sheet.name,
        "labels": list(header.labels),
        "header_rows": [sheet.rows[i].number for i in header.rows],
        "rows": len(sheet.rows) - first,
        "columns": columns,
    }


def _unworked(rows: Sequence[Row]) -> dict[int, list[int]]:
    """By column the numbers of rows whose formula was saved without its value."""
    found: dict[int, list[int]] = {}
    for row in rows:
        for column in row.unworked:
            found.setdefault(column, []).append(row.number)
    return found


def _examples(filled: Sequence[Any], field: str) -> list[str]:
    found: list[str] = []
    for cell in filled:
        text = example(cell, field)
        if text and text not in found:
            found.append(text)
        if len(found) == EXAMPLES:
            break
    return found


def _witness(label: str, field: str, filled: Sequence[Any]) -> str:
    if not field:
        return "none"
    by_word = word_scores(label).get(field, 0.0) > 0
    by_content = (fits(field, filled) or 0) >= 50
    return "both" if by_word and by_content else "word" if by_word else "content"


def fits(field: str, filled: Sequence[Any]) -> int | None:
    """The share of cells, in percent, that look like the field; None where nothing tells."""
    detect = DETECTORS.get(field)
    if detect is None or not filled:
        return None
    return round(100 * sum(map(detect, filled)) / len(filled))


def suggestion(label: str, field: str) -> str:
    """The word that was probably meant when a header's word is not known: one character off, or of the same sound."""
    plain = plain_label(label)
    if len(plain) < 2 or plain in WORDS or any(word in plain for word in WORDS if len(word) > 2):
        return ""
    sound = pinyin(plain)
    near = [
        word
        for word in WORDS
        if not word.isascii()
        and len(word) == len(plain)
        and (pinyin(word) == sound or edit_distance(word, plain, 1) == 1)
    ]
    if not near:
        return ""

    def rank(word: str) -> tuple:
        fields = WORDS[word]
        return (field not in fields, pinyin(word) != sound, -max(fields.values()), word)

    best = min(near, key=rank)
    return best if field in WORDS[best] or pinyin(best) == sound else ""


# --- kind and branch -------------------------------------------------------------------------------------------------


def kind_of(name: str, sheets: Sequence[Sheet]) -> str:
    """The kind of ledger that a file's name says, else the one whose fields its columns hold."""
    plain = simplified(name).lower()
    said = [kind for kind, words in KIND_NAMES.items() if any(word in plain for word in words)]
    if len(said) == 1:
        return said[0]
    fields = {column.field for sheet in sheets for column in read_header(sheet.rows).columns}
    held = {kind: len(fields & own) for kind, own in KIND_FIELDS.items()}
    return max(said or list(held), key=lambda kind: held[kind])


def branch_of(name: str, sheets: Sequence[Sheet], branches: Mapping[int, str]) -> int | None:
    """The branch that a file's name names, else the one whose name stands most often in its cells.

    ``branches`` are names by key. None where nothing decides.
    """
    plain = re.sub(r"[\s_\-.()（）]", "", simplified(name).lower())
    cores = {pk: core_of(words) for pk, words in branches.items()}
    named = [pk for pk, core in cores.items() if core and (core in plain or pinyin(core) in plain)]
    if named:
        return max(named, key=lambda pk: len(cores[pk]))
    counted: Counter[int] = Counter()
    for text in _words_in(sheets):
        for pk, core in cores.items():
            counted[pk] += bool(core) and core in text
    best = counted.most_common(1)
    return best[0][0] if best and best[0][1] else None


def core_of(branch: str) -> str:
    """A branch's name without what every branch is called."""
    return re.sub(r"(农村)?(信用社|信用分社|分社|支行|网点|联社|乡|镇|街道)", "", simplified(branch))


def _words_in(sheets: Sequence[Sheet], most: int = 300) -> list[str]:
    rows: list[Row] = [row for sheet in sheets for row in sheet.rows[:most]]
    return [
        simplified(cell) for row in rows for cell in row.cells if isinstance(cell, str) and len(cell) < 60
    ]


def is_a_ledger(sheets: Sequence[Sheet], kind: str) -> bool:
    """Does any column name people, or hold their numbers?"""
    fields = {column.field for sheet in sheets for column in read_header(sheet.rows, kind).columns}
    return bool(fields & {"name", "head", "id_number", "account_number"})
