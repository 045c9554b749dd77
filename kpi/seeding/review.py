"""Possible duplicates: people whom an old ledger knew a second time, and the questions the engine asks about them.

Of every branch a few people get a second record with everyday dirt: a slip in the number, a name as it sounds, another
branch, a number under another name. The pairs, their levels and weights are the engine's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import combinations, cycle, islice, pairwise

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from branches.choices import PostCode, UnitKind
from branches.models import Post, StaffMember, Unit
from coopcrm.shared.fields import draw_ids
from customers.choices import DecisionGround, DocumentKind, DocumentState, FactSource, ReviewState
from customers.identity import check_resident_id
from customers.matching import tallies
from customers.matching.comparing import compare
from customers.matching.judging import Verdict
from customers.matching.mentions import Profile
from customers.matching.nightly import verdicts_on, write_questions
from customers.matching.population import Population
from customers.matching.questions import outcome_of, rule_of
from customers.matching.records import known_people
from customers.models import Customer, IdentityDocument, Phone, ReviewDecision, ReviewPair
from customers.names import name_keys
from customers.numbers import document_keys, phone_keys
from customers.review.placing import place_pairs
from customers.review.services import decide_pair
from kpi.seeding.chance import Dice
from kpi.seeding.plan import Plan

AT_FIRST, ELSEWHERE = 31, 7
CHOSEN_FROM = 200
R3_WEIGHT = 1.0
BRANCHES_THAT_BEGAN, SAME_EACH = 4, 2
OTHER_COUNTY = "419901"
MOST_DAYS = 60
SOUNDS = {
    "兰": "蓝",
    "英": "瑛",
    "芳": "方",
    "华": "花",
    "明": "名",
    "国": "果",
    "军": "君",
    "伟": "卫",
    "强": "墙",
}
OTHERS = ("王建国", "李秀英", "陈志强", "刘桂芳", "周玉珍")


@dataclass
class Record:
    """What one record says of a person: the row, its number and phone in clear, and its documents' state."""

    customer: Customer
    number: str = ""
    phone: str = ""
    state: str = DocumentState.HELD
    is_new: bool = True


@dataclass
class Doubles:
    """Second records of people of one branch, and the pairs to be asked about."""

    records: list[Record] = field(default_factory=list)
    pairs: list[tuple[Record, Record]] = field(default_factory=list)


Kind = Callable[[Record, "Dice"], list[Record]]


def seed_review(plan: Plan) -> int:
    """Second records and the questions about them; returns how many rows."""
    rng = Dice(f"{plan.seed}:review")
    branches = list(Unit.objects.filter(kind=UnitKind.BRANCH).order_by("pk"))
    doubles = Doubles()
    for place, branch in enumerate(branches):
        people = _people_of(branch, plan, AT_FIRST if place == 0 else ELSEWHERE)
        for person, kind in zip(people, _kinds(place == 0), strict=False):
            others = kind(person, rng)
            for other in others:
                if kind is _elsewhere:
                    other.customer.branch = other.customer.registered_at = branches[
                        (place + 1) % len(branches)
                    ]
            doubles.records += others
            doubles.pairs += _asked(person, others, is_chain=kind is _three)
    _write(doubles.records)
    tallies.count_names()
    asked = write_questions(_verdicts(doubles.pairs, plan.as_of))
    _spread_over_weeks(plan)
    place_pairs()
    decided = _decide_some(branches)
    _date_back(plan)
    return len(doubles.records) + asked.new + decided


def _asked(person: Record, others: list[Record], *, is_chain: bool) -> list[tuple[Record, Record]]:
    everybody = [person, *others]
    return list(pairwise(everybody)) if is_chain else list(combinations(everybody, 2))


# -- Who ---------------------------------------------------------------------------------------------------------------


