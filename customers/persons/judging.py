"""Is this the number of such a document? One judgement for every kind, on plain values (handbook §6.1, §6.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from customers import identity, numbers
from customers.choices import CustomerKind, DocumentKind, DocumentWarning

PASSPORT_LENGTH = 9
PASSPORT = re.compile(r"[A-Z]{1,2}[0-9]+")
LONGEST_NUMBER = 40
NEVER_EXPIRE = frozenset({DocumentKind.MARRIAGE, DocumentKind.HOUSEHOLD_REGISTER})
MAY_BE_LONG_TERM = frozenset({DocumentKind.ID18, DocumentKind.FPR18, DocumentKind.USCC})
OF_A_FAMILY = frozenset({DocumentKind.MARRIAGE, DocumentKind.HOUSEHOLD_REGISTER})
"""Kinds whose number several persons show: a couple, a household."""

KINDS_OF = {
    CustomerKind.PERSON: (
        DocumentKind.ID18,
        DocumentKind.HMT18,
        DocumentKind.FPR18,
        DocumentKind.PASSPORT,
        DocumentKind.HOUSEHOLD_REGISTER,
        DocumentKind.MARRIAGE,
    ),
    CustomerKind.ORGANISATION: (DocumentKind.USCC,),
}


@dataclass(frozen=True)
class JudgedNumber:
    """A number as it will be stored: normalised when it stands, as typed with the first ``reason`` when it does not."""

    kind: str
    text: str
    reason: str = ""
    warning: str = ""
    birth_date: date | None = None
    sex: str = ""

    @cached_property
    def keys(self) -> numbers.DocumentKeys:
        return numbers.document_keys(self.kind, self.text)

    @property
    def is_exclusive(self) -> bool:
        """Whether one person alone can hold it."""
        return not self.reason and self.kind not in OF_A_FAMILY


def judge(kind: str, typed: str, as_of: date | None) -> JudgedNumber | None:
    """Judge a typed number; None when nothing was typed. A resident number tells its own kind by its first places."""
    text = identity.normalize_code(typed)
    if not text:
        return None
    if kind in numbers.RESIDENT_KINDS:
        return _resident(text, as_of)
    if kind == DocumentKind.USCC:
        return _social_credit(text)
    if kind == DocumentKind.MARRIAGE:
        judged = identity.check_marriage_certificate(typed, as_of)
        return JudgedNumber(kind, judged.normalized, "" if judged.status == "OK" else "UNVERIFIED")
    if kind == DocumentKind.PASSPORT:
        return JudgedNumber(kind, text, _passport_reason(text))
    return JudgedNumber(kind, text)


def _resident(text: str, as_of: date | None) -> JudgedNumber:
    judged = identity.check_resident_id(text, as_of)
    if not judged.valid:
        return JudgedNumber(DocumentKind.ID18, text, judged.reason)
    is_old = judged.kind == "ID15"
    return JudgedNumber(
        DocumentKind.ID18 if is_old else judged.kind,
        judged.normalized,
        warning=DocumentWarning.LEGACY15 if is_old else "",
        birth_date=judged.birth_date,
        sex=judged.sex,
    )


def _social_credit(text: str) -> JudgedNumber:
    judged = identity.check_uscc(text)
    if not judged.valid:
        return JudgedNumber(DocumentKind.USCC, text, judged.reason)
    warning = "" if judged.org_check else DocumentWarning.ORG_CHECK
    return JudgedNumber(DocumentKind.USCC, judged.normalized, warning=warning)


def _passport_reason(text: str) -> str:
    if len(text) != PASSPORT_LENGTH:
        return "LENGTH"
    return "" if PASSPORT.fullmatch(text) else "CHARSET"


def date_reason(
    kind: str, *, issued_on: date | None, expires_on: date | None, is_long_term: bool, as_of: date
) -> str:
    """The first reason against the days of a document, as a code; empty when they stand."""
    if issued_on and issued_on > as_of:
        return "ISSUED_LATER"
    if is_long_term and (expires_on or kind not in MAY_BE_LONG_TERM):
        return "LONG_TERM"
    if expires_on and issued_on and expires_on <= issued_on:
        return "ENDS_BEFORE"
    if expires_on and expires_on < as_of:
        return "EXPIRED"
    if kind == DocumentKind.PASSPORT and not expires_on:
        return "EXPIRY_MISSING"
    return ""
