"""People as rows and records name them: a mention, and everything that the mentions of one person say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as one ledger row or one registry record names them; ``customer`` is set for the latter.

    ``branch`` is whose book it is, ``sheet`` the list in which a row stands; ``line`` is that list and the position
    among its data rows, where the list goes customer by customer. A registry record has neither list nor line.
    ``accounts`` and ``households`` are keys that mean the same wherever they stand. ``birth_years`` is what an age
    says: the first and the last year of birth it allows.
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
    birth_years: tuple[int, int] | None = None
    sex: str = ""
    spouse: str = ""
    accounts: frozenset[str] = frozenset()
    households: frozenset[str] = frozenset()
    branch: str = ""
    sheet: str = ""
    line: tuple[str, int] | None = None


class Profile:
    """Everything that the mentions of one person say."""

    def __init__(self, mentions: Sequence[Mention]):
        self.mentions = list(mentions)
        self.key = self.mentions[0].key
        self.customer = next((m.customer for m in mentions if m.customer is not None), None)
        self.numbers = {m.number for m in mentions if m.number}
        self.damaged = [m for m in mentions if not m.number and m.cleaned]
        self.names = {m.name for m in mentions}
        self.phones = _all(m.phones for m in mentions)
        self.villages = {m.village for m in mentions if m.village}
        self.townships = {m.township for m in mentions if m.township}
        self.groups = {(m.village, m.group) for m in mentions if m.village and m.group}
        self.births = {birth for m in mentions if (birth := birth_of(m))}
        self.birth_years = {m.birth_years for m in mentions if m.birth_years}
        self.sexes = {m.sex for m in mentions if m.sex}
        self.spouses = {m.spouse for m in mentions if m.spouse}
        self.tails = {m.tail for m in mentions if m.tail}
        self.accounts = _all(m.accounts for m in mentions)
        self.households = _all(m.households for m in mentions)
        self.branches = {m.branch for m in mentions if m.branch}
        self.sheets = {m.sheet for m in mentions if m.sheet}
        self.lines = {m.line for m in mentions if m.line}

    @property
    def is_known(self) -> bool:
        """Is there anything to know this person by, beside the name?"""
        return bool(self.numbers or self.damaged or self.phones or self.villages)

    @cached_property
    def named(self) -> list[Mention]:
        """One mention for each way in which this person is called."""
        seen: dict[tuple, Mention] = {}
        for mention in self.mentions:
            seen.setdefault((mention.name, mention.aliases), mention)
        return list(seen.values())


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


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
