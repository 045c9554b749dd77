"""From the village a ledger names to the village of the area tree.

Pure: it works on a list of areas. A name that fits several villages is settled by the township that the row names, then
by the township the branch stands in; what is still open stays open, with its candidates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from customers.ledgers.text import simplified
from customers.ledgers.values import AddressReading, read_address
from customers.matching.sounds import blurred_pinyin, pinyin

COMMITTEE = re.compile(r"(村民委员会|居民委员会|村委会|居委会|委员会|村委|居委)$")
KIND_OF_VILLAGE = re.compile(r"(行政村|自然村|社区|居委|大队|村)$")
TOWNSHIP_KIND = re.compile(r"(民族乡|街道办事处|街道|地区|镇|乡|办事处|公社)$")
LOOKALIKES = (
    "塆湾弯婉碗",
    "围圩",
    "凃涂徐",
    "陂坡波破披",
    "斛解角",
    "未末",
    "己已巳",
    "土士",
    "堂塘棠",
    "楼搂",
    "冲沖",
    "寨赛塞斋",
    "岗冈",
    "堰偃",
    "畈贩板饭坂",
    "塝旁榜膀",
    "墩敦",
    "棚朋",
    "洼凹哇",
)


@dataclass(frozen=True)
class Place:
    """An area as matching sees it; ``level`` is township or village."""

    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True)
class VillageMatch:
    """The village found, how it was found, or the candidates between which nothing decides."""

    code: str = ""
    township: str = ""
    how: str = ""
    candidates: tuple[str, ...] = ()


def village_cores(name: str) -> tuple[str, ...]:
    """Return the names people use for a village, the longest first."""
    base = COMMITTEE.sub("", simplified(name.replace(" ", "")))
    cores = [base]
    shorter = KIND_OF_VILLAGE.sub("", base)
    if len(shorter) >= 2:
        cores.append(shorter)
    return tuple(dict.fromkeys(core for core in cores if core))


def blurred_shape(text: str) -> str:
    """Return the text with characters that hands and eyes mix up made equal."""
    for group in LOOKALIKES:
        for character in group[1:]:
            text = text.replace(character, group[0])
    return text


class AreaIndex:
    """The villages of a county, ready to be found by what ledgers call them."""

    def __init__(self, places: Iterable[Place]):
        places = list(places)
        self.townships = {place.code: place for place in places if place.level == "township"}
        self.villages = {place.code: place for place in places if place.level == "village"}
        self._by: dict[str, dict[str, set[str]]] = {
            how: defaultdict(set) for how in ("name", "sound", "shape", "blurred sound")
        }
        for place in self.villages.values():
            for core in village_cores(place.name):
                for how, key in _keys(core):
                    self._by[how][key].add(place.code)
        self._town_names = self._names_of_townships()
        self._cores = sorted(self._by["name"], key=len, reverse=True)
        self.find = lru_cache(maxsize=50_000)(self._find)

    def _names_of_townships(self) -> list[tuple[str, str]]:
        names = []
        for place in self.townships.values():
            full = simplified(place.name)
            short = TOWNSHIP_KIND.sub("", full)
            names += [(full, place.code), (short, place.code)]
            names += [
                (short + kind, place.code) for kind in ("镇", "乡", "街道", "公社") if short + kind != full
            ]
        return sorted(set(names), key=lambda pair: (-len(pair[0]), pair))

    def township_of_branch(self, branch_name: str) -> str:
        """Return the township whose name the branch carries."""
        name = simplified(branch_name)
        return next(
            (code for word, code in self._town_names if len(word) >= 2 and name.startswith(word)), ""
        ) or next((code for word, code in self._town_names if len(word) >= 2 and word in name), "")

    def township_named(self, text: str) -> str:
        """Return the township a cell names, by name or by sound."""
        text = simplified(text.replace(" ", ""))
        for word, code in self._town_names:
            if text == word:
                return code
        sound = pinyin(TOWNSHIP_KIND.sub("", text))
        found = {code for word, code in self._town_names if pinyin(TOWNSHIP_KIND.sub("", word)) == sound}
        return found.pop() if len(found) == 1 else ""

    def is_place(self, text: str) -> bool:
        """Does a lone text name a village or township?"""
        match = self.find(read_address(text.rstrip(":：")).place, "", "")
        return match.how in {"name", "township"}

    def match(self, address: AddressReading, *, township: str = "", own: str = "") -> VillageMatch:
        """Find the village of an address; ``township`` is a township column's text, ``own`` the branch's township."""
        named = self.township_named(township) if township else ""
        return self.find(address.place, named or (own if address.is_here else ""), own)

    def _find(self, text: str, township: str, own: str) -> VillageMatch:
        if not text or not self.villages:
            return VillageMatch(township=township, how="township" if township else "")
        tries = [(text, township)]
        for word, code in self._town_names:
            if text.startswith(word):
                tries.append((text[len(word) :], code))
        for how in self._by:
            ambiguous = VillageMatch()
            for rest, town in tries:
                found = self._settle(self._candidates(how, rest), town, own, how)
                if found.code:
                    return found
                ambiguous = ambiguous if ambiguous.candidates else found
            if ambiguous.candidates:
                return ambiguous
        for rest, town in tries:
            found = self._settle(self._prefix(rest), town, own, "prefix")
            if found.code:
                return found
            found = self._settle(self._one_slip(rest, town or own), town, own, "one slip")
            if found.code:
                return found
        towns = [town for rest, town in tries if town]
        return VillageMatch(township=towns[0] if towns else "", how="township" if towns else "")

    def _candidates(self, how: str, text: str) -> set[str]:
        found: set[str] = set()
        for core in village_cores(text):
            for kind, key in _keys(core):
                if kind == how:
                    found |= self._by[how].get(key, set())
            if found:
                break
        return found

    def _prefix(self, text: str) -> set[str]:
        """The longest village name the text begins with: a hamlet may follow."""
        return next(
            (
                self._by["name"][core]
                for core in self._cores
                if len(core) >= 2 and text.startswith(core) and len(text) > len(core)
            ),
            set(),
        )

    def _one_slip(self, text: str, township: str) -> set[str]:
        """Villages of one township whose name differs in a single character, for names of three and more."""
        core = village_cores(text)[-1] if village_cores(text) else ""
        if len(core) < 3 or not township:
            return set()
        return {
            code
            for code, place in self.villages.items()
            if place.parent == township
            and any(
                len(name) == len(core) and sum(a != b for a, b in zip(name, core, strict=True)) == 1
                for name in village_cores(place.name)
            )
        }

    def _settle(self, found: set[str], township: str, own: str, how: str) -> VillageMatch:
        for town in (township, own):
            inside = [code for code in found if town and self.villages[code].parent == town]
            if len(inside) == 1:
                return VillageMatch(inside[0], town, how)
            if inside:
                return VillageMatch("", town, how, tuple(sorted(inside)))
            if town and town == township and how != "name" and found:
                return VillageMatch()  # a slip of the pen does not move a village to another township
        if len(found) == 1:
            code = next(iter(found))
            return VillageMatch(code, self.villages[code].parent, how)
        return VillageMatch("", "", how if found else "", tuple(sorted(found)))


def _keys(core: str) -> tuple[tuple[str, str], ...]:
    if core.isascii():
        return (("name", core), ("sound", core.lower()))
    return (
        ("name", core),
        ("sound", pinyin(core)),
        ("shape", blurred_shape(core)),
        ("blurred sound", blurred_pinyin(core)),
    )
