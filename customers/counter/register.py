"""Puts the slip of a registration among the deeds of the customer's page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.models import Customer, Household, Slip
from customers.registries import PageAction, page_actions


def slip_action(
    staff: StaffMember, customer: Customer | None, household: Household | None
) -> PageAction | None:
    """The way to the person's last slip, to print it again; nothing for people from the old ledgers."""
    if customer is None:
        return None
    slip = Slip.objects.visible_to(staff).filter(customer=customer).order_by("-pk").values("pk").first()
    return (
        None
        if slip is None
        else PageAction(_("Slip"), reverse("customers:slip", args=[slip["pk"]]), "printer")
    )


def register() -> None:
    """Called once, when the apps are ready."""
    page_actions.register("customers.slip", slip_action, order=600)
