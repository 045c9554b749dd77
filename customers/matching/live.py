"""Who might this person be already? The engine at the counter: candidates by keys, judged while somebody types.

Four queries at most, whatever is found: candidates by every road, their records, their numbers, and how common the
names are; one where everybody found is surely another.
The search is never scoped by branch; what a page shows of a match is.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection

from branches.models import Area
from coopcrm.shared.crypto import forms
from coopcrm.shared.prepared import Prepared
from customers import identity, numbers
from customers.choices import DocumentKind
from customers.identity import Record
from customers.matching.judging import Verdict, by_table, judge
from customers.matching.mentions import Mention, Profile
from customers.matching.records import KnownPerson
from customers.matching.tallies import population_for
from customers.matching.versions import weights_on
from customers.matching.weights import Weights
from customers.models import Customer, IdentityDocument
from customers.names import NameKeys, name_keys

PER_ROAD = 30
RESIDENT = [str(kind) for kind in numbers.RESIDENT_KINDS]
RESIDENT_LIST = ", ".join(f"'{kind}'" for kind in sorted(RESIDENT))
ANOTHER_PHONE = "?"
"""Stands for the phones of somebody whose phones are others than the one that is asked about; none is opened."""


@dataclass(frozen=True)
class Claim:
    """What is known of the person at the counter."""

    name: str
    id_no: str = ""
    birth_date: date | None = None
    phone: str = ""
    village: Area | None = None
    group_no: str = ""
    sex: str = ""
    spouse: str = ""


@dataclass(frozen=True)
class Found:
    """A customer who may be this person; ``verdict`` is None where only name and village agree."""

    customer: Customer
    verdict: Verdict | None


@dataclass(frozen=True)
class _Asked:
    """A claim, read once: its keys, its numbers judged."""

    claim: Claim
    keys: NameKeys
    judged: identity.ResidentId
    text: str
    phone: str
    as_of: date

    @classmethod
    def of(cls, claim: Claim, as_of: date) -> _Asked:
        judged = identity.check_resident_id(claim.id_no, as_of)
        return cls(
            claim,
            keys=name_keys(claim.name),
            judged=judged,
            text=judged.normalized or identity.normalize_code(claim.id_no),
            phone=identity.check_phone(claim.phone).normalized or "",
            as_of=as_of,
        )

    @property
    def born(self) -> date | None:
        return self.judged.birth_date or self.claim.birth_date

    def record(self) -> Record:
        """As the table of handbook §6.3 judges it."""
        claim = self.claim
        given = {
            "id_no": claim.id_no,
            "name": claim.name,
            "name_pinyin": self.keys.pinyin,
            "birth_date": claim.birth_date,
            "phone": claim.phone,
            "village_code": claim.village.code if claim.village else "",
        }
        return Record.of(given, self.as_of)

    def profile(self) -> Profile:
        """As the engine weighs it."""
        claim, village = self.claim, self.claim.village
        mention = Mention(
            key=0,
            name=self.keys.name_key,
            sound=self.keys.pinyin,
            number=self.judged.normalized or "",
            cleaned=self.text,
            phones=frozenset({self.phone} - {""}),
            village=village.code if village else "",
            township=f"{village.code[:9]}000" if village else "",
            group=int(claim.group_no) if claim.group_no.isdigit() else None,
            birth=self.born,
            birth_precision="day" if self.born else "",
            sex=self.judged.sex or claim.sex,
            spouse=name_keys(claim.spouse).name_key if claim.spouse else "",
        )
        return Profile([mention])


def find(claim: Claim, *, as_of: date) -> list[Found]:
    """Everybody who may be this person, in no order."""
    asked = _Asked.of(claim, as_of)
    ids = _candidates(asked)
    if not ids:
        return []
    record = asked.record()
    people = _people(ids, asked)
    tables = {
        pk: by_table([record], person.records(as_of, _same_phone(asked, person)))
        for pk, person in people.items()
    }
    likely = {pk: person for pk, person in people.items() if tables[pk].rule != "R3"}
    if not likely:
        return []
    mine, weights = asked.profile(), weights_now(as_of)
    theirs = {pk: Profile([person.mention(pk, as_of)]) for pk, person in likely.items()}
    population = population_for([mine, *theirs.values()])
    found = []
    for pk, person in likely.items():
        verdict = judge(tables[pk], mine, theirs[pk], population, weights)
        if verdict or _is_namesake_at_home(asked, person.customer):
            found.append(Found(person.customer, verdict))
    return found


def _same_phone(asked: _Asked, person: KnownPerson) -> str:
    return asked.phone if asked.phone in person.phones else ""


@lru_cache(maxsize=4)
def _weights(day: date, _five_minutes: int) -> Weights:
    return weights_on(day)


def weights_now(day: date) -> Weights:
    """The weights in force, asked for once in five minutes by each process: a version changes overnight at most."""
    return _weights(day, int(time.monotonic() // 300))


def _is_namesake_at_home(asked: _Asked, person: Customer) -> bool:
    village = asked.claim.village
    return village is not None and village.pk == person.village_id and person.name_key == asked.keys.name_key


# -- Candidates --------------------------------------------------------------------------------------------------------


DOCUMENTS = "SELECT d.customer_id FROM customers_identitydocument d"
PHONES = "SELECT p.customer_id FROM customers_phone p"
OTHER_NAMES = "SELECT o.customer_id FROM customers_othername o WHERE o.removed_on IS NULL"
PEOPLE = "SELECT c.id FROM customers_customer c WHERE c.merged_into_id IS NULL"
SOUND = "(SELECT c.pinyin FROM customers_customer c WHERE c.id = d.customer_id)"

NOT_ANOTHER = """
    SELECT f.id FROM ({found}) f (id) WHERE (
        SELECT coalesce(bool_or(d.state = 'UNVERIFIED' OR d.invalid_reason <> '' OR {core} OR {number}), true)
        FROM customers_identitydocument d
        WHERE d.customer_id = f.id AND d.kind IN ({resident}) AND d.state <> 'RETIRED'
    )
