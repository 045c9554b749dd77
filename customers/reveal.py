"""Full numbers: shown to a post with a purpose, one at a time, on record, counted and limited.

Handbook §6.5 and §6.6. A number leaves the database here and nowhere else; the answer to the one POST is all that
holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from branches.proposals import holds_a_number
from coopcrm.shared import audit
from coopcrm.shared.counting import count
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.fields import SealedRow
from coopcrm.shared.models import Deed, Outcome
from customers import policies, registries
from customers.choices import RevealPurpose
from customers.models import Customer, StaffHousehold

SECONDS_SHOWN = 60
WINDOW = 600
MOST_IN_WINDOW = 30
MOST_WITHOUT_REDIS = 10
A_DAY = 24 * 60 * 60
UNUSUAL_A_DAY = 200
LONGEST_NOTE = 100

# Signals of unusual reading, as the ledger keeps them
OVER_DAILY, OUTSIDE_BRANCH, RELATIVE = "over_daily", "outside_branch", "relative"


@dataclass(frozen=True)
class Revealed:
    """A full number on its way to the one who asked."""

    label: str
    number: str
    seconds: int = SECONDS_SHOWN


def document_of(customer: Customer, pk: int) -> tuple[SealedRow, str] | None:
    """A document of the customer and its kind in words."""
    row = customer.documents.filter(pk=pk).first()
    return (row, row.get_kind_display()) if row else None


def phone_of(customer: Customer, pk: int) -> tuple[SealedRow, str] | None:
    """A phone of the customer and its kind in words."""
    row = customer.phones.filter(pk=pk).first()
    return (row, row.get_kind_display()) if row else None


def reveal(
    *, staff: StaffMember, customer: Customer, what: str, pk: int, purpose: str, note: str = ""
) -> Revealed | None:
    """Open one number for a purpose; None when the customer has no such number.

    Raises ``PermissionRefused``, and ``Refused`` with the codes ``purpose_missing``, ``number_in_text`` and
    ``too_many_readings``; the last is on record too.
    """
    require(policies.may_reveal(staff, customer), _("Your post does not read full numbers."))
    reader = registries.number_readers.get(what)
    found = reader(customer, pk) if reader else None
    if found is None:
        return None
    row, label = found
    note = " ".join(note.split())[:LONGEST_NOTE]
    require(
        purpose in RevealPurpose.values, _("Choose what you need the number for."), code="purpose_missing"
    )
    require(not holds_a_number(note), _("Leave numbers out of the note."), code="number_in_text")
    detail: dict[str, Any] = {"what": what}
    in_window, in_redis = count(f"reveal:{staff.pk}", window=WINDOW)
    if in_window > (MOST_IN_WINDOW if in_redis else MOST_WITHOUT_REDIS):
        audit.record(Deed.REFUSAL, subject=row, purpose=purpose, detail=detail, outcome=Outcome.REFUSED)
        text = _("Too many numbers in ten minutes. Go on later, or ask the director.")
        raise Refused(text, code="too_many_readings")
    if signals := _signals(staff, customer):
        detail["signals"] = signals
    if note:
        detail["note"] = note
    audit.record(Deed.READING, subject=row, purpose=purpose, detail=detail)
    return Revealed(label, row.open("number"))


def _signals(staff: StaffMember, customer: Customer) -> list[str]:
    """What makes this reading unusual (handbook §6.6)."""
    found = []
    if count(f"reveal:{staff.pk}", window=A_DAY)[0] > UNUSUAL_A_DAY:
        found.append(OVER_DAILY)
    if not policies.works_at(staff, customer.branch_id):
        found.append(OUTSIDE_BRANCH)
    if is_relative(staff, customer):
        found.append(RELATIVE)
    return found


def is_relative(staff: StaffMember, customer: Customer) -> bool:
    """Whether the customer lives in a household that the person has declared as their own or a relative's."""
    today = timezone.localdate()
    lives_there = Q(household__memberships__customer=customer) & (
        Q(household__memberships__valid_to=None) | Q(household__memberships__valid_to__gt=today)
    )
    return StaffHousehold.objects.filter(lives_there, staff=staff).exists()


# -- Probing -----------------------------------------------------------------------------------------------------------


def note_search_once(staff: StaffMember, foreign: list[Customer]) -> None:
    """Like :func:`note_search`, for a page that asks again with every key: one entry for each person and hour."""
    note_search(staff, [one for one in foreign if count(f"hit:{staff.pk}:{one.pk}", window=60 * 60)[0] == 1])


def note_search(staff: StaffMember, foreign: list[Customer]) -> None:
    """A whole number that was typed and hit people of other branches leaves an entry for each."""
    for customer in foreign:
        audit.record(
            Deed.READING,
            subject=customer,
            purpose="search",
            detail={"what": "search", "signals": [OUTSIDE_BRANCH]},
        )
