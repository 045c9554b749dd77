"""Do two persons live in one household? What they share, in levels and bits, and the households that follow.

The sum begins far below zero: of all people in the book only a few live under this roof. What is shared then counts by
how few strangers share it as well: a village group of two people says much, one of two hundred nothing, a surname half
of the village bears next to nothing. So the same figures hold for six ledgers and for a registry of a million. People
are joined from ``LINK`` up, asked about from ``ASK`` up; nobody is ever taken out of the household they are in.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

VERSION = "households-1"
LINK = 3.0
"""Eight to one as the figures have it; what lies between this and three to one is asked about."""
ASK = 1.5
MARGIN = 4.0
"""By how much the likelier of two people of one name must lead the other one."""
COMPANIONS = 2.0
"""How many others of one's household the book knows, on average."""
LARGEST_HOUSEHOLD = 12
MOST_HOLDERS = 6
"""A phone of more people than this belongs to a shop or a village office and says nothing."""
LARGEST_BLOCK = 60

NAMED = {"mutual": 4.0, "named": -2.0}
"""Beside the rarity of the name: both name each other as husband or wife, or one does (it may be a namesake)."""
HEAD = {"named": -2.0, "two heads": -1.2}
PHONE = {"mobile": 6.0, "landline": 3.0}
PLACE = {"group": 0.0, "village": 0.0, "another group": -4.0, "another village": -6.0}
SURNAME = {"same": 0.45, "another": 0.55}
"""Shares among two people of one household; compared with the shares among strangers of the place."""
AGE = {
    "couple": 1.8,
    "parent and child": 0.8,
    "same age": -0.5,
    "grandparent": 0.2,
    "gap": -2.7,
}
SEX = {"man and woman": 0.2, "same": -0.5}
REGISTER = {"equal": 12.0, "another": -2.0}

AGE_OF_SPOUSES = {"couple": 2.5}
"""Between two of whom one names the other as spouse; anything but a couple's ages speaks of a namesake."""
NO_COUPLE = -6.0

COUPLE_YEARS, GAP_YEARS, PARENT_YEARS, GRANDPARENT_YEARS = 5, 17, 34, 45
PRIOR_PEOPLE = 1000
PRIOR_SHARE = {"village": 1 / 100, "group": 1 / 1000, "name": 1 / 1000, "phone": 0.0}
"""What a handful of rows cannot tell: a thousand people stand behind them, as places and names are usually spread."""
SURNAME_PRIOR = 20.0
"""A surname in a village is counted as if twenty people of the whole book had been seen there too."""


@dataclass(frozen=True, slots=True)
class Dweller:
    """A person with what tells whom they live with.

    ``births`` are years; ``groups`` pairs of village and group; ``registers`` numbers of household registers with the
    branch that wrote them; ``is_head`` when an officer's notebook has a line of theirs; ``home`` the household the
    registry has them in.
    """

    key: int
    names: frozenset[str]
    villages: frozenset[str] = frozenset()
    groups: frozenset[tuple] = frozenset()
    phones: frozenset = frozenset()
    sexes: frozenset[str] = frozenset()
    births: frozenset[int] = frozenset()
    spouses: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    registers: frozenset[tuple] = frozenset()
    is_head: bool = False
    home: int | None = None

    @property
    def surnames(self) -> set[str]:
        return {name[:1] for name in self.names}


@dataclass(frozen=True, slots=True)
class Tie:
    """Two people by position, how much speaks for one household, and the level of each kind of evidence."""

    first: int
    second: int
    bits: float
    levels: dict[str, str] = field(compare=False)
    steps: dict[str, float] = field(compare=False)

    @property
    def evidence(self) -> dict:
        """What a question keeps: levels and bits by kind of evidence, and the version of the figures."""
        return {"levels": self.levels, "bits": self.steps, "weights": VERSION}