"""
"""Leaves out whom rule R3 of handbook §6.3 sets apart from a number that stands: every resident number of theirs stands
too, and is another one. Most namesakes are such people, and opening thirty of them is most of what a search costs."""


class _Roads:
    """One query per way of being the same person, each answered by an index; which there are depends on what is known.

    Their values stand apart, so that claims of one shape share a statement that is planned once.
    """

    def __init__(self, asked: _Asked) -> None:
        self.texts: list[str] = []
        self.values: dict[str, Any] = {}
        self.is_number = {"core": "", "number": ""}
        if asked.text:
            self._by_number(asked)
        if asked.phone:
            key = numbers.phone_keys(asked.phone).number_key
            self.texts.append(f"{PHONES} WHERE {self._same('p.number_key', 'phone', key)}")
        if asked.keys.name_key:
            self._by_name(asked)

    def _by_number(self, asked: _Asked) -> None:
        known = numbers.document_keys(DocumentKind.ID18, asked.text)
        self.is_number["number"] = self._same("d.number_key", "number", known.number_key)
        self.texts.append(f"{DOCUMENTS} WHERE {self.is_number['number']}")
        if known.core_key:
            self.is_number["core"] = self._same("d.core_key", "core", known.core_key)
            self.texts.append(f"{DOCUMENTS} WHERE {self.is_number['core']} AND d.core_key <> ''")
        if known.tail_key:
            tail = self._same("d.tail_key", "tail", known.tail_key)
            self.values["pinyin"] = asked.keys.pinyin
            self.texts.append(f"{DOCUMENTS} WHERE {tail} AND d.tail_key <> '' AND {SOUND} = %(pinyin)s")

    def _by_name(self, asked: _Asked) -> None:
        """A name alone never says that somebody is known; beside a number it finds the mistyped one (R4)."""
        self.values["name"] = asked.keys.name_key
        self.texts.append(f"{OTHER_NAMES} AND o.name_key = %(name)s")
        if asked.text:
            self.texts.append(f"{PEOPLE} AND c.name_key = %(name)s")
        sound = "c.pinyin = %(pinyin)s" if asked.keys.pinyin else "c.name_key = %(name)s"
        for column, value in _places(asked):
            self.values |= {"pinyin": asked.keys.pinyin, column: value}
            self.texts.append(f"{PEOPLE} AND {sound} AND c.{column} = %({column})s")

    def _same(self, column: str, name: str, digest: bytes) -> str:
        """A condition that a keyed column is this digest, under any of the keys in use."""
        given = {f"{name}_{place}": form for place, form in enumerate(forms(digest))}
        self.values |= given
        return f"{column} IN ({', '.join(f'%({name})s' for name in given)})"

    def statement(self, *, stands: bool) -> str:
        """All roads in one; with ``stands`` the number asked about is one that stands."""
        found = " UNION ".join(f"({text} ORDER BY 1 LIMIT {PER_ROAD})" for text in self.texts)
        return NOT_ANOTHER.format(found=found, resident=RESIDENT_LIST, **self.is_number) if stands else found


_prepared = lru_cache(maxsize=64)(Prepared)
"""Claims have few shapes: with a number or none, one that stands or not, a phone, a sound, a village, a birthday."""


def _candidates(asked: _Asked) -> list[int]:
    roads = _Roads(asked)
    if not roads.texts:
        return []
    statement = _prepared(roads.statement(stands=asked.judged.valid))
    return [pk for (pk,) in statement.rows(**roads.values)]


def _places(asked: _Asked) -> Iterator[tuple[str, Any]]:
    """What makes a name telling: a village, a birthday."""
    if asked.claim.village:
        yield "village_id", asked.claim.village.pk
    if asked.born:
        yield "birth_date", asked.born


# -- Their records -----------------------------------------------------------------------------------------------------


# Everything beside the record itself, in one statement: the counter asks while somebody types.
BESIDE = """
    SELECT 'number', customer_id, id, number, '' FROM customers_identitydocument
    WHERE customer_id = ANY(%(ids)s) AND kind = ANY(%(kinds)s) AND state <> 'RETIRED'
    UNION ALL SELECT 'phone', customer_id, CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END, number_key, ''
    FROM customers_phone WHERE customer_id = ANY(%(ids)s)
    UNION ALL SELECT 'alias', customer_id, 0, NULL, name_key FROM customers_othername
    WHERE customer_id = ANY(%(ids)s) AND removed_on IS NULL
    UNION ALL SELECT 'spouse', m.first_id, 0, NULL, c.name_key FROM customers_marriage m
    JOIN customers_customer c ON c.id = m.second_id WHERE m.first_id = ANY(%(ids)s) AND m.valid_to IS NULL
    UNION ALL SELECT 'spouse', m.second_id, 0, NULL, c.name_key FROM customers_marriage m
    JOIN customers_customer c ON c.id = m.first_id WHERE m.second_id = ANY(%(ids)s) AND m.valid_to IS NULL
    ORDER BY 1, 3
"""


def _people(ids: Iterable[int], asked: _Asked) -> dict[int, KnownPerson]:
    rows = Customer.objects.current().unlocked_for(None).filter(pk__in=ids).order_by("pk")
    people = {row.pk: KnownPerson(row) for row in rows.select_related("village__parent", "branch")}
    same = set(forms(numbers.phone_keys(asked.phone).number_key)) if asked.phone else set()
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, {"ids": list(people), "kinds": RESIDENT})
        lines = cursor.fetchall()
    for what, pk, number, data, text in lines:
        person = people[pk]
        if what == "number":
            person.texts.append(IdentityDocument(pk=number, number=bytes(data)).open("number"))
        elif what == "alias":
            person.aliases.add(text)
        elif what == "spouse":
            person.spouse = text
        elif asked.phone:  # told by its digest, so that nobody's phone is opened
            told = asked.phone if bytes(data) in same else ANOTHER_PHONE
            (person.phones if number else person.old_phones).add(told)
    return people
