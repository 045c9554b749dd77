"""What a row of a ledger could be recognised by, and what was wrong with it: codes kept beside every row.

Pure: a record as read goes in, codes come out. The quality report of a branch counts them.
"""

from __future__ import annotations

from customers.ledgers.reading import LedgerRecord
from customers.ledgers.reasons import NO_NAME, NOTHING_TO_GO_BY
from customers.ledgers.text import is_placeholder

NUMBER, PHONE, VILLAGE = "number", "phone", "village"
USABLE = (NUMBER, PHONE, VILLAGE)

NO_NUMBER = "NO_NUMBER"
PHONE_UNREADABLE = "PHONE_UNREADABLE"
VILLAGE_UNKNOWN = "VILLAGE_UNKNOWN"
DAY_UNREADABLE = "DAY_UNREADABLE"
NAME_OF_ANOTHER = "NAME_OF_ANOTHER"
ACCOUNT_DESTROYED = "ACCOUNT_DESTROYED"


def usable_in(record: LedgerRecord) -> list[str]:
    """By what the person of a row can be recognised: a valid number, a phone, a village of the area tree."""
    found = {
        NUMBER: record.identity.number,
        PHONE: record.phones or record.remark.phones,
        VILLAGE: record.village.code,
    }
    return [code for code in USABLE if found[code]]


def dirt_of(record: LedgerRecord, *, asks_number: bool = True) -> list[str]:
    """The kinds of error of a row, each once: damage of its number, and cells from which nothing could be read.

    ``asks_number`` says whether the sheet has a column for numbers; one without lacks none.
    """
    said = {
        NO_NAME: not record.is_customer,
        NO_NUMBER: asks_number and not record.identity.cleaned,
        PHONE_UNREADABLE: _is_filled(record.phone_text) and not record.phones,
        VILLAGE_UNKNOWN: _is_filled(record.address_text) and not record.village.code,
        DAY_UNREADABLE: _is_filled(record.day.typed) and not record.day.day,
        NAME_OF_ANOTHER: record.name.is_relative_of,
        ACCOUNT_DESTROYED: record.account_flags,
        NOTHING_TO_GO_BY: record.is_customer and not usable_in(record),
    }
    return [*dict.fromkeys(record.identity.flags), *(code for code, is_so in said.items() if is_so)]


def _is_filled(text: str) -> bool:
    return bool(text) and not is_placeholder(text)
