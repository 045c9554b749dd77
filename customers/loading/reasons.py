"""Why a row was not loaded, in words for the person who corrects the file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    "ROW_SHORT": _("The row has too few columns."),
    "ENCODING": _("Characters of the row could not be read."),
    "NAME_MISSING": _("The name is missing."),
    "NAME_LONG": _("The name is too long."),
    "NOTHING_TO_GO_BY": _("The row has neither a number nor a phone nor a birthday."),
    "ORGANISATION": _("This is the number of an organisation; register it at the counter."),
    "PHONE_UNFIT": _("The phone number does not stand."),
    "SEX_UNREADABLE": _("The sex could not be read."),
    "BIRTH_UNREADABLE": _("The date of birth could not be read, or lies in the future."),
    "BRANCH_UNKNOWN": _("No branch has this code or name."),
    "VILLAGE_UNKNOWN": _("No village has this code or name."),
    "VILLAGE_SEVERAL": _("Several villages bear this name; give the code."),
    "NUMBER_TAKEN": _("The number stands under another name, here or in the registry."),
    "LIKELY_KNOWN": _("Somebody of this name with the same phone or birthday and village is there already."),
    "LOCKED": _("The record of this number is locked for deletion."),
    "NUMBER_LENGTH": _("The number has the wrong length."),
    "NUMBER_CHARSET": _("The number holds characters that no number has."),
    "NUMBER_PROVINCE": _("The number begins with no province."),
    "NUMBER_CENTENARIAN": _("The old number belongs to a series for centenarians; look at the paper."),
    "NUMBER_DATE": _("The number holds no day of the calendar."),
    "NUMBER_FUTURE": _("The day of birth in the number lies in the future."),
    "NUMBER_TOO_OLD": _("The number speaks of more than 120 years."),
    "NUMBER_CHECKSUM": _("The last character of the number does not fit the others."),
}


def in_words(code: str) -> str:
    """The reason in the language of who asks."""
    return str(WORDS[code])
