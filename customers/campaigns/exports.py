"""The list of a campaign as a file: only for channels that need one, and only people whose consent holds today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from branches import exports
from branches.models import StaffMember
from coopcrm.shared.errors import Refused
from coopcrm.shared.lists import Value
from coopcrm.shared.paging import id_in
from customers import masking, policies
from customers.campaigns.selectors import campaigns, members
from customers.campaigns.services import may_be_contacted
from customers.models import Campaign, CampaignMember, Phone

LIST = "customers.campaign_list"
CHUNK = 2_000
COLUMNS = ("customer_id", "name", "branch", "village", "outcome", "phone")


def _given(staff: StaffMember, given: Mapping[str, str]) -> dict[str, int]:
    number = id_in(given.get("campaign", ""))
    if number is None:
        raise Refused("There is no such campaign.", code="export_filter")
    return {"campaign": number}


def _campaign(staff: StaffMember, params: dict) -> Campaign | None:
    return campaigns(staff).filter(pk=params["campaign"]).first()


def _may_order(staff: StaffMember, params: dict) -> bool:
    campaign = _campaign(staff, params)
    return campaign is not None and campaign.is_running and policies.may_export_customers(staff)


def rows_of(staff: StaffMember, params: dict) -> QuerySet[CampaignMember]:
    """People of a running list who may be contacted today, without those held out."""
    campaign = _campaign(staff, params)
    if campaign is None:
        return CampaignMember.objects.none()
    return may_be_contacted(members(staff, campaign).filter(is_holdout=False), on=timezone.localdate())


def _table(staff: StaffMember, params: dict, with_numbers: bool) -> exports.Table:
    def rows() -> Iterator[list[Value]]:
        found = rows_of(staff, params).select_related("customer__village", "branch").order_by("pk")
        for member in found.iterator(chunk_size=CHUNK):
            person = member.customer
            phone = Phone.objects.filter(customer=person, valid_to=None).order_by("-pk").first()
            number = phone.open("number") if phone else ""
            village = str(person.village) if person.village else ""
            shown = number if with_numbers else masking.mask_phone(number)
            yield [person.pk, person.name, str(member.branch), village, member.get_outcome_display(), shown]

    return exports.Table(COLUMNS, rows())


exports.kind(
    LIST,
    title=gettext_noop("List of a campaign"),
    clean=_given,
    may_order=_may_order,
    may_take_numbers=policies.may_export_numbers,
    count=lambda staff, params, most: rows_of(staff, params)[: most + 1].count(),
    table=_table,
    file_name="campaign",
)
