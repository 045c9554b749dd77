"""Reads of the registry's pages: lists by cursor, the customer's and the household's page, review and ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import StaffMember, in_force
from coopcrm.shared.paging import id_in
from customers import duplicates, facts, masking, numbers, policies
from customers.choices import FACT_CODES, DocumentState, FactSource
from customers.models import (
    Customer,
    FactSheet,
    Household,
    IdentityDocument,
    ManagerAssignment,
    Membership,
    ReviewPair,
    VisitNote,
)
from customers.querysets import require_scope

PAGE = 50
TIMELINE = 30
DUE_AFTER = timedelta(days=365)
CODED_FIELDS = {
    "bonus": gettext_lazy("Merits"),
    "malus": gettext_lazy("Demerits"),
    "flags": gettext_lazy("Knock-out facts"),
}
MONEY_FIELDS = frozenset(
    {
        "gross_income",
        "net_income",
        "living_expenditure",
        "assets",
        "liabilities",
        "guarantees_given",
        "other_unsecured",
    }
)


# -- Lists by cursor ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Rows of a list and the id after which the next page begins; empty on the last one."""

    rows: list
    after: int | str = ""


def page_by_id(rows: QuerySet, after: str, *, newest_first: bool = True, size: int = PAGE) -> Page:
    """A page of rows ordered by id."""
    if (last := id_in(after)) is not None:
        rows = rows.filter(pk__lt=last) if newest_first else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else "")


# -- The customer's page -----------------------------------------------------------------------------------------------


def place(row: Customer | Household) -> str:
    """Village and group in words."""
    parts = [
        str(row.village) if row.village else "",
        _("group %(no)s") % {"no": row.group_no} if row.group_no else "",
    ]
    return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Shown:
    """A masked number with what belongs beside it."""

    label: str
    text: str
    state: str = ""
    note: str = ""
    tone: str = ""
    pk: int = 0
    what: str = ""


DOCUMENT_NOTES = {
    DocumentState.DISPUTED: (gettext_lazy("claimed by two persons"), "danger"),
    DocumentState.UNVERIFIED: (gettext_lazy("kept as typed, not valid"), "warn"),
    DocumentState.RETIRED: (gettext_lazy("no longer in use"), "neutral"),
}


def shown_document(row: IdentityDocument) -> Shown:
    """A document with its number masked for a detail view."""
    note, tone = DOCUMENT_NOTES.get(row.state, ("", ""))
    return Shown(
        label=row.get_kind_display(),
        text=masking.mask_id(row.open("number"), "detail"),
        state=row.state,
        note=str(note),
        tone=tone,
        pk=row.pk,
        what="document",
    )


def foremost(documents: Iterable[IdentityDocument]) -> IdentityDocument | None:
    """The document that stands for a person at the head of a page: a resident's card before any other."""
    used = [row for row in documents if row.state != DocumentState.RETIRED]
    return next((row for row in used if row.kind in numbers.RESIDENT_KINDS), used[0] if used else None)


def members_of(household: Household, today: date, staff: StaffMember) -> list[Membership]:
    """Living together today, the head first; who is locked is veiled."""
    rows = veiled(household.memberships.filter(in_force(today)).select_related("customer"), staff)
    return sorted(rows, key=lambda row: (row.relation != "head", row.customer.birth_date or date.max, row.pk))


def veiled(members: Iterable[Membership], staff: StaffMember) -> list[Membership]:
    """Members with the names masked of those who are kept for the law alone."""
    members = list(members)
    veil((row.customer for row in members), staff)
    return members


def veil(people: Iterable[Customer], staff: StaffMember) -> None:
    """Mask, on the rows given, the names of those who are kept for the law alone; each row is given once."""
    if not policies.may_see_locked(staff):
        for person in people:
            if person.is_locked:
                person.name = masking.mask_name(person.name)


def open_pairs(customer: Customer) -> list[ReviewPair]:
    """Undecided possible duplicates of a customer."""
    rows = duplicates.open_pairs_of(customer)
    return list(rows.select_related("first__branch", "second__branch").order_by("-weight", "pk")[:10])


def pair_line(pair: ReviewPair, customer: Customer, staff: StaffMember) -> dict:
    """A possible duplicate as one line: the other one, masked when foreign, and why."""
    other = pair.second if pair.first_id == customer.pk else pair.first
    return {
        "pair": pair,
        "name": name_for(staff, other),
        "branch": other.branch,
        "reason": pair_reason(pair),
    }


