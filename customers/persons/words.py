"""Reasons in words for the person with the paper in hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers import identity, numbers
from customers.choices import DocumentKind
from customers.persons.judging import JudgedNumber

NUMBER_WORDS = {
    "LENGTH": _("A resident number has 18 characters (15 on very old cards). Please count again."),
    "CHARSET": _("Only digits, and X at the very end. Please look for a letter among the digits."),
    "PROVINCE": _("No province begins with these two digits. Please look at the card again."),
    "CENTENARIAN": _("This old number was kept for people over a hundred. Ask for the new card."),
    "DATE": _("The birth date inside (places 7 to 14) does not exist. Please look at the card again."),
    "FUTURE": _("The birth date inside lies in the future. Please look at the card again."),
    "TOO_OLD": _("The birth date inside is more than 120 years ago. Please look at the card again."),
    "CHECKSUM": _("The last character should be %(expected)s; please look at the card again."),
}
PHONE_WORDS = {
    "NO_AREA_CODE": _("A landline needs its area code, for example 0376."),
    "FORMAT": _("A mobile number has 11 digits and begins with 1; a landline begins with 0."),
}
_SHAPES: dict[tuple[str, str], Any] = {
    (DocumentKind.PASSPORT, "LENGTH"): _("A passport number has 9 characters. Please count again."),
    (DocumentKind.PASSPORT, "CHARSET"): _(
        "A passport number begins with one or two letters, then come digits. Please look again."
    ),
    (DocumentKind.USCC, "LENGTH"): _("A unified social credit code has 18 characters. Please count again."),
    (DocumentKind.USCC, "CHARSET"): _(
        "A unified social credit code has digits and capital letters without I, O, S, V and Z; places 3 to 8 are"
        " digits. Please look at the licence again."
    ),
    (DocumentKind.USCC, "CHECKSUM"): _(
        "The last character does not fit the others. Please look at the licence again."
    ),
    (DocumentKind.MARRIAGE, "UNVERIFIED"): _(
        "This is not the form J411522-2009-000123. Older certificates differ: look at the paper and keep it as typed."
    ),
}
DATE_WORDS = {
    "ISSUED_LATER": _("The day of issue lies in the future. Please look again."),
    "LONG_TERM": _("Either the document has a last day or it is valid without end; only some kinds are."),
    "ENDS_BEFORE": _("It would end before it was issued. Please look at both days again."),
    "EXPIRED": _("It has expired. Ask for the new one."),
    "EXPIRY_MISSING": _("A passport has a last day; write it down."),
}
SHORT_REASONS = {
    "LENGTH": _("wrong number of characters"),
    "CHARSET": _("a character that cannot stand there"),
    "PROVINCE": _("no such province"),
    "CENTENARIAN": _("old number kept for people over a hundred"),
    "DATE": _("no such birth date"),
    "FUTURE": _("birth date in the future"),
    "TOO_OLD": _("birth date more than 120 years ago"),
    "CHECKSUM": _("check character does not fit"),
    "UNVERIFIED": _("older form, look at the paper"),
    "NO_AREA_CODE": _("landline without area code"),
    "FORMAT": _("no phone number of a known form"),
}


def number_words(text: str, as_of: date) -> str:
    """Why a resident number does not stand, in words for the person with the card in hand; empty when it does."""
    judged = identity.check_resident_id(text, as_of)
    if judged.valid:
        return ""
    words = NUMBER_WORDS[judged.reason]
    return words % {"expected": expected_last(text)} if judged.reason == "CHECKSUM" else str(words)


def expected_last(text: str) -> str:
    """The check character that belongs to the first seventeen places."""
    first = identity.normalize_code(text)[:17]
    return next((c for c in "0123456789X" if identity.check_resident_id(first + c).valid), "?")


def number_reason(judged: JudgedNumber, typed: str, as_of: date) -> str:
    """Why a number does not stand, and what to do; empty when it does."""
    if not judged.reason:
        return ""
    if judged.kind in numbers.RESIDENT_KINDS:
        return number_words(typed, as_of)
    return str(_SHAPES[judged.kind, judged.reason])


def short_reason(code: str) -> str:
    """A stored reason as a note beside the number."""
    return str(SHORT_REASONS.get(code, code))


def phone_reason(code: str) -> str:
    """Why a phone number does not stand."""
    return str(PHONE_WORDS[code])
