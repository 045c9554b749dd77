"""Which mentions are one person: sure joins first, then links by weight of evidence, and questions for people.

Handbook §6.3 stands above all weights: two valid numbers that differ are two persons (R3), one valid number under two
names that are neither equal nor near is a conflict (R2), and a name alone links nobody. Within these walls a person is
known by everything their mentions say together: a phone in one ledger and a village in another both count.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from customers.identity import edit_distance, name_near
from customers.ledgers import weights
from customers.ledgers.text import blurred_pinyin

ROUNDS = 8
TWINS_SHARE = 16  # digits: county, birth date and most of the sequence
TWIN_NAMES = ("lost character", "one character")
NEAR = ("equal", "surname variant", "same sound")
LARGEST_BLOCK = 400


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


@dataclass(frozen=True, slots=True)
class Question:
    """Two mentions that may be one person: the rule, its outcome, the weight and the evidence."""

    first: int
    second: int
    rule: str
    outcome: str
    weight: float
    evidence: dict = field(default_factory=dict)


@dataclass
class Links:
    """Mentions by person, and the questions between persons."""

    groups: list[list[Mention]]
    questions: list[Question]


@dataclass(frozen=True)
class Comparison:
    """The weight of two profiles being one person, and the level each kind of evidence reached."""

    weight: float
    levels: dict[str, str]


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


@dataclass(frozen=True)
class Population:
    """How common names are among the people at hand, and where surnames live."""

    people: int
    carriers: dict[str, int]
    surnames: dict[str, int]
    given: dict[str, int]
    homes: dict[tuple[str, str], int]

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Population:
        """Count the names of profiles; a person counts once for each of their names."""
        carriers, surnames, given, homes = Counter(), Counter(), Counter(), Counter()
        for profile in profiles:
            carriers.update(profile.names)
            surnames.update({name[:1] for name in profile.names})
            given.update({name[1:] for name in profile.names})
            homes.update({(name[:1], village) for name in profile.names for village in profile.villages})
        return cls(len(profiles), carriers, surnames, given, homes)

    def name_weight(self, name: str) -> float:
        """Return the bits against a stranger of the same name: those we know of, and those we must expect."""
        mine = self.carriers[name]
        others = (self.surnames[name[:1]] - mine) * (self.given[name[1:]] - mine)
        expected = others / max(self.people, 1)
        return weights.UNSEEN - math.log2(max(self.carriers[name] - 1, 1) + expected)

    def village_weight(self, name: str, village: str) -> float:
        """Return the bits that a shared village is worth: little where half the village has the surname."""
        seen = self.homes[name[:1], village] + weights.HOME_PRIOR * weights.HOME_WEIGHT
        at_home = seen / (self.surnames[name[:1]] + weights.HOME_WEIGHT)
        return min(weights.PLACE["village"], -math.log2(at_home))


# --- comparing -------------------------------------------------------------------------------------------------------


def name_level(a: Mention, b: Mention) -> str:
    """Return how two names agree; empty when they are two names."""
    if a.name == b.name:
        return "equal"
    if a.name in b.aliases or b.name in a.aliases:
        return "alias"
    if name_near(a.name, b.name):
        return "surname variant"
    if a.sound and a.sound == b.sound:
        return "same sound"
    if a.is_married_style != b.is_married_style:
        short, full = (a, b) if a.is_married_style else (b, a)
        return "married style" if full.name[:1] in short.name[:-1] and "M" not in (a.sex, b.sex) else ""
    return _letters_level(a.name, b.name)


def _letters_level(a: str, b: str) -> str:
    if len(a) == len(b) >= 3 and a[0] == b[0] and sorted(a) == sorted(b):
        return "swapped"
    if (
        abs(len(a) - len(b)) == 1
        and min(len(a), len(b)) >= 2
        and a[0] == b[0]
        and edit_distance(a, b, 1) == 1
    ):
        return "lost character"
    if blurred_pinyin(a) == blurred_pinyin(b):
        return "blurred sound"
    if len(a) == len(b) and len(a) >= 3 and sum(x != y for x, y in zip(a, b, strict=True)) == 1:
        return "one character"
    return ""


def is_near(a: Mention, b: Mention) -> bool:
    """Names that R1 and R1N allow under one number: equal, a look-alike surname, the same sound."""
    return name_level(a, b) in NEAR


def best_name_level(a: Profile, b: Profile) -> str:
    """Return the best agreement among the names of two profiles."""
    found = {name_level(x, y) for x in _one_per_name(a) for y in _one_per_name(b)}
    return next((level for level in weights.NAME if level in found), "")


def _one_per_name(profile: Profile) -> Iterable[Mention]:
    seen: dict[tuple, Mention] = {}
    for mention in profile.mentions:
        seen.setdefault((mention.name, mention.aliases), mention)
    return seen.values()


def forbidden(a: Profile, b: Profile) -> bool:
    """R3, R2 and two registry records: what no weight overrules."""
    if a.customer is not None and b.customer is not None:
        return True
    if not a.numbers or not b.numbers:
        return False
    if a.numbers != b.numbers:
        return True
    return any(not is_near(x, y) for x in a.mentions if x.number for y in b.mentions if y.number)


def number_level(a: Profile, b: Profile) -> str:
    """Return how the numbers agree, whatever happened to them; empty when one side has none."""
    if a.numbers and a.numbers & b.numbers:
        return "equal"
    found = {_damage_level(x, next(iter(b.numbers))) for x in a.damaged if b.numbers}
    found |= {_damage_level(y, next(iter(a.numbers))) for y in b.damaged if a.numbers}
    found |= {_both_damaged(x, y) for x in a.damaged for y in b.damaged}
    found |= {"tail" if n[-4:] == t else "another tail" for n in a.numbers for t in b.tails}
    found |= {"tail" if n[-4:] == t else "another tail" for n in b.numbers for t in a.tails}
    return next((level for level in weights.NUMBER if level in found), "")


def _damage_level(damaged: Mention, number: str) -> str:
    if damaged.guess == number:
        return "repaired"
    if len(damaged.prefix) >= 14:
        return _prefix_level(damaged.prefix, number)
    if len(damaged.suffix) >= 12:
        return "end lost" if number.endswith(damaged.suffix) else "another end"
    if damaged.prefix:
        return "county" if number.startswith(damaged.prefix) else "another county"
    distance = edit_distance(damaged.cleaned, number, 2)
    return {0: "one slip", 1: "one slip", 2: "two slips"}.get(distance, "incompatible")


def _prefix_level(prefix: str, number: str) -> str:
    if number.startswith(prefix):
        return "end lost" if len(prefix) > TWINS_SHARE else "fifteen digits"
    return "another end"


def _both_damaged(a: Mention, b: Mention) -> str:
    if len(a.cleaned) >= 15 and a.cleaned == b.cleaned and "E+" not in a.cleaned:
        return "equal as typed"
    if a.guess and (
        a.guess == b.guess or _damage_level(b, a.guess) in {"fifteen digits", "end lost", "one slip"}
    ):
        return "repaired"
    if b.guess and _damage_level(a, b.guess) in {"fifteen digits", "end lost", "one slip"}:
        return "repaired"
    shared = min(len(a.prefix), len(b.prefix))
    if shared >= 6:
        same = a.prefix[:shared] == b.prefix[:shared]
        if shared >= 14:
            return "end lost" if same else "another end"
        return "county" if same else "another county"
    return "one slip" if edit_distance(a.cleaned, b.cleaned, 1) <= 1 and len(a.cleaned) > 13 else ""


def birth_level(a: Profile, b: Profile) -> str:
    """Return the best agreement of the birth dates known on both sides."""
    found = {_dates_level(x, y) for x in a.births for y in b.births}
    return next((level for level in weights.BIRTH if level in found), "")


def _dates_level(a: tuple[str, date], b: tuple[str, date]) -> str:
    (precision, day), (other_precision, other) = a, b
    if day.year != other.year:
        return "another year"
    if "year" in (precision, other_precision):
        return "year"
    if day.month != other.month:
        return "another month"
    if "month" in (precision, other_precision):
        return "month"
    return "day" if day == other else "another month"


def phone_level(a: Profile, b: Profile) -> str:
    """Return how the phones agree; a landline counts without its area code."""
    if not a.phones or not b.phones:
        return ""
    shared = a.phones & b.phones
    if any(len(phone) == 11 and phone[0] == "1" for phone in shared):
        return "mobile"
    if shared or {p[-7:] for p in a.phones if p[0] != "1"} & {p[-7:] for p in b.phones if p[0] != "1"}:
        return "landline"
    slips = any(edit_distance(x, y, 1) == 1 for x in a.phones for y in b.phones if len(x) == len(y) == 11)
    return "one digit" if slips else "another"


def place_level(a: Profile, b: Profile) -> str:
    """Return how the places agree: group, village, township."""
    if shared := a.villages & b.villages:
        mine = {group for village, group in a.groups if village in shared}
        theirs = {group for village, group in b.groups if village in shared}
        if mine & theirs:
            return "group"
        return "another group" if mine and theirs else "village"
    if a.villages and b.villages:
        return "another village"
    if a.townships and b.townships:
        return "township" if a.townships & b.townships else "another township"
    return ""


def line_level(a: Profile, b: Profile) -> str:
    """Lists are kept customer by customer: the next line under the same name is the same customer's."""
    near = any((sheet, n + step) in b.lines for sheet, n in a.lines for step in (-1, 1))
    return "next line" if near else ""


