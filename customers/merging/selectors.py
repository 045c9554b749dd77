"""What a merge would do, what it did, and where the numbers of a joined record come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Proposal, StaffMember
from coopcrm.shared import acting
from coopcrm.shared.errors import DomainError
from coopcrm.shared.paging import Keyset, Page
from customers.homes import story
from customers.homes.choices import EventKind
from customers.masking import mask_id
from customers.merging import homes, policies, services
from customers.merging.choices import AWAY, NOT_JOINED, STANDINGS, MergeKind, MergeState, MoveKind, Side
from customers.merging.later import Later
from customers.merging.relations import relation
from customers.models import Customer, Household, HouseholdEvent, IdentityDocument, Merge, MergeMove
from customers.policies import may_read_fully
from customers.selectors import name_for, place

NEWEST = Keyset("merges", ("-pk",))


@dataclass(frozen=True)
class Line:
    """Rows of one relation in words: how many move, change or stay, and why."""

    words: str
    moved: int = 0
    changed: int = 0
    stays: int = 0
    why: str = ""


@dataclass(frozen=True)
class Preview:
    """What joining would do, found by doing it and taking it back: it says what the deed says.

    ``sentences`` are the consequences for households, ``reasons`` why a second person must agree, ``refusal`` why it
    cannot be done at all. ``asks_home`` is set where the two live in different households.
    """

    lines: tuple[Line, ...] = ()
    sentences: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    refusal: str = ""
    asks_home: bool = False

    @property
    def moved(self) -> int:
        """How many rows move in all."""
        return sum(line.moved for line in self.lines)


class _Tried(Exception):
    def __init__(self, lines: tuple[Line, ...], sentences: tuple[str, ...]) -> None:
        super().__init__()
        self.lines, self.sentences = lines, sentences


def preview(
    survivor: Customer | Household,
    other: Customer | Household,
    *,
    staff: StaffMember | None = None,
    keeps: str = Side.SURVIVOR,
) -> Preview:
    """What joining the two would do; nothing of it is left behind."""
    staff = staff or StaffMember.objects.get(pk=acting.current().actor_id)
    with acting.on_all_branches():
        asks_home = _lives_elsewhere(survivor, other)
        reasons = tuple(map(_, policies.must_be_confirmed(survivor, other)))
        try:
            with transaction.atomic():
                row = _row(survivor, other, staff, keeps)
                row.save(force_insert=True)
                services.carry_out(row, staff=staff)
                raise _Tried(lines_of(row), consequences(row))
        except _Tried as tried:
            return Preview(tried.lines, tried.sentences, reasons, "", asks_home)
        except DomainError as refusal:
            return Preview(reasons=reasons, refusal=str(refusal), asks_home=asks_home)


def _row(survivor: Any, other: Any, staff: StaffMember, keeps: str) -> Merge:
    if isinstance(survivor, Household):
        return Merge(kind=MergeKind.HOUSEHOLD, household=survivor, other_household=other, asked_by=staff)
    return Merge(kind=MergeKind.CUSTOMER, survivor=survivor, other=other, asked_by=staff, keeps=keeps)


def _lives_elsewhere(survivor: Any, other: Any) -> bool:
    if isinstance(survivor, Household):
        return False
    found = homes.current_homes([survivor.pk, other.pk])
    return len({row.household_id for row in found.values()}) == 2


def lines_of(merge: Merge) -> tuple[Line, ...]:
    """What became of the rows of each relation, those that moved first."""
    counts: dict[str, dict[str, int]] = {}
    for label, kind, ids in merge.moves.values_list("relation", "kind", "ids"):
        counts.setdefault(label, {})[kind] = len(ids)
    lines = [_line(label, found) for label, found in counts.items() if relation(label).model is not Merge]
    return tuple(sorted(lines, key=lambda line: (-line.moved, line.words)))


def _line(label: str, counts: dict[str, int]) -> Line:
    there = relation(label)
    stays = counts.get(MoveKind.KEPT, 0) + counts.get(MoveKind.STAYED, 0)
    why = ""
    if MoveKind.KEPT in counts:
        why = str(MoveKind.KEPT.label)
    elif MoveKind.STAYED in counts:
        why = str(there.why or MoveKind.STAYED.label)
    return Line(
        there.words,
        moved=sum(counts.get(kind, 0) for kind in AWAY),
        changed=counts.get(MoveKind.CHANGED, 0) + counts.get(MoveKind.CREATED, 0),
        stays=stays,
        why=why,
    )


def consequences(merge: Merge) -> tuple[str, ...]:
    """What the deed did to households, in sentences."""
    events = HouseholdEvent.objects.filter(deed=merge.deed) if merge.deed else HouseholdEvent.objects.none()
    events = events.exclude(kind=EventKind.UNDONE).select_related("customer", "partner").order_by("household")
    return tuple(story.sentences(events))


# -- Lists -------------------------------------------------------------------------------------------------------------


def merges_for(staff: StaffMember, *, state: str = "", after: str = "") -> Page:
    """Merges with a side in the person's branches, newest first."""
    rows = Merge.objects.visible_to(staff).with_standing(timezone.now())
    if state in dict(STANDINGS):
        rows = rows.filter(standing=state)
    return NEWEST.page(with_sides(rows), after=after)


