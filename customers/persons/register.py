"""What this room tells the pages of customers: cards, actions, and who settles a disputed number."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.choices import CustomerKind
from customers.models import Customer
from customers.persons import (
    organisation_selectors,
    selectors,
    settlements,  # noqa: F401 - registers the kind of proposal
)
from customers.persons.policies import may_keep
from customers.registries import PageAction, page_actions, page_cards


def register() -> None:
    """Put cards and actions on the customer's page."""
    page_cards.register(
        "customers.organisation", organisation_selectors.organisation_card, place="main", order=50
    )
    page_cards.register("customers.documents", selectors.documents_card, place="side", order=110)
    page_cards.register("customers.acts_for", organisation_selectors.acts_for_card, place="side", order=250)
    page_actions.register("customers.documents", documents_action, order=600)
    page_actions.register("customers.phones", phones_action, order=610)
    page_actions.register("customers.particulars", particulars_action, order=620)


def documents_action(staff: StaffMember, customer: Customer | None, household: Any) -> PageAction | None:
    """The page of documents."""
    return _action(staff, customer, _("Documents"), "documents", "id")


def phones_action(staff: StaffMember, customer: Customer | None, household: Any) -> PageAction | None:
    """The page of phones."""
    return _action(staff, customer, _("Phones"), "phones", "phone")


def particulars_action(staff: StaffMember, customer: Customer | None, household: Any) -> PageAction | None:
    """The page of particulars, or the register entry of an organisation."""
    if customer is not None and customer.kind == CustomerKind.ORGANISATION:
        return _action(staff, customer, _("Register entry"), "organisation", "building-community")
    return _action(staff, customer, _("Particulars"), "particulars", "edit")


def _action(
    staff: StaffMember, customer: Customer | None, label: str, page: str, icon: str
) -> PageAction | None:
    if customer is None or not may_keep(staff, customer):
        return None
    return PageAction(label, reverse(f"customers:{page}", args=[customer.pk]), icon)
