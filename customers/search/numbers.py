"""Roads for numbers: documents, phones and accounts whole or by their end, and households."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, IntegerField, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from customers import identity, numbers
from customers.choices import DocumentKind, DocumentState
from customers.models import Household, IdentityDocument, Phone

MOST = 40  # rows of one road


def number_arms(digits: str, text: str) -> Iterator[tuple[Any, QuerySet]]:
    """Reason and rows (``found``, ``arm``) per way in which a number can match; each at most twice a page."""
    roads: list[tuple[Any, QuerySet]] = []
    documents = IdentityDocument.objects.exclude(state=DocumentState.RETIRED)
    phones = Phone.objects.filter(valid_to=None)
    judged = identity.check_resident_id(digits)
    whole = judged.normalized or digits
    if len(digits) >= 8:
        key = numbers.document_keys(DocumentKind.ID18, whole).number_key
        roads.append((_("identity number"), documents.filter(number_key=key)))
    if len(digits) == numbers.IDENTITY_TAIL:
        key = numbers.keyed(numbers.DOCUMENT_TAIL, digits)
        roads.append((_("last six of the identity number"), documents.filter(tail_key=key)))
    phone = identity.check_phone(text).normalized or digits
    if digits.isdecimal() and len(digits) >= 7:
        roads.append((_("phone"), phones.filter(number_key=numbers.phone_keys(phone).number_key)))
    if digits.isdecimal() and len(digits) == numbers.SHORT_TAIL:
        key = numbers.keyed(numbers.PHONE_TAIL, digits)
        roads.append((_("last four of the phone"), phones.filter(tail_key=key)))
    for position, (reason, rows) in enumerate(roads):
        arm = Value(position, output_field=IntegerField())
        yield reason, rows.order_by("customer_id").values(found=F("customer_id"), arm=arm)[:MOST]


def households_numbered(staff: StaffMember, digits: str) -> list[Household]:
    """Households by their own number or the register's, of the branches the person works with."""
    by_number = Q(register_no=digits)
    if len(digits) <= 12:
        by_number |= Q(pk=int(digits))
    rows = Household.objects.visible_to(staff).filter(by_number).select_related("head", "village", "branch")
    return list(rows.order_by("pk")[:5])
