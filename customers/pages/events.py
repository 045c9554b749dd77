"""What this app tells on a customer's timeline: registration, visits, feedback, ledger rows."""

from __future__ import annotations

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import policies
from customers.choices import FactSource
from customers.feedback.policies import may_read_words
from customers.models import Customer, Feedback, Household, LedgerRow, VisitNote
from customers.registries import TimelineEvent, Window

EXCERPT = 160


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


def feedback(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """What the customer said about the service, for those who read it with the name (handbook §4.6)."""
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