@dataclass
class Neighbourhood:
    """How many people there are, by place, name, surname and phone."""

    people: int
    by_village: Counter = field(default_factory=Counter)
    by_group: Counter = field(default_factory=Counter)
    by_name: Counter = field(default_factory=Counter)
    by_surname: Counter = field(default_factory=Counter)
    at_home: Counter = field(default_factory=Counter)
    by_phone: Counter = field(default_factory=Counter)

    @classmethod
    def of(cls, people: Sequence[Dweller]) -> Neighbourhood:
        """Count; a person counts once for each thing that is known of them."""
        found = cls(len(people))
        for person in people:
            found.by_village.update(person.villages)
            found.by_group.update(person.groups)
            found.by_name.update(person.names)
            found.by_surname.update(person.surnames)
            found.at_home.update((s, v) for s in person.surnames for v in person.villages)
            found.by_phone.update(person.phones)
        return found

    @property
    def start(self) -> float:
        """Bits before anything is known: a few companions among everybody."""
        return math.log2(COMPANIONS / (self.people + PRIOR_PEOPLE))

    def rarity(self, kind: str, keys: Iterable) -> float:
        """Bits that sharing the rarest of these says: among how many people one other has it as well."""
        counted = getattr(self, f"by_{kind}")
        strangers = (max(counted[key] - 1, 0) + PRIOR_PEOPLE * PRIOR_SHARE[kind] for key in keys)
        return max(math.log2((self.people + PRIOR_PEOPLE) / max(count, 1)) for count in strangers)

    def share_of_surname(self, surname: str, villages: Iterable[str]) -> float:
        """The part of a village, or of everybody, that bears a surname."""
        overall = self.by_surname[surname] / max(self.people, 1)
        shares = [
            (max(self.at_home[surname, v] - 1, 0) + SURNAME_PRIOR * overall)
            / (self.by_village[v] + SURNAME_PRIOR)
            for v in villages
        ]
        return max(shares, default=overall) or 1 / max(self.people, 1)


# --- levels -----------------------------------------------------------------------------------------------------------


def phone_level(a: Dweller, b: Dweller, hood: Neighbourhood) -> str:
    """A phone the two share with few others; of phones known by their digests alone nobody knows the kind."""
    shared = {phone for phone in a.phones & b.phones if hood.by_phone[phone] <= MOST_HOLDERS}
    if not shared:
        return ""
    is_landline = all(isinstance(phone, str) and phone[:1] == "0" for phone in shared)
    return "landline" if is_landline else "mobile"


def spouse_level(a: Dweller, b: Dweller) -> str:
    """Whether one names the other as husband or wife."""
    if a.sexes and b.sexes and a.sexes & b.sexes:
        return ""
    mine, theirs = bool(a.spouses & b.names), bool(b.spouses & a.names)
    if mine or theirs:
        return "mutual" if mine and theirs else "named"
    return ""


def head_level(a: Dweller, b: Dweller) -> str:
    """Whether one names the other as head, both name the same head, or both have a line of their own."""
    if (a.heads & b.names) or (b.heads & a.names):
        return "named"
    return "two heads" if a.is_head and b.is_head else ""


def place_level(a: Dweller, b: Dweller) -> str:
    """How the places agree."""
    shared = a.villages & b.villages
    if not shared:
        return "another village" if a.villages and b.villages else ""
    if a.groups & b.groups:
        return "group"
    mine, theirs = ({v for v, _ in person.groups} & shared for person in (a, b))
    return "another group" if mine & theirs else "village"


def age_level(a: Dweller, b: Dweller) -> str:
    """What the years of birth allow: a couple, parent and child, or a gap that families seldom have."""
    if not a.births or not b.births:
        return ""
    years = min(abs(x - y) for x in a.births for y in b.births)
    if years <= COUPLE_YEARS:
        return "couple" if a.sexes and b.sexes and not a.sexes & b.sexes else "same age"
    if years <= GAP_YEARS or PARENT_YEARS < years <= GRANDPARENT_YEARS:
        return "gap"
    return "parent and child" if years <= PARENT_YEARS else "grandparent"


def register_level(a: Dweller, b: Dweller) -> str:
    """Whether one branch wrote both under one number of a household register."""
    if a.registers & b.registers:
        return "equal"
    return "another" if {r[0] for r in a.registers} & {r[0] for r in b.registers} else ""


def levels_of(a: Dweller, b: Dweller, hood: Neighbourhood) -> dict[str, str]:
    """The level of every kind of evidence the two have."""
    found = {
        "phone": phone_level(a, b, hood),
        "spouse": spouse_level(a, b),
        "head": head_level(a, b),
        "register": register_level(a, b),
        "place": place_level(a, b),
        "surname": "same" if a.surnames & b.surnames else "another",
        "age": age_level(a, b),
    }
    return {name: level for name, level in found.items() if level}


