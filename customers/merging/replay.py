"""Households when a merge is taken back out of turn: what later merges did to them is taken out and done again.

Who lives where after several merges depends on their order. So the merges that came after the one that is taken back
and touch the same people or households give their memberships back, the latest first; then that one does; then the
others are done again in their order, each on its own day. What comes out is what would stand there without it. Where
somebody wrote into the households in between, who has moved on since stays, and nothing is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from branches.models import StaffMember
from customers.merging import homes, moving
from customers.merging.choices import MergeKind, MergeState, MoveKind
from customers.merging.relations import relation
from customers.models import Customer, Household, HouseholdEvent, Merge, MergeMove

HEADS, STAYS = "customers.Household.head", "customers.Membership.customer"
LABELS = (HEADS, STAYS)


def links_after(merge: Merge) -> list[Merge]:
    """Later merges in force that touch the same people or households, in their order; none where nothing hangs on."""
    if not merge.deed:
        return []
    people, places = people_of(merge), _places_of(merge)
    found = []
    for later in Merge.objects.filter(state=MergeState.DONE, done_at__gt=merge.done_at).order_by("done_at"):
        if people & people_of(later) or places & _places_of(later):
            people |= people_of(later)
            places |= _places_of(later)
            found.append(later)
    return [] if _others_wrote(merge, [merge, *found], places) else found


def people_of(merge: Merge) -> set[int]:
    """The two records of people that a merge joins; nobody where it joins households."""
    return {pk for pk in (merge.survivor_id, merge.other_id) if pk}


def _places_of(merge: Merge) -> set[int]:
    told = HouseholdEvent.objects.filter(deed=merge.deed) if merge.deed else HouseholdEvent.objects.none()
    own = {pk for pk in (merge.household_id, merge.other_household_id) if pk}
    return own | set(told.values_list("household", flat=True))


def _others_wrote(merge: Merge, links: Sequence[Merge], places: set[int]) -> bool:
    """Whether a membership in these households was written since by anything but merges."""
    rows = HouseholdEvent.objects.filter(
        household__in=places, created_at__gt=merge.done_at, undoes=None, undone_by=None
    )
    rows = rows.exclude(deed__in=[link.deed for link in links if link.deed])
    return any(
        changes.get("began") or changes.get("ended") for changes in rows.values_list("changes", flat=True)
    )


def take_out(links: Sequence[Merge], *, staff: StaffMember, on: date, reason: str) -> dict[int, date]:
    """Take what these merges did to households out, the latest first; returns the day of each by its id."""
    days, anew = {}, set()
    for link in reversed(links):
        anew |= {link.other_id}
        days[link.pk] = _day_of(link)
        for move in link.moves.filter(relation__in=LABELS, kind=MoveKind.MOVED):
            moving.move(
                link, relation(move.relation), move.ids, source=link.survivor_id, target=link.other_id
            )
        if link.deed:
            homes.put_back(staff=staff, deed=link.deed, on=on, reason=reason, anew=anew)
    return days


def _day_of(link: Merge) -> date:
    told = HouseholdEvent.objects.filter(deed=link.deed).first() if link.deed else None
    return told.happened_on if told else link.done_at.date()


def do_again(links: Sequence[Merge], days: dict[int, date], *, staff: StaffMember) -> None:
    """Do what these merges did to households again, in their order and on their days."""
    for link in links:
        events = _join(link, staff, days[link.pk])
        link.deed = events[0].deed if events else None
        link.save(update_fields=["deed"])
        if link.kind == MergeKind.CUSTOMER:
            _move_again(link)


def _join(link: Merge, staff: StaffMember, on: date) -> list[HouseholdEvent]:
    said = {"staff": staff, "on": on, "reason": link.reason}
    if link.kind == MergeKind.HOUSEHOLD:
        sides = Household.objects.in_bulk([link.household_id, link.other_household_id])
        household, other = sides[link.household_id], sides[link.other_household_id]
        return homes.join_households(household=household, other=other, **said)
    sides = Customer.objects.in_bulk([link.survivor_id, link.other_id])
    survivor, other = sides[link.survivor_id], sides[link.other_id]
    return homes.join_at_home(survivor=survivor, other=other, keeps=link.keeps, **said)


def _move_again(link: Merge) -> None:
    """Memberships and heads of the other record point to the survivor again, as when the two were joined."""
    link.moves.filter(relation__in=LABELS, kind__in=(MoveKind.MOVED, MoveKind.KEPT)).delete()
    pointing = moving.pointing_at(Customer, link.other_id)
    for label in LABELS:
        ids = pointing.get(label, [])
        kept = moving.colliding(relation(label), ids, link.survivor_id)
        free = [pk for pk in ids if pk not in kept]
        moved = moving.move(link, relation(label), free, source=link.other_id, target=link.survivor_id)
        rows = [
            MergeMove(merge=link, relation=label, kind=kind, ids=found)
            for kind, found in ((MoveKind.MOVED, moved), (MoveKind.KEPT, kept))
            if found
        ]
        MergeMove.objects.bulk_create(rows)
