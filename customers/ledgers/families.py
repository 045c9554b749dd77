"""Who lives with whom, as far as ledgers say it: a spouse column, 户主某某 or 配偶某某 in a remark.

A name alone finds nobody here either: the named person must live in the same village or share a phone, and be the
only one who does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

LARGEST_FAMILY = 12


@dataclass(frozen=True)
class Kin:
    """A person with what helps to find relatives; ``is_noted`` when an officer's notebook has a line of theirs."""

    names: frozenset[str]
    villages: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    sexes: frozenset[str] = frozenset()
    spouses: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    is_noted: bool = False


@dataclass
class Family:
    """Positions of the members; ``spouse`` is set where one of them names the head as husband or wife."""

    head: int
    spouse: int | None = None
    others: list[int] = field(default_factory=list)

    @property
    def members(self) -> list[int]:
        return [self.head, *([] if self.spouse is None else [self.spouse]), *self.others]


def families(people: Sequence[Kin]) -> list[Family]:
    """Return the families that notebooks and remarks speak of; everybody is in one at most."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, person in enumerate(people):
        for name in person.names:
            by_name[name].append(i)
    married = _couples(people, by_name)
    under = {
        i: head
        for i, person in enumerate(people)
        if (head := _head_of(i, person, people, by_name)) is not None
    }
    return _families(people, married, under)


def _couples(people: Sequence[Kin], by_name: dict[str, list[int]]) -> dict[int, int]:
    """Return who is married to whom; a person whom two claim is left alone."""
    claims: dict[int, set[int]] = defaultdict(set)
    for i, person in enumerate(people):
        for name in person.spouses:
            if (partner := _the_one(i, name, people, by_name, other_sex=True)) is not None:
                claims[i].add(partner)
                claims[partner].add(i)
    return {i: next(iter(partners)) for i, partners in claims.items() if len(partners) == 1}


def _head_of(i: int, person: Kin, people: Sequence[Kin], by_name: dict[str, list[int]]) -> int | None:
    found = {_the_one(i, name, people, by_name) for name in person.heads if name not in person.names}
    return found.pop() if len(found) == 1 else None


def _the_one(
    me: int, name: str, people: Sequence[Kin], by_name: dict[str, list[int]], *, other_sex: bool = False
) -> int | None:
    """Return the only person of that name who is near; None when there is none or more than one."""
    mine = people[me]
    near = [
        i
        for i in by_name.get(name, ())
        if i != me
        and (people[i].villages & mine.villages or people[i].phones & mine.phones)
        and not (other_sex and people[i].sexes & mine.sexes)
    ]
    return near[0] if len(near) == 1 else None


def _families(people: Sequence[Kin], married: dict[int, int], under: dict[int, int]) -> list[Family]:
    found: dict[int, Family] = {}
    home: dict[int, int] = {}

    def settle(i: int, head: int) -> None:
        home[i] = head
        family = found.setdefault(head, Family(head))
        if i != head:
            if family.spouse is None and married.get(i) == head and married.get(head) == i:
                family.spouse = i
            else:
                family.others.append(i)

    for head in sorted(set(under.values()) - set(under)):
        settle(head, head)
    for i, head in sorted(under.items()):
        if home.get(head) == head and i not in home and len(found[head].members) < LARGEST_FAMILY:
            settle(i, head)
    for i, person in enumerate(people):
        if person.is_noted and i not in home:
            partner = married.get(i)
            joins = partner is not None and married.get(partner) == i and home.get(partner) == partner
            settle(i, partner if joins else i)
    for i, partner in sorted(married.items()):
        if i not in home and home.get(partner) == partner and married.get(partner) == i:
            settle(i, partner)
    return list(found.values())
