"""What a customer is to hear of, on the customer's page."""

from __future__ import annotations

from branches.models import StaffMember
from customers.campaigns import policies, selectors
from customers.models import Customer, Household
from customers.policies import works_at


def campaigns_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Offers of running campaigns, for those who may make them."""
    if not policies.may_see(staff) or not works_at(staff, customer.branch_id):
        return None
    members = selectors.campaigns_of(staff, customer)
    return ("customers/campaigns/_card.html", {"members": members}) if members else None
