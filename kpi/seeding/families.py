"""Families that could live in a village: who lives together, how old they are, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from customers.choices import Relation, Sex
from customers.names import name_keys, place_keys
from kpi.seeding import words
from kpi.seeding.chance import Dice

SIZES_SMALL = ((1, 0.10), (2, 0.22), (3, 0.24), (4, 0.22), (5, 0.13), (6, 0.07), (7, 0.02))
SIZES_LARGE = ((1, 0.05), (2, 0.14), (3, 0.19), (4, 0.25), (5, 0.19), (6, 0.12), (7, 0.04), (8, 0.02))
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
LANES = 50  # sequence numbers of one county code are shared out to fifty chunks

# Mobile prefixes that no operator has been given: a message sent to such a number reaches nobody.
MOBILE_PREFIXES = ("154", "161", "163", "164", "168", "169", "179", "194")
ELSEWHERE = (
    "419915",
    "349902",
    "429911",
)  # county codes of first registration of people who married in or moved

_SURNAMES = [surname for surname, _ in words.SURNAMES]
_SURNAME_SUMS = list(accumulate(weight for _, weight in words.SURNAMES))
_GIVEN = [(before, men.split(), women.split()) for before, men, women in words.GIVEN]
_SURNAME_KEYS = {}
_GIVEN_KEYS = {}


@dataclass(slots=True)
class Person:
    """One member of a household; ``row`` is the position in its chunk."""

    row: int
    relation: str
    sex: str
    born: date
    surname: str
    given: str
    number: str
    age: int
    deceased_on: date | None = None
    married_to: int | None = None

    @property
    def name(self) -> str:
        return self.surname + self.given


@dataclass(slots=True)
class Family:
    """The persons of one household, the head first, and the year the couple married."""

    people: list[Person] = field(default_factory=list)
    married_year: int | None = None


def household_sizes(rng: Dice, households: int, people: int) -> list[int]:
    """Sizes that look like a village's and add up to ``people``."""
    table = SIZES_LARGE if people > 3.7 * households else SIZES_SMALL
    sizes = rng.choices([size for size, _ in table], [share for _, share in table], k=households)
    largest = table[-1][0]
    difference = people - sum(sizes)
    while difference:
        index = rng.randrange(households)
        step = 1 if difference > 0 else -1
        if 1 <= sizes[index] + step <= largest or largest * households < people:
            sizes[index] += step
            difference -= step
    return sizes


def name_columns(surname: str, given: str) -> tuple[str, str, str, str]:
    """``(given_key, pinyin, initials, given_pinyin)`` of a simplified name, each part read once."""
    first = _SURNAME_KEYS.get(surname)
    if first is None:
        keys = name_keys(surname + "一一")
        first = _SURNAME_KEYS[surname] = (keys.pinyin[:-4], keys.initials[:-2])
    second = _GIVEN_KEYS.get(given)
    if second is None:
        second = _GIVEN_KEYS[given] = place_keys(given)
    return given, first[0] + second[0], first[1] + second[1], second[0]


class IdentityNumbers:
    """Valid numbers of unassigned counties; two chunks never draw the same one."""

    def __init__(self, rng: Dice, chunk: int, chunks: int):
        self.rng = rng
        self.lanes = min(LANES, max(1, chunks))
        self.lane, self.slots = chunk % self.lanes, 499 // self.lanes
        self.county = f"{int(words.COUNTY_CODE) + chunk // LANES * 10000:06}"
        self.used: set[tuple[str, date, int]] = set()

    def draw(self, born: date, sex: str, from_elsewhere: bool) -> tuple[str, date]:
        """Return a free number and the date of birth, which moves a day when the day is full."""
        county = self.rng.choice(ELSEWHERE) if from_elsewhere else self.county
        while True:
            start = self.rng.randrange(self.slots)
            for step in range(self.slots):
                slot = (start + step) % self.slots
                sequence = 2 * (slot * self.lanes + self.lane + 1) + (sex == Sex.MALE)
                if (county, born, sequence) not in self.used:
                    self.used.add((county, born, sequence))
                    return with_check(f"{county}{born:%Y%m%d}{sequence:03}"), born
            born += timedelta(days=1)


