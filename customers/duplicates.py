"""Who might this person be already? Candidates by number, phone and name, judged by handbook §6.3.

The search is never scoped by branch; what a page shows of a match is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet, Value

from branches.models import Area
from customers import identity, numbers
from customers.choices import DocumentKind, DocumentState
from customers.matching.judging import RULE_WORDS
from customers.models import Customer, IdentityDocument, Phone, ReviewPair
from customers.names import name_keys
from customers.review.questions import ask

PER_ROAD = 30
ORDER = ("SAME", "CONFLICT", "PROBABLE", "POSSIBLE", "NAME")
WEIGHTS = {"CONFLICT": 10.0, "PROBABLE": 8.0, "POSSIBLE": 4.0}


@dataclass(frozen=True)
class Claim:
    """What is known of the person at the counter."""

    name: str
    id_no: str = ""
    birth_date: date | None = None
    phone: str = ""
    village: Area | None = None


@dataclass(frozen=True)
class Match:
    """A customer who may be the same person, and why."""

    customer: Customer
    outcome: str
    rule: str

    @property
    def reason(self) -> Any:
        """The rule in words."""
        return RULE_WORDS[self.rule]

    @property
    def holds_the_number(self) -> bool:
        """Whether the very number is registered already."""
        return self.rule in ("R1", "R1N", "R2")


def find(claim: Claim, *, as_of: date, limit: int = 8) -> list[Match]:
    """Customers who may be this person, the likeliest first. Four queries at most, whatever is found."""
    ids = _candidates(claim, as_of)
    if not ids:
        return []
    people = Customer.objects.current().unlocked_for(None).select_related("village", "branch").in_bulk(ids)
    typed = _numbers_of(people)
    same_phone = _with_phone(claim.phone, people)
    mine = _claimed(claim, as_of)
    found = []
    for pk, person in people.items():
        theirs = _known(person, claim.phone if pk in same_phone else "")
        if match := _judge(
            claim, mine, person, [{**theirs, "id_no": text} for text in typed.get(pk, [""])], as_of
        ):
            found.append(match)
    found.sort(key=lambda match: (ORDER.index(match.outcome), match.customer.pk))
    return found[:limit]


def _candidates(claim: Claim, as_of: date) -> list[int]:
    roads = [road.order_by("found")[:PER_ROAD] for road in _roads(claim, as_of)]
    if not roads:
        return []
    first, *others = roads
    return [row["found"] for row in first.union(*others)] if others else [row["found"] for row in first]


def _roads(claim: Claim, as_of: date) -> Iterator[QuerySet]:
    """One query per way of being the same person; each returns customer ids as ``found``."""
    keys = name_keys(claim.name)
    judged = identity.check_resident_id(claim.id_no, as_of)
    text = judged.normalized or identity.normalize_code(claim.id_no)
    if text:
        known = numbers.document_keys(DocumentKind.ID18, text)
        documents = IdentityDocument.objects.values(found=F("customer_id"))
        yield documents.filter(number_key=known.number_key)
        if known.core_key:
            yield documents.filter(core_key=known.core_key)
        if known.tail_key:
            yield documents.filter(tail_key=known.tail_key, customer__name_key=keys.name_key)
    phone = identity.check_phone(claim.phone).normalized
    if phone:
        key = numbers.phone_keys(phone).number_key
        yield Phone.objects.values(found=F("customer_id")).filter(number_key=key)
    people = Customer.objects.current().values(found=F("id"))
    born = judged.birth_date or claim.birth_date
    if keys.name_key:
        if (
            text
        ):  # a name alone never says that somebody is known; beside a number it finds the mistyped one (R4)
            yield people.filter(name_key=keys.name_key)
        if claim.village:
            yield people.filter(name_key=keys.name_key, village=claim.village)
        if born:
            yield people.filter(name_key=keys.name_key, birth_date=born)
            if keys.pinyin:
                yield people.filter(pinyin=keys.pinyin, birth_date=born)


def _numbers_of(people: Iterable[int]) -> dict[int, list[str]]:
    """The resident numbers of people, opened."""
    rows = IdentityDocument.objects.filter(customer__in=list(people), kind__in=numbers.RESIDENT_KINDS)
    values: dict[int, list[str]] = {}
    for row in rows.exclude(state=DocumentState.RETIRED).only("customer", "number"):
        values.setdefault(row.customer_id, []).append(row.open("number"))
    return values


def _with_phone(phone: str, people: Iterable[int]) -> set[int]:
    """Who of these people has the phone; told by its digest, so that nobody's phone is opened for it."""
    text = identity.check_phone(phone).normalized
    if not text:
        return set()
    key = numbers.phone_keys(text).number_key
    rows = Phone.objects.filter(customer__in=list(people), number_key=key, valid_to=None)
    return set(rows.values_list("customer_id", flat=True))


def _claimed(claim: Claim, as_of: date) -> identity.Record:
    return identity.Record.of(
        {
            "id_no": claim.id_no,
            "name": claim.name,
            "name_pinyin": name_keys(claim.name).pinyin,
            "birth_date": claim.birth_date,
            "phone": claim.phone,
            "village_code": claim.village.code if claim.village else "",
        },
        as_of,
    )


def _known(person: Customer, phone: str) -> dict[str, Any]:
    return {
        "name": person.name,
        "name_pinyin": person.pinyin,
        "birth_date": person.birth_date,
        "phone": phone,
        "village_code": person.village.code if person.village else "",
    }


def _judge(
    claim: Claim, mine: identity.Record, person: Customer, records: list[dict[str, Any]], as_of: date
) -> Match | None:
    judgements = [identity.compare_records(mine, identity.Record.of(theirs, as_of)) for theirs in records]
    told = [judgement for judgement in judgements if judgement.outcome in ORDER]
    if told:
        best = min(told, key=lambda judgement: ORDER.index(judgement.outcome))
        return Match(person, best.outcome, best.rule)
    is_other = any(judgement.rule == "R3" for judgement in judgements)
    same_place = claim.village is not None and claim.village.pk == person.village_id
    if not is_other and same_place and name_keys(claim.name).name_key == person.name_key:
        return Match(person, "NAME", "NAME")
    return None


def note_for_review(customer: Customer, matches: Iterable[Match], **evidence: Any) -> None:
    """Put pairs that need a person's eyes into the review queue, once for each pair."""
    pairs = []
    for match in matches:
        if match.outcome not in WEIGHTS:
            continue
        first, second = sorted((customer.pk, match.customer.pk))
        pairs.append(
            ReviewPair(
                first_id=first,
                second_id=second,
                rule=match.rule,
                outcome=match.outcome,
                weight=WEIGHTS[match.outcome],
                evidence=evidence,
            )
        )
    ask(pairs)


def open_pairs_of(customer: Customer) -> QuerySet[ReviewPair]:
    """Undecided pairs a customer belongs to."""
    undecided = ReviewPair.objects.undecided()
    one_of = undecided.filter(first=customer).union(undecided.filter(second=customer)).values("pk")
    return ReviewPair.objects.filter(pk__in=one_of).annotate(mine=Value(customer.pk))
