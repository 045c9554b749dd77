"""Small words on text that every reader here needs: plain forms, Chinese numerals, empty-looking cells."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from customers.names import simplified as simplified_characters

INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad\x00]")
SPACES = re.compile(r"\s+")
DIGIT_OF = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "○": 0
}  # fmt: skip
UNIT_OF = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
SHORT_TENS = {"廿": "二十", "卅": "三十", "卌": "四十"}
NUMERAL_CHARACTERS = "".join(DIGIT_OF) + "".join(UNIT_OF) + "".join(SHORT_TENS)
PLACEHOLDERS = {
    "无", "没有", "没", "待补", "待查", "待核", "待定", "未带", "未提供", "未知", "未填", "不详", "不明", "不清",
    "不知", "缺", "暂缺", "暂无", "空", "补",
    "none", "null", "nil", "na", "n/a", "nan", "unknown", "tbd", "x", "xx", "xxx", "/", "\\", "-", "--", "---",
    "—", "——", "一", "?", "??", "？",
    ".", "*", "**", "0", "00", "#", "同上", "无证", "未办", "丢失", "遗失", "未查", "没带", "忘带", "未登记",
}  # fmt: skip


@lru_cache(maxsize=100_000)
def simplified(text: str) -> str:
    """Return the text in simplified characters."""
    return text if text.isascii() else simplified_characters(text)


def as_text(value: object) -> str:
    """Return a cell as the text a person sees: NFKC, no invisible characters, single spaces, no ``.0``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        value = whole_number(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


@lru_cache(maxsize=100_000)
def _plain(text: str) -> str:
    return SPACES.sub(" ", INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).strip()


def whole_number(value: float) -> Decimal | int | str:
    """Return a spreadsheet's number without the noise of binary fractions."""
    if not math.isfinite(value):
        return ""
    exact = Decimal(repr(value))
    return int(exact) if exact == exact.to_integral_value() else exact


def compact(value: object) -> str:
    """Return a cell's text without any space."""
    return _without_spaces(value) if isinstance(value, str) else as_text(value).replace(" ", "")


@lru_cache(maxsize=100_000)
def _without_spaces(text: str) -> str:
    return _plain(text).replace(" ", "")


def is_placeholder(text: str) -> bool:
    """Does the cell say that nothing is known, rather than something?"""
    return text == "" or simplified(text.replace(" ", "")).lower() in PLACEHOLDERS


def numeral(text: str) -> int | None:
    """Read a whole number in Arabic or Chinese numerals: ``12``, ``十二``, ``二十``, ``一百零三``."""
    text = simplified(text)
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 10 else None
    for short, full in SHORT_TENS.items():
        text = text.replace(short, full)
    if not text or any(c not in DIGIT_OF and c not in UNIT_OF for c in text):
        return None
    if all(c in DIGIT_OF for c in text):  # read digit by digit: 一二 is twelve in a register
        return int("".join(str(DIGIT_OF[c]) for c in text)) if len(text) < 9 else None
    total, digit = 0, 0
    for c in text:
        if c in DIGIT_OF:
            digit = DIGIT_OF[c]
        else:
            total += (digit or 1) * UNIT_OF[c]
            digit = 0
    return total + digit
