"""Who might this person be already? The engine at the counter: candidates by keys, judged while somebody types.

Four queries, whatever is found: candidates by every road, their records, their numbers, and how common the names are.
The search is never scoped by branch; what a page shows of a match is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from branches.models import Area
from customers import identity, numbers
from customers.choices import DocumentKind, DocumentState
from customers.identity import Record
from customers.matching.judging import Verdict, by_table, judge
from customers.matching.mentions import Mention, Profile
from customers.matching.records import KnownPerson
from customers.matching.tallies import population_for
from customers.models import Customer, IdentityDocument, Marriage, OtherName, Phone
from customers.names import NameKeys, name_keys

PER_ROAD = 30
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
    people = _people(ids, asked)
    mine, record = asked.profile(), asked.record()
    theirs = {pk: Profile([person.mention(pk, as_of)]) for pk, person in people.items()}
    population = population_for([mine, *theirs.values()])
    found = []
    for pk, person in people.items():
        phone = asked.phone if asked.phone in person.phones else ""
        table = by_table([record], person.records(as_of, phone))
        verdict = judge(table, mine, theirs[pk], population)
        if verdict or (table.rule != "R3" and _is_namesake_at_home(asked, person.customer)):
            found.append(Found(person.customer, verdict))
    return found


def _is_namesake_at_home(asked: _Asked, person: Customer) -> bool:
    village = asked.claim.village
    return village is not None and village.pk == person.village_id and person.name_key == asked.keys.name_key


# -- Candidates --------------------------------------------------------------------------------------------------------


def _candidates(asked: _Asked) -> list[int]:
    roads = [road.order_by("found")[:PER_ROAD] for road in _roads(asked)]
    if not roads:
        return []
    first, *others = roads
    return [row["found"] for row in first.union(*others)] if others else [row["found"] for row in first]


def _roads(asked: _Asked) -> Iterator[QuerySet]:
    """One query per way of being the same person; each returns customer ids as ``found``.

    A name alone never says that somebody is known; beside a number it finds the mistyped one (R4).
    """
    if asked.text:
        yield from _by_number(asked)
    if asked.phone:
        key = numbers.phone_keys(asked.phone).number_key
        yield Phone.objects.values(found=F("customer_id")).filter(number_key=key)
    if not asked.keys.name_key:
        return
    people = Customer.objects.current().values(found=F("id"))
    if asked.text:
        yield people.filter(name_key=asked.keys.name_key)
    for place in _places(asked):
        yield people.filter(name_key=asked.keys.name_key, **place)
        if asked.keys.pinyin:
            yield people.filter(pinyin=asked.keys.pinyin, **place)
        of_person = {f"customer__{name}": value for name, value in place.items()}
        others = OtherName.objects.filter(removed_on=None, name_key=asked.keys.name_key, **of_person)
        yield others.values(found=F("customer_id"))


def _by_number(asked: _Asked) -> Iterator[QuerySet]:
    known = numbers.document_keys(DocumentKind.ID18, asked.text)
    documents = IdentityDocument.objects.values(found=F("customer_id"))
    yield documents.filter(number_key=known.number_key)
    if known.core_key:
        yield documents.filter(core_key=known.core_key)
    if known.tail_key:
        yield documents.filter(tail_key=known.tail_key, customer__pinyin=asked.keys.pinyin)


def _places(asked: _Asked) -> Iterator[dict]:
    """What makes a name telling: a village, a birthday."""
    if asked.claim.village:
        yield {"village": asked.claim.village}
    if asked.born:
        yield {"birth_date": asked.born}


# -- Their records -----------------------------------------------------------------------------------------------------


def _people(ids: Iterable[int], asked: _Asked) -> dict[int, KnownPerson]:
    rows = Customer.objects.current().unlocked_for(None).filter(pk__in=ids).order_by("pk")
    married = Marriage.objects.filter(valid_to=None)
    rows = rows.select_related("village__parent", "branch").annotate(
        other_keys=ArraySubquery(
            OtherName.objects.filter(customer=OuterRef("pk"), removed_on=None).values("name_key")
        ),
        wife=Subquery(married.filter(first=OuterRef("pk")).values("second__name_key")[:1]),
        husband=Subquery(married.filter(second=OuterRef("pk")).values("first__name_key")[:1]),
        **_phone_flags(asked.phone),
    )
    people = {row.pk: _known(row, asked.phone) for row in rows}
    documents = IdentityDocument.objects.filter(customer__in=list(people), kind__in=numbers.RESIDENT_KINDS)
    for row in documents.exclude(state=DocumentState.RETIRED).only("customer", "number").order_by("pk"):
        people[row.customer_id].texts.append(row.open("number"))
    return people


def _phone_flags(phone: str) -> dict[str, Exists]:
    """Whether they have the phone, had it, or have any; told by digests, so that nobody's phone is opened."""
    if not phone:
        return {}
    phones = Phone.objects.filter(customer=OuterRef("pk"))
    same = phones.filter(number_key=numbers.phone_keys(phone).number_key)
    return {
        "has_phone": Exists(same.filter(valid_to=None)),
        "had_phone": Exists(same),
        "has_phones": Exists(phones.filter(valid_to=None)),
    }


def _known(row: Customer, phone: str) -> KnownPerson:
    person = KnownPerson(row, aliases=set(row.other_keys), spouse=row.wife or row.husband or "")
    if phone:
        if row.has_phone:
            person.phones.add(phone)
        elif row.had_phone:
            person.old_phones.add(phone)
        elif row.has_phones:
            person.phones.add(ANOTHER_PHONE)
    return person
