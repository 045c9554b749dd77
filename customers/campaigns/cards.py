"""What a customer is to hear of, on the customer's page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from branches.models import StaffMember
from customers.campaigns import policies, selectors
from customers.models import CampaignMember, Customer, Household
from customers.policies import works_at
from customers.registries import TimelineEvent, Window


def campaign_events(
    staff: StaffMember, customer: Customer, households: list[Household], window: Window
) -> list[TimelineEvent]:
    """What the customer was told in campaigns, and what they said; who was held out of one heard nothing."""
    if not policies.may_see(staff):
        return []
    rows = CampaignMember.objects.visible_to(staff).filter(customer=customer).exclude(outcome="")
    return [
        TimelineEvent(
            localdate(member.outcome_at),
            _("Campaign: %(name)s") % {"name": member.campaign},
            member.get_outcome_display(),
            "flag",
            reverse("customers:campaign", args=[member.campaign_id]),
            who=str(member.outcome_by),
        )
        for member in window.latest(
            rows.select_related("campaign", "outcome_by"), "outcome_at", is_moment=True
        )
    ]


def campaigns_card(staff: StaffMember, customer: Customer, household: Household | None) -> tuple | None:
    """Offers of running campaigns, for those who may make them."""
    if not policies.may_see(staff) or not works_at(staff, customer.branch_id):
        return None
    members = selectors.campaigns_of(staff, customer)
    return ("customers/campaigns/_card.html", {"members": members}) if members else None
