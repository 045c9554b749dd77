"""What this app tells on a customer's timeline: registration, visits, feedback, ledger rows."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import policies
from customers.choices import DocumentState, FactSource, TaskState
from customers.feedback.policies import may_read_words
from customers.models import (
    Consent,
    Customer,
    FactSheet,
    Feedback,
    Household,
    IdentityDocument,
    LedgerRow,
    ManagerAssignment,
    Phone,
    Sharing,
    Statement,
    Task,
    VisitNote,
)
from customers.provenance.attributes import ATTRIBUTES
from customers.registries import TimelineEvent, Window
from customers.selectors import fact_label, fact_value

EXCERPT = 160
SHOWN_FACTS = 4


def registration(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """The day the person became known."""
    title = _("Registered at %(unit)s") % {"unit": customer.registered_at}
    who = str(customer.registered_by) if customer.registered_by else ""
    return window.cut([TimelineEvent(customer.registered_on, title, icon="user-plus", who=who)])


def visits(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Notes about the household; one that was corrected says so."""
    if not households:
        return []
    rows = VisitNote.objects.filter(household__in=households).select_related("officer", "corrected_by")
    return [
        TimelineEvent(
            note.visited_on,
            _("Correction of a visit") if note.corrects_id else _("Visit"),
            note.summary[:EXCERPT],
            "map-pin",
            reverse("customers:visit", args=[note.pk]),
            _("corrected, see beside it") if hasattr(note, "corrected_by") else "",
            str(note.officer),
        )
        for note in window.latest(rows, "visited_on")
    ]


