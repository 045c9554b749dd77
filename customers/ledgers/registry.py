"""The registry as the importer sees it: whom it knows already, and which rows new knowledge becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Q

from coopcrm.shared.crypto import forms, forms_today, seal_many
from coopcrm.shared.fields import SealedRow, draw_ids
from customers import facts, numbers
from customers.choices import DocumentKind, DocumentState, FactSource, LedgerKind, PhoneKind, Relation
from customers.identity import check_phone
from customers.ledgers.identity import (
    birth_date_of,
    checked,
    keys_of_name,
    name_sound,
    normalize_name,
    reason_against,
    sex_of,
)
from customers.ledgers.reading import LedgerRecord
from customers.ledgers.sheaf import Sheaf
from customers.matching.households import Dweller, Family, build
from customers.matching.mentions import Mention
from customers.models import (
    Customer,
    FactSheet,
    Household,
    IdentityDocument,
    LedgerRow,
    Membership,
    Phone,
)
from customers.provenance.from_ledgers import RowSaid, statements_of
from customers.services import known_facts

if TYPE_CHECKING:
    from customers.ledgers.sources import Entry

BATCH = 2_000
NOTEBOOK = LedgerKind.OFFICER_NOTEBOOK
NAME_LENGTH = 100
ADDRESS_LENGTH = 200
key_of = normalize_name
sound_of = name_sound


def sex_in(number: str) -> str:
    """Return M or F by a valid number; empty without one."""
    return sex_of(number) if number else ""


@dataclass
class Person:
    """The rows of one person, and the customer they belong to once it is known."""

    entries: list[Entry]
    customer: int | None = None
    is_new: bool = False

    @property
    def records(self) -> list[LedgerRecord]:
        return [entry.record for entry in self.entries]


def shared_by(mention: Mention, others: Sequence[Mention]) -> list[str]:
    """Codes of what a mention shares with at least one of the others."""
    found = {
        "number": any(mention.number and mention.number == o.number for o in others),
        "damaged_number": any(
            mention.cleaned and o.cleaned and not (mention.number and o.number) for o in others
        ),
        "phone": any(mention.phones & o.phones for o in others),
        "group": any(
            mention.village and mention.village == o.village and mention.group and mention.group == o.group
            for o in others
        ),
        "village": any(mention.village and mention.village == o.village for o in others),
        "birth": any(mention.birth and mention.birth == o.birth for o in others),
        "spouse": any(mention.spouse and mention.spouse == o.spouse for o in others),
        "name": any(mention.name == o.name for o in others),
    }
    if found["group"]:
        found["village"] = False
    return [code for code, holds in found.items() if holds]


def last_rows_of(customers: Iterable[int]) -> dict[int, int]:
    """Return the ledger row in which each of these customers was last seen."""
    rows = LedgerRow.objects.filter(customer__in=set(customers), undone_at=None).order_by()
    return dict(rows.values_list("customer").annotate(last=Max("pk")))


def mark_conflicts(customers: Iterable[int]) -> None:
    """Block both sides of a number that two names claim until the paper is seen (handbook §6.3 R2)."""
    Customer.objects.filter(pk__in=list(customers)).update(identity_conflict=True)


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass
class Book:
    """Adds what one run found out to its sheaf, table by table."""

    sheaf: Sheaf
    as_of: date
    villages: dict[str, int]
    kin: list[tuple[int, int, float, dict]] = field(default_factory=list)

    def add_customers(self, persons: Sequence[Person]) -> None:
        """Add the customers that are new, and the numbers and phones that are new to old and new ones."""
        fresh = [person for person in persons if person.customer is None]
        for person, pk in zip(fresh, draw_ids(Customer, len(fresh)), strict=True):
            person.customer, person.is_new = pk, True
        self.sheaf.add_values(Customer, [self._customer(person) for person in fresh])
        self._add_documents(persons)
        self._add_phones(persons)

    def _customer(self, person: Person) -> dict[str, Any]:
        records = person.records
        name = best_name(records)
        number = next((record.identity.number for record in records if record.identity.number), "")
        village = _commonest(record.village.code for record in records)
        first = min(person.entries, key=lambda entry: (entry.record.day.day or self.as_of, entry.row_id))
        home = next((entry for entry in person.entries if entry.source.kind == NOTEBOOK), first)
        births = [record.birth.day for record in records if record.birth.precision == "day"]
        return {
            "id": person.customer,
            "name": name,
            **keys_of_name(name)._asdict(),
            "sex": sex_in(number) or _commonest(record.sex for record in records),
            "birth_date": birth_date_of(number) if number else _commonest(births) or None,
            "branch_id": home.branch.pk,
            "village_id": self.villages.get(village),
            "group_no": str(
                _commonest(r.group for r in records if r.group and r.village.code == village) or ""
            ),
            "address": max((record.address_text for record in records), key=len)[:ADDRESS_LENGTH],
            "source": FactSource.LEDGER,
            "registered_on": first.record.day.day or self.as_of,
            "registered_at_id": first.branch.pk,
        }

    def _add_documents(self, persons: Sequence[Person]) -> None:
        """Store every number as it stands; the first holder keeps a valid one, a second claim is disputed."""
        claims: dict[tuple[int, str], LedgerRecord] = {}
        for person in persons:
            for record in person.records:
                if text := record.identity.number or record.identity.cleaned:
                    claims.setdefault((person.customer, text), record)
        known = _known_documents(owner for owner, _ in claims)
        held = _held_numbers([text for (_, text), record in claims.items() if record.identity.number])
        keys = numbers.resident_keys([text for _, text in claims])
        rows = []
        for ((customer, text), record), key in zip(claims.items(), keys, strict=True):
            if any((customer, form) in known for form in forms(key.number_key)):
                continue
            valid = bool(record.identity.number)
            holder = held.setdefault(key.number_key, customer) if valid else customer
            kind = checked(text, self.as_of).kind if valid else ""
            state = DocumentState.HELD if valid else DocumentState.UNVERIFIED
            rows.append(
                {
                    "customer_id": customer,
                    "kind": kind if kind and kind != "ID15" else DocumentKind.ID18,
                    "number": text,
                    **key._asdict(),
                    "state": state if holder == customer else DocumentState.DISPUTED,
                    "invalid_reason": "" if valid else (reason_against(text) or "PRECISION"),
                    "source": FactSource.LEDGER,
                    "recorded_on": record.day.day or self.as_of,
                }
            )
        self._add_sealed(IdentityDocument, rows)

    def _add_phones(self, persons: Sequence[Person]) -> None:
        wanted: dict[tuple[int, str], LedgerRecord] = {}
        for person in persons:
            for record in person.records:
                for number in record.phones + record.remark.phones:
                    wanted.setdefault((person.customer, number), record)
        keys = numbers.tail_keys(numbers.PHONE, numbers.PHONE_TAIL, [number for _, number in wanted])
        known = _known_phones([customer for customer, _ in wanted])
        rows = [
            {
                "customer_id": customer,
                "kind": check_phone(number).kind or PhoneKind.UNKNOWN,
                "number": number,
                **key._asdict(),
                "valid_from": record.day.day or self.as_of,
                "source": FactSource.LEDGER,
            }
            for ((customer, number), record), key in zip(wanted.items(), keys, strict=True)
            if not any((customer, form) in known for form in forms(key.number_key))
        ]
        self._add_sealed(Phone, rows)

    def _add_sealed(self, model: type[SealedRow], rows: list[dict[str, Any]]) -> None:
        """Draw the keys of rows and seal their numbers, which bind to them."""
        ids = draw_ids(model, len(rows))
        texts = [row["number"] for row in rows]
        sealed = seal_many(texts, ids, table=model._meta.db_table, column="number")
        told = [row | {"id": pk, "number": text} for row, pk, text in zip(rows, ids, sealed, strict=True)]
        self.sheaf.add_values(model, told)

    def add_households(self, persons: Sequence[Person]) -> list[int]:
        """Add a household for every family the ledgers speak of; tell every row its person's household.

        Returns the new households.
        """
        home = dict(
            Membership.objects.filter(customer__in=[p.customer for p in persons], valid_to=None).values_list(
                "customer", "household"
            )
        )
        opened, joined = [], []
        found = build([dweller_of(i, person, home) for i, person in enumerate(persons)])
        for family in found.families:
            members = [persons[i] for i in family.members]
            known = {home[person.customer] for person in members if person.customer in home}
            if len(known) > 1:
                continue  # the registry has them in several households: people sort that out
            joined.append((family, known.pop() if known else None))
            opened += [] if joined[-1][1] else [members]
        households = [
            self._household(pk, members)
            for pk, members in zip(draw_ids(Household, len(opened)), opened, strict=True)
        ]
        self.sheaf.add(households)
        fresh = {house.head_id: house for house in households}
        memberships = []
        for family, known in joined:
            house = None if known else fresh[persons[family.head].customer]
            for i in family.members:
                if persons[i].customer not in home:
                    home[persons[i].customer] = house.pk if house else known
                    memberships.append(self._membership(persons[i], home, house, _relation(family, i, house)))
        self.sheaf.add(memberships)
        for person in persons:
            for entry in person.entries:
                entry.household = home.get(person.customer)
        self.kin = [
            (persons[tie.first].customer, persons[tie.second].customer, tie.bits, tie.evidence)
            for tie in found.questions
        ]
        return [household.pk for household in households]

    def _membership(
        self, person: Person, home: dict[int, int], house: Household | None, relation: str
    ) -> Membership:
        return Membership(
            household_id=home[person.customer],
            customer_id=person.customer,
            relation=relation,
            valid_from=house.valid_from if house else self.as_of,
        )

    def _household(self, pk: int, members: list[Person]) -> Household:
        """Return the household of a family; the notebook's line speaks first, then the head's other lines."""
        head = members[0]
        entries = [entry for person in members for entry in person.entries]
        notes = [entry for entry in entries if entry.source.kind == NOTEBOOK] or head.entries
        village = _commonest(note.record.village.code for note in notes) or _commonest(
            entry.record.village.code for entry in entries
        )
        groups = (e.record.group for e in entries if e.record.group and e.record.village.code == village)
        days = [note.record.day.day for note in notes if note.record.day.day]
        return Household(
            pk=pk,
            register_no=_commonest(note.record.texts.get("household_number", "") for note in notes)[:30],
            head_id=head.customer,
            branch=notes[0].branch,
            village_id=self.villages.get(village),
            group_no=str(_commonest(groups) or ""),
            address=max((note.record.address_text for note in notes), key=len)[:ADDRESS_LENGTH],
            valid_from=min(days, default=self.as_of),
            source=FactSource.LEDGER,
        )

    def add_statements(self, persons: Sequence[Person]) -> list[int]:
        """Keep what the rows say of people who were known before and what their records do not say.

        Returns the customers whose shown values are decided again.
        """
        rows = [
            RowSaid(entry.row_id, person.customer, entry.record.day.day or self.as_of, said)
            for person in persons
            if not person.is_new
            for entry in person.entries
            if (said := self._said_in(entry.record))
        ]
        firsts, added = statements_of(rows)
        self.sheaf.add(firsts)
        self.sheaf.add(added, skips_known=True)
        return sorted({statement.customer_id for statement in added})

    def _said_in(self, record: LedgerRecord) -> dict[str, str]:
        """What a row says of its person, as texts by attribute; what it does not say is left out."""
        name, number = record.name, record.identity.number
        is_plain = not (name.is_married_style or name.is_relative_of)
        village = self.villages.get(record.village.code)
        said = {
            "name": name.name[:NAME_LENGTH] if is_plain else "",
            "sex": sex_in(number) or record.sex,
            "birth_date": record.known_birth.isoformat() if record.known_birth else "",
            "village": str(village or ""),
            "group_no": str(record.group) if record.group and village else "",
            "address": " ".join(record.address_text.split())[:ADDRESS_LENGTH],
            "occupation": " ".join(record.texts.get("occupation", "").split()),
        }
        return {code: text for code, text in said.items() if text}

    def add_facts(self, accepted: Sequence[Entry]) -> None:
        """Add a dated fact sheet for every notebook row, each on top of what was known before."""
        notes = [e for e in accepted if e.source.kind == NOTEBOOK and e.household]
        notes.sort(key=lambda entry: (entry.record.day.day or self.as_of, entry.row_id))
        latest = _latest_sheets({entry.household for entry in notes})
        rows = []
        for entry in notes:
            day = entry.record.day.day or self.as_of
            before = latest.get(entry.household)
            observed = observed_in(entry)
            sheet = facts.carry_over(known_facts(before), observed, staff_id=None, observed_on=day)
            if _labour_too_large(sheet):
                observed.pop("labour", None)
                sheet = facts.carry_over(known_facts(before), observed, staff_id=None, observed_on=day)
            if not observed or _labour_too_large(sheet):
                continue
            row = FactSheet(
                household_id=entry.household,
                recorded_on=max(day, before.recorded_on) if before else day,
                **sheet.values,
                sources=sheet.sources,
                oldest_core_on=sheet.oldest_core_on,
                ledger_row_id=entry.row_id,
            )
            latest[entry.household] = row
            rows.append(row)
        self.sheaf.add(rows)


def dweller_of(key: int, person: Person, home: Mapping[int, int]) -> Dweller:
    """Return what tells whom a person lives with; ``home`` has the households of those whom the registry knows."""
    records = person.records
    births = {record.known_birth or record.birth.day for record in records} - {None}
    return Dweller(
        key,
        names=frozenset(record.name.key for record in records),
        villages=frozenset(record.village.code for record in records) - {""},
        groups=frozenset((r.village.code, r.group) for r in records if r.village.code and r.group),
        phones=frozenset(phone for record in records for phone in record.phones + record.remark.phones),
        sexes=frozenset(sex_in(record.identity.number) or record.sex for record in records) - {""},
        births=frozenset(day.year for day in births),
        spouses=frozenset(record.spouse.key for record in records) - {""},
        heads=frozenset(normalize_name(r.remark.head) or r.head.key for r in records) - {""},
        registers=frozenset(
            (entry.branch.pk, number)
            for entry in person.entries
            if (number := entry.record.texts.get("household_number", ""))
        ),
        is_head=any(entry.source.kind == NOTEBOOK for entry in person.entries),
        home=home.get(person.customer),
    )


def _relation(family: Family, member: int, house: Household | None) -> str:
    """Head and spouse are said; who joins a household that stood before is just a relative."""
    if house and member == family.head:
        return Relation.HEAD
    return Relation.SPOUSE if member == family.spouse else Relation.OTHER


def observed_in(entry: Entry) -> dict[str, facts.Observed]:
    """Return what a notebook row says of a household, and nothing it does not say.

    Income is net only where the header says so. Debts under a header that speaks of other banks alone are no total.
    """
    record = entry.record
    debts = entry.sheet.header.of("debts")
    is_total = not any("他行" in column.label or "外行" in column.label for column in debts)
    said = {
        "population": record.population if record.population and record.population > 0 else None,
        "labour": record.labour,
        "gross_income": record.income.amount,
        "net_income": record.net_income.amount,
        "liabilities": record.debts.amount if is_total else None,
        "land_mu": record.land.mu,
        "livestock": _plain(record.livestock.counts),
        "noted_grade": record.texts.get("grade", "")[:20],
    }
    return {
        name: facts.Observed(value, FactSource.LEDGER)
        for name, value in said.items()
        if value not in facts.UNKNOWN
    }


def _plain(counts: dict | None) -> dict | None:
    """Animals as JSON has them; none at all is a fact too."""
    if counts is None:
        return None
    return {name: int(count) if count == int(count) else float(count) for name, count in counts.items()}


def _labour_too_large(sheet: facts.Sheet) -> bool:
    population, labour = sheet.values.get("population"), sheet.values.get("labour")
    return population is not None and labour is not None and labour > population


def _latest_sheets(households: set[int]) -> dict[int, FactSheet]:
    rows = FactSheet.objects.filter(household__in=households).order_by("household", "-recorded_on", "-pk")
    return {row.household_id: row for row in rows.distinct("household")}


def _known_documents(customers: Iterable[int]) -> set[tuple[int, bytes]]:
    rows = IdentityDocument.objects.filter(customer__in=set(customers)).values_list("customer", "number_key")
    return {(customer, bytes(key)) for customer, key in rows}


def _held_numbers(texts: Sequence[str]) -> dict[bytes, int]:
    """Return who holds each of these valid numbers already."""
    keys = [key.number_key for key in numbers.resident_keys(sorted(set(texts)))]
    held: dict[bytes, int] = {}
    today = forms_today(keys)
    for i in range(0, len(keys), BATCH):
        rows = IdentityDocument.objects.filter(
            Q(state=DocumentState.HELD), number_key__in=keys[i : i + BATCH]
        ).values_list("number_key", "customer")
        held |= {today[bytes(key)]: customer for key, customer in rows}
    return held


def _known_phones(customers: Iterable[int]) -> set[tuple[int, bytes]]:
    rows = Phone.objects.filter(customer__in=set(customers)).values_list("customer", "number_key")
    return {(customer, bytes(key)) for customer, key in rows}


def _commonest(values: Iterable):
    """Return the commonest filled value, the first among equals; an empty text when there is none."""
    counted: dict = {}
    for value in values:
        if value:
            counted[value] = counted.get(value, 0) + 1
    return max(counted, key=counted.get) if counted else ""


def best_name(records: Sequence[LedgerRecord]) -> str:
    """Return the name to show: the commonest spelling beside a valid number, else the commonest of all."""
    proven = [record.name.name for record in records if record.identity.number]
    return (_commonest(proven) or _commonest(record.name.name for record in records))[:NAME_LENGTH]
