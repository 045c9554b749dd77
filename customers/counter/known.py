"""What asking for possible duplicates leaves in the ledger of deeds, from whichever door it was asked."""

from __future__ import annotations

from collections.abc import Iterable

from branches.models import StaffMember
from customers import policies, reveal
from customers.duplicates import Match
from customers.models import Customer


def note_matches(staff: StaffMember, matches: Iterable[Match]) -> list[Customer]:
    """Put on record which people of other branches a whole number has found; returns all those of other branches."""
    foreign = {
        match.customer.pk: match for match in matches if not policies.may_read_fully(staff, match.customer)
    }
    reveal.note_search_once(staff, [match.customer for match in foreign.values() if match.holds_the_number])
    return [match.customer for match in foreign.values()]