def compare(a: Profile, b: Profile, population: Population) -> Comparison | None:
    """Weigh two profiles; None when their names are two names."""
    levels = {"name": best_name_level(a, b)}
    if not levels["name"]:
        return None
    names = (a.names & b.names) or (a.names | b.names)
    weight = max(map(population.name_weight, names)) + weights.NAME[levels["name"]]
    levels["number"] = number_level(a, b)
    sure_number = weights.NUMBER.get(levels["number"], 0.0) >= weights.SURE_NUMBER
    levels["birth"] = "" if sure_number else birth_level(a, b)
    if levels["name"] in TWIN_NAMES:  # brothers, sisters and twins: what they share proves nothing
        levels["birth"] = "" if weights.BIRTH.get(levels["birth"], 0.0) > 0 else levels["birth"]
        levels["number"] = "" if levels["number"] == "fifteen digits" else levels["number"]
    levels["phone"], levels["place"] = phone_level(a, b), place_level(a, b)
    levels["line"] = line_level(a, b) if levels["name"] in NEAR else ""
    levels["sex"] = "" if not a.sexes or not b.sexes else "equal" if a.sexes & b.sexes else "another"
    levels["spouse"] = (
        "" if not a.spouses or not b.spouses else "equal" if a.spouses & b.spouses else "another"
    )
    weight += sum(table[levels[name]] for name, table in weights.TABLES.items() if levels[name])
    if shared := a.villages & b.villages:
        weight -= weights.PLACE["village"] - max(
            population.village_weight(n, v) for n in names for v in shared
        )
    return Comparison(weight, {name: level for name, level in levels.items() if level})


