"""Look at a household again after a change, and take back an event that was written down by mistake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import numbers, registries
from customers.choices import CustomerState, DocumentKind, DocumentState, FactSource
from customers.homes import policies, selectors
from customers.homes.choices import EventKind, MarriageEnd
from customers.models import (
    Absence,
    Customer,
    EmptyRegistration,
    Household,
    HouseholdEvent,
    IdentityDocument,
    Marriage,
    Membership,
)
from customers.provenance.services import state_values
from customers.tasks.services import settle_tasks

# -- Review ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def review_household(*, staff: StaffMember, household: Household, on: date, finding: str) -> list[str]:
    """A director has looked at the household again: what its events had frozen may be drawn on again.

    Returns what was released, in words. There is a head first; somebody else than who wrote the events down reviews.
    """
    household = Household.objects.select_for_update(of=["self"]).get(pk=household.pk)
    require(
        policies.may_review(staff, household),
        _("A director of the branch reviews a household after a change."),
    )
    events = selectors.awaits_review(household)
    require(events, _("Nothing waits for a review."), code="nothing_to_review")
    require(
        all(event.recorded_by_id != staff.pk for event in events),
        _("Somebody else than who wrote the change down reviews it."),
        code="own_event",
    )
    finding = " ".join(finding.split())
    require(finding, _("Say what the review found."), code="reason_missing")
    require(
        household.valid_to is not None or not selectors.lacks_head(household, on),
        _("The household has no head. The family chooses one first."),
        code="no_head",
    )
    HouseholdEvent.objects.create(
        household=household, kind=EventKind.REVIEWED, happened_on=on, reason=finding, recorded_by=staff
    )
    settle_tasks(as_of=on, households=[household.pk])
    if household.valid_to is not None:
        return []
    return release(household, _frozen_by(events), on)


def _frozen_by(events: Iterable[HouseholdEvent]) -> dict[str, list[int]]:
    frozen: dict[str, list[int]] = {}
    for event in events:
        for name, ids in event.changes.get("frozen", {}).items():
            frozen.setdefault(name, []).extend(ids)
    return frozen


def release(household: Household, frozen: dict[str, list[int]], reviewed_on: date | None = None) -> list[str]:
    """Let what events had frozen be drawn on again; returns it in words."""
    words = []
    for name, ids in frozen.items():
        if (keeper := registries.household_lines.get(name)) is not None:
            words += keeper.release(household, ids, reviewed_on)
    return words


# -- Take back ---------------------------------------------------------------------------------------------------------


def why_not(staff: StaffMember, event: HouseholdEvent) -> str:
    """Why an event cannot be taken back, in words; empty when it can."""
    if event.kind in (EventKind.UNDONE, EventKind.REVIEWED):
        return _("A review or a correction stays.")
    if hasattr(event, "undone_by"):
        return _("This event was taken back already.")
    if event.kind in (EventKind.RECORDS, EventKind.JOINED_HOMES):
        return _("It came with the joining of two records; take that back on its own page.")
    if not event.changes:
        return _(
            "This event came with the first data of the registry. Write down what is right as a new event."
        )
    events = HouseholdEvent.objects.filter(deed=event.deed).select_related("household")
    return next(filter(None, (_stands_on(staff, row) for row in events)), "")


def _stands_on(staff: StaffMember, event: HouseholdEvent) -> str:
    """What keeps one event of a deed from being taken back."""
    if not policies.may_keep(staff, event.household):
        return _("It concerns household #%(no)s of another branch as well.") % {"no": event.household_id}
    if later := _later_event(event):
        text = _("Later, on %(day)s, this was written down: %(event)s. Take that back first.")
        return text % {"day": later.happened_on, "event": later.get_kind_display()}
    return _moved_since(event) or _booked_since(event)


def _booked_since(event: HouseholdEvent) -> str:
    """What was booked on a household that the deed had opened."""
    if not event.changes.get("opened"):
        return ""
    found = (obstacle(event.household, event.created_at) for obstacle in registries.household_obstacles)
    if words := next(filter(None, found), ""):
        text = _("Household #%(no)s was opened by it, and %(what)s.")
        return text % {"no": event.household_id, "what": words}
    return ""


def _moved_since(event: HouseholdEvent) -> str:
    """Who has left where the deed put them, or come to another household than the one it took them out of."""
    began = Membership.objects.filter(pk__in=event.changes.get("began", [])).exclude(valid_to=None)
    written = HouseholdEvent.objects.filter(deed=event.deed).values_list("changes", flat=True)
    ended_again = {pk for changes in written for pk in changes.get("ended", [])}
    for stay in began.select_related("customer"):
        if stay.pk not in ended_again:
            return _("%(name)s has moved on since.") % {"name": stay.customer}
    own = {pk for changes in written for pk in changes.get("began", [])}
    ended = Membership.objects.filter(pk__in=event.changes.get("ended", [])).values("customer")
    elsewhere = Membership.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=event.happened_on), customer__in=ended
    ).exclude(pk__in=own)
    if (stay := elsewhere.select_related("customer").first()) is not None:
        return _("%(name)s has moved on since.") % {"name": stay.customer}
    return ""


def _later_event(event: HouseholdEvent) -> HouseholdEvent | None:
    """The latest event after this one in the same household, or about the same people elsewhere."""
    people = [pk for pk in (event.customer_id, event.partner_id) if pk]
    people += Membership.objects.filter(pk__in=event.changes.get("began", [])).values_list(
        "customer", flat=True
    )
    rows = HouseholdEvent.objects.filter(
        Q(household=event.household_id) | Q(customer__in=people) | Q(partner__in=people),
        pk__gt=event.pk,
        undone_by=None,
    )
    rows = rows.exclude(deed=event.deed).exclude(kind=EventKind.UNDONE)
    return rows.order_by("-pk").first()


@transaction.atomic
def undo_event(*, staff: StaffMember, event: HouseholdEvent, reason: str, on: date) -> list[HouseholdEvent]:
    """Take back the deed behind an event, in every household it touched; the events stay and say so."""
    rows = HouseholdEvent.objects.filter(deed=event.deed).order_by("household_id")
    households = Household.objects.select_for_update().filter(pk__in=rows.values("household"))
    list(households.order_by("pk"))
    event = rows.select_related("undone_by").get(pk=event.pk)
    if words := why_not(staff, event):
        raise Refused(words, code="cannot_be_undone")
    reason = " ".join(reason.split())
    require(reason, _("Say what was wrong."), code="reason_missing")
    events = list(rows.select_related("household"))
    for row in events:
        _unbegin(row)
    for row in events:
        _put_back(row, staff, reason)
    return tell_undone(events, staff=staff, on=on, reason=reason)


def tell_undone(
    events: Sequence[HouseholdEvent], *, staff: StaffMember, on: date, reason: str
) -> list[HouseholdEvent]:
    """Leave an event beside each of these that says it was taken back, and close the tasks that came with them."""
    written = HouseholdEvent.objects.bulk_create(
        [
            HouseholdEvent(
                household_id=row.household_id,
                kind=EventKind.UNDONE,
                happened_on=on,
                customer_id=row.customer_id,
                partner_id=row.partner_id,
                reason=reason,
                undoes=row,
                recorded_by=staff,
            )
            for row in events
        ]
    )
    settle_tasks(as_of=on, households=[row.household_id for row in events])
    return written


def _unbegin(event: HouseholdEvent) -> None:
    """What the deed began ends the day it began, before what it ended goes on again."""
    day = event.happened_on
    Membership.objects.filter(pk__in=event.changes.get("began", [])).update(valid_to=day)
    if dead := event.changes.get("deceased"):
        Customer.objects.filter(pk=dead).update(state=CustomerState.ACTIVE, deceased_on=None)
    if marriage := event.changes.get("marriage"):
        _unmarry(Marriage.objects.get(pk=marriage))


def _unmarry(marriage: Marriage) -> None:
    marriage.valid_to, marriage.ended_by = marriage.valid_from, MarriageEnd.UNDONE
    marriage.save(update_fields=["valid_to", "ended_by"])
    if number := marriage.open("number"):
        key = numbers.document_keys(DocumentKind.MARRIAGE, number).number_key
        IdentityDocument.objects.filter(
            customer__in=[marriage.first_id, marriage.second_id],
            kind=DocumentKind.MARRIAGE,
            number_key=key,
        ).update(state=DocumentState.RETIRED)


def _put_back(event: HouseholdEvent, staff: StaffMember, reason: str) -> None:
    changes, household = event.changes, event.household
    began = set(changes.get("began", []))
    Membership.objects.filter(pk__in=[pk for pk in changes.get("ended", []) if pk not in began]).update(
        valid_to=None
    )
    if "head" in changes:
        Household.objects.filter(pk=household.pk).update(head=changes["head"])
    if changes.get("closed"):
        Household.objects.filter(pk=household.pk).update(valid_to=None)
    if changes.get("opened"):
        Household.objects.filter(pk=household.pk).update(valid_to=household.valid_from)
    if ended := changes.get("ended_marriage"):
        Marriage.objects.filter(pk=ended).update(
            valid_to=None, ended_by="", end_number=b"", end_number_key=b""
        )
    if away := changes.get("ended_absence"):
        Absence.objects.filter(pk=away).update(valid_to=None)
    if away := changes.get("began_absence"):
        Absence.objects.filter(pk=away).update(valid_to=event.happened_on)
    if mark := changes.get("ended_empty"):
        EmptyRegistration.objects.filter(pk=mark).update(valid_to=None)
    if mark := changes.get("began_empty"):
        EmptyRegistration.objects.filter(pk=mark).update(valid_to=event.happened_on)
    if numbers_kept := changes.get("register_no"):
        Household.objects.filter(pk=household.pk).update(register_no=numbers_kept[0])
    if place := changes.get("place"):
        _put_place_back(event, place[0], staff, reason)
    release(household, changes.get("frozen", {}))


def _put_place_back(event: HouseholdEvent, before: list, staff: StaffMember, reason: str) -> None:
    household = Household.objects.get(pk=event.household_id)
    moved = {"village": household.village, "group_no": household.group_no, "address": household.address}
    household.village_id, household.group_no, household.address = before
    household.save(update_fields=["village", "group_no", "address"])
    place = {"village": household.village, "group_no": household.group_no, "address": household.address}
    for stay in selectors.members_on(household, event.happened_on):
        lives = {name: getattr(stay.customer, name) for name in moved}
        if lives == moved:
            state_values(
                customer=stay.customer,
                values={name: value for name, value in place.items() if value},
                source=FactSource.SAID,
                on=event.happened_on,
                staff=staff,
                reason=reason,
            )
