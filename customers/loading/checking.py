"""One row of an export, judged as the counter judges what is typed: a person to write, or the reason against it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple

from customers.choices import DocumentKind
from customers.identity import check_phone, check_uscc, normalize_code
from customers.ledgers.values import choose_date, date_options, read_address, read_group, read_sex
from customers.ledgers.villages import AreaIndex
from customers.names import NameKeys, name_keys
from customers.persons.judging import judge

NOT_A_CHARACTER = "\ufffd"
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_GROUP, LONGEST_OCCUPATION = 100, 200, 10, 60
OLDEST_BIRTH = date(1880, 1, 1)
NAMES_KEPT = 100_000
TOLD = (
    *("name", "number", "phone", "sex", "birth", "branch"),
    *("village_code", "village", "group", "address", "occupation"),
)

keys_of_name = lru_cache(maxsize=NAMES_KEPT)(name_keys)


class Person(NamedTuple):
    """A row that can be written; empty texts and None say that it does not tell."""

    name: str
    keys: NameKeys
    number: str
    number_kind: str
    warning: str
    phone: str
    phone_kind: str
    sex: str
    birth: date | None
    village: int | None
    group: str
    address: str
    branch: int
    occupation: str


class Unfit(Exception):
    """A row that is not written; the code of the reason, told in words by ``reasons``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass
class Places:
    """Branches and villages by what an export calls them, read once for a load."""

    branches: Mapping[str, int]
    branch_names: Mapping[int, str]
    village_ids: Mapping[str, int]
    areas: AreaIndex


@dataclass
class Checker:
    """Judges the rows of one file; ``branch`` serves where the file has no such column."""

    columns: Mapping[str, int]
    places: Places
    as_of: date
    branch: int | None = None
    _villages: dict = field(default_factory=dict)
    _births: dict = field(default_factory=dict)

    def person_in(self, cells: Sequence[str]) -> Person:
        """Read one row; raises ``Unfit`` with the first reason against it."""
        told = self._told(cells)
        name, number, phone, sex, birth, branch, village_code, village, group, address, occupation = told
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise Unfit("NAME_MISSING" if not name else "NAME_LONG")
        number, kind, warning, number_sex, number_birth = self._number(number)
        phone, phone_kind = _phone(phone)
        sex = _sex(sex)
        birth = self._birth(birth)
        branch = self._branch(branch)
        if not number and not phone and not birth:
            raise Unfit("NOTHING_TO_GO_BY")
        return Person(
            name,
            keys_of_name(name),
            number,
            kind,
            warning,
            phone,
            phone_kind,
            number_sex or sex,
            number_birth or birth,
            self._village(village_code, village, branch),
            _group(group),
            " ".join(address.split())[:LONGEST_ADDRESS],
            branch,
            " ".join(occupation.split())[:LONGEST_OCCUPATION],
        )

    def _told(self, cells: Sequence[str]) -> list[str]:
        """What the row tells, in the order of ``TOLD``; empty where a column is missing or the row too short."""
        if len(cells) <= self.columns["name"]:
            raise Unfit("ROW_SHORT")
        whole = "".join(cells)
        if NOT_A_CHARACTER in whole or "\x00" in whole:
            raise Unfit("ENCODING")
        width = len(cells)
        return [cells[place].strip() if place < width else "" for place in self._places]

    @cached_property
    def _places(self) -> list[int]:
        return [self.columns.get(name, sys.maxsize) for name in TOLD]

    def _number(self, typed: str) -> tuple[str, str, str, str, date | None]:
        if not typed:
            return "", "", "", "", None
        judged = judge(DocumentKind.ID18, typed.lstrip("'"), self.as_of)
        if judged is None or judged.reason:
            is_organisation = check_uscc(normalize_code(typed)).valid
            raise Unfit(
                "ORGANISATION" if is_organisation else f"NUMBER_{judged.reason if judged else 'LENGTH'}"
            )
        return judged.text, judged.kind, judged.warning, judged.sex, judged.birth_date

    def _birth(self, typed: str) -> date | None:
        if not typed:
            return None
        if typed not in self._births:
            self._births[typed] = _day(typed, self.as_of)
        if self._births[typed] is None:
            raise Unfit("BIRTH_UNREADABLE")
        return self._births[typed]

    def _branch(self, typed: str) -> int:
        branch = self.places.branches.get(typed) if typed else self.branch
        if branch is None:
            raise Unfit("BRANCH_UNKNOWN")
        return branch

    def _village(self, code: str, name: str, branch: int) -> int | None:
        if not code and not name:
            return None
        place = (code, name, branch)
        if place not in self._villages:
            self._villages[place] = self._found(code, name, branch)
        found = self._villages[place]
        if isinstance(found, str):
            raise Unfit(found)
        return found

    def _found(self, code: str, name: str, branch: int) -> int | str:
        """A code speaks for itself; a name must be that of one village, in the branch's township if it has several."""
        places = self.places
        if code:
            return places.village_ids.get(code, "VILLAGE_UNKNOWN")
        own = places.areas.township_of_branch(places.branch_names.get(branch, ""))
        match = places.areas.find(read_address(name).place, "", own)
        if match.code and match.how == "name":
            return places.village_ids.get(match.code, "VILLAGE_UNKNOWN")
        return "VILLAGE_SEVERAL" if match.candidates else "VILLAGE_UNKNOWN"


def _phone(typed: str) -> tuple[str, str]:
    if not typed:
        return "", ""
    judged = check_phone(typed)
    if not judged.valid:
        raise Unfit("PHONE_UNFIT")
    return judged.normalized, judged.kind


@lru_cache(maxsize=100)
def _sex(typed: str) -> str:
    if not typed:
        return ""
    sex = read_sex(typed)
    if not sex:
        raise Unfit("SEX_UNREADABLE")
    return sex


@lru_cache(maxsize=1_000)
def _group(typed: str) -> str:
    if typed in ("", "0"):
        return ""
    return str(read_group(typed) or typed)[:LONGEST_GROUP]


def _day(typed: str, as_of: date) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        options = [option for option in date_options(typed) if option.precision == "day"]
        chosen = choose_date(options, OLDEST_BIRTH, as_of)
        return chosen.day if chosen else None
    return day if OLDEST_BIRTH <= day <= as_of else None
