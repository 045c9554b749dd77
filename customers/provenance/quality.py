"""How good the record of a person is (handbook §4.2 DATA_QUALITY, §6.9): parts, score, and what to ask next.

    score = 100 × (0.4 completeness + 0.3 validity + 0.2 freshness + 0.1 uniqueness)

A part without cases drops out and the weights are rescaled. The indicator of a branch sums the same parts over its
people; its SQL (``quality_sql``) is proven equal to this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from coopcrm.shared.money import ZERO, rounded
from coopcrm.shared.plain import Result

WEIGHTS = {
    "completeness": Decimal("0.4"),
    "validity": Decimal("0.3"),
    "freshness": Decimal("0.2"),
    "uniqueness": Decimal("0.1"),
}
FRESH_DAYS = 365
NOT_OF_ONE_PERSON = ("marriage", "household_register")
HELD, DISPUTED, UNVERIFIED, RETIRED = "HELD", "DISPUTED", "UNVERIFIED", "RETIRED"
UNKNOWN_PHONE = "unknown"


@dataclass(frozen=True)
class Paper:
    """An identity document: its kind and state, whether its number failed the check, and until when it is valid."""

    kind: str
    state: str
    is_wrong: bool = False
    expires_on: date | None = None


@dataclass(frozen=True)
class Record:
    """What the registry holds of a person, as plain values; ``phones`` are the kinds of the phones in use.

    ``is_double`` says that somebody should look whether the person was registered before under another record.
    """

    has_birth_date: bool = False
    has_sex: bool = False
    has_village: bool = False
    papers: tuple[Paper, ...] = ()
    phones: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    verified_on: date | None = None
    is_double: bool = False


@dataclass(frozen=True)
class Parts(Result):
    """Cases and how many of them are good: filled of required, passed of checked, fresh and distinct or not."""

    filled: int
    required: int
    passed: int
    checked: int
    is_fresh: bool
    is_distinct: bool

    def fractions(self) -> dict[str, tuple[int, int]]:
        """(good, cases) of each part."""
        return {
            "completeness": (self.filled, self.required),
            "validity": (self.passed, self.checked),
            "freshness": (int(self.is_fresh), 1),
            "uniqueness": (int(self.is_distinct), 1),
        }


@dataclass(frozen=True)
class Gap:
    """Something missing, invalid, stale or double: its code, its part of the score, and a sentence what to do."""

    code: str
    part: str
    text: Any


REQUIRED: dict[str, Any] = {
    "document": _("Ask for the identity card and note its number."),
    "phone": _("Ask for a phone number."),
    "village": _("Ask in which village the person lives."),
    "birth_date": _("Ask for the date of birth."),
    "sex": _("Note the sex; it stands on the card."),
}
SENTENCES: dict[str, tuple[str, Any]] = {
    **{code: ("completeness", text) for code, text in REQUIRED.items()},
    "document_wrong": ("validity", _("Look at the card again: the number that was noted is not valid.")),
    "document_disputed": ("validity", _("Have the paper seen: two persons claim its number.")),
    "document_expired": ("validity", _("Ask for the new card: the one that was noted has expired.")),
    "phone_wrong": ("validity", _("Ask for the phone number again: it is kept as it was typed.")),
    "disputed": ("validity", _("Ask what is right: statements about this person contradict each other.")),
    "stale": (
        "freshness",
        _("Look at the card and confirm what is known: nobody has done so within a year."),
    ),
    "double": (
        "uniqueness",
        _("Settle the open question whether this person is registered twice; it takes no call."),
    ),
}
ASKED_WORDS: dict[str, Any] = {
    "document": _("identity card"),
    "phone": _("phone"),
    "village": _("village"),
    "birth_date": _("date of birth"),
    "sex": _("sex"),
    "document_wrong": _("identity number once more"),
    "document_disputed": _("paper of the disputed number"),
    "document_expired": _("new identity card"),
    "phone_wrong": _("phone once more"),
    "disputed": _("what is right among contradicting statements"),
    "stale": _("card, to confirm what is known"),
    "double": _("whether registered twice"),
}
ASKED = tuple(code for code in SENTENCES if code != "double")
"""What can be asked at the next contact."""


def counted(papers: Iterable[Paper]) -> list[Paper]:
    """Papers that count: in use, and of one person."""
    return [paper for paper in papers if paper.state != RETIRED and paper.kind not in NOT_OF_ONE_PERSON]


def wrong_with(paper: Paper, as_of: date) -> str:
    """The code of what is wrong with a paper; empty when nothing is."""
    if paper.is_wrong or paper.state == UNVERIFIED:
        return "document_wrong"
    if paper.state != HELD:
        return "document_disputed"
    if paper.expires_on is not None and paper.expires_on < as_of:
        return "document_expired"
    return ""


def is_fresh(verified_on: date | None, as_of: date) -> bool:
    """Whether somebody looked at the papers within the year before ``as_of``."""
    return verified_on is not None and as_of - timedelta(days=FRESH_DAYS) < verified_on <= as_of


def missing(record: Record) -> list[str]:
    """Codes of what is not filled, the weightiest first."""
    has = {
        "document": any(paper.state == HELD and not paper.is_wrong for paper in counted(record.papers)),
        "phone": bool(record.phones),
        "village": record.has_village,
        "birth_date": record.has_birth_date,
        "sex": record.has_sex,
    }
    return [code for code in REQUIRED if not has[code]]


def parts(record: Record, as_of: date) -> Parts:
    """Count the cases of one record. A disputed value is a check that failed."""
    papers = counted(record.papers)
    good_papers = sum(not wrong_with(paper, as_of) for paper in papers)
    good_phones = sum(kind != UNKNOWN_PHONE for kind in record.phones)
    return Parts(
        filled=len(REQUIRED) - len(missing(record)),
        required=len(REQUIRED),
        passed=good_papers + good_phones,
        checked=len(papers) + len(record.phones) + len(record.disputed),
        is_fresh=is_fresh(record.verified_on, as_of),
        is_distinct=not record.is_double,
    )


def score(fractions: Mapping[str, tuple[int, int]]) -> Decimal | None:
    """Weighted score of the parts out of 100, two places; None without any case."""
    known = [(WEIGHTS[name], top, bottom) for name, (top, bottom) in fractions.items() if bottom]
    weights = sum((weight for weight, _top, _bottom in known), ZERO)
    if not weights:
        return None
    total = sum((weight * top / bottom for weight, top, bottom in known), ZERO)
    return rounded(100 * total / weights, 2)


def gaps(record: Record, as_of: date) -> list[Gap]:
    """What is missing, invalid, stale or double, each with the sentence that says what to ask or do."""
    codes = missing(record)
    for paper in counted(record.papers):
        codes.append(wrong_with(paper, as_of))
    codes += ["phone_wrong" for kind in record.phones if kind == UNKNOWN_PHONE]
    codes += ["disputed"] * bool(record.disputed)
    codes += ["stale"] * (not is_fresh(record.verified_on, as_of))
    codes += ["double"] * record.is_double
    return [Gap(code, *SENTENCES[code]) for code in dict.fromkeys(codes) if code]