def facts_recorded(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Facts that became known, those alone which a sheet brought and did not carry over."""
    if not households:
        return []
    rows = FactSheet.objects.filter(household__in=households).select_related("recorded_by", "visit")
    return [_facts_event(sheet) for sheet in window.latest(rows, "recorded_on")]


def _facts_event(sheet: FactSheet) -> TimelineEvent:
    day = sheet.recorded_on.isoformat()
    new = [name for name, entry in sheet.sources.items() if entry[2] == day] or list(sheet.sources)
    told = [f"{fact_label(name)} {fact_value(sheet, name)}" for name in new[:SHOWN_FACTS]]
    if len(new) > SHOWN_FACTS:
        told.append(_("%(number)s more") % {"number": len(new) - SHOWN_FACTS})
    source = sheet.sources[new[0]][0] if new else ""
    return TimelineEvent(
        sheet.recorded_on,
        _("Facts recorded"),
        " · ".join(told),
        "file-text",
        reverse("customers:visit", args=[sheet.visit_id]) if sheet.visit_id else "",
        who=str(sheet.recorded_by) if sheet.recorded_by else "",
        source=source,
        source_text=str(dict(FactSource.choices).get(source, "")),
    )


def managers_named(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Days from which somebody else was responsible for the household."""
    if not households:
        return []
    rows = ManagerAssignment.objects.filter(household__in=households).select_related("staff")
    return [
        TimelineEvent(
            row.valid_from,
            _("Manager now %(name)s") % {"name": row.staff}
            if row.staff
            else _("The director's post is responsible"),
            icon="users",
            url=reverse("customers:handover", args=[row.handover_id]) if row.handover_id else "",
        )
        for row in window.latest(rows, "valid_from")
    ]


def consents_given(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Each answer of the person to a purpose that needs one."""
    rows = window.latest(
        Consent.objects.filter(customer=customer).select_related("recorded_by"), "decided_at", is_moment=True
    )
    return [
        TimelineEvent(
            localdate(row.decided_at),
            f"{row.get_purpose_display()}: {row.get_decision_display()}",
            row.get_channel_display(),
            "gavel",
            reverse("customers:consents", args=[customer.pk]),
            who=str(row.recorded_by) if row.recorded_by else "",
        )
        for row in rows
    ]


def sharings_given(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Days on which the household was shared with another branch."""
    if not households:
        return []
    rows = Sharing.objects.filter(household__in=households).select_related("branch", "granted_by")
    return [
        TimelineEvent(
            row.valid_from,
            _("Shared with %(branch)s") % {"branch": row.branch},
            f"{row.get_purpose_display()} · {_('until %(day)s') % {'day': row.valid_to}}",
            "eye",
            reverse("customers:household", args=[row.household_id]),
            who=str(row.granted_by),
        )
        for row in window.latest(rows, "valid_from")
    ]


def feedback(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """What the customer said about the service, for those who read it with the name (handbook §4.5)."""
    if not may_read_words(staff):
        return []
    rows = window.latest(Feedback.objects.filter(customer=customer), "given_on")
    return [TimelineEvent(row.given_on, _("Feedback"), _feedback_words(row), "message") for row in rows]


def _feedback_words(row: Feedback) -> str:
    parts = []
    if row.satisfaction is not None:
        parts.append(_("satisfaction %(given)s of 5") % {"given": row.satisfaction})
    if row.recommendation is not None:
        parts.append(_("recommendation %(given)s of 10") % {"given": row.recommendation})
    return " · ".join(filter(None, [*parts, row.words]))


def ledger_rows(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Rows of the branches' ledgers that speak of the customer."""
    rows = LedgerRow.objects.filter(customer=customer).select_related("file__run", "branch").defer("raw")
    dated = rows.annotate(told_on=Coalesce("entered_on", "file__run__as_of"))
    return [
        TimelineEvent(
            row.told_on,
            _("%(kind)s of %(branch)s, row %(number)s")
            % {"kind": row.get_kind_display(), "branch": row.branch, "number": row.row_number},
            row.get_outcome_display(),
            "book-2",
            reverse("customers:ledger-file", args=[row.file_id]) if policies.may_see_ledgers(staff) else "",
            source=FactSource.LEDGER,
        )
        for row in window.latest(dated, "told_on")
    ]


def documents_and_phones(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Documents and phones from the day they became known; the numbers stay out of the story."""
    documents = IdentityDocument.objects.filter(customer=customer).select_related("recorded_by")
    phones = Phone.objects.filter(customer=customer)
    events = [
        TimelineEvent(
            row.recorded_on,
            _("Document noted: %(kind)s") % {"kind": row.get_kind_display()},
            row.get_state_display() if row.state != DocumentState.HELD else "",
            "id",
            reverse("customers:documents", args=[customer.pk]),
            who=str(row.recorded_by) if row.recorded_by else "",
            source=row.source,
            source_text=row.get_source_display(),
        )
        for row in window.latest(documents, "recorded_on")
    ]
    events += [
        TimelineEvent(
            row.valid_from,
            _("Phone noted: %(kind)s") % {"kind": row.get_kind_display()},
            icon="phone",
            source=row.source,
            source_text=row.get_source_display(),
        )
        for row in window.latest(phones, "valid_from")
    ]
    return window.cut(events)


def statements_made(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """What was said of the person's particulars after the first record, and corrections."""
    rows = Statement.objects.filter(customer=customer).select_related("author")
    return [
        TimelineEvent(
            row.observed_on,
            _("%(what)s stated") % {"what": ATTRIBUTES[row.attribute].label},
            row.reason,
            "edit",
            reverse("customers:statements", args=[customer.pk]),
            who=str(row.author or ""),
            source=row.source,
            source_text=row.get_source_display(),
        )
        for row in window.latest(rows, "observed_on")
        if row.attribute in ATTRIBUTES
    ]


def tasks_ended(
    staff: StaffMember, customer: Customer | None, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """Tasks about the person or the household that were done or dropped."""
    about = Q(household__in=households)
    if customer is not None:
        about |= Q(customer=customer)
    rows = (
        Task.objects.visible_to(staff).filter(about).exclude(state=TaskState.OPEN).select_related("closed_by")
    )
    return [
        TimelineEvent(
            row.closed_on,
            f"{row.words}: {row.get_state_display()}",
            row.outcome_words,
            "list-check",
            reverse("customers:task", args=[row.pk]),
            who=str(row.closed_by or ""),
        )
        for row in window.latest(rows, "closed_on")
    ]
