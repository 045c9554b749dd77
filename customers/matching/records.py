"""Records of the registry as matching sees them: opened in bulk, a fixed number of queries whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from branches.models import Area
from coopcrm.shared.crypto import unseal
from customers import numbers, registries
from customers.choices import DocumentState
from customers.identity import Record, check_phone, check_resident_id, normalize_code
from customers.matching.mentions import Mention
from customers.models import Customer, IdentityDocument, Marriage, Membership, OtherName, Phone


@dataclass
class KnownPerson:
    """A customer with everything that tells whether somebody else is the same person.

    ``texts`` are the resident numbers as they stand, ``phones`` those in use, ``old_phones`` those that were;
    ``accounts`` are keyed digests of the numbers of accounts that they hold or that their ledger rows name.
    """

    customer: Customer
    texts: list[str] = field(default_factory=list)
    phones: set[str] = field(default_factory=set)
    old_phones: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
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
            accounts=frozenset(self.accounts),
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
    """Customers by id with their open numbers: eight queries, and one for the accounts of each app above."""
    wanted = list(ids)
    rows = list(Customer.objects.filter(pk__in=wanted).order_by("pk"))
    _give_villages(rows)
    people = {row.pk: KnownPerson(row) for row in rows}
    for customer, text, _ in _opened(_documents(wanted), "state"):
        people[customer].texts.append(text)
    for customer, text, ended_on in _opened(
        Phone.objects.filter(customer__in=wanted).order_by("pk"), "valid_to"
    ):
        person, number = people[customer], check_phone(text).normalized
        (person.phones if ended_on is None else person.old_phones).add(number or "")
    for pk, key in OtherName.objects.filter(customer__in=wanted, removed_on=None).values_list(
        "customer_id", "name_key"
    ):
        people[pk].aliases.add(key)
    stays = Membership.objects.filter(customer__in=wanted, valid_to=None)
    for pk, household in stays.values_list("customer_id", "household_id"):
        people[pk].household = household
    for pk, name in spouses_of(wanted).items():
        people[pk].spouse = name
    for pk, account in accounts_of(wanted):
        people[pk].accounts.add(account)
    for person in people.values():
        person.phones.discard("")
        person.old_phones.discard("")
    return people


NAMED_IN_LEDGERS = (
    "SELECT customer_id AS person, account_key AS number FROM customers_ledgerrow"
    " WHERE account_key <> '' AND undone_at IS NULL"
)


def accounts_of(ids: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The keyed numbers of accounts that these customers hold, and of those that their ledger rows name."""
    wanted = list(ids)
    sources = [NAMED_IN_LEDGERS, *registries.account_keys]
    with connection.cursor() as cursor:
        for source in sources:
            cursor.execute(f"SELECT s.person, s.number FROM ({source}) s WHERE s.person = ANY(%s)", [wanted])  # noqa: S608
            yield from ((person, bytes(number).hex()) for person, number in cursor.fetchall())


def _give_villages(rows: list[Customer]) -> None:
    """One object for each village, shared by all who live there, instead of one for each customer."""
    field = Customer._meta.get_field("village")
    areas = Area.objects.select_related("parent").in_bulk({row.village_id for row in rows} - {None})
    for row in rows:
        field.set_cached_value(row, areas.get(row.village_id))


def _opened(rows: QuerySet, beside: str) -> Iterator[tuple[int, str, Any]]:
    """The customer of each row, its opened number, and another column."""
    table = rows.model._meta.db_table
    for pk, customer, number, other in rows.values_list("pk", "customer_id", "number", beside):
        yield customer, unseal(number, table=table, column="number", row=pk) if number else "", other


def _documents(ids: list[int]) -> QuerySet:
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
