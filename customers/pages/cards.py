"""The registry's own cards, actions and badges on the pages of customer and household."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import masking, policies
from customers.choices import CustomerState
from customers.models import Customer, Household, IdentityDocument, Membership, Phone
from customers.pages.exposure import book, columns, lines_of
from customers.provenance.selectors import sources_of
from customers.registries import PageAction, PageBadge
from customers.selectors import (
    Shown,
    foremost,
    members_of,
    open_pairs,
    pair_line,
    place,
    shown_document,
)

DOTTED = ("birth_date", "village", "group_no", "address", "occupation")


def strip_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple:
    """Who this is, in one line: document, phone, birth, village, occupation, each with where it is known from."""
    document = foremost(documents_of(customer))
    phones = phones_of(customer)
    return "customers/pages/_strip.html", {
        "person": customer,
        "place": place(customer),
        "documents": [shown_document(document)] if document else [],
        "phones": [shown_phone(row) for row in phones],
        "may_note_phone": policies.may_register(staff, customer.branch),
        "sources": sources_of(customer, DOTTED),
    }


def documents_of(customer: Customer) -> list[IdentityDocument]:
    """The person's documents; read once a page."""
    if not hasattr(customer, "shown_documents"):
        customer.shown_documents = list(customer.documents.order_by("pk"))
    return customer.shown_documents


def phones_of(customer: Customer) -> list[Phone]:
    """The person's phones in use, the main one first; read once a page."""
    if not hasattr(customer, "shown_phones"):
        customer.shown_phones = list(customer.phones.filter(valid_to=None).order_by("-is_main", "pk"))
    return customer.shown_phones


def shown_phone(row: Phone) -> Shown:
    """A phone with its number masked."""
    return Shown(row.get_kind_display(), masking.mask_phone(row.open("number")), what="phone", pk=row.pk)


def living_together(household: Household | None, staff: StaffMember) -> list[Membership]:
    """Members of the household today, the head first; read once a page."""
    if household is None:
        return []
    if not hasattr(household, "shown_members"):
        household.shown_members = members_of(household, timezone.localdate(), staff)
    return household.shown_members


def holdings_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """What we have with the person and the household, in figures: deposits, loans, what is overdue, the line."""
    members = living_together(household, staff)
    names = {row.customer_id: row.customer.name for row in members} or {customer.pk: customer.name}
    found = book(lines_of(staff, household, list(names)), names)
    if found.is_empty:
        return None
    return "customers/pages/_holdings.html", {
        "person": customer,
        "household": household,
        "own": found.of(customer.pk),
        "book": found,
        "is_alone": len(names) == 1,
    }


def exposure_card(staff: StaffMember, customer: Customer | None, household: Household) -> tuple:
    """What all members have with us and owe, by member and by product."""
    names = {row.customer_id: row.customer.name for row in living_together(household, staff)}
    found = book(lines_of(staff, household, list(names)), names)
    told = [(code, label) for code, label in columns() if found.totals.get(code)]
    return "customers/pages/_exposure_card.html", {
        "household": household,
        "book": found,
        "columns": told,
        "rows": [(row, [(label, row.yuan.get(code)) for code, label in told]) for row in found.rows],
        "totals": [(label, found.totals[code]) for code, label in told],
        "bars": [
            (label, found.totals[code], found.products[code])
            for code, label in columns()
            if code in found.products
        ],
    }


def duplicates_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Undecided possible duplicates of the person."""
    pairs = [pair_line(pair, customer, staff) for pair in open_pairs(customer)]
    return ("customers/pages/_duplicates_card.html", {"pairs": pairs}) if pairs else None


def state_badges(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> list[PageBadge]:
    """What everybody must know first: a disputed number, a death."""
    badges = []
    if customer is None:
        return badges
    if customer.identity_conflict:
        badges.append(PageBadge(label=_("number disputed"), tone="danger", icon="alert-triangle"))
    if customer.state == CustomerState.DECEASED:
        badges.append(PageBadge(label=customer.get_state_display()))
    return badges


def visit_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Note a visit of the household."""
    if household is None or not policies.may_record_visit(staff, household):
        return None
    url = f"{reverse('customers:new-visit')}?household={household.pk}"
    return PageAction(_("Note a visit"), url, "map-pin", is_primary=True, key="n")


def facts_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Record facts of the household."""
    if household is None or not policies.may_record_facts(staff, household):
        return None
    return PageAction(
        _("Record facts"), reverse("customers:record-facts", args=[household.pk]), "file-text", key="e"
    )


def member_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Register another person of the household."""
    if household is None or not policies.may_register(staff, household.branch):
        return None
    url = f"{reverse('customers:new')}?household={household.pk}"
    return PageAction(_("Add a person"), url, "user-plus")


def sheet_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Print the customer's sheet."""
    if customer is None or not policies.may_read_fully(staff, customer):
        return None
    return PageAction(
        _("Print the sheet"), reverse("customers:customer-sheet", args=[customer.pk]), "printer"
    )


def household_sheet_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """Print the household's sheet."""
    if household is None or not policies.may_read_fully(staff, household):
        return None
    return PageAction(
        _("Print the sheet"), reverse("customers:household-sheet", args=[household.pk]), "printer"
    )
