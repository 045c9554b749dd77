"""Passwords: long rather than twisted; refused when common, breached or made of names everybody knows here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pypinyin import lazy_pinyin
from zxcvbn import zxcvbn

from branches.choices import UnitKind

SHORTEST, LONGEST = 12, 128
OWN_CHARACTERS = 8
LEAST_SCORE = 3  # of 4: about a hundred million guesses by somebody with lists of breached passwords
READ_BY_LISTS = 72
FIRST_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SHORTEST_HAN, SHORTEST_LATIN = 2, 4
KINDS_OF_UNITS = re.compile("县联社|信用社|分社|联社")


class Length:
    """Twelve to 128 characters of any kind."""

    def validate(self, password: str, user=None) -> None:
        if len(password) < SHORTEST:
            text = ngettext("Use at least %(n)d character.", "Use at least %(n)d characters.", SHORTEST)
            raise ValidationError(text % {"n": SHORTEST}, code="short")
        if len(password) > LONGEST:
            text = ngettext("Use at most %(n)d character.", "Use at most %(n)d characters.", LONGEST)
            raise ValidationError(text % {"n": LONGEST}, code="long")

    def get_help_text(self) -> str:
        return _("At least 12 characters of any kind; a sentence is easy to remember.")


class NotMadeOfNames:
    """What is left without the names of union, branch and person has eight characters of its own."""

    def validate(self, password: str, user=None) -> None:
        names = names_around(user) if user is not None else []
        if len(without_names(password, names)) < OWN_CHARACTERS:
            raise ValidationError(
                _("This is made of names that everybody here knows. Add words of your own."), code="names"
            )

    def get_help_text(self) -> str:
        return _("Not the names of the union, your branch or yourself.")


class NotGuessable:
    """Passwords of breached collections, and what is built from them, dates, rows of keys and repetitions."""

    def validate(self, password: str, user=None) -> None:
        names = names_around(user) if user is not None else []
        if zxcvbn(password[:READ_BY_LISTS], user_inputs=names)["score"] < LEAST_SCORE:
            raise ValidationError(
                _(
                    "This stands in lists of known passwords, or is easily guessed from them. Take other words."
                ),
                code="guessable",
            )

    def get_help_text(self) -> str:
        return _("Not one that stands in lists of known passwords.")


def without_names(password: str, names: Iterable[str]) -> str:
    """Return what is left of a password when names are taken out of it, whatever their case.

    >>> without_names("Baiqueyuan-2026", ["baiqueyuan"])
    '-2026'
    """
    left = password.casefold()
    for name in sorted({name.casefold() for name in names}, key=len, reverse=True):
        left = left.replace(name, "")
    return left


def names_around(user) -> list[str]:
    """Names of the person, of the units the person works at and of the union, in characters and in pinyin."""
    from branches.models import Unit

    texts = [user.full_name, user.username, user.employee_no, "coopcrm"]
    if user.pk:
        units = Unit.objects.filter(pk__in=user.scope.unit_ids | user.scope.branch_ids)
        texts += units.values_list("name", flat=True)
    texts += Unit.objects.filter(kind=UnitKind.UNION).values_list("name", flat=True)
    names = {text.strip() for text in texts}
    names |= {KINDS_OF_UNITS.sub("", text) for text in names}
    names |= {"".join(lazy_pinyin(text)) for text in names}
    return sorted(name for name in names if len(name) >= (SHORTEST_LATIN if name.isascii() else SHORTEST_HAN))


def first_password() -> str:
    """Return a random first password for a letter: sixteen letters and digits that are not mistaken on paper."""
    groups = ["".join(secrets.choice(FIRST_LETTERS) for _place in range(4)) for _group in range(4)]
    return "-".join(groups)
