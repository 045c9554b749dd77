"""Reads of documents, phones and particulars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember, in_force
from customers import masking
from customers.choices import CustomerState, DocumentState, PhotoSide
from customers.models import Customer, DocumentPhoto, IdentityDocument, Membership, Phone
from customers.persons import policies, words
from customers.persons.settlements import claims_to
from customers.policies import may_read_fully
from customers.selectors import foremost, name_for

SOON = timedelta(days=60)
MOST_SHARING = 500
STATE_TONES = {
    DocumentState.DISPUTED: "danger",
    DocumentState.UNVERIFIED: "warn",
    DocumentState.RETIRED: "neutral",
}


@dataclass(frozen=True)
class Badge:
    """A word with its colour."""

    label: str
    tone: str


@dataclass(frozen=True)
class DocumentLine:
    """A document as the page shows it: number masked, validity and state in words, claims of others."""

    row: IdentityDocument
    number: str
    badges: list[Badge]
    validity: str
    photos: dict[str, bool]
    claims: list[tuple[IdentityDocument, str]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it may be renewed or withdrawn."""
        return self.row.state in (DocumentState.HELD, DocumentState.UNVERIFIED)

    @property
    def is_disputed(self) -> bool:
        return self.row.state == DocumentState.DISPUTED


@dataclass(frozen=True)
class Documents:
    """All documents of a customer: in use, and no longer."""

    current: list[DocumentLine]
    past: list[DocumentLine]


def documents_of(staff: StaffMember, customer: Customer, *, today: date) -> Documents:
    """Every document of a customer with photos and claims, in three queries."""
    rows = list(
        customer.documents.select_related("recorded_by", "retired_by").order_by("-recorded_on", "-pk")
    )
    photos: dict[int, set[str]] = {}
    kept = DocumentPhoto.objects.filter(document__in=rows, file__removed_at=None)
    for document_id, side in kept.values_list("document", "side"):
        photos.setdefault(document_id, set()).add(side)
    claims = claims_to(rows)
    lines = [
        DocumentLine(
            row=row,
            number=masking.mask_id(row.open("number"), "detail"),
            badges=badges_of(row, today),
            validity=validity(row),
            photos={side: side in photos.get(row.pk, ()) for side in PhotoSide.values},
            claims=[(claim, name_for(staff, claim.customer)) for claim in claims.get(row.pk, [])],
        )
        for row in rows
    ]
    return Documents(
        [line for line in lines if line.row.state != DocumentState.RETIRED],
        [line for line in lines if line.row.state == DocumentState.RETIRED],
    )


def badges_of(row: IdentityDocument, today: date) -> list[Badge]:
    """State, warning and validity of a document, where there is something to say."""
    found = []
    if row.state in STATE_TONES:
        found.append(Badge(str(row.get_state_display()), STATE_TONES[row.state]))
    if row.invalid_reason:
        found.append(Badge(words.short_reason(row.invalid_reason), "warn"))
    if row.state == DocumentState.RETIRED:
        return found
    if row.warning:
        found.append(Badge(str(row.get_warning_display()), "warn"))
    if row.expires_on and row.expires_on < today:
        found.append(Badge(_("expired"), "danger"))
    elif row.expires_on and row.expires_on <= today + SOON:
        found.append(Badge(_("expires soon"), "warn"))
    return found


def validity(row: IdentityDocument) -> str:
    """From when to when it is valid, in words; empty where nothing is known."""
    if row.is_long_term:
        last: Any = _("long-term")
    else:
        last = row.expires_on.isoformat() if row.expires_on else ""
    first = row.issued_on.isoformat() if row.issued_on else ""
    return f"{first or '…'} – {last or '…'}" if first or last else ""


# -- Phones ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PhoneLine:
    """A phone as the page shows it: masked, who else has it as counts alone."""

    row: Phone
    number: str
    reason: str
    at_home: int = 0
    elsewhere: int = 0


@dataclass(frozen=True)
class Phones:
    """All phones of a customer: in use, the main one first, and no longer."""

    current: list[PhoneLine]
    past: list[PhoneLine]


def phones_of(customer: Customer, *, today: date) -> Phones:
    """Every phone of a customer with how many of the household and how many others have it; three queries."""
    rows = list(customer.phones.select_related("confirmed_by").order_by("-is_main", "-valid_from", "-pk"))
    in_use = [row for row in rows if row.valid_to is None]
    shared = _sharing_people(customer, in_use, today)
    lines = [
        PhoneLine(
            row,
            masking.mask_phone(row.open("number")),
            words.short_reason(row.invalid_reason) if row.invalid_reason else "",
            *shared.get(bytes(row.number_key), (0, 0)),
        )
        for row in rows
    ]
    return Phones(
        [line for line in lines if line.row.valid_to is None],
        [line for line in lines if line.row.valid_to is not None],
    )


def _sharing_people(customer: Customer, phones: list[Phone], today: date) -> dict[bytes, tuple[int, int]]:
    """By key of a phone how many others of the household and how many elsewhere use it; nobody is named."""
    keys = [bytes(row.number_key) for row in phones]
    if not keys:
        return {}
    homes = Membership.objects.filter(in_force(today), customer=customer).values("household")
    family = set(
        Membership.objects.filter(in_force(today), household__in=homes).values_list("customer", flat=True)
    )
    rows = Phone.objects.filter(number_key__in=keys, valid_to=None, customer__merged_into=None)
    found: dict[bytes, tuple[int, int]] = {}
    for key, other in rows.exclude(customer=customer).values_list("number_key", "customer")[:MOST_SHARING]:
        at_home, elsewhere = found.get(bytes(key), (0, 0))
        is_family = other in family
        found[bytes(key)] = (at_home + is_family, elsewhere + (not is_family))
    return found


# -- Expiring ----------------------------------------------------------------------------------------------------------


def expiring(
    branch_ids: Iterable[int] | None, *, until: date, since: date | None = None
) -> QuerySet[IdentityDocument]:
    """Held documents of living customers that end by ``until``, the first to end first.

    ``branch_ids`` are the managing branches, None all of them; ``since`` leaves out what ended before. A document
    without a last day never expires.
    """
    rows = IdentityDocument.objects.filter(state=DocumentState.HELD, expires_on__lte=until)
    if since is not None:
        rows = rows.filter(expires_on__gte=since)
    rows = rows.filter(customer__state=CustomerState.ACTIVE, customer__is_locked=False)
    if branch_ids is not None:
        rows = rows.filter(customer__branch__in=list(branch_ids))
    return rows.select_related("customer").order_by("expires_on", "pk")


# -- The card on the customer's page -----------------------------------------------------------------------------------


def documents_card(staff: StaffMember, customer: Customer | None, household: Any) -> tuple | None:
    """Documents in use with validity and what has to be done; the number at the head of the page is not repeated."""
    if customer is None or not may_read_fully(staff, customer):
        return None
    today = timezone.localdate()
    rows = list(customer.documents.in_use().order_by("pk"))
    head = foremost(rows)
    lines = [
        (
            row,
            "" if row == head else masking.mask_id(row.open("number"), "detail"),
            badges_of(row, today),
            validity(row),
        )
        for row in rows
    ]
    context = {"customer": customer, "lines": lines, "may_keep": policies.may_keep(staff, customer)}
    return "customers/persons/_documents_card.html", context