# --- bits -------------------------------------------------------------------------------------------------------------


def bits_of(levels: dict[str, str], a: Dweller, b: Dweller, hood: Neighbourhood) -> dict[str, float]:
    """The bits of each kind of evidence, from the start downwards; their sum is the weight."""
    bits = {"start": round(hood.start, 2)}
    for name, level in levels.items():
        bits[name] = round(_BITS[name](level, a, b, hood), 2)
    return bits


def _phone_bits(level: str, a: Dweller, b: Dweller, hood: Neighbourhood) -> float:
    return PHONE[level] + hood.rarity("phone", a.phones & b.phones)


def _spouse_bits(level: str, a: Dweller, b: Dweller, hood: Neighbourhood) -> float:
    return NAMED[level] + hood.rarity("name", (a.spouses & b.names) | (b.spouses & a.names))


def _head_bits(level: str, a: Dweller, b: Dweller, hood: Neighbourhood) -> float:
    if level != "named":
        return HEAD[level]
    return HEAD[level] + hood.rarity("name", (a.heads & b.names) | (b.heads & a.names))


def _place_bits(level: str, a: Dweller, b: Dweller, hood: Neighbourhood) -> float:
    if level == "group":
        return PLACE[level] + hood.rarity("group", a.groups & b.groups)
    village = hood.rarity("village", a.villages & b.villages) if level != "another village" else 0.0
    return PLACE[level] + village


def _surname_bits(level: str, a: Dweller, b: Dweller, hood: Neighbourhood) -> float:
    if spouse_level(a, b):
        return 0.0
    villages = a.villages & b.villages
    if level == "same":
        return max(
            math.log2(SURNAME["same"] / hood.share_of_surname(name, villages))
            for name in a.surnames & b.surnames
        )
    return math.log2(SURNAME["another"])


def _age_bits(level: str, a: Dweller, b: Dweller, _hood: Neighbourhood) -> float:
    return AGE_OF_SPOUSES.get(level, NO_COUPLE) if spouse_level(a, b) else AGE[level]


_BITS = {
    "phone": _phone_bits,
    "spouse": _spouse_bits,
    "head": _head_bits,
    "place": _place_bits,
    "surname": _surname_bits,
    "register": lambda level, *_: REGISTER[level],
    "age": _age_bits,
}


def compare(people: Sequence[Dweller], first: int, second: int, hood: Neighbourhood) -> Tie:
    """Weigh two people."""
    a, b = people[first], people[second]
    levels = levels_of(a, b, hood)
    bits = bits_of(levels, a, b, hood)
    return Tie(first, second, round(sum(bits.values()), 2), levels, bits)


# --- households -------------------------------------------------------------------------------------------------------


@dataclass
class Family:
    """Positions of the members; ``spouse`` is set where the head or that member names the other as husband or wife."""

    head: int
    spouse: int | None = None
    others: list[int] = field(default_factory=list)

    @property
    def members(self) -> list[int]:
        return [self.head, *([] if self.spouse is None else [self.spouse]), *self.others]


@dataclass(frozen=True)
class Homes:
    """The families that are sure, and the ties that people are asked about."""

    families: list[Family]
    questions: list[Tie]


def candidate_pairs(people: Sequence[Dweller], among: set[int] | None = None) -> set[tuple[int, int]]:
    """Pairs worth weighing: one phone, one village group, a named spouse or head, one register, one surname at home.

    With ``among`` one of the two at least is of these positions.
    """
    blocks: dict[tuple, set[int]] = defaultdict(set)
    for i, person in enumerate(people):
        for key in _keys(person):
            blocks[key].add(i)
    small = (sorted(members) for members in blocks.values() if len(members) <= LARGEST_BLOCK)
    if among is None:
        return {pair for members in small for pair in combinations(members, 2)}
    return {
        (min(i, j), max(i, j)) for members in small for i in members if i in among for j in members if i != j
    }


