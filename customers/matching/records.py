"""Records of the registry as matching sees them: opened in bulk, a fixed number of queries whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from customers import numbers
from customers.choices import DocumentState
from customers.identity import Record, check_phone, check_resident_id, normalize_code
from customers.matching.mentions import Mention
from customers.models import Customer, IdentityDocument, Marriage, Membership, OtherName, Phone


@dataclass
class KnownPerson:
    """A customer with everything that tells whether somebody else is the same person.

    ``texts`` are the resident numbers as they stand, ``phones`` those in use, ``old_phones`` those that were.
    """

    customer: Customer
    texts: list[str] = field(default_factory=list)
    phones: set[str] = field(default_factory=set)
    old_phones: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    spouse: str = ""
    household: int | None = None

    def mention(self, key: int, as_of: date) -> Mention:
        """The record as the engine weighs it; the phones of former years count too."""
        person, group = self.customer, self.customer.group_no
        valid = [number for text in self.texts if (number := check_resident_id(text, as_of).normalized)]
        village = person.village
        return Mention(
            key=key,
            name=person.name_key,
            sound=person.pinyin,
            customer=person.pk,
            aliases=frozenset(self.aliases - {person.name_key}),
            number=valid[0] if valid else "",
            cleaned=normalize_code(self.texts[0]) if self.texts else "",
            phones=frozenset(self.phones | self.old_phones),
            village=village.code if village else "",
            township=village.parent.code if village and village.parent else "",
            group=int(group) if group.isdigit() else None,
            birth=person.birth_date,
            birth_precision="day" if person.birth_date else "",
            sex=person.sex,
            spouse=self.spouse,
            households=frozenset({f"household {self.household}"} if self.household else ()),
        )

    def records(self, as_of: date, phone: str | None) -> list[Record]:
        """The record as the table of handbook §6.3 judges it, once for each number; ``phone`` is what is compared."""
        person = self.customer
        given = {
            "name": person.name,
            "name_pinyin": person.pinyin,
            "birth_date": person.birth_date,
            "phone": phone,
            "village_code": person.village.code if person.village else "",
        }
        return [Record.of({**given, "id_no": text}, as_of) for text in self.texts or [""]]


def known_people(ids: Iterable[int]) -> dict[int, KnownPerson]:
    """Customers by id with their open numbers: six queries."""
    wanted = list(ids)
    rows = Customer.objects.filter(pk__in=wanted).select_related("village__parent").order_by("pk")
    people = {row.pk: KnownPerson(row) for row in rows}
    for document in _documents(wanted):
        people[document.customer_id].texts.append(document.open("number"))
    for phone in Phone.objects.filter(customer__in=wanted).order_by("pk"):
        person = people[phone.customer_id]
        number = check_phone(phone.open("number")).normalized
        (person.phones if phone.valid_to is None else person.old_phones).add(number or "")
    for pk, key in OtherName.objects.filter(customer__in=wanted, removed_on=None).values_list(
        "customer_id", "name_key"
    ):
        people[pk].aliases.add(key)
    stays = Membership.objects.filter(customer__in=wanted, valid_to=None)
    for pk, household in stays.values_list("customer_id", "household_id"):
        people[pk].household = household
    for pk, name in spouses_of(wanted).items():
        people[pk].spouse = name
    for person in people.values():
        person.phones.discard("")
        person.old_phones.discard("")
    return people


def _documents(ids: list[int]) -> Iterable[IdentityDocument]:
    rows = IdentityDocument.objects.filter(customer__in=ids, kind__in=numbers.RESIDENT_KINDS)
    return rows.exclude(state=DocumentState.RETIRED).order_by("pk")


def spouses_of(ids: Iterable[int]) -> Mapping[int, str]:
    """The name of the husband or wife of those who are married."""
    wanted = set(ids)
    rows = Marriage.objects.filter(Q(first__in=wanted) | Q(second__in=wanted), valid_to=None)
    found: dict[int, str] = defaultdict(str)
    for first, second, name, other in rows.values_list(
        "first_id", "second_id", "first__name_key", "second__name_key"
    ):
        found[first], found[second] = other, name
    return {pk: name for pk, name in found.items() if pk in wanted}
