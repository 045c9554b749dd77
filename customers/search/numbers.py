"""Roads for numbers: documents, phones and accounts whole or by their end, days of birth, households.

Numbers are sealed, so nothing but a digest can be compared: of a whole number, of its end, of the fifteen digits that
an old and a new identity number share. Where fourteen digits and more are typed, the day inside them leaves so few
people of the own branches that their numbers are opened and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from branches.scopes import Scope
from customers import identity, numbers, registries
from customers.choices import DocumentKind
from customers.models import Customer, Household, IdentityDocument
from customers.search import slips
from customers.search.typed import LEAST_WHOLE, Typed, day_in

MOST = 40  # rows of one road
MOST_OPENED = 400
WITH_DAY = range(14, 18)  # digits typed so far of an identity number whose day of birth is among them
DOCUMENTS = (
    "SELECT d.customer_id, %s AS road FROM customers_identitydocument d"
    " WHERE (d.state <> 'RETIRED' OR d.retired_because IN ('renewed', 'lost', 'returned')) AND "
)
PHONES = "SELECT p.customer_id, %s AS road FROM customers_phone p WHERE p.valid_to IS NULL AND "
NUMBERED = "SELECT id FROM customers_household WHERE register_no = %s OR id = %s"

REASONS = {
    "number": _("identity number"),
    "code": _("number of a document"),
    "tail": _("last six of the identity number"),
    "phone": _("phone"),
    "phone_tail": _("last four of the phone"),
    "born": _("born on"),
    "beginning": _("beginning of the identity number"),
    "number_slip": _("identity number, one digit differs"),
    "phone_slip": _("phone, one digit differs"),
}


def people_by_number(staff: StaffMember, typed: Typed, scope: Scope) -> dict[int, Any]:
    """Customers whom a number leads to, each with the reason; one slip is forgiven where nobody fits."""
    found = _of_roads(list(_exact(typed)))
    for finder in registries.number_finders:
        for customer_id, reason in finder(typed.number):
            found.setdefault(customer_id, reason)
    if typed.born:
        found |= dict.fromkeys(set(_born_on(typed.born, scope)) - set(found), REASONS["born"])
    if not found and len(typed.number) in WITH_DAY:
        found = dict.fromkeys(_beginning_with(typed.number, scope), REASONS["beginning"])
    return found or _of_roads(list(_forgiving(typed.number)))


Arm = tuple[str, str, Sequence[Any]]


def _of_roads(arms: list[Arm]) -> dict[int, Any]:
    """Whom the roads lead to: one query for all of them."""
    if not arms:
        return {}
    text = " UNION ALL ".join(f"({start} LIMIT {MOST})" for _code, start, _values in arms)
    values = [value for at, (_code, _start, given) in enumerate(arms) for value in (at, *given)]
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        rows = sorted(cursor.fetchall(), key=lambda row: row[1])
    found: dict[int, Any] = {}
    for customer_id, road in rows:
        found.setdefault(customer_id, REASONS[arms[road][0]])
    return found


def _exact(typed: Typed) -> Iterator[Arm]:
    digits = typed.number
    if len(digits) >= LEAST_WHOLE:
        judged = identity.check_resident_id(digits)
        whole = numbers.digests(numbers.DOCUMENT, [judged.normalized or digits])
        code = "number" if digits[:-1].isdecimal() else "code"
        yield code, f"{DOCUMENTS} d.number_key = ANY (%s)", [whole]
    if len(digits) == numbers.IDENTITY_TAIL:
        tail = numbers.digests(numbers.DOCUMENT_TAIL, [digits])
        yield "tail", f"{DOCUMENTS} d.tail_key = ANY (%s)", [tail]
    if not digits.isdecimal():
        return
    if len(digits) >= LEAST_WHOLE:
        phone = identity.check_phone(digits).normalized or digits
        yield "phone", f"{PHONES} p.number_key = ANY (%s)", [numbers.digests(numbers.PHONE, [phone])]
    if len(digits) == numbers.SHORT_TAIL:
        tail = numbers.digests(numbers.PHONE_TAIL, [digits])
        yield "phone_tail", f"{PHONES} p.tail_key = ANY (%s)", [tail]


def _forgiving(digits: str) -> Iterator[Arm]:
    meant = slips.resident_candidates(digits) + slips.old_candidates(digits)
    if meant:
        keys = numbers.digests(numbers.DOCUMENT, meant)
        yield "number_slip", f"{DOCUMENTS} d.number_key = ANY (%s)", [keys]
    if digits.isdecimal() and (meant := slips.phone_candidates(digits)):
        yield "phone_slip", f"{PHONES} p.number_key = ANY (%s)", [numbers.digests(numbers.PHONE, meant)]


def _own(scope: Scope) -> Any:
    """People of the own branches: the day of birth of others is not told, also not by finding them with it."""
    rows = Customer.objects.current().unlocked_for(scope)
    return rows if scope.sees_union else rows.filter(branch__in=scope.branch_ids)


def _born_on(day: date, scope: Scope) -> list[int]:
    rows = _own(scope).filter(birth_date=day).order_by("birth_date", "id")
    return list(rows.values_list("pk", flat=True)[:MOST])


def _beginning_with(digits: str, scope: Scope) -> list[int]:
    born = day_in(digits[6:14])
    if born is None:
        return []
    people = _own(scope).filter(birth_date=born)
    rows = IdentityDocument.objects.filter(customer__in=people, kind=DocumentKind.ID18)
    rows = rows.findable().order_by()[:MOST_OPENED]
    return [row.customer_id for row in rows if row.open("number").startswith(digits)][:MOST]


def households_numbered(staff: StaffMember, digits: str) -> list[Household]:
    """Households by their own number or the register's, of the branches the person works with."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERED, [digits, int(digits) if len(digits) <= 12 else 0])
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:  # most short numbers are the end of another
        return []
    rows = Household.objects.visible_to(staff).filter(pk__in=ids).select_related("head", "village", "branch")
    return list(rows.order_by("pk")[:5])
