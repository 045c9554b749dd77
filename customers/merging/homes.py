"""What joining records does to households: events like any other, so that history tells it and can be put back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Q

from branches.models import StaffMember
from customers.choices import Relation
from customers.homes import corrections
from customers.homes.choices import EventKind
from customers.homes.deeds import Deed
from customers.merging.choices import Side
from customers.models import Customer, Household, HouseholdEvent, Membership


class RecordsDeed(Deed):
    """A deed about records that turned out to be one: who joins records may write it in the households of both."""

    def lock_household(self, household: Household) -> Household:
        """Lock a household; its branch is not asked, for joining records was judged already."""
        return self._standing(self._locked(household))


def current_homes(people: list[int]) -> dict[int, Membership]:
    """Where each of these people belongs now."""
    rows = Membership.objects.filter(customer__in=people, valid_to=None)
    return {row.customer_id: row for row in rows.select_related("household__branch", "customer")}


def join_at_home(
    *, staff: StaffMember, survivor: Customer, other: Customer, keeps: str, on: date, reason: str
) -> list[HouseholdEvent]:
    """Let one membership be left of two records of one person (handbook §6.10); returns the events.

    In one household the survivor stays, as its head when the other was. In two, ``keeps`` says whose household stays;
    the membership in the other one ends today.
    """
    homes = current_homes([survivor.pk, other.pk])
    mine, theirs = homes.get(survivor.pk), homes.get(other.pk)
    if theirs is None:
        return []
    deed = RecordsDeed(EventKind.RECORDS, staff, on, on, reason)
    for household in sorted({row.household_id for row in homes.values()}):
        found = deed.lock_household(Household(pk=household))
        for row in homes.values():
            if row.household_id == household:
                row.household = found
    deed.about(theirs.household, survivor, other)
    if mine is None:
        _take_over(deed, theirs, survivor)
    elif mine.household_id == theirs.household_id:
        _one_of_two(deed, mine, theirs)
    elif keeps == Side.OTHER:
        deed.about(mine.household, survivor, other)
        deed.end(mine)
        _take_over(deed, theirs, survivor)
    else:
        deed.end(theirs)
    return deed.write()


def _take_over(deed: Deed, stay: Membership, survivor: Customer) -> None:
    """The survivor is from today what the other record was in its household."""
    deed.end(stay)
    deed.begin(stay.household, survivor, stay.relation)


def _one_of_two(deed: Deed, mine: Membership, theirs: Membership) -> None:
    """Both are written down as members: one is left, the head where one of the two was the head."""
    mine.household = theirs.household
    deed.end(theirs)
    if theirs.relation == Relation.HEAD:
        deed.restate(mine.household, mine, Relation.HEAD)


def join_households(
    *, staff: StaffMember, household: Household, other: Household, on: date, reason: str
) -> list[HouseholdEvent]:
    """Let everybody of one record of a household belong to the other one from today; the empty one closes.

    The head of the record that stays is the head; where it has none, the other's is. Both lines are frozen until a
    director has reviewed the household (handbook §6.4).
    """
    deed = RecordsDeed(EventKind.JOINED_HOMES, staff, on, on, reason)
    home, left = (deed.lock_household(one) for one in sorted((household, other), key=lambda each: each.pk))
    if home.pk != household.pk:
        home, left = left, home
    stays = Membership.objects.filter(household=left, valid_to=None).select_related("customer")
    present = set(Membership.objects.filter(household=home, valid_to=None).values_list("relation", flat=True))
    deed.freeze(home)
    deed.freeze(left)
    for stay in stays.order_by("pk"):
        stay.household = left
        relation = _relation_in(stay.relation, present)
        deed.end(stay)
        deed.begin(home, stay.customer, relation)
        present.add(relation)
    if not stays:
        deed.note(left, closed=True)
        Household.objects.filter(pk=left.pk).update(valid_to=on)
    return deed.write()


def _relation_in(relation: str, present: set[str]) -> str:
    """Nobody is a second head or spouse; what such a person is to the head is not known."""
    alone = (Relation.HEAD, Relation.SPOUSE)
    return Relation.OTHER if relation in alone and relation in present else relation


# -- Back --------------------------------------------------------------------------------------------------------------


def put_back(
    *, staff: StaffMember, deed, on: date, reason: str, anew: Collection[int] = ()
) -> list[HouseholdEvent]:
    """Put memberships, heads and lines back as they were before the deed, but for who has moved on since.

    ``anew`` are records that belong somewhere again although they stay joined: their merges are done again afterwards.
    """
    events = list(HouseholdEvent.objects.filter(deed=deed).select_related("household").order_by("household"))
    if not events:
        return []
    households = Household.objects.select_for_update().filter(pk__in=[one.household_id for one in events])
    list(households.order_by("pk"))
    began = [pk for event in events for pk in event.changes.get("began", [])]
    ended = [pk for event in events for pk in event.changes.get("ended", [])]
    _end_what_began(began, ended, events)
    for event in events:
        _reopen(event)
    _put_members_back(ended, began, anew)
    for event in events:
        _put_head_back(event)
        corrections.release(event.household, event.changes.get("frozen", {}))
    return corrections.tell_undone(events, staff=staff, on=on, reason=reason)


def _end_what_began(began: list[int], ended: list[int], events: list[HouseholdEvent]) -> None:
    """Memberships that the deed began and nobody has ended since were never there."""
    day = events[0].happened_on
    Membership.objects.filter(pk__in=set(began) - set(ended), valid_to=None).update(valid_to=day)


def _reopen(event: HouseholdEvent) -> None:
    if event.changes.get("closed"):
        Household.objects.filter(pk=event.household_id).update(valid_to=None)


def _put_members_back(ended: list[int], began: list[int], anew: Collection[int]) -> None:
    """Memberships that the deed ended go on, where the person belongs nowhere else; an emptied household opens again.

    Where somebody else has become the head since, the person is what they were before they were head.
    """
    rows = Membership.objects.filter(pk__in=set(ended) - set(began)).order_by("pk")
    for row in rows.select_related("household", "customer"):
        stay = _as_begun(row)
        if stay is None or (stay.customer.merged_into_id is not None and stay.customer_id not in anew):
            continue
        later = Membership.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=stay.valid_to), customer=stay.customer_id
        )
        if later.exclude(pk=stay.pk).exists():
            continue
        Household.objects.filter(pk=stay.household_id).update(valid_to=None)
        stay.valid_to = None
        if stay.relation == Relation.HEAD and _has_head(stay):
            stay.relation = Relation.OTHER
        stay.save(update_fields=["valid_to", "relation"])


def _as_begun(stay: Membership) -> Membership | None:
    """The membership that goes on: what was begun by a deed that is taken back gives way to what that deed ended."""
    events = HouseholdEvent.objects.filter(
        household=stay.household_id, changes__began__contains=[stay.pk], undone_by__isnull=False
    )
    for event in events:
        rows = Membership.objects.filter(pk__in=event.changes.get("ended", []), customer=stay.customer_id)
        found = rows.select_related("household", "customer").first()
        return None if found is None else _as_begun(found)
    return stay


def _has_head(stay: Membership) -> bool:
    heads = Membership.objects.filter(household=stay.household_id, relation=Relation.HEAD, valid_to=None)
    return heads.exclude(pk=stay.pk).exists()


def _put_head_back(event: HouseholdEvent) -> None:
    """The household's row names whoever is its head by its members."""
    heads = Membership.objects.filter(household=event.household_id, relation=Relation.HEAD, valid_to=None)
    head = heads.values_list("customer", flat=True).first()
    if "head" in event.changes:
        Household.objects.filter(pk=event.household_id).update(head=head)