def has_proof(levels: dict[str, str]) -> bool:
    """Something beside the name must agree: a name alone links nobody, and its place in a list is no proof either."""
    proofs = (name for name in weights.TABLES if name != "line")
    return any(weights.TABLES[name].get(levels.get(name, ""), 0.0) > 1 for name in proofs)


# --- linking ---------------------------------------------------------------------------------------------------------


def link(mentions: Sequence[Mention]) -> Links:
    """Return the persons behind the mentions and the questions that stay open."""
    profiles = [Profile(group) for group in _joined_by_number(mentions)]
    for _ in range(ROUNDS):
        scored = _scored(profiles)
        merged = _merge(profiles, scored)
        if len(merged) == len(profiles):
            break
        profiles = merged
    return Links([profile.mentions for profile in profiles], _questions(profiles))


def _joined_by_number(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Join what R1 joins: equal valid numbers under equal names; registry records stay apart from each other."""
    groups: dict[tuple, list[Mention]] = {}
    for mention in mentions:
        key = (mention.number, mention.name) if mention.number else ("", str(mention.key))
        if mention.customer is not None and any(m.customer is not None for m in groups.get(key, ())):
            key = ("", str(mention.key))
        groups.setdefault(key, []).append(mention)
    return list(groups.values())


def _block_keys(profile: Profile) -> set[tuple]:
    keys: set[tuple] = set()
    for mention in profile.mentions:
        keys.add(("name", mention.name))
        keys.add(("letters", "".join(sorted(mention.name))))
        keys |= {("name", alias) for alias in mention.aliases}
        keys |= {("sound", mention.sound)} if mention.sound else set()
        keys |= {("phone", phone) for phone in mention.phones}
        keys |= {("number", mention.number)} if mention.number else set()
        start, end = (mention.number or mention.prefix)[:14], (mention.number or mention.suffix)[-12:]
        keys |= {("start", start)} if len(start) == 14 else set()
        keys |= {("end", end)} if len(end) == 12 else set()
        keys |= (
            {("typed", mention.cleaned), ("number", mention.guess)}
            if mention.cleaned and not mention.number
            else set()
        )
        keys.add(("home", mention.name[:1], mention.village)) if mention.village else None
    return keys - {("number", "")}


def _pairs(profiles: Sequence[Profile]) -> set[tuple[int, int]]:
    """Return the pairs worth comparing: those that share a block."""
    blocks: dict[tuple, list[int]] = defaultdict(list)
    for index, profile in enumerate(profiles):
        for key in _block_keys(profile):
            blocks[key].append(index)
    return {
        pair
        for members in blocks.values()
        if len(members) <= LARGEST_BLOCK
        for pair in combinations(members, 2)
    }


def _scored(profiles: Sequence[Profile]) -> list[tuple[float, int, int, dict[str, str]]]:
    """Return the compared pairs, the heaviest first."""
    population, scored = Population.of(profiles), []
    for i, j in _pairs(profiles):
        if not forbidden(profiles[i], profiles[j]) and (
            found := compare(profiles[i], profiles[j], population)
        ):
            scored.append((found.weight, i, j, found.levels))
    return sorted((s for s in scored if s[0] >= weights.ASK), key=lambda pair: (-pair[0], pair[1], pair[2]))


def _merge(profiles: list[Profile], scored: list[tuple[float, int, int, dict[str, str]]]) -> list[Profile]:
    """Merge the pairs above the threshold, each profile at most once a round, unless a rival comes too close."""
    rivals: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for weight, i, j, _ in scored:
        rivals[i].append((weight, j))
        rivals[j].append((weight, i))
    taken: dict[int, int] = {}
    for weight, i, j, levels in scored:
        if weight < weights.LINK:
            break
        if i in taken or j in taken or not has_proof(levels):
            continue
        if _has_rival(profiles, rivals[i], i, j, weight) or _has_rival(profiles, rivals[j], j, i, weight):
            continue
        taken[j] = i
        taken[i] = i
    partners: dict[int, list[int]] = defaultdict(list)
    for j, i in taken.items():
        if i != j:
            partners[i].append(j)
    gone = {j for j, i in taken.items() if i != j}
    return [
        Profile(_in_order([profile, *(profiles[j] for j in partners[i])])) if partners[i] else profile
        for i, profile in enumerate(profiles)
        if i not in gone
    ]


def _in_order(profiles: Iterable[Profile]) -> list[Mention]:
    return sorted(
        (m for profile in profiles for m in profile.mentions), key=lambda m: (m.customer is None, m.key)
    )


def _has_rival(
    profiles: list[Profile], others: list[tuple[float, int]], me: int, partner: int, weight: float
) -> bool:
    """Is there another candidate nearly as good who is surely not the same person as the partner?"""
    return any(
        other != partner
        and weight - its_weight < weights.MARGIN
        and _are_two(profiles[other], profiles[partner])
        for its_weight, other in others
    )


def _are_two(a: Profile, b: Profile) -> bool:
    """Two registry records or two valid numbers; one number under two names may well be one person."""
    return (a.customer is not None and b.customer is not None) or bool(
        a.numbers and b.numbers and a.numbers != b.numbers
    )


# --- questions -------------------------------------------------------------------------------------------------------


def _questions(profiles: Sequence[Profile]) -> list[Question]:
    found = [
        Question(
            profiles[i].key, profiles[j].key, rule_of(levels), outcome_of(levels), round(weight, 2), levels
        )
        for weight, i, j, levels in _scored(profiles)
    ]
    found += _conflicts(profiles) + _doubtful_numbers(profiles)
    records = {profile.key for profile in profiles if profile.customer is not None}
    return [question for question in found if not {question.first, question.second} <= records]


def _doubtful_numbers(profiles: Sequence[Profile]) -> list[Question]:
    """Two valid numbers under one name and one phone are never linked (R3), but may be worth a look at the paper."""
    found = []
    for i, j in sorted(_pairs(profiles)):
        a, b = profiles[i], profiles[j]
        if not a.numbers or not b.numbers or a.numbers & b.numbers or not a.names & b.names:
            continue
        levels = {
            "name": "equal",
            "phone": phone_level(a, b),
            "place": place_level(a, b),
            "number": "both valid",
        }
        if levels["phone"] == "mobile" and not levels["place"].startswith("another"):
            found.append(Question(a.key, b.key, "R3", "DIFFERENT", weights.R3_QUESTION, levels))
    return found


def rule_of(levels: dict[str, str]) -> str:
    """Return the rule of handbook §6.3 that comes closest to the evidence."""
    number, same_name = levels.get("number", ""), levels["name"] == "equal"
    place = levels.get("phone") in {"mobile", "landline"} or levels.get("place") in {
        "group",
        "village",
        "another group",
    }
    if number == "equal":
        return "R1N"
    if number in {"one slip", "repaired", "end lost", "fifteen digits"}:
        return "R4" if same_name else "R4N"
    if number == "equal as typed":
        return "R5"
    if levels.get("birth") == "day" and place:
        return "R6" if same_name else "R7N"
    return "R7" if levels.get("phone") in {"mobile", "landline"} else "NAME"


def outcome_of(levels: dict[str, str]) -> str:
    """PROBABLE or POSSIBLE, as the rule says."""
    return "PROBABLE" if rule_of(levels) in {"R1N", "R4", "R5", "R6"} else "POSSIBLE"


def _conflicts(profiles: Sequence[Profile]) -> list[Question]:
    """One valid number under two names: people look at the paper."""
    by_number: dict[str, list[Profile]] = defaultdict(list)
    for profile in profiles:
        for number in profile.numbers:
            by_number[number].append(profile)
    found = []
    for claimants in by_number.values():
        for a, b in combinations(claimants, 2):
            level = best_name_level(a, b)
            near = level in NEAR
            rule, outcome = ("R1N", "PROBABLE") if near else ("R2", "CONFLICT")
            weight = 10.0 + weights.NAME.get(level, -8.0)
            found.append(
                Question(a.key, b.key, rule, outcome, weight, {"number": "equal", "name": level or "another"})
            )
    return found