def with_check(body: str) -> str:
    """Append the check character of an eighteen-character identity number (handbook §6.1)."""
    total = 0
    for weight, digit in zip(WEIGHTS, body, strict=True):
        total += weight * (ord(digit) - 48)
    return body + CHECKS[total % 11]


class FamilyMaker:
    """Makes the families of one chunk, one after another."""

    def __init__(self, rng: Dice, chunk: int, chunks: int, as_of: date):
        self.rng, self.as_of = rng, as_of
        self.numbers = IdentityNumbers(rng, chunk, chunks)
        self.row = 0

    def family(self, size: int, clans: tuple[str, ...]) -> Family:
        """Make one family of ``size`` members living in a village of these clans."""
        rng, family = self.rng, Family()
        surname = rng.choice(clans) if rng.random() < 0.58 else self._surname()
        roll = rng.random()
        if size == 1:
            self._single(family, surname, roll)
        elif size == 2 and roll > 0.86:
            self._parent_and_child(family, surname, 1)
        elif size >= 3 and roll > 0.95:
            self._parent_and_child(family, surname, size - 1)
        elif size >= 5 and roll > 0.52:
            self._three_generations(family, surname, size)
        else:
            self._couple_and_children(family, surname, size, roll)
        self._bereave(family)
        return family

    def _single(self, family: Family, surname: str, roll: float) -> None:
        rng = self.rng
        if roll < 0.55:
            sex = Sex.FEMALE if rng.random() < 0.62 else Sex.MALE
            age = rng.triangular(60, 90, 70)
        elif roll < 0.8:
            sex, age = Sex.MALE, rng.triangular(34, 64, 50)
        else:
            sex, age = rng.choice((Sex.MALE, Sex.MALE, Sex.FEMALE)), rng.triangular(21, 38, 27)
        self._add(family, Relation.HEAD, sex, age, self._surname() if sex == Sex.FEMALE else surname)

    def _parent_and_child(self, family: Family, surname: str, children: int) -> None:
        rng = self.rng
        is_mother = rng.random() < 0.55
        age = rng.triangular(30, 64, 46)
        self._add(
            family,
            Relation.HEAD,
            Sex.FEMALE if is_mother else Sex.MALE,
            age,
            self._surname() if is_mother else surname,
        )
        self._children(family, surname, age, min(children, 2))
        self._fill_with_elders(family, surname, age, children - min(children, 2))

    def _couple_and_children(self, family: Family, surname: str, size: int, roll: float) -> None:
        rng = self.rng
        if size == 2:
            age = rng.triangular(56, 84, 66) if roll < 0.58 else rng.triangular(24, 60, 48)
            self._couple(family, surname, age)
            return
        room = size - 2
        children = min(room, rng.choices((1, 2, 3), (4, 5, 1))[0])
        if size == 3 and rng.random() < 0.15:
            children = 0
        elders = room - children
        if elders > 2:
            children, elders = children + elders - 2, 2
        age = rng.triangular(26, 61, 44)
        self._couple(family, surname, age)
        self._children(family, surname, age, children)
        self._fill_with_elders(family, surname, age, elders)

    def _three_generations(self, family: Family, surname: str, size: int) -> None:
        rng = self.rng
        age = rng.triangular(47, 70, 56)
        self._couple(family, surname, age)
        son_age = max(21, age - rng.triangular(21, 29, 24))
        self._add(family, Relation.SON, Sex.MALE, son_age, surname)
        self._add(
            family, Relation.OTHER, Sex.FEMALE, max(20, son_age - rng.randrange(-1, 4)), self._surname()
        )
        self._marry(family, 2, 3)
        left = size - 4
        grandchildren = min(left, rng.choice((1, 2, 2, 3)) if left > 1 else left)
        grandchild_age = max(0.3, son_age - rng.triangular(21, 28, 24))
        for _ in range(grandchildren):
            self._add(family, Relation.GRANDCHILD, rng.choice(("F", "M")), grandchild_age, surname)
            grandchild_age = max(0.1, grandchild_age - rng.uniform(1.8, 6))
        self._fill_with_elders(family, surname, age, left - grandchildren)

    def _couple(self, family: Family, surname: str, age: float) -> None:
        rng = self.rng
        head_is_man = rng.random() < 0.9
        his, hers = surname, self._surname()
        spouse_age = max(21, age - rng.triangular(-3, 7, 2) * (1 if head_is_man else -1))
        if head_is_man:
            self._add(family, Relation.HEAD, Sex.MALE, age, his)
            self._add(family, Relation.SPOUSE, Sex.FEMALE, spouse_age, hers)
        else:
            self._add(family, Relation.HEAD, Sex.FEMALE, age, hers)
            self._add(family, Relation.SPOUSE, Sex.MALE, spouse_age, his)
        self._marry(family, 0, 1)
        younger = min(age, spouse_age)
        family.married_year = self.as_of.year - max(0, int(younger - rng.triangular(20, 27, 22.5)))

    def _marry(self, family: Family, first: int, second: int) -> None:
        if self.rng.random() < 0.97:
            family.people[first].married_to = family.people[second].row

    def _children(self, family: Family, surname: str, parent_age: float, count: int) -> None:
        rng = self.rng
        age = parent_age - rng.triangular(20, 32, 24)
        shared = self._given_of(Sex.MALE, self._born(max(0.1, age)))[0] if rng.random() < 0.35 else ""
        for _ in range(count):
            age = max(0.1, age)
            sex = Sex.MALE if rng.random() < 0.535 else Sex.FEMALE
            relation = Relation.SON if sex == Sex.MALE else Relation.DAUGHTER
            self._add(family, relation, sex, age, surname, shared if sex == Sex.MALE else "")
            age -= rng.triangular(1.1, 9, 3)

    def _fill_with_elders(self, family: Family, surname: str, age: float, count: int) -> None:
        rng = self.rng
        head_is_man = family.people[0].sex == Sex.MALE
        for index in range(count):
            is_mother = index == 0
            elder_age = min(97, age + rng.triangular(20, 31, 24) + index)
            if index > 1:
                self._add(family, Relation.GRANDPARENT, Sex.FEMALE, min(99, age + 45), self._surname())
                continue
            own = surname if head_is_man and not is_mother else self._surname()
            self._add(family, Relation.PARENT, Sex.FEMALE if is_mother else Sex.MALE, elder_age, own)

    def _bereave(self, family: Family) -> None:
        """Some of the old have died in the years of the records, and some sooner."""
        rng = self.rng
        for person in family.people[1:]:
            chance = 0.09 if person.age >= 75 else 0.02 if person.age >= 60 else 0.002
            if person.age >= 30 and rng.random() < chance:
                person.deceased_on = self.as_of - timedelta(days=rng.randrange(5, 1000))

    def _add(
        self, family: Family, relation: str, sex: str, age: float, surname: str, shared: str = ""
    ) -> None:
        born = self._born(age)
        from_elsewhere = relation in (Relation.SPOUSE, Relation.OTHER) and self.rng.random() < 0.3
        number, born = self.numbers.draw(born, sex, from_elsewhere)
        given = self._given_of(sex, born)
        if shared and len(given) == 2:
            given = shared + given[1]
        elif shared and given != shared:
            given = shared + given
        taken = {person.given for person in family.people}
        while given in taken:
            given = self._given_of(sex, born)
        age_now = self.as_of.year - born.year - ((self.as_of.month, self.as_of.day) < (born.month, born.day))
        family.people.append(Person(self.row, relation, sex, born, surname, given, number, max(0, age_now)))
        self.row += 1

    def _born(self, age: float) -> date:
        return self.as_of - timedelta(days=int(age * 365.25) + self.rng.randrange(1, 28))

    def _surname(self) -> str:
        return self.rng.choices(_SURNAMES, cum_weights=_SURNAME_SUMS)[0]

    def _given_of(self, sex: str, born: date) -> str:
        year = born.year + self.rng.randrange(-4, 5)
        for before, men, women in _GIVEN:
            if year < before:
                return self.rng.choice(men if sex == Sex.MALE else women)
        return self.rng.choice(_GIVEN[-1][1 if sex == Sex.MALE else 2])
