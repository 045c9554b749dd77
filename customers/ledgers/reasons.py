"""What became of a ledger row, in words: the stored reason is a list of codes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from customers.duplicates import RULE_WORDS

NO_NAME = "NO_NAME"
NOTHING_TO_GO_BY = "NOTHING_TO_GO_BY"

REASON_WORDS = {
    **RULE_WORDS,
    NO_NAME: _("the row names nobody"),
    NOTHING_TO_GO_BY: _("neither number nor phone nor village"),
    "LEGACY15": _("number of fifteen digits"),
    "OLD_NUMBER": _("old number of fifteen digits, out of the remark"),
    "FULL_WIDTH": _("number in full-width digits"),
    "SPACES": _("number with spaces"),
    "QUOTE_MARK": _("number with a quote mark"),
    "LOWER_X": _("number with a small x"),
    "SCIENTIFIC": _("number destroyed by a spreadsheet: six digits left"),
    "AS_NUMBER": _("number stored as a figure"),
    "PRECISION_LOST": _("number cut by a spreadsheet: fifteen digits left"),
    "PRECISION_SUSPECT": _("number ends in three zeros: look at the card"),
    "LOST_LEADING": _("number lacks its first digits"),
    "LOST_TRAILING": _("number lacks its last digits"),
    "LOST_DIGITS": _("number lacks digits"),
    "LETTER_FOR_DIGIT": _("letter in place of a digit"),
    "MASKED": _("number with its middle hidden"),
    "CHECK_FAILED": _("number fails its check"),
    "LENGTH": _("number has the wrong length"),
    "NOT_A_NUMBER": _("text in place of a number"),
    "NO_NUMBER": _("no number in the row"),
    "PHONE_UNREADABLE": _("phone that cannot be read"),
    "VILLAGE_UNKNOWN": _("village that the area tree does not know"),
    "DAY_UNREADABLE": _("date that cannot be read"),
    "NAME_OF_ANOTHER": _("somebody near a named person, not that person"),
    "ACCOUNT_DESTROYED": _("account number destroyed by a spreadsheet"),
}
DIRT_WORDS = {code: words for code, words in REASON_WORDS.items() if code not in RULE_WORDS}
"""What can be wrong with a row, in the order of the report's choices."""


def dirt_in_words(codes: Iterable[str]) -> str:
    """Kinds of error in words."""
    return "; ".join(str(REASON_WORDS.get(code, code)) for code in codes)


def reason_in_words(reason: str) -> str:
    """Return the stored codes in words; a code nobody knows is shown as it is."""
    return "; ".join(str(REASON_WORDS.get(code, code)) for code in reason.split(", ") if code)
