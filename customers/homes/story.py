"""The life of a household in words: what a deed changes, for its preview, and what happened, for the timeline."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Area, StaffMember
from customers import registries
from customers.homes.choices import EventKind
from customers.models import Customer, Household, HouseholdEvent, Marriage, Membership
from customers.registries import TimelineEvent, Window
from customers.selectors import veil

ICONS = {
    EventKind.MARRIAGE: "users",
    EventKind.MIGRATION: "map",
    EventKind.RETURN: "home",
    EventKind.PLACE: "map-pin",
    EventKind.REGISTER: "file-text",
    EventKind.REVIEWED: "eye",
    EventKind.UNDONE: "arrow-back-up",
    EventKind.JOINED: "user-plus",
}


# -- What a deed changes -----------------------------------------------------------------------------------------------


def sentences(events: Iterable[HouseholdEvent], *, is_tried: bool = False) -> list[str]:
    """What a deed has changed, household by household, one sentence each.

    What was only tried (``is_tried``) says nothing of the number of a household that it would open: when it is done,
    that will be another.
    """
    found: list[str] = []
    for event in events:
        found += _new_home(event) if is_tried and event.changes.get("opened") else _people(event)
        found += _household(event)
    return found


def _new_home(event: HouseholdEvent) -> list[str]:
    stays = Membership.objects.filter(pk__in=event.changes.get("began", [])).select_related("customer")
    text = _("%(name)s belongs to the new household as %(is)s.")
    return [
        _("A new household opens; it starts unrated and without a line."),
        *(text % {"name": stay.customer, "is": stay.get_relation_display()} for stay in stays.order_by("pk")),
    ]


def _people(event: HouseholdEvent) -> list[str]:
    changes = event.changes
    ids = [*changes.get("ended", []), *changes.get("began", [])]
    stays = Membership.objects.filter(pk__in=ids).select_related("customer").in_bulk()
    left = {stays[pk].customer_id: stays[pk] for pk in changes.get("ended", [])}
    came = {stays[pk].customer_id: stays[pk] for pk in changes.get("began", [])}
    no, dead = event.household_id, changes.get("deceased")
    lines = []
    if changes.get("opened"):
        lines.append(_("Household #%(no)s opens; it starts unrated and without a line.") % {"no": no})
    for person, stay in left.items():
        names = {"name": stay.customer, "no": no, "was": stay.get_relation_display()}
        if person in came:
            new = came[person].get_relation_display()
            lines.append(_("%(name)s is no longer %(was)s but %(is)s.") % {**names, "is": new})
        elif person == dead:
            lines.append(
                _("%(name)s is recorded as deceased and no longer belongs to household #%(no)s.") % names
            )
        else:
            lines.append(_("%(name)s leaves household #%(no)s.") % names)
    for person, stay in came.items():
        if person not in left:
            names = {"name": stay.customer, "no": no, "is": stay.get_relation_display()}
            lines.append(_("%(name)s belongs to household #%(no)s as %(is)s.") % names)
    return lines


def _household(event: HouseholdEvent) -> list[str]:
    changes, no = event.changes, {"no": event.household_id}
    lines = [*_marriages(changes), *_marks(event)]
    if changes.get("closed"):
        lines.append(_("Nobody is left in household #%(no)s: it is closed.") % no)
    elif "head" in changes and not Household.objects.filter(pk=event.household_id, head=None).exists():
        head = Household.objects.select_related("head").get(pk=event.household_id).head
        if not changes.get("opened"):
            lines.append(_("%(name)s is the head of household #%(no)s.") % {**no, "name": head})
    elif "head" in changes:
        lines.append(
            _("Household #%(no)s has no head until the family chooses one; a task asks for it.") % no
        )
    for words in _frozen(changes):
        text = _("Of household #%(no)s, %(line)s is frozen until a director has reviewed it.")
        lines.append(text % {**no, "line": words})
    if changes.get("asks_review"):
        lines.append(_("Debts stay with those who signed them."))
    return lines


def _frozen(changes: dict) -> list[str]:
    return [
        words
        for name, ids in changes.get("frozen", {}).items()
        if (keeper := registries.household_lines.get(name)) is not None
        for words in keeper.tell(ids)
    ]


def _marriages(changes: dict) -> list[str]:
    lines = []
    begun = (changes.get("marriage"), _("%(first)s and %(second)s are married from that day."))
    ended = (changes.get("ended_marriage"), _("The marriage of %(first)s and %(second)s ends."))
    for pk, text in (begun, ended):
        row = Marriage.objects.select_related("first", "second").filter(pk=pk).first() if pk else None
        if row is not None:
            lines.append(text % {"first": row.first, "second": row.second})
    if changes.get("look_at_paper"):
        lines.append(_("The certificate could not be checked: a task asks somebody to look at the paper."))
    return lines


def _marks(event: HouseholdEvent) -> list[str]:
    changes, lines = event.changes, []
    if changes.get("began_absence"):
        lines.append(_("%(name)s is marked as migrant and stays a member.") % {"name": event.customer})
    if changes.get("ended_absence") and event.kind == EventKind.RETURN:
        lines.append(_("%(name)s lives in the household again.") % {"name": event.customer})
    if changes.get("began_empty"):
        lines.append(_("The household is marked as empty; it still counts in coverage."))
    if changes.get("ended_empty"):
        lines.append(_("The household is no longer marked as empty."))
    if numbers := changes.get("register_no"):
        text = _("The register number is %(new)s; before it was %(old)s.")
        lines.append(text % {"new": numbers[1], "old": numbers[0] or "–"})
    if places := changes.get("place"):
        text = _("The household lives at %(new)s; before it was %(old)s. Members at home move along.")
        lines.append(text % {"new": _place(places[1]), "old": _place(places[0])})
    return lines


def _place(parts: list) -> str:
    village, group_no, address = parts
    name = str(Area.objects.get(pk=village)) if village else ""
    group = _("group %(no)s") % {"no": group_no} if group_no else ""
    return " ".join(filter(None, (name, group, address))) or "–"


def summary(events: Iterable[HouseholdEvent]) -> str:
    """How many people move, in one sentence; empty when nobody does."""
    moved = set()
    for event in events:
        stays = Membership.objects.filter(pk__in=event.changes.get("ended", []))
        left = set(stays.values_list("customer", flat=True))
        again = Membership.objects.filter(pk__in=event.changes.get("began", []))
        moved |= left - set(again.values_list("customer", flat=True))
        moved -= {event.changes.get("deceased")}
    if not moved:
        return ""
    return ngettext("%(count)d person moves.", "%(count)d people move.", len(moved)) % {"count": len(moved)}


# -- What happened -----------------------------------------------------------------------------------------------------


def timeline(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Events of the households, and of others that were about the person. Who is locked is veiled."""
    about = Q(household__in=households)
    if customer is not None:
        about |= Q(customer=customer) | Q(partner=customer)
    rows = HouseholdEvent.objects.visible_to(staff).filter(about)
    rows = rows.select_related("customer", "partner", "recorded_by", "undone_by", "undoes")
    events = window.latest(rows, "happened_on")
    veil((one for event in events for one in (event.customer, event.partner) if one), staff)
    return [
        TimelineEvent(
            row.happened_on,
            title_of(row),
            row.reason,
            ICONS.get(row.kind, "home"),
            reverse("customers:home-events", args=[row.household_id]),
            who=str(row.recorded_by) if row.recorded_by else "",
        )
        for row in events
    ]


def title_of(event: HouseholdEvent) -> str:
    """The event in one line: what and who, and whether it was taken back."""
    kind = event.get_kind_display()
    if event.kind == EventKind.UNDONE:
        kind = _("Taken back: %(event)s") % {"event": event.undoes.get_kind_display()}
    people = " · ".join(str(one) for one in (event.customer, event.partner) if one)
    title = f"{kind}: {people}" if people else kind
    return _("%(event)s (taken back)") % {"event": title} if hasattr(event, "undone_by") else title
