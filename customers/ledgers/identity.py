"""The identity rules as the ledgers ask them: one valid number or none, remembered within a run."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from customers.identity import check_resident_id
from customers.names import NameKeys, name_key, name_keys

CACHE, CHECKED = 200_000, 20_000


checked = lru_cache(maxsize=CHECKED)(check_resident_id)


@lru_cache(maxsize=CACHE)
def valid_resident_id(text: str, as_of: date | None = None) -> str:
    """Return the valid eighteen-character number of a cleaned text (fifteen digits are converted), else nothing."""
    return checked(text, as_of).normalized or ""


def reason_against(text: str, as_of: date | None = None) -> str:
    """Return the first reason against a number (handbook §6.1); empty for a valid one."""
    return checked(text, as_of).reason or ""


def birth_date_of(number: str) -> date:
    """Return the birth date inside a valid number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: str) -> str:
    """Return M or F by the sequence digit of a valid number."""
    return "M" if int(number[16]) % 2 else "F"


@lru_cache(maxsize=CACHE)
def normalize_name(text: str) -> str:
    """Return the name that is compared (handbook §6.2), every character simplified."""
    return name_key(text)


@lru_cache(maxsize=CACHE)
def keys_of_name(text: str) -> NameKeys:
    """Return the searchable forms of a name."""
    return name_keys(text)


def name_sound(text: str) -> str:
    """Return the toneless reading of a name."""
    return keys_of_name(text).pinyin
