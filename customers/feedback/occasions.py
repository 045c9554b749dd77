"""What a customer can be asked about: the occasions of this app; the apps above register theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from customers import registries
from customers.choices import CaseKind, CaseState
from customers.models import Case, Customer, VisitNote


@dataclass(frozen=True)
class Served:
    """A contact that took place: with whom, where, by whom."""

    customer: Customer
    branch_id: int
    staff: StaffMember | None


@dataclass(frozen=True)
class Occasion:
    """A kind of contact.

    ``question`` is what the public page asks. ``contacts`` is SQL that selects ``branch_id, staff_id, n``: how many
    contacts there were after %(since)s until %(until)s; without it the occasion is left out of the check for gaming.
    ``served`` finds the contact that a key names among those the person works with, or None.
    """

    code: str
    label: Any
    question: Any
    served: Callable[[StaffMember, str], Served | None]
    contacts: str = ""


def all_occasions() -> Iterator[Occasion]:
    """Every occasion, in the order in which they were registered."""
    return iter(registries.occasions)


def occasion(code: str) -> Occasion | None:
    """The occasion of that code."""
    return registries.occasions.get(code)


def label_of(code: str) -> Any:
    """What an occasion is called; its code when nobody registers it any more."""
    found = occasion(code)
    return found.label if found else code


def _number(key: str) -> int | None:
    return int(key) if key.isdecimal() and len(key) < 19 else None


def _registered(staff: StaffMember, key: str) -> Served | None:
    rows = Customer.objects.managed_for(staff).current().select_related("registered_by")
    person = rows.filter(pk=_number(key)).first()
    return person and Served(person, person.registered_at_id, person.registered_by)


def _visited(staff: StaffMember, key: str) -> Served | None:
    rows = VisitNote.objects.visible_to(staff).filter(pk=_number(key))
    note = rows.select_related("household__head", "officer").first()
    if note is None or note.household.head is None:
        return None
    return Served(note.household.head, note.household.branch_id, note.officer)


def _answered(staff: StaffMember, key: str) -> Served | None:
    rows = Case.objects.visible_to(staff).filter(pk=_number(key), state=CaseState.CLOSED)
    case = (
        rows.exclude(customer=None).exclude(kind=CaseKind.PRAISE).select_related("customer__branch").first()
    )
    return case and Served(case.customer, case.branch_id, case.answered_by)


REGISTRATION = Occasion(
    "registration",
    _("Registration"),
    _("How were you served when you were registered?"),
    _registered,
    """
    SELECT registered_at_id AS branch_id, registered_by_id AS staff_id, count(*) AS n FROM customers_customer
    WHERE registered_on > %(since)s AND registered_on <= %(until)s AND merged_into_id IS NULL
        AND registered_by_id IS NOT NULL
    GROUP BY 1, 2
    """,
)
VISIT = Occasion(
    "visit",
    _("Visit"),
    _("How was our visit?"),
    _visited,
    """
    SELECT h.branch_id, v.officer_id AS staff_id, count(*) AS n
    FROM customers_visitnote v JOIN customers_household h ON h.id = v.household_id
    WHERE v.visited_on > %(since)s AND v.visited_on <= %(until)s AND v.corrects_id IS NULL
    GROUP BY 1, 2
    """,
)
CASE = Occasion(
    "case",
    _("Complaint or request answered"),
    _("How did we deal with what you told us?"),
    _answered,
    """
    SELECT branch_id, answered_by_id AS staff_id, count(*) AS n FROM customers_case
    WHERE told_on > %(since)s AND told_on <= %(until)s AND kind <> 'praise' AND customer_id IS NOT NULL
        AND answered_by_id IS NOT NULL
    GROUP BY 1, 2
    """,
)


def register_own() -> None:
    """The occasions of the registry itself."""
    for found in (REGISTRATION, VISIT, CASE):
        registries.occasions.register(found.code, found)