def with_sides(rows):
    """With both sides and who decided, in the same query."""
    return rows.select_related(
        "survivor__branch",
        "other__branch",
        "household__head",
        "household__branch",
        "other_household__head",
        "other_household__branch",
        "asked_by",
        "confirmed_by",
        "undone_by",
    )


def last_proposal(merge: Merge) -> Proposal | None:
    """The proposal that says why a merge was not confirmed; None where it is in force, waits or was taken back."""
    if merge.standing != NOT_JOINED:
        return None
    return Proposal.objects.about(merge).select_related("decided_by").order_by("-pk").first()


def merges_about(customer: Customer) -> list[Merge]:
    """Merges in force by which records were joined to this one, directly or through others, newest first."""
    rows = Merge.objects.filter(other__merged_into=customer, state=MergeState.DONE)
    return list(rows.select_related("other").order_by("-pk"))


def merges_of_household(household: Household) -> list[Merge]:
    """Merges in force by which records of a household were joined to this one, newest first."""
    return list(Merge.objects.filter(household=household, state=MergeState.DONE).order_by("-pk"))


def stands_for(household: Household) -> int | None:
    """The household that stands for a closed one which was joined to it; None when it was not."""
    rows = Merge.objects.filter(other_household=household, state=MergeState.DONE)
    return rows.values_list("household", flat=True).first()


def numbers_of_others(merges: Iterable[Merge]) -> dict[int, list[IdentityDocument]]:
    """By merge the documents that came with the other record."""
    label = "customers.IdentityDocument.customer"
    moves = MergeMove.objects.filter(merge__in=list(merges), relation=label, kind=MoveKind.MOVED)
    ids = dict(moves.values_list("merge", "ids"))
    documents = IdentityDocument.objects.in_bulk([pk for found in ids.values() for pk in found])
    return {merge: [documents[pk] for pk in found if pk in documents] for merge, found in ids.items()}


# -- On the page -------------------------------------------------------------------------------------------------------


def side(staff: StaffMember, record: Customer | Household) -> dict[str, Any]:
    """One of the two as this person may read it: masked where another branch manages it."""
    is_own = may_read_fully(staff, record)
    if isinstance(record, Household):
        return {
            "record": record,
            "name": f"#{record.pk}",
            "is_own": is_own,
            "url": reverse("customers:household", args=[record.pk]),
            "facts": _household_facts(staff, record) if is_own else [],
        }
    return {
        "record": record,
        "name": name_for(staff, record),
        "is_own": is_own,
        "url": reverse("customers:customer", args=[record.pk]),
        "facts": _customer_facts(record) if is_own else [],
    }


def compared(sides: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of both line by line; what another branch keeps is left out."""
    labels = next((one["facts"] for one in sides if one["facts"]), [])
    told = [dict(one["facts"]) for one in sides]
    return [
        {"label": label, "values": [facts.get(label, _("at the other branch")) for facts in told]}
        for label, _value in labels
    ]


def _customer_facts(record: Customer) -> list[tuple[str, Any]]:
    documents = record.documents.in_use().order_by("pk")
    numbers = [mask_id(row.open("number"), "detail") for row in documents]
    home = record.memberships.filter(valid_to=None).values_list("household", flat=True).first()
    return [
        (_("Date of birth"), record.birth_date),
        (_("Documents"), ", ".join(numbers)),
        (_("Village"), place(record)),
        (_("Household"), f"#{home}" if home else ""),
        (_("Registered on"), record.registered_on),
        (_("Source"), record.get_source_display()),
    ]


def _household_facts(staff: StaffMember, record: Household) -> list[tuple[str, Any]]:
    members = record.memberships.filter(valid_to=None).count()
    return [
        (_("Head"), name_for(staff, record.head) if record.head else ""),
        (_("Members"), members),
        (_("Village"), place(record)),
        (_("Register number"), record.register_no),
        (_("From"), record.valid_from),
    ]


def listed(staff: StaffMember, row: Merge) -> dict[str, Any]:
    """A merge as a line of the list."""
    survivor, other = policies.sides(row)
    return {"merge": row, "survivor": _name(staff, survivor), "other": _name(staff, other)}


def _name(staff: StaffMember, record: Customer | Household) -> str:
    return f"#{record.pk}" if isinstance(record, Household) else name_for(staff, record)


def known_lines(rows: Iterable[Later]) -> list[tuple[str, str, int]]:
    """Rows written since that say themselves whose they are: what, whose, how many."""
    counts: dict[tuple[str, str], int] = {}
    for one in rows:
        if one.is_known:
            key = (one.relation.words, str(Side(one.side).label))
            counts[key] = counts.get(key, 0) + 1
    return [(words, whose, count) for (words, whose), count in sorted(counts.items())]
