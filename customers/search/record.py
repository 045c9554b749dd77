"""What a look-up leaves in the ledger of deeds, from whichever door it was asked."""

from __future__ import annotations

from branches.models import StaffMember
from customers import readings, reveal
from customers.models import Customer
from customers.search.people import Person
from customers.search.ranking import Found


def note_lookup(staff: StaffMember, found: Found) -> list[Person]:
    """Put on record that a number was looked up and people of other branches fitted; returns these."""
    foreign = [hit.customer for hit in found.hits if not hit.is_own]
    if found.is_whole_number:
        reveal.note_search(staff, [Customer(pk=person.pk) for person in foreign])
    elif found.is_number:
        readings.note_tail_search(len(foreign))
    return foreign
