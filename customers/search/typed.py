"""What was typed into the box, read once: a household, a number, a date, or words with perhaps digits beside them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from customers import identity

LONGEST_TEXT = 60
LEAST_WHOLE = 7  # digits of the shortest number that is looked up whole; ends of numbers have four or six
LEAST_BESIDE = 4  # digits beside a name: a year, the end of a phone or of an identity number, a date
CONTROL = re.compile("[\x00-\x1f\x7f]")
HOUSEHOLD = re.compile(r"(?:#|户|戶|household\s*#?)\s*(\d{1,12})|(\d{1,12})\s*(?:户|戶)", re.IGNORECASE)
NUMBER = re.compile(r"\+?\d[\d\-‐‑–—() ]*[\dXx]|\d+[Xx]?")
CODE = re.compile(r"(?=(?:.*\d){5})[A-Z]{0,3}[0-9A-Z\-]{6,24}", re.IGNORECASE)
DAY = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
SHORT_YEAR = 30  # 29 in the short form of a birth date is 2029 and nobody's; 30 is 1930


@dataclass(frozen=True)
class Typed:
    """The text in one form, and what it is: exactly one of the other fields is filled."""

    text: str = ""
    household: str = ""
    number: str = ""
    born: date | None = None
    words: tuple[str, ...] = ()
    beside: str = ""

    @property
    def is_number(self) -> bool:
        return bool(self.number or self.born)

    @property
    def is_whole_number(self) -> bool:
        """Whether a whole number was typed, and no end of one and no day."""
        return len(self.number) >= LEAST_WHOLE and self.born is None


def read(typed: str) -> Typed:
    """Read what was typed; at most sixty characters of it."""
    text = " ".join(CONTROL.sub("", unicodedata.normalize("NFKC", typed))[:LONGEST_TEXT].split())
    if sign := HOUSEHOLD.fullmatch(text):
        return Typed(text, household=sign[1] or sign[2])
    if day := DAY.fullmatch(text):
        return Typed(text, number="".join(day.groups()), born=_day(*map(int, day.groups())))
    if NUMBER.fullmatch(text):
        digits = identity.normalize_code(text).lstrip("+")
        return Typed(text, number=digits, born=day_in(digits))
    if CODE.fullmatch(text):
        return Typed(text, number=identity.normalize_code(text))
    words = text.split()
    beside = next((word for word in words if word.isdecimal() and len(word) >= LEAST_BESIDE), "")
    return Typed(text, words=tuple(word for word in words if word != beside), beside=beside)


def day_in(digits: str) -> date | None:
    """The day that eight digits (19800512) or six (800512) name; None when they name none."""
    if not digits.isdecimal():
        return None
    if len(digits) == 8:
        return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if len(digits) == 6:
        year = int(digits[:2])
        return _day(year + (2000 if year < SHORT_YEAR else 1900), int(digits[2:4]), int(digits[4:]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2099 else None
    except ValueError:
        return None
