"""The registry's own cards, actions and badges on the pages of customer and household."""

from __future__ import annotations

from django.db.models import Exists, Max, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers import forms, masking, policies
from customers.choices import CustomerState
from customers.models import Customer, DocumentPhoto, Household
from customers.registries import PageAction, PageBadge
from customers.selectors import (
    Shown,
    members_of,
    open_pairs,
    pair_line,
    place,
    quality,
    shown_document,
)


def identity_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple:
    """Documents, phones, birth, village, occupation and where the person was registered."""
    photos = DocumentPhoto.objects.filter(document=OuterRef("pk"))
    documents = customer.documents.annotate(has_photo=Exists(photos)).order_by("pk")
    phones = customer.phones.filter(valid_to=None).order_by("pk")
    return "customers/pages/_identity_card.html", {
        "person": customer,
        "place": place(customer),
        "documents": [shown_document(row) for row in documents],
        "phones": [
            Shown(row.get_kind_display(), masking.mask_phone(row.open("number")), what="phone", pk=row.pk)
            for row in phones
        ],
        "photo_form": forms.PhotoForm() if policies.may_add_document_photo(staff, customer) else None,
        "photo_purposes": forms.PhotoPurposeForm()
        if policies.may_read_document_photo(staff, customer)
        else None,
        "phone_form": forms.PhoneForm() if policies.may_register(staff, customer.branch) else None,
    }


def household_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Who lives together with the person."""
    if household is None:
        return None
    members = members_of(household, timezone.localdate(), staff)
    return "customers/pages/_household_card.html", {
        "person": customer,
        "household": household,
        "members": members,
    }


def duplicates_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Undecided possible duplicates of the person."""
    pairs = [pair_line(pair, customer, staff) for pair in open_pairs(customer)]
    return ("customers/pages/_duplicates_card.html", {"pairs": pairs}) if pairs else None


def quality_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple:
    """How complete the record is, and what to ask at the next contact."""
    last_visit = household.visits.aggregate(day=Max("visited_on"))["day"] if household else None
    found = quality(
        customer,
        documents=list(customer.documents.all()),
        has_phone=customer.phones.filter(valid_to=None).exists(),
        has_household=household is not None,
        last_visit=last_visit,
        today=timezone.localdate(),
    )
    return "customers/pages/_quality_card.html", {"quality": found}


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
