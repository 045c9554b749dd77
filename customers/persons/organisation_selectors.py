"""Reads of organisations: their page, their card, and for whom a person acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, in_force
from customers.choices import CustomerKind
from customers.models import CoopMember, Customer, Organisation, OrganisationManager, Representative
from customers.persons import policies
from customers.persons.choices import RepresentativeRole
from customers.policies import may_read_fully
from customers.portfolios.organisations import responsible_on
from customers.selectors import name_for

MOST_MEMBERS = 200


@dataclass(frozen=True)
class Line:
    """A representative or member with the name as this person may read it."""

    row: Any
    name: str
    customer_id: int | None
    household_id: int | None = None
    is_over: bool = False


@dataclass(frozen=True)
class OrganisationPage:
    """All that is known of an organisation beside its documents and accounts; shares in yuan."""

    entry: Organisation | None
    manager: OrganisationManager | None
    representatives: list[Line]
    members: list[Line]
    member_count: int
    share_total: Decimal

    @property
    def lacks_legal(self) -> bool:
        """Whether nobody is noted as its legal representative."""
        roles = (line.row.role for line in self.representatives if not line.is_over)
        return RepresentativeRole.LEGAL not in roles


def organisation_page(staff: StaffMember, customer: Customer, *, today: date) -> OrganisationPage:
    """Read the page in a fixed number of queries; the first two hundred members."""
    entry = Organisation.objects.filter(customer=customer).first()
    acting = customer.representatives.select_related("person__branch").order_by("-valid_from", "pk")
    belonging = customer.coop_members.select_related("person__branch", "household__head")
    totals = customer.coop_members.filter(in_force(today)).aggregate(
        count=Count("pk"), shares=Sum("share_amount")
    )
    return OrganisationPage(
        entry=entry,
        manager=responsible_on(customer, today),
        representatives=[
            Line(row, name_for(staff, row.person), row.person_id, is_over=_is_over(row, today))
            for row in acting[:MOST_MEMBERS]
        ],
        members=[
            _member_line(staff, row, today)
            for row in belonging.order_by("valid_to", "-share_amount", "pk")[:MOST_MEMBERS]
        ],
        member_count=totals["count"],
        share_total=totals["shares"] or Decimal(0),
    )


def _is_over(row: Representative | CoopMember, today: date) -> bool:
    return row.valid_to is not None and row.valid_to <= today


def _member_line(staff: StaffMember, row: CoopMember, today: date) -> Line:
    if row.person_id:
        return Line(row, name_for(staff, row.person), row.person_id, is_over=_is_over(row, today))
    head = row.household.head
    name = name_for(staff, head) if head else ""
    return Line(row, name, None, row.household_id, is_over=_is_over(row, today))


# -- Cards -------------------------------------------------------------------------------------------------------------


def organisation_card(staff: StaffMember, customer: Customer | None, household: Any) -> tuple | None:
    """What stands on an organisation's page in place of a household."""
    is_organisation = customer is not None and customer.kind == CustomerKind.ORGANISATION
    if not is_organisation or not may_read_fully(staff, customer):
        return None
    context = {
        "customer": customer,
        "page": organisation_page(staff, customer, today=timezone.localdate()),
        "may_keep": policies.may_keep(staff, customer),
    }
    return "customers/persons/_organisation_card.html", context


def acts_for_card(staff: StaffMember, customer: Customer | None, household: Any) -> tuple | None:
    """Organisations for which a person acts or to which the person belongs; nothing when there is none."""
    if customer is None or customer.kind != CustomerKind.PERSON or not may_read_fully(staff, customer):
        return None
    today = timezone.localdate()
    mine = Q(person=customer)
    roles = Representative.objects.filter(mine, in_force(today)).select_related("organisation__branch")
    shares = CoopMember.objects.filter(mine, in_force(today)).select_related("organisation__branch")
    acting = [(row.organisation, row.get_role_display(), None) for row in roles.order_by("pk")]
    acting += [(row.organisation, _("Member"), row.share_amount) for row in shares.order_by("pk")]
    if not acting:
        return None
    lines = [(found.pk, name_for(staff, found), role, share) for found, role, share in acting]
    return "customers/persons/_acts_for_card.html", {"lines": lines}
