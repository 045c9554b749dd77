"""Deeds of the registry: register, note a visit, record facts, decide about possible duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import StaffMember
from coopcrm.shared.errors import Refused, require
from customers import facts, policies, signals
from customers.choices import CustomerState
from customers.models import Customer, FactSheet, Household, VisitNote
from customers.names import NameKeys, name_keys

LEAST_NOTE = 30


# -- Visits and facts --------------------------------------------------------------------------------------------------


@transaction.atomic
def record_visit(
    *,
    officer: StaffMember,
    household: Household,
    visited_on: date,
    summary: str,
    as_of: date,
    minutes: int | None = None,
    second_officer: StaffMember | None = None,
    observed: Mapping[str, facts.Observed] | None = None,
) -> VisitNote:
    """Sign a visit note; what was observed becomes a new fact sheet of the household."""
    require(policies.may_record_visit(officer, household), _("Households of your own branch are visited."))
    summary = _checked_note(summary, visited_on, as_of)
    if second_officer is not None and second_officer.pk == officer.pk:
        raise Refused(_("The second officer is somebody else."), code="same_officer")
    note = VisitNote.objects.create(
        household=household,
        officer=officer,
        second_officer=second_officer,
        visited_on=visited_on,
        minutes=minutes,
        summary=summary,
        is_duplicate=_is_written_already(officer, household, summary),
    )
    if observed:
        _write_facts(
            staff=officer,
            household=household,
            observed=observed,
            observed_on=visited_on,
            as_of=as_of,
            visit=note,
        )
    _announce_visit(note)
    return note


def _checked_note(summary: str, visited_on: date, as_of: date) -> str:
    summary = summary.strip()
    if visited_on > as_of:
        raise Refused(_("The visit lies in the future. Check the date."), code="visit_in_future")
    if not summary:
        raise Refused(_("Write what was seen."), code="note_empty")
    return summary


def _is_written_already(officer: StaffMember, household: Household, summary: str) -> bool:
    """Whether the same officer has written the same words about another household."""
    return VisitNote.objects.filter(officer=officer, summary=summary).exclude(household=household).exists()


def _announce_visit(note: VisitNote) -> None:
    transaction.on_commit(
        lambda: signals.visit_recorded.send(VisitNote, visit_id=note.pk, household_id=note.household_id)
    )


@transaction.atomic
def correct_visit(
    *, staff: StaffMember, visit: VisitNote, summary: str, as_of: date, minutes: int | None = None
) -> VisitNote:
    """Write a second note that supersedes the first; the first stays as it was signed."""
    require(policies.may_correct_visit(staff, visit), _("Its author or the director corrects a note."))
    visit = VisitNote.objects.select_for_update(of=["self"]).select_related("household").get(pk=visit.pk)
    if VisitNote.objects.filter(corrects=visit).exists():
        text = _("This note was corrected before. Open the correction and correct that one.")
        raise Refused(text, code="corrected_already")
    note = VisitNote.objects.create(
        household=visit.household,
        visited_on=visit.visited_on,
        officer=staff,
        summary=_checked_note(summary, visit.visited_on, as_of),
        minutes=minutes if minutes is not None else visit.minutes,
        corrects=visit,
    )
    _announce_visit(note)
    return note


@transaction.atomic
def record_facts(
    *,
    staff: StaffMember,
    household: Household,
    observed: Mapping[str, facts.Observed],
    observed_on: date,
    as_of: date,
) -> FactSheet:
    """Write a new fact sheet; what was known before and not observed now is carried over with its source and day."""
    require(
        policies.may_record_facts(staff, household),
        _("Facts are recorded by the officers, the accountant and the director of the managing branch."),
    )
    if observed_on > as_of:
        raise Refused(_("The observation lies in the future. Check the date."), code="observed_in_future")
    return _write_facts(
        staff=staff, household=household, observed=observed, observed_on=observed_on, as_of=as_of
    )


def _write_facts(
    *,
    staff: StaffMember,
    household: Household,
    observed: Mapping[str, facts.Observed],
    observed_on: date,
    as_of: date,
    visit: VisitNote | None = None,
) -> FactSheet:
    Household.objects.select_for_update().get(pk=household.pk)
    latest = household.fact_sheets.order_by("-recorded_on", "-id").first()
    sheet = facts.carry_over(known_facts(latest), observed, staff_id=staff.pk, observed_on=observed_on)
    population, labour = sheet.values.get("population"), sheet.values.get("labour")
    if population is not None and labour is not None and labour > population:
        text = _(
            "The labour force (%(labour)s) is larger than the household (%(population)s). Correct one of them."
        )
        raise Refused(text % {"labour": labour, "population": population}, code="labour_over_population")
    written = FactSheet.objects.create(
        household=household,
        recorded_on=max(as_of, latest.recorded_on) if latest else as_of,
        **sheet.values,
        sources=sheet.sources,
        oldest_core_on=sheet.oldest_core_on,
        visit=visit,
        recorded_by=staff,
    )
    transaction.on_commit(
        lambda: signals.facts_recorded.send(FactSheet, fact_sheet_id=written.pk, household_id=household.pk)
    )
    return written


def known_facts(row: FactSheet | None) -> facts.Sheet | None:
    """A stored sheet as plain values; fields that are not known are left out."""
    if row is None:
        return None
    values = {name: getattr(row, name) for name in facts.FIELDS}
    empty = (None, "", {})
    return facts.Sheet(
        {name: value for name, value in values.items() if value not in empty}, dict(row.sources)
    )


# -- Upkeep ------------------------------------------------------------------------------------------------------------


def refresh_search_keys(*, first_id: int = 0, last_id: int | None = None, batch: int = 5000) -> int:
    """Derive search keys of a range of customers anew, after rules for names changed; returns how many differed."""
    rows = Customer.objects.filter(pk__gte=first_id).order_by("pk")
    if last_id is not None:
        rows = rows.filter(pk__lte=last_id)
    changed = []
    for customer in rows.exclude(state=CustomerState.MERGED).iterator(chunk_size=batch):
        keys = name_keys(customer.name)._asdict()
        if any(getattr(customer, name) != value for name, value in keys.items()):
            for name, value in keys.items():
                setattr(customer, name, value)
            changed.append(customer)
    Customer.objects.bulk_update(changed, NameKeys._fields, batch_size=batch)
    return len(changed)