def ties(people: Sequence[Dweller], hood: Neighbourhood, among: set[int] | None = None) -> list[Tie]:
    """The pairs that may live together, the strongest first."""
    found = (compare(people, i, j, hood) for i, j in sorted(candidate_pairs(people, among)))
    kept = [tie for tie in found if tie.bits >= ASK]
    return sorted(kept, key=lambda tie: (-tie.bits, tie.first, tie.second))


def _keys(person: Dweller) -> Iterable[tuple]:
    yield from (("phone", phone) for phone in person.phones)
    yield from (("name", name) for name in person.names | person.spouses | person.heads)
    yield from (("register", register) for register in person.registers)
    yield from (("group", group) for group in person.groups)
    yield from (("surname", s, v) for s in person.surnames for v in person.villages)


def build(people: Sequence[Dweller], hood: Neighbourhood | None = None) -> Homes:
    """The families that the evidence proves, the strongest ties first, and what is left to ask.

    Whoever has a line in a notebook has a household, if only of one known person. Two who are in two households
    already stay there: that is a question, if anything.
    """
    hood = hood or Neighbourhood.of(people)
    found = ties(people, hood)
    roofs, namesakes = _Roofs(people), _namesakes(people, found)
    for tie in found:
        if tie.bits >= LINK and tie not in namesakes:
            roofs.join(tie)
    asked = [tie for tie in found if not roofs.share(tie.first, tie.second)]
    return Homes([_family(people, members) for members in roofs.groups()], asked)


def _family(people: Sequence[Dweller], members: Sequence[int]) -> Family:
    """Who is the head: as others say, as a notebook has it, else the eldest man, else the eldest."""
    named = {i for i in members for other in members if i != other and people[other].heads & people[i].names}

    def rank(i: int) -> tuple:
        person = people[i]
        return (
            i not in named,
            not person.is_head,
            "M" not in person.sexes,
            min(person.births, default=9999),
            i,
        )

    head = min(members, key=rank)
    others = [i for i in members if i != head]
    spouse = next((i for i in others if spouse_level(people[head], people[i])), None)
    return Family(head, spouse, [i for i in others if i != spouse])


def _namesakes(people: Sequence[Dweller], ties: Sequence[Tie]) -> set[Tie]:
    """Ties by a name that two near people bear, where neither leads: whom of them is meant, people say."""
    claims: dict[tuple[int, str, str], list[Tie]] = defaultdict(list)
    for tie in ties:
        for me, other in ((tie.first, tie.second), (tie.second, tie.first)):
            for name in people[me].spouses & people[other].names:
                claims[me, "spouse", name].append(tie)
            for name in people[me].heads & people[other].names:
                claims[me, "head", name].append(tie)
    return {
        tie
        for rivals in claims.values()
        for tie in rivals
        if rivals[0].bits - tie.bits < MARGIN and len(rivals) > 1
    }


class _Roofs:
    """Who lives with whom so far."""

    def __init__(self, people: Sequence[Dweller]):
        self.people = people
        self.roof = list(range(len(people)))
        self.members = {i: [i] for i in range(len(people))}
        self.homes = {i: {person.home} - {None} for i, person in enumerate(people)}

    def share(self, one: int, other: int) -> bool:
        """Whether two live under one roof."""
        return self.roof[one] == self.roof[other]

    def join(self, tie: Tie) -> None:
        """Put two under one roof unless it gets too full, or the registry has them in two households."""
        a, b = self.roof[tie.first], self.roof[tie.second]
        if a == b or not self._may_join(a, b):
            return
        for person in self.members[b]:
            self.roof[person] = a
        self.members[a] += self.members.pop(b)
        self.homes[a] |= self.homes.pop(b)

    def _may_join(self, a: int, b: int) -> bool:
        if (
            len(self.members[a]) + len(self.members[b]) > LARGEST_HOUSEHOLD
            or len(self.homes[a] | self.homes[b]) > 1
        ):
            return False
        pairs = ((self.people[i], self.people[j]) for i in self.members[a] for j in self.members[b])
        return not any(place_level(one, other).startswith("another") for one, other in pairs)

    def groups(self) -> list[list[int]]:
        """Members of every roof of several people, or of one whom a notebook tells about."""
        return [
            sorted(members)
            for members in self.members.values()
            if len(members) > 1 or self.people[members[0]].is_head
        ]
