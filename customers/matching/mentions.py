"""People as rows and records name them: a mention, and everything that the mentions of one person say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as one ledger row or one registry record names them; ``customer`` is set for the latter.

    ``line`` is the sheet and the position among its data rows; a registry record has none.
    """

    key: int
    name: str
    sound: str = ""
    customer: int | None = None
    aliases: frozenset[str] = frozenset()
    is_married_style: bool = False
    number: str = ""
    cleaned: str = ""
    prefix: str = ""
    suffix: str = ""
    guess: str = ""
    tail: str = ""
    phones: frozenset[str] = frozenset()
    village: str = ""
    township: str = ""
    group: int | None = None
    birth: date | None = None
    birth_precision: str = ""
    sex: str = ""
    spouse: str = ""
    line: tuple[str, int] | None = None


class Profile:
    """Everything that the mentions of one person say."""

    def __init__(self, mentions: Sequence[Mention]):
        self.mentions = list(mentions)
        self.customer = next((m.customer for m in mentions if m.customer is not None), None)
        self.numbers = {m.number for m in mentions if m.number}
        self.damaged = [m for m in mentions if not m.number and m.cleaned]
        self.names = {m.name for m in mentions}
        self.phones = frozenset().union(*(m.phones for m in mentions))
        self.villages = {m.village for m in mentions if m.village}
        self.townships = {m.township for m in mentions if m.township}
        self.groups = {(m.village, m.group) for m in mentions if m.village and m.group}
        self.births = set(filter(None, map(birth_of, mentions)))
        self.sexes = {m.sex for m in mentions if m.sex}
        self.spouses = {m.spouse for m in mentions if m.spouse}
        self.tails = {m.tail for m in mentions if m.tail}
        self.lines = {m.line for m in mentions if m.line}

    @property
    def key(self) -> int:
        return self.mentions[0].key


def birth_of(mention: Mention) -> tuple[str, date] | None:
    """Return a birth date with its precision: of the number, of what is left of it, or as written."""
    if mention.birth and mention.birth_precision:
        return mention.birth_precision, mention.birth
    digits = (
        mention.prefix[6:14]
        if len(mention.prefix) >= 14
        else mention.suffix[-12:-4]
        if len(mention.suffix) >= 12
        else ""
    )
    try:
        return ("day", date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))) if digits else None
    except ValueError:
        return None