def _people_of(branch: Unit, plan: Plan, wanted: int) -> list[Record]:
    """Grown-up people of a branch who have a card and a phone."""
    rows = Customer.objects.current().filter(
        branch=branch, kind="person", state="active", birth_date__lte=plan.as_of - timedelta(days=25 * 365)
    )
    held = {"documents__kind": DocumentKind.ID18, "documents__state": DocumentState.HELD}
    rows = rows.filter(**held, phones__valid_to=None, phones__is_main=True).select_related(
        "village__parent", "branch"
    )
    chosen = list(rows.prefetch_related("documents", "phones").order_by("pk").distinct()[:CHOSEN_FROM])
    step = max(1, len(chosen) // wanted)
    return [_known(one) for one in chosen[::step][:wanted]]


def _known(customer: Customer) -> Record:
    documents = (row for row in customer.documents.all() if row.kind == DocumentKind.ID18)
    number = next(row.open("number") for row in documents if row.state == DocumentState.HELD)
    phone = next(row.open("number") for row in customer.phones.all() if row.valid_to is None)
    return Record(customer, number, phone, is_new=False)


def _again(person: Record, **changes) -> Customer:
    """The person as an old ledger wrote them down."""
    known = person.customer
    name = changes.pop("name", known.name)
    given = {
        "kind": known.kind,
        "name": name,
        **name_keys(name)._asdict(),
        "sex": known.sex,
        "branch": known.branch,
        "village": known.village,
        "group_no": known.group_no,
        "source": FactSource.LEDGER,
        "registered_at": known.branch,
        "registered_on": known.registered_on - timedelta(days=400),
    }
    return Customer(**{**given, **changes})


# -- Kinds of dirt -----------------------------------------------------------------------------------------------------


def _slip(person: Record, rng: Dice) -> list[Record]:
    """One digit of the number copied wrongly."""
    place = rng.randrange(8, 16)
    digit = str((int(person.number[place]) + 1 + rng.randrange(8)) % 10)
    text = person.number[:place] + digit + person.number[place + 1 :]
    state = DocumentState.UNVERIFIED
    return [Record(_again(person), text, person.phone if rng.random() < 0.5 else "", state)]


def _phone(person: Record, rng: Dice) -> list[Record]:
    """Without a number, with the phone."""
    return [Record(_again(person, sex=""), phone=person.phone)]


def _birthday(person: Record, rng: Dice) -> list[Record]:
    """Without number and phone; the birth date was noted."""
    return [Record(_again(person, birth_date=person.customer.birth_date))]


def _sound(person: Record, rng: Dice) -> list[Record]:
    """The name as it sounds."""
    name = person.customer.name
    changed = "".join(SOUNDS.get(character, character) for character in name[1:])
    born = person.customer.birth_date
    return [Record(_again(person, name=name[0] + changed, birth_date=born), phone=person.phone)]


def _namesake(person: Record, rng: Dice) -> list[Record]:
    """Another person of the same name in the same village, a generation younger."""
    born = person.customer.birth_date.replace(day=1) + timedelta(days=24 * 365 + rng.randrange(400))
    return [Record(_again(person, birth_date=born), phone=f"154{rng.randrange(100_000_000):08}")]


def _elsewhere(person: Record, rng: Dice) -> list[Record]:
    """Known to the next branch as well, by phone and birth date."""
    return [Record(_again(person, birth_date=person.customer.birth_date, village=None), phone=person.phone)]


def _conflict(person: Record, rng: Dice) -> list[Record]:
    """The number under another name (R2)."""
    name = next(
        name for name in islice(cycle(OTHERS), rng.randrange(5), None) if name != person.customer.name
    )
    born = person.customer.birth_date
    return [Record(_again(person, name=name, birth_date=born), person.number, state=DocumentState.DISPUTED)]


def _two_numbers(person: Record, rng: Dice) -> list[Record]:
    """Two valid numbers under one name and one phone (R3)."""
    born = person.customer.birth_date
    return [Record(_again(person, birth_date=born), _next_valid(person.number), person.phone)]


def _three(person: Record, rng: Dice) -> list[Record]:
    """Known to three ledgers: a slip in one, only the phone in another, only the birth date in the third."""
    return [*_slip(person, rng), *_phone(person, rng), *_birthday(person, rng)]


FIRST: tuple[Kind, ...] = (
    *(
        _slip,
        _phone,
        _three,
        _sound,
        _conflict,
        _birthday,
        _elsewhere,
        _two_numbers,
        _namesake,
        _slip,
        _phone,
    ),
    *(
        _birthday,
        _three,
        _sound,
        _elsewhere,
        _slip,
        _namesake,
        _phone,
        _conflict,
        _birthday,
        _slip,
        _elsewhere,
    ),
    *(_sound, _two_numbers, _phone, _namesake, _slip, _birthday, _elsewhere, _phone, _slip),
)
OTHER: tuple[Kind, ...] = (_slip, _phone, _birthday, _sound, _namesake, _elsewhere, _three)


def _kinds(is_first: bool) -> Iterable[Kind]:
    return FIRST if is_first else OTHER


def _next_valid(number: str) -> str:
    """The number of somebody born the same day in another county, with its own check character."""
    for last in "0123456789X":
        text = f"{OTHER_COUNTY}{number[6:17]}{last}"
        if check_resident_id(text).valid:
            return text
    raise AssertionError("one of eleven check characters fits")


# -- Writing -----------------------------------------------------------------------------------------------------------


def _write(records: list[Record]) -> None:
    for record, pk in zip(records, draw_ids(Customer, len(records)), strict=True):
        record.customer.pk = pk
    Customer.objects.bulk_create([record.customer for record in records])
    _write_documents([record for record in records if record.number])
    _write_phones([record for record in records if record.phone])


def _write_documents(records: list[Record]) -> None:
    rows = []
    for record, pk in zip(records, draw_ids(IdentityDocument, len(records)), strict=True):
        judged = check_resident_id(record.number)
        keys = document_keys(DocumentKind.ID18, record.number)
        row = IdentityDocument(
            pk=pk,
            customer=record.customer,
            kind=DocumentKind.ID18,
            **keys._asdict(),
            state=DocumentState.UNVERIFIED if not judged.valid else record.state,
            invalid_reason=judged.reason or "" if not judged.valid else "",
            source=FactSource.LEDGER,
            recorded_on=record.customer.registered_on,
        )
        row.seal("number", record.number)
        rows.append(row)
    IdentityDocument.objects.bulk_create(rows)


def _write_phones(records: list[Record]) -> None:
    rows = []
    for record, pk in zip(records, draw_ids(Phone, len(records)), strict=True):
        row = Phone(
            pk=pk,
            customer=record.customer,
            kind="mobile",
            **phone_keys(record.phone)._asdict(),
            valid_from=record.customer.registered_on,
            source=FactSource.LEDGER,
        )
        row.seal("number", record.phone)
        rows.append(row)
    Phone.objects.bulk_create(rows)


# -- Asking ------------------------------------------------------------------------------------------------------------


def _verdicts(asked: list[tuple[Record, Record]], as_of: date) -> dict[tuple[int, int], Verdict]:
    """What the engine says; where it would ask nobody, what an importer asks: namesakes and two valid numbers."""
    pairs = [tuple(sorted((one.customer.pk, other.customer.pk))) for one, other in asked]
    found = verdicts_on(pairs, as_of=as_of)
    profiles = {
        pk: Profile([person.mention(pk, as_of)])
        for pk, person in known_people({pk for pair in pairs for pk in pair}).items()
    }
    population = tallies.population_for(profiles.values())
    for first, second in pairs:
        if (first, second) not in found:
            found[first, second] = _asked_anyway(profiles[first], profiles[second], population)
    return found


def _asked_anyway(a: Profile, b: Profile, population: Population) -> Verdict:
    found = compare(a, b, population)
    if a.numbers and b.numbers:
        evidence = found.evidence
        evidence["levels"] = evidence["levels"] | {"number": "both valid"}
        evidence["bits"] = evidence["bits"] | {
            "number": round(R3_WEIGHT - found.weight + found.bits.get("number", 0.0), 2)
        }
        return Verdict("R3", "DIFFERENT", R3_WEIGHT, evidence)
    return Verdict(rule_of(found.levels), outcome_of(found.levels), round(found.weight, 2), found.evidence)


def _spread_over_weeks(plan: Plan) -> None:
    """Questions came in over the last weeks."""
    end = timezone.make_aware(datetime.combine(plan.as_of, time(8, 30)))
    pairs = list(ReviewPair.objects.order_by("pk"))
    for number, pair in enumerate(pairs):
        pair.created_at = end - timedelta(days=number * 7 % MOST_DAYS, minutes=number)
    ReviewPair.objects.bulk_update(pairs, ["created_at"], batch_size=1000)


# -- Decided already ---------------------------------------------------------------------------------------------------


def _decide_some(branches: list[Unit]) -> int:
    """Some branches have begun: their directors decided; at the first one a proposal waits, another one is to be asked."""
    done = 0
    for branch in branches[1 : 1 + BRANCHES_THAT_BEGAN]:
        director = _holder(PostCode.DIRECTOR, branch)
        likely = _pairs_at(branch, outcome__in=("PROBABLE", "POSSIBLE")).exclude(rule="NAME")
        for pair in likely.filter(second__branch=F("first__branch"))[:SAME_EACH]:
            done += _decided(director, pair, "same", DecisionGround.PAPER, seconds=9 + done % 23)
        for pair in _pairs_at(branch, rule="NAME"):
            done += _decided(director, pair, "different", DecisionGround.ASKED, seconds=6 + done % 11)
    cashier = _holder(PostCode.CASHIER, branches[0])
    waiting, later = _pairs_at(branches[0], rule="R7")[:2]
    done += _decided(cashier, waiting, "same", DecisionGround.KNOWN, seconds=12)
    return done + _decided(cashier, later, "later", DecisionGround.RECORDS, seconds=15)


def _pairs_at(branch: Unit, **which) -> QuerySet[ReviewPair]:
    return ReviewPair.objects.filter(branch=branch, state=ReviewState.OPEN, **which).order_by("pk")


def _holder(post: str, branch: Unit) -> StaffMember:
    """Who holds a post at a branch or at one of its counters."""
    held = Post.objects.filter(Q(unit=branch) | Q(unit__parent=branch), code=post, valid_to=None)
    return held.select_related("staff").order_by("pk").first().staff


def _decided(staff: StaffMember, pair: ReviewPair, decision: str, ground: str, *, seconds: int) -> int:
    decide_pair(staff=staff, pair=pair, decision=decision, ground=ground, seconds=seconds)
    return 1


def _date_back(plan: Plan) -> None:
    """The decisions were made in the last weeks before the demonstration's day."""
    end = timezone.make_aware(datetime.combine(plan.as_of, time(16, 10)))
    decisions = list(ReviewDecision.objects.select_related("pair").order_by("pk"))
    for number, decision in enumerate(decisions):
        decision.decided_at = end - timedelta(days=1 + number % 14, minutes=7 * number)
        if decision.pair.decided_at:
            decision.pair.decided_at = decision.decided_at
    ReviewDecision.objects.bulk_update(decisions, ["decided_at"])
    ReviewPair.objects.bulk_update([decision.pair for decision in decisions], ["decided_at"])
