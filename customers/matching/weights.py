"""What each agreement and disagreement is worth, in bits: one doubling of the odds that two mentions are one person.

A sum starts below zero: somebody of the same name whom no ledger mentions may always be meant, and every further
person of that name, known or to be expected from how common its parts are, lowers it. Links are made from ``LINK`` up,
questions are asked from ``ASK`` up. The figures were set by counting how often each level occurs among rows of one
person and among rows of namesakes.
"""

from __future__ import annotations

VERSION = "2026-1"
"""What these figures are called where a pair says by which it was judged."""

LINK = 0.5
ASK = -4.0
MARGIN = 2.0
"""By how much the best candidate must lead the next one that is surely somebody else."""

SURE_NUMBER = 6.0
"""From here on a number speaks for the birth date inside it as well."""

R3_QUESTION = 1.0
"""Two valid numbers under one name and phone: a relative's number or a slip that passes the check; people decide."""

HOME_PRIOR, HOME_WEIGHT = 1 / 60, 20.0
"""Before anything is counted a surname is taken to be spread over sixty villages, as if twenty people had been seen."""

UNSEEN = -2.0

NAME = {
    "equal": 0.0,
    "alias": -0.5,
    "surname variant": -1.0,
    "same sound": -1.5,
    "swapped": -2.0,
    "blurred sound": -2.5,
    "lost character": -5.0,
    "married style": -4.0,
    "one character": -9.0,
}

NUMBER = {
    "equal": 22.0,
    "repaired": 15.0,
    "fifteen digits": 13.0,
    "end lost": 14.0,
    "one slip": 12.0,
    "equal as typed": 13.0,
    "two slips": 6.0,
    "tail": 9.0,
    "county": 0.5,
    "another county": -3.0,
    "incompatible": -5.0,
    "another end": -10.0,
    "another tail": -6.0,
}

BIRTH = {
    "day": 9.0,
    "month": 6.0,
    "year": 2.0,
    "age": 1.5,
    "another month": -6.0,
    "another year": -7.0,
    "another age": -2.0,
}
PHONE = {"mobile": 8.0, "landline": 5.0, "one digit": 4.0, "another": -2.0}
PLACE = {
    "group": 6.5,
    "village": 5.0,
    "another group": -3.0,
    "township": 1.0,
    "another village": -6.0,
    "another township": -5.0,
}
SEX = {"equal": 0.5, "another": -3.5}
SPOUSE = {"equal": 7.0, "another": -3.0}
LINE = {"next line": 7.0}

TABLES = {
    "number": NUMBER,
    "birth": BIRTH,
    "phone": PHONE,
    "place": PLACE,
    "line": LINE,
    "sex": SEX,
    "spouse": SPOUSE,
}