def pair_reason(pair: ReviewPair) -> Any:
    """Why the pair was put before people, in words."""
    if pair.rule == "NAME":
        return _("names and other evidence")
    return duplicates.RULE_WORDS.get(pair.rule, pair.rule)


def name_for(staff: StaffMember, customer: Customer) -> str:
    """The name in full for those who work with the customer, masked for everybody else."""
    return customer.name if policies.may_read_fully(staff, customer) else masking.mask_name(customer.name)


def missing_facts(sheet: FactSheet | None) -> list[str]:
    """Core facts that nobody knows yet, by their labels."""
    names = [name for name in facts.CORE_FIELDS if sheet is None or getattr(sheet, name) is None]
    return [str(FactSheet._meta.get_field(name).verbose_name) for name in names]


def fact_rows(sheet: FactSheet | None) -> list[dict]:
    """Known facts with value, source dot and the words behind the dot."""
    if sheet is None:
        return []
    known = [name for name in facts.FIELDS if getattr(sheet, name) not in (None, "", {}, [])]
    people = StaffMember.objects.in_bulk(
        {sheet.sources[n][1] for n in known if sheet.sources.get(n, [0, None])[1]}
    )
    return [_fact_row(sheet, name, people) for name in known]


def facts_of_visit(note: VisitNote) -> list[dict]:
    """What a note itself observed, without what its sheet carried over."""
    sheet = note.fact_sheets.first()
    if sheet is None:
        return []
    mine = [note.officer_id, note.visited_on.isoformat()]
    observed = {name for name, entry in sheet.sources.items() if entry[1:] == mine}
    labels = {fact_label(name) for name in observed}
    return [row for row in fact_rows(sheet) if row["label"] in labels]


def _fact_row(sheet: FactSheet, name: str, people: dict[int, StaffMember]) -> dict:
    source, staff_id, day = sheet.sources.get(name, ["", None, ""])
    words = [dict(FactSource.choices).get(source, ""), people.get(staff_id), day]
    return {
        "label": fact_label(name),
        "value": fact_value(sheet, name),
        "source": source,
        "source_text": " · ".join(str(word) for word in words if word),
    }


def fact_label(name: str) -> str:
    """A fact's name as a label."""
    if name in CODED_FIELDS:
        return str(CODED_FIELDS[name])
    return capfirst(str(FactSheet._meta.get_field(name).verbose_name))


def fact_value(sheet: FactSheet, name: str) -> str:
    """A fact as people read it."""
    value = getattr(sheet, name)
    if name == "credit_report":
        return str(sheet.get_credit_report_display())
    if name in MONEY_FIELDS:
        return f"¥ {number_format(value, 2, use_l10n=True, force_grouping=True)}"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return number_format(value.normalize(), use_l10n=True)
    if isinstance(value, dict):
        value = [f"{animal} {count}" for animal, count in value.items()]
    if isinstance(value, list):
        return ", ".join(str(FACT_CODES.get(item, item)) for item in value)
    return str(value)


# -- Visits ------------------------------------------------------------------------------------------------------------


def visits_by(staff: StaffMember, after: str = "") -> Page:
    """The person's own notes, latest first."""
    rows = VisitNote.objects.visible_to(staff).filter(officer=staff)
    return page_by_id(rows.select_related("household__head", "household__village", "corrected_by"), after)


def due_households(staff: StaffMember, *, today: date, limit: int = 30) -> list[Household]:
    """Households nobody has visited for a year, the longest first; an officer's own when some are assigned."""
    scope = require_scope(staff)
    rows = Household.objects.filter(branch__in=scope.branch_ids, valid_to=None)
    mine = ManagerAssignment.objects.filter(in_force(today), staff=staff)
    if mine.exists():
        rows = rows.filter(Exists(mine.filter(household=OuterRef("pk"))))
    last = VisitNote.objects.filter(household=OuterRef("pk")).order_by("-visited_on").values("visited_on")[:1]
    rows = rows.annotate(last_visited_on=Subquery(last))
    late = rows.filter(Q(last_visited_on=None) | Q(last_visited_on__lte=today - DUE_AFTER))
    return list(
        late.select_related("head", "village").order_by(F("last_visited_on").asc(nulls_first=True), "pk")[
            :limit
        ]
    )
